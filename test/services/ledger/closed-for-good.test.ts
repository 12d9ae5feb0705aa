// Owns the proof that closed books stay as they are: nobody can change them, every change that is forced is found, and closing at
// any moments never loses or doubles an entry.
// Must not know prices.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { closePeriod } from '../../../core/services/ledger/close-period.ts'
import { listPeriods, trialBalance } from '../../../core/services/ledger/read-ledger.ts'
import { readClosedPeriod, verifyPeriods } from '../../../core/services/ledger/read-period.ts'
import type { Access } from '../../../core/services/manage/outcome.ts'
import { appendEntry } from '../../../core/store/journal.ts'
import { transaction } from '../../../core/store/transaction.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { type Garage, hourMs, openGarage } from '../billing/garage.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const accessTo = (garage: Garage): Access => ({
  organizationId: garage.organizationId,
  siteIds: null,
  actor: 'key:auditor',
  requestId: 'r1',
})

interface Post {
  source: string
  date: string
  amounts: readonly number[]
  currency?: string
}

const names = ['cash', 'receivable', 'revenue.parking', 'tax.payable.VAT']

const post = (garage: Garage, { source, date, amounts, currency = 'EUR' }: Post) =>
  transaction(garage.db, (trx) =>
    appendEntry(
      trx,
      {
        organizationId: garage.organizationId,
        siteId: garage.siteId,
        entryId: garage.deps.newId(),
        sourceType: 'payment',
        sourceId: source,
        description: 'Payment',
        businessDate: date,
        factDate: date,
        corrects: null,
        postedAt: garage.clock.now(),
        currency,
        billId: null,
      },
      amounts.map((amount, i) => ({
        debit: names[i % names.length] ?? '',
        credit: names[(i + 1) % names.length] ?? '',
        amountMinor: amount as never,
        line: null,
      })),
    ),
  )

const close = (garage: Garage, to: string) =>
  closePeriod(garage.deps)(accessTo(garage), { siteId: garage.siteId, to, reason: 'as asked' })

async function verdict(garage: Garage) {
  const outcome = await verifyPeriods(garage.deps)(accessTo(garage), { siteId: garage.siteId })
  if (outcome.kind !== 'ok') throw new Error(outcome.kind)
  return outcome.value
}

async function closedGarage(): Promise<Garage> {
  const garage = await openGarage(database.db)
  for (const date of ['2024-06-10', '2024-06-11']) {
    // Somebody who is not settled, so that the reason and its list are part of what is hashed.
    await garage.pay({ stayId: await garage.stay({}), amountMinor: 10 })
    for (const amounts of [[3], [5, 7]]) await post(garage, { source: garage.deps.newId(), date, amounts })
    garage.clock.advance(24 * hourMs)
    expect(await close(garage, date)).toMatchObject({ kind: 'ok' })
  }
  return garage
}

const tables = ['journal_entry', 'journal_posting', 'ledger_period', 'ledger_period_entry', 'ledger_period_account']

