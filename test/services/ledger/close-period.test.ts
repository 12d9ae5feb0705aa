// Owns the proof of closed books: what a close takes in, that it is for good, and that every change of a row is found.
// Must not test how bills come about.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { evaluateBill } from '../../../core/services/billing/evaluate-bill.ts'
import { postPayment } from '../../../core/services/billing/post-payment.ts'
import { closeOnSchedule, closeSettingChanged } from '../../../core/services/ledger/close-on-schedule.ts'
import { closePeriod } from '../../../core/services/ledger/close-period.ts'
import {
  listAccounts,
  listLedgerEntries,
  lookAtClosing,
  trialBalance,
} from '../../../core/services/ledger/read-ledger.ts'
import { readClosedPeriod, verifyPeriods } from '../../../core/services/ledger/read-period.ts'
import type { Access } from '../../../core/services/manage/outcome.ts'
import { appendEntry, type NewEntry } from '../../../core/store/journal.ts'
import { transaction } from '../../../core/store/transaction.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { eventually } from '../../setup/eventually.ts'
import { type Garage, hourMs, minuteMs, openGarage } from '../billing/garage.ts'

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

const close = (garage: Garage, to: string, reason?: string) =>
  closePeriod(garage.deps)(accessTo(garage), { siteId: garage.siteId, to, ...(reason === undefined ? {} : { reason }) })

const verify = async (garage: Garage) => {
  const outcome = await verifyPeriods(garage.deps)(accessTo(garage), { siteId: garage.siteId })
  if (outcome.kind !== 'ok') throw new Error(outcome.kind)
  return outcome.value
}

async function closed(garage: Garage, to: string, reason?: string) {
  const outcome = await close(garage, to, reason)
  if (outcome.kind !== 'ok') throw new Error(JSON.stringify(outcome))
  return outcome.value
}

const bill = (garage: Garage, subjectKey: string) =>
  evaluateBill(garage.deps)({ organizationId: garage.organizationId, subjectKey })

/** A billed and paid stay on the first day. */
async function firstDay(garage: Garage): Promise<string> {
  garage.clock.advance(6 * hourMs)
  const stayId = await garage.stay({ exit: '2024-06-10T11:55:00Z' })
  await garage.pay({ stayId, amountMinor: 800 })
  garage.clock.advance(15 * minuteMs)
  await bill(garage, `stay:${stayId}`)
  return stayId
}

const nextDay = (garage: Garage) => garage.clock.advance(24 * hourMs)

function entryOf(garage: Garage, values: Partial<NewEntry> = {}): NewEntry {
  const now = garage.clock.now()
  return {
    organizationId: garage.organizationId,
    siteId: garage.siteId,
    entryId: garage.deps.newId(),
    sourceType: 'payment',
    sourceId: garage.deps.newId(),
    description: 'Payment by card',
    businessDate: '2024-06-10',
    factDate: '2024-06-10',
    corrects: null,
    postedAt: now,
    currency: 'EUR',
    billId: null,
    ...values,
  }
}
const posting = { debit: 'cash', credit: 'payments.unapplied', amountMinor: 5 as never, line: null }

