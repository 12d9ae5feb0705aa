// Owns the proof that numbers of a legal series have no gap and no double, whatever breaks while bills are issued.
// Must not know prices.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { brokenNumbering, numberingOf, seriesOf } from '../../../core/domain/bill/index.ts'
import { systemNewId } from '../../../core/runtime/random.ts'
import { evaluateBill } from '../../../core/services/billing/evaluate-bill.ts'
import { nextBillNumber } from '../../../core/store/bills.ts'
import { transaction } from '../../../core/store/transaction.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { billsOf, hourMs, openGarage } from './garage.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

describe('which series', () => {
  const rules = numberingOf(
    { bill: { prefix: 'RE-{year}-' }, adjustment: { prefix: '{site}/GS/', digits: 4 } },
    'P1',
    'P1',
  )

  test('a year in the prefix begins a new series every year, digits as wanted', () => {
    const last = seriesOf(rules, 'bill', '2026-12-31')
    const first = seriesOf(rules, 'bill', '2027-01-01')
    expect([last.series, last.print(42), first.series, first.print(1)]).toEqual([
      'RE-2026',
      'RE-2026-000042',
      'RE-2027',
      'RE-2027-000001',
    ])
    expect(seriesOf(rules, 'adjustment', '2026-12-31').print(12_345)).toBe('P1/GS/12345')
  })

  test('a site that never chose one goes on in its own, also when it writes the prefix down', () => {
    const standard = seriesOf(numberingOf(undefined, 'P1', 'P1'), 'adjustment', '2026-01-01')
    const written = seriesOf(numberingOf({ adjustment: { prefix: 'P1-' } }, 'X', 'X'), 'adjustment', '2026-01-01')
    expect([standard.series, standard.print(7)]).toEqual(['P1', 'P1-000007'])
    expect([written.series, written.print(7)]).toEqual([standard.series, standard.print(7)])
  })

  test('two prefixes that are fit never print the same', () => {
    const piece = fc.constantFrom('A', '1', '-', '/', '{year}', 'B2', '.')
    const prefix = fc.array(piece, { minLength: 1, maxLength: 5 }).map((pieces) => pieces.join(''))
    const seriesIn = (form: string) =>
      brokenNumbering({ bill_numbering: { bill: { prefix: form } } }) === null
        ? seriesOf(numberingOf({ bill: { prefix: form } }, 'none', 'S'), 'bill', '2026-05-05')
        : null
    fc.assert(
      fc.property(prefix, prefix, fc.nat(2_000_000), fc.nat(2_000_000), (a, b, m, n) => {
        const [one, other] = [seriesIn(a), seriesIn(b)]
        if (one === null || other === null || one.series === other.series) return
        expect(one.print(m)).not.toBe(other.print(n))
      }),
    )
  })

  test.each(['RE', 'RE--', '', 'RE {year}-', '{month}-', 7])('%j is refused by name', (prefix) => {
    expect(brokenNumbering({ bill_numbering: { adjustment: { prefix } } })).toMatchObject({
      pointer: '/bill_numbering/adjustment/prefix',
    })
  })
})

test('workers that fail, die and race leave no gap and no double', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('commit', 'commit', 'throw', 'die'), { minLength: 4, maxLength: 24 }),
      async (fates) => {
        const organizationId = systemNewId()
        const taken: number[] = []
        await Promise.all(
          fates.map(async (fate) => {
            if (fate === 'die') {
              const client = await database.pool.connect()
              client.on('error', () => undefined)
              await client.query('begin')
              await client.query(
                `insert into bill_series values ($1, 'S', 2) on conflict (organization_id, series)
                 do update set next_number = bill_series.next_number + 1`,
                [organizationId],
              )
              const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
              await database.ownerPool.query('select pg_terminate_backend($1)', [rows[0]?.pid])
              client.release(true)
              return
            }
            await transaction(database.db, async (trx) => {
              const number = await nextBillNumber(trx, organizationId, 'S')
              if (fate === 'throw') throw new Error('rolled back')
              return number
            }).then(
              (number) => taken.push(number),
              (error: Error) => expect(error.message).toBe('rolled back'),
            )
          }),
        )
        expect(taken.sort((a, b) => a - b)).toEqual(taken.map((_, i) => i + 1))
      },
    ),
    { numRuns: 12 },
  )
}, 120_000)

test('bills and credit notes count for themselves, and what was numbered before keeps its number', async () => {
  const garage = await openGarage(database.db)
  const { organizationId, deps, clock } = garage
  const evaluate = (subjectKey: string) => evaluateBill(deps)({ organizationId, subjectKey })
  const first = await garage.session({})
  clock.advance(6 * hourMs)
  await evaluate(`session:${first}`)
  await garage.db
    .updateTable('site')
    .set({
      settings: JSON.stringify({ bill_numbering: { bill: { prefix: 'P1-' }, adjustment: { prefix: 'GS-{year}-' } } }),
    })
    .where('site_id', '=', garage.siteId)
    .execute()
  await garage.changeSession(first, { energyWh: 8000 })
  const second = await garage.session({})
  clock.advance(6 * hourMs)
  await evaluate(`session:${first}`)
  await evaluate(`session:${second}`)
  const rows = await garage.db
    .selectFrom('bill')
    .select(['number_text', 'kind'])
    .where('organization_id', '=', organizationId)
    .orderBy('issued_at')
    .orderBy('kind')
    .execute()
  expect(rows).toEqual([
    { number_text: 'P1-000001', kind: 'bill' },
    { number_text: 'GS-2024-000001', kind: 'adjustment' },
    { number_text: 'P1-000002', kind: 'bill' },
  ])
  expect((await billsOf(garage)).map((bill) => bill.number)).toContain('P1-2')
})