describe('rows of closed books', () => {
  test('are changed, removed and emptied by nobody, the owner of the tables neither', async () => {
    await closedGarage()
    for (const table of tables) {
      for (const statement of [
        `update ${table} set organization_id = organization_id`,
        `delete from ${table}`,
        `truncate ${table} cascade`,
      ]) {
        await expect(database.pool.query(statement)).rejects.toMatchObject({ code: '42501' })
        await expect(database.ownerPool.query(statement)).rejects.toMatchObject({ code: '42501' })
      }
    }
  })

  test('take nothing more in: no posting, entry or account, no period out of order, no half entry', async () => {
    const garage = await closedGarage()
    const place = `organization_id, site_id`
    const closed = `from ledger_period where site_id = '${garage.siteId}' and number = 1`
    const entry = `from journal_entry where site_id = '${garage.siteId}' limit 1`
    for (const statement of [
      `insert into journal_posting select ${place}, entry_id, postings + 1, 'cash', 'receivable', 5, 'EUR' ${entry}`,
      `insert into ledger_period_entry select ${place}, period_id, entry_count + 1, period_id, hash ${closed}`,
      `insert into ledger_period_account select ${place}, period_id, account_count + 1, 'x', 'x', 'asset', 1, 0 ${closed}`,
      `insert into ledger_period select ${place}, gen_random_uuid(), 9, currency, '2030-01-01', '2030-01-01', closed_at, closed_by,
        reason, unsettled, organization_name, site_code, site_name, time_zone, 0, 0, hash, hash ${closed}`,
      `insert into journal_entry select ${place}, gen_random_uuid(), 'bill', gen_random_uuid(), '', '2030-01-01', now(),
        '2030-01-01', null, 1 ${entry}`,
      `insert into journal_entry select ${place}, gen_random_uuid(), 'bill', gen_random_uuid(), '', '2030-01-01', now(),
        '2030-01-01', null, null ${entry}`,
    ]) {
      const refused = expect.objectContaining({ code: expect.stringMatching(/^23/) })
      await expect(database.pool.query(statement), statement).rejects.toEqual(refused)
    }
    expect(await verdict(garage)).toMatchObject({ intact: true, periods: 2, entries: 4 })
  })

  test('tell of every column that is changed by force, and where', async () => {
    const garage = await closedGarage()
    const owner = await database.ownerPool.connect()
    try {
      // As somebody with all rights over the database would.
      await owner.query('set session_replication_role = replica')
      const { rows: columns } = await owner.query<{ table: string; name: string; type: string }>(
        `select table_name as table, column_name as name, udt_name as type from information_schema.columns
         where table_schema = 'public' and table_name = any($1) order by 1, ordinal_position`,
        [tables],
      )
      // Of these nothing depends: a count of rows that are there, the place in an order that is kept, a site beside an id.
      const beside = ['journal_entry.postings', 'ledger_period.account_count', 'ledger_period_account.number']
      const siteBeside = ['journal_posting', 'ledger_period_entry', 'ledger_period_account'].map((t) => `${t}.site_id`)
      let tried = 0
      for (const { table, name, type } of columns) {
        if ([...beside, ...siteBeside].includes(`${table}.${name}`)) continue
        const { rows } = await owner.query<{ at: string; was: string | null }>(
          `select ctid::text as at, ${name}::text as was from ${table} where site_id = $1 order by ctid limit 1`,
          [garage.siteId],
        )
        const { at, was } = rows[0] ?? { at: '', was: null }
        const { rows: changed } = await owner.query<{ at: string }>(
          `update ${table} set ${name} = ${other(name, type)} where ctid = '${at}' returning ctid::text as at`,
        )
        const found = await verdict(garage)
        expect(found, `${table}.${name}`).toMatchObject({ intact: false, firstBroken: { reason: expect.any(String) } })
        await owner.query(`update ${table} set ${name} = $1::text::${type} where ctid = '${changed[0]?.at}'`, [was])
        tried++
      }
      expect(tried).toBeGreaterThan(45)
      expect(await verdict(garage)).toMatchObject({ intact: true })

      const entry = `(select entry_id from ledger_period_entry where site_id = '${garage.siteId}' order by period_id, number limit 1)`
      await owner.query('begin')
      await owner.query(`delete from journal_posting where entry_id = ${entry}`)
      await owner.query('commit')
      expect(await verdict(garage)).toMatchObject({
        intact: false,
        periods: 0,
        firstBroken: { number: 1, entryNumber: 1, reason: 'The entry is not as it was closed.' },
      })
    } finally {
      await owner.query('reset session_replication_role')
      owner.release()
    }
  })
})

/** Another value that the column's checks let pass. */
function other(name: string, type: string): string {
  if (name === 'hash' || name === 'previous_hash') return `md5(${name}) || md5(${name})`
  if (name === 'kind') return `'equity'`
  if (name === 'currency') return `'XXX'`
  if (name === 'from_date') return 'from_date - 1'
  switch (type) {
    case 'uuid':
      return 'gen_random_uuid()'
    case 'date':
      return `${name} + 40`
    case 'timestamptz':
      return `${name} + interval '1 microsecond'`
    case 'jsonb':
      return `'[{"type":"stay","id":"x","date":"2024-06-10","reason":"x"}]'`
    case 'int4':
    case 'int8':
      return `coalesce(${name}, 0) + 17`
    default:
      return `coalesce(${name}, '') || 'x'`
  }
}