describe('a close', () => {
  test('numbers, adds up and chains what was posted, and gives the same book for ever', async () => {
    const garage = await openGarage(database.db)
    await firstDay(garage)
    nextDay(garage)
    const [period, ...others] = await closed(garage, '2024-06-10')
    expect(others).toEqual([])
    expect(period).toMatchObject({
      number: 1,
      currency: 'EUR',
      from: '2024-06-10',
      to: '2024-06-10',
      closedAt: garage.clock.now(),
      closedBy: 'key:auditor',
      reason: null,
      unsettled: [],
      entryCount: 2,
      previousHash: '0'.repeat(64),
    })
    expect(period?.accounts).toEqual([
      { account: 'clearing.card', name: 'Clearing, card', kind: 'asset', debitMinor: 800, creditMinor: 0 },
      {
        account: 'receivable',
        name: 'Receivable from drivers and accounts',
        kind: 'asset',
        debitMinor: 800,
        creditMinor: 800,
      },
      { account: 'revenue.parking', name: 'Parking', kind: 'revenue', debitMinor: 0, creditMinor: 672 },
      { account: 'tax.payable.VAT', name: 'Tax payable, VAT', kind: 'liability', debitMinor: 0, creditMinor: 128 },
    ])
    const book = await readClosedPeriod(garage.deps)(accessTo(garage), period?.periodId ?? '')
    expect(book).toMatchObject({
      kind: 'ok',
      value: {
        organization: { name: 'Parkhaus AG' },
        site: { code: 'P1', name: 'Bahnhof', zone: 'Europe/Berlin' },
        hash: period?.hash,
        entries: [
          {
            number: 1,
            source: { type: 'payment', number: 'TX-1' },
            postings: [{ debit: 'clearing.card', taxCode: null }],
          },
          {
            number: 2,
            source: { type: 'bill', number: 'P1-000001' },
            postings: [
              { debit: 'receivable', credit: 'revenue.parking', amountMinor: 672, taxCode: 'VAT' },
              { debit: 'receivable', credit: 'tax.payable.VAT', amountMinor: 128, taxCode: 'VAT' },
            ],
          },
        ],
      },
    })
    await database.ownerPool.query(`update site set name = 'Renamed', time_zone = 'UTC' where site_id = $1`, [
      garage.siteId,
    ])
    const again = await readClosedPeriod(garage.deps)(accessTo(garage), period?.periodId ?? '')
    expect(JSON.stringify(again)).toBe(JSON.stringify(book))
    expect(await verify(garage)).toEqual({
      siteId: garage.siteId,
      intact: true,
      periods: 1,
      entries: 2,
      lastHash: period?.hash,
      firstBroken: null,
    })
    const { rows } = await database.ownerPool.query(
      `select type, data from event where organization_id = $1 and type = 'ledger.closed'`,
      [garage.organizationId],
    )
    expect(rows).toMatchObject([{ data: { number: 1, to: '2024-06-10', entries: 2, hash: period?.hash } }])
  })

  test('is refused for today, for closed days, and while something is unsettled, which a reason overrides', async () => {
    const garage = await openGarage(database.db)
    await firstDay(garage)
    expect(await close(garage, '2024-06-10')).toMatchObject({ kind: 'invalid', problems: [{ pointer: '/to' }] })
    const lateId = await garage.stay({ exit: '2024-06-10T13:00:00Z' })
    await bill(garage, `stay:${lateId}`)
    const paid = await garage.pay({ stayId: lateId, amountMinor: 300 })
    nextDay(garage)
    const refused = await close(garage, '2024-06-10')
    expect(refused).toMatchObject({ kind: 'conflict' })
    const message = refused.kind === 'conflict' ? refused.message : ''
    expect(message).toContain(`stay ${lateId} of 2024-06-10`)
    expect(message).toContain(`payment ${paid} of 2024-06-10`)
    expect(await lookAtClosing(garage.deps)(accessTo(garage), { siteId: garage.siteId })).toMatchObject({
      value: {
        closedTo: null,
        to: '2024-06-10',
        open: [{ currency: 'EUR', entries: 2 }],
        unsettled: [{ type: 'payment' }, { type: 'stay' }],
      },
    })
    const [period] = await closed(garage, '2024-06-10', 'The gate is gone.')
    expect(period).toMatchObject({
      reason: 'The gate is gone.',
      unsettled: [{ id: paid }, { id: lateId }],
      entryCount: 2,
    })
    expect(await close(garage, '2024-06-10', 'again')).toMatchObject({ kind: 'conflict', pointer: '/to' })
    // The next day takes in what was late.
    await bill(garage, `stay:${lateId}`)
    nextDay(garage)
    const [next] = await closed(garage, '2024-06-11')
    expect(next).toMatchObject({
      number: 2,
      from: '2024-06-11',
      to: '2024-06-11',
      entryCount: 2,
      previousHash: period?.hash,
    })
    const book = await readClosedPeriod(garage.deps)(accessTo(garage), next?.periodId ?? '')
    expect(book).toMatchObject({
      value: { entries: [{ date: '2024-06-11', factDate: '2024-06-10' }, { factDate: '2024-06-10' }] },
    })
  })

  test('of a site that the caller does not reach is refused', async () => {
    const garage = await openGarage(database.db)
    nextDay(garage)
    const outcome = await closePeriod(garage.deps)(
      { ...accessTo(garage), siteIds: [] },
      { siteId: garage.siteId, to: '2024-06-10' },
    )
    expect(outcome).toMatchObject({ kind: 'invalid', problems: [{ pointer: '/siteId' }] })
  })

  test('leaves corrections to the next period, with a reference to what they correct', async () => {
    const garage = await openGarage(database.db)
    const stayId = await firstDay(garage)
    nextDay(garage)
    await closed(garage, '2024-06-10')
    await garage.changeStay(stayId, { exit: '2024-06-10T12:55:00Z' })
    garage.clock.advance(15 * minuteMs)
    await bill(garage, `stay:${stayId}`)
    const { items } = await listLedgerEntries(garage.deps)(accessTo(garage), { open: true })
    const original = await listLedgerEntries(garage.deps)(accessTo(garage), { open: false, sourceType: 'bill' })
    expect(items).toMatchObject([
      { date: '2024-06-11', factDate: '2024-06-10', corrects: original.items[0]?.entryId, closed: null },
    ])
    expect(original.items).toMatchObject([{ closed: { number: 2 } }])
  })

  test('posts money that belongs to no bill, once, and keeps currencies apart', async () => {
    const garage = await openGarage(database.db)
    garage.clock.advance(6 * hourMs)
    const stray = await garage.pay({ amountMinor: 700, method: 'cash' })
    await transaction(database.db, (trx) => appendEntry(trx, entryOf(garage, { currency: 'CHF' }), [posting]))
    nextDay(garage)
    const first = await closed(garage, '2024-06-10')
    expect(first.map(({ number, currency, entryCount }) => [number, currency, entryCount])).toEqual([
      [1, 'EUR', 0],
      [2, 'CHF', 1],
    ])
    expect(first[1]?.previousHash).toBe(first[0]?.hash)
    expect(await postPayment(garage.deps)({ organizationId: garage.organizationId, paymentId: stray })).toEqual({
      kind: 'nothing',
    })
    nextDay(garage)
    expect(await closed(garage, '2024-06-11')).toMatchObject([
      { number: 3, currency: 'EUR', entryCount: 1, from: '2024-06-11' },
    ])
    expect(await verify(garage)).toMatchObject({ intact: true, periods: 3, entries: 2 })
    const balance = await trialBalance(garage.deps)(accessTo(garage), { siteId: garage.siteId, date: '2024-06-11' })
    expect(balance.totals).toEqual([
      { currency: 'CHF', debitMinor: 5, creditMinor: 5 },
      { currency: 'EUR', debitMinor: 700, creditMinor: 700 },
    ])
    expect(balance.accounts).toContainEqual(
      expect.objectContaining({ account: 'cash', kind: 'asset', currency: 'EUR', balanceMinor: 700 }),
    )
    const chart = await listAccounts(garage.deps)(accessTo(garage))
    expect(chart.filter(({ used }) => used).map(({ code }) => code)).toEqual(['cash', 'payments.unapplied'])
  })

  test('of two at once one wins', async () => {
    const garage = await openGarage(database.db)
    await firstDay(garage)
    nextDay(garage)
    const outcomes = await Promise.all([
      close(garage, '2024-06-10'),
      close(garage, '2024-06-10'),
      close(garage, '2024-06-10'),
    ])
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['conflict', 'conflict', 'ok'])
    expect(await verify(garage)).toMatchObject({ intact: true, periods: 1, entries: 2 })
  })

  test('waits for an entry that is being posted, and what begins after it goes to the first open day', async () => {
    const garage = await openGarage(database.db)
    nextDay(garage)
    const posted = gate()
    const go = gate()
    const slow = transaction(database.db, async (trx) => {
      await appendEntry(trx, entryOf(garage), [posting])
      posted.open()
      await go.passed
    })
    await posted.passed
    const closing = closed(garage, '2024-06-10')
    await eventually(async () => (await waiting()) === 1)
    go.open()
    await slow
    expect(await closing).toMatchObject([{ entryCount: 1 }])
    const late = entryOf(garage)
    await transaction(database.db, (trx) => appendEntry(trx, late, [posting]))
    expect(await transaction(database.db, (trx) => appendEntry(trx, late, [posting]))).toBe(false)
    const { items } = await listLedgerEntries(garage.deps)(accessTo(garage), { open: true })
    expect(items).toMatchObject([{ entryId: late.entryId, date: '2024-06-11', factDate: '2024-06-10' }])
  })

  test('whose connection dies before the commit leaves nothing behind and can be done again', async () => {
    const garage = await openGarage(database.db)
    await firstDay(garage)
    nextDay(garage)
    const holder = await database.ownerPool.connect()
    try {
      // Its last but one step has to wait: periods and entries are written, and nothing is committed.
      await holder.query('begin; lock table audit_log in exclusive mode')
      const closing = close(garage, '2024-06-10')
      const blocked = async () =>
        (
          await database.ownerPool.query<{ pid: number }>(
            `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%audit_log%'`,
          )
        ).rows
      await eventually(async () => (await blocked()).length === 1)
      const [victim] = await blocked()
      await database.ownerPool.query('select pg_terminate_backend($1)', [victim?.pid])
      await eventually(async () => (await blocked()).some(({ pid }) => pid !== victim?.pid))
      expect(await verify(garage)).toMatchObject({ periods: 0 })
      await holder.query('rollback')
      expect(await closing).toMatchObject({ kind: 'ok', value: [{ number: 1, entryCount: 2 }] })
    } finally {
      holder.release()
    }
    expect(await verify(garage)).toMatchObject({ intact: true, periods: 1, entries: 2 })
  })
})