type Step =
  | { do: 'post'; posts: readonly Omit<Post, 'source'>[]; again: boolean }
  | { do: 'close'; days: number[] }
  | { do: 'wait' }

const days = ['2024-06-09', '2024-06-10', '2024-06-11', '2024-06-12', '2024-06-13', '2024-06-14']
const amounts = fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 4 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('post' as const),
      posts: fc.array(
        fc.record({ date: fc.constantFrom(...days), amounts, currency: fc.constantFrom('EUR', 'EUR', 'CHF') }),
        { minLength: 1, maxLength: 3 },
      ),
      again: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('close' as const),
      days: fc.array(fc.nat(5), { minLength: 1, maxLength: 2 }),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ do: 'wait' as const }) },
)

test('whatever is posted and closed when, and at once: all balances, nothing is lost or doubled, the chain holds', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(step, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 8 }),
      async (rounds) => {
        const garage = await openGarage(database.db)
        const posted = new Map<string, number>()
        const run = async (one: Step) => {
          if (one.do === 'wait') garage.clock.advance(24 * hourMs)
          else if (one.do === 'close') for (const day of one.days) await close(garage, days[day] ?? '')
          else
            for (const values of one.posts) {
              const source = garage.deps.newId()
              const sum = values.amounts.reduce((total, amount) => total + amount, 0)
              const added = await Promise.all((one.again ? [1, 2] : [1]).map(() => post(garage, { ...values, source })))
              expect(added.filter(Boolean)).toHaveLength(1)
              posted.set(source, sum)
            }
        }
        for (const round of rounds) await Promise.all(round.map(run))

        const all = [...posted.values()].reduce((total, sum) => total + sum, 0)
        const { totals, accounts } = await trialBalance(garage.deps)(accessTo(garage), {
          siteId: garage.siteId,
          date: '2024-12-31',
        })
        expect(totals.reduce((sum, total) => sum + total.debitMinor, 0)).toBe(all)
        for (const total of totals) expect(total.debitMinor).toBe(total.creditMinor)
        expect(accounts.reduce((sum, account) => sum + account.balanceMinor, 0)).toBe(0)

        const { items } = await listPeriods(garage.deps)(accessTo(garage), { sort: 'to', limit: 200 })
        const seen: string[] = []
        let closedSum = 0
        for (const [i, period] of items.entries()) {
          expect(period.number).toBe(i + 1)
          const outcome = await readClosedPeriod(garage.deps)(accessTo(garage), period.periodId)
          if (outcome.kind !== 'ok') throw new Error(outcome.kind)
          const { entries } = outcome.value
          expect(entries.map(({ number }) => number)).toEqual(entries.map((_, n) => n + 1))
          for (const { date, source } of entries) {
            expect(date >= period.from && date <= period.to).toBe(true)
            seen.push(source.id)
          }
          const sum = entries.flatMap(({ postings }) => postings).reduce((total, one) => total + one.amountMinor, 0)
          expect(period.accounts.reduce((total, one) => total + one.debitMinor, 0)).toBe(sum)
          expect(period.accounts.reduce((total, one) => total + one.creditMinor, 0)).toBe(sum)
          closedSum += sum
        }
        const { rows: open } = await database.ownerPool.query<{ id: string; date: string; sum: number }>(
          `select e.source_id as id, e.business_date::text as date, (select sum(p.amount_minor)::int from journal_posting p
            where p.organization_id = e.organization_id and p.entry_id = e.entry_id) as sum
         from journal_entry e where e.site_id = $1
           and not exists (select from ledger_period_entry c where c.organization_id = e.organization_id and c.entry_id = e.entry_id)`,
          [garage.siteId],
        )
        expect([...seen, ...open.map(({ id }) => id)].sort()).toEqual([...posted.keys()].sort())
        expect(closedSum + open.reduce((sum, one) => sum + one.sum, 0)).toBe(all)
        const closedTo = items.at(-1)?.to ?? ''
        for (const { date } of open) expect(date > closedTo).toBe(true)
        expect(await verdict(garage)).toMatchObject({ intact: true, periods: items.length, entries: seen.length })
      },
    ),
    { numRuns: 25 },
  )
})