function gate(): { passed: Promise<void>; open(): void } {
  let open = () => {}
  const passed = new Promise<void>((resolve) => {
    open = resolve
  })
  return { passed, open: () => open() }
}

async function waiting(): Promise<number> {
  const { rows } = await database.ownerPool.query<{ count: number }>(
    `select count(*)::int as count from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  )
  return rows[0]?.count ?? 0
}

describe('on a schedule', () => {
  test('days are closed when the site asks for it, and never over what is unsettled', async () => {
    const garage = await openGarage(database.db)
    const site = { organizationId: garage.organizationId, siteId: garage.siteId }
    const run = () => closeOnSchedule(garage.deps)(site)
    const due = async () =>
      (
        await database.ownerPool.query<{ due_at: Date }>(
          `select due_at from timer where kind = 'ledger.close' and key = $1`,
          [`ledger:${garage.siteId}`],
        )
      ).rows[0]?.due_at.toISOString()
    await firstDay(garage)
    nextDay(garage)
    await run()
    expect(await verify(garage)).toMatchObject({ periods: 0 })
    expect(await due()).toBeUndefined()
    const settings = { ledger_close_after_days: 0 }
    await database.ownerPool.query('update site set settings = $2 where site_id = $1', [garage.siteId, settings])
    await closeSettingChanged(database.db, { ...site, settings }, {}, garage.clock.now())
    expect(await due()).toBe(garage.clock.now().toISOString())
    await run()
    expect(await verify(garage)).toMatchObject({ periods: 1, entries: 2 })
    // Ten past midnight in Berlin.
    expect(await due()).toBe('2024-06-11T22:10:00.000Z')
    await run()
    expect(await verify(garage)).toMatchObject({ periods: 1 })
    await bill(garage, `stay:${await garage.stay({ exit: garage.clock.now().toISOString() })}`)
    nextDay(garage)
    await run()
    expect(await verify(garage)).toMatchObject({ periods: 1 })
    expect(await due()).toBe(new Date(garage.clock.now().getTime() + hourMs).toISOString())
    await closeSettingChanged(database.db, { ...site, settings: {} }, settings, garage.clock.now())
    expect(await due()).toBeUndefined()
  })
})
