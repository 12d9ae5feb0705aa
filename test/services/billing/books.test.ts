// Owns the proof of how bills and books are read: filters, pages, balances and revenue that agree with each other.
// Must not test how they come about.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { evaluateBill } from '../../../core/services/billing/evaluate-bill.ts'
import { postPayment } from '../../../core/services/billing/post-payment.ts'
import { getReceipt } from '../../../core/services/manage/read-money.ts'
import { bills, linesOfBill, receiptOfBill } from '../../../core/store/bills.ts'
import { accountBalances, listEntries, revenueByDay } from '../../../core/store/journal.ts'
import { payments } from '../../../core/store/payments.ts'
import { type ListQuery, listRecords, type Sight } from '../../../core/store/record-table.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { type Garage, hourMs, minuteMs, openGarage } from './garage.ts'

let database: TestDatabase
let garage: Garage
let sight: Sight
let stayId: string
let linked: string
let alone: string
beforeAll(async () => {
  database = await createTestDatabase()
  garage = await openGarage(database.db)
  sight = { organizationId: garage.organizationId, siteIds: null }
  const evaluate = (subjectKey: string) =>
    evaluateBill(garage.deps)({ organizationId: garage.organizationId, subjectKey })
  garage.clock.advance(6 * hourMs)
  stayId = await garage.stay({
    exit: '2024-06-10T11:55:00Z',
    accountId: garage.accountId,
    discounts: [{ factId: 'f1', kind: 'validation', amountMinor: 200 }],
  })
  linked = await garage.session({ energyWh: 12_345, idle: 45 })
  await garage.link(stayId, linked)
  await garage.pay({ stayId, amountMinor: 1000 })
  garage.clock.advance(15 * minuteMs)
  await evaluate(`stay:${stayId}`)
  // The next local day: another session, and a correction of the first bill.
  garage.clock.advance(12 * hourMs)
  alone = await garage.session({ energyWh: 5_000 })
  await garage.changeStay(stayId, { exit: '2024-06-10T12:55:00Z' })
  garage.clock.advance(3 * hourMs)
  await evaluate(`session:${alone}`)
  await evaluate(`stay:${stayId}`)
})
afterAll(() => database.drop())

describe('bills', () => {
  const list = async (query: ListQuery) => (await listRecords(garage.db, bills, sight, query)).items
  test('newest first, filtered by what they are about', async () => {
    expect((await list({})).map((bill) => [bill.number, bill.kind, bill.totalMinor])).toEqual([
      ['P1-000003', 'adjustment', 200],
      ['P1-000002', 'bill', 245],
      ['P1-000001', 'bill', 800 - 200 + 605 + 300],
    ])
    const numbers = async (query: ListQuery) => (await list(query)).map((bill) => bill.number)
    expect(await numbers({ stayId })).toEqual(['P1-000003', 'P1-000001'])
    // A session's bills are found, also when it was billed with its stay.
    expect(await numbers({ sessionId: linked })).toEqual(['P1-000001'])
    expect(await numbers({ sessionId: alone })).toEqual(['P1-000002'])
    expect(await numbers({ accountId: garage.accountId })).toEqual(['P1-000003', 'P1-000001'])
    expect(await numbers({ kind: 'adjustment' })).toEqual(['P1-000003'])
    expect(await numbers({ to: '2024-06-10T22:00:00Z' })).toEqual(['P1-000001'])
    expect((await listRecords(garage.db, bills, { ...sight, siteIds: [] }, {})).items).toEqual([])
  })

  test('page by page nothing is lost or doubled', async () => {
    const seen: string[] = []
    let after: readonly string[] | undefined
    do {
      const page = await listRecords(garage.db, bills, sight, { limit: 1, after })
      seen.push(...page.items.map((bill) => bill.number))
      after = page.next ?? undefined
    } while (after !== undefined)
    expect(seen).toEqual(['P1-000003', 'P1-000002', 'P1-000001'])
  })

  test('with lines and receipt', async () => {
    const [bill] = await list({ sessionId: linked })
    const lines = await linesOfBill(garage.db, garage.organizationId, bill?.billId ?? '')
    expect(lines.map((line) => [line.line, line.kind, line.perQuantity, line.taxIncluded, line.totalMinor])).toEqual([
      [1, 'PARKING', '60', true, 800],
      [2, 'VALIDATION', '1', true, -200],
      [3, 'ENERGY', '1', true, 605],
      [4, 'IDLE', '1', true, 300],
    ])
    expect((await receiptOfBill(garage.db, garage.organizationId, bill?.billId ?? ''))?.receipt).toMatchObject({
      schema: 1,
      number: 'P1-000001',
      issuedAt: '2024-06-10T14:15:00+02:00',
      seller: { name: 'Parkhaus AG', address: 'Bahnhofstr. 1, 10115 Berlin' },
      stay: { enteredAt: '2024-06-10T09:55:00+02:00', exitedAt: '2024-06-10T13:55:00+02:00', seconds: 14_400 },
      sessions: [
        { station: { code: 'CP-1' }, maxPowerKw: '22', energyKwh: '12.345', meter: { first: { kwh: '100.000' } } },
      ],
      clocks: { staySeconds: 14_400, pluggedSeconds: 6300, energisingSeconds: 3600 },
      totals: { total: '15.05' },
      taxes: [{ code: 'VAT', rate: '19' }],
      due: '5.05',
      tariffs: [{ code: 'day' }, { code: 'ac' }],
    })
  })

  test('a receipt stays as it was issued, and what is paid later stands beside it', async () => {
    const [bill] = await list({ sessionId: linked })
    const told = async () => {
      const found = await getReceipt({ db: garage.db })(
        { ...sight, actor: 'key:jo', requestId: 'r1' },
        bill?.billId ?? '',
      )
      if (found.kind !== 'ok') throw new Error(found.kind)
      return found.value
    }
    const before = await told()
    expect(before.since).toBeNull()
    await garage.pay({ sessionId: linked, amountMinor: 505 })
    const after = await told()
    expect(JSON.stringify(after.receipt)).toBe(JSON.stringify(before.receipt))
    expect(after.since).toMatchObject({
      payments: [{ kind: 'captured', amount: '5.05' }],
      // The adjustment that followed asks for two more.
      due: '2.00',
    })
  })
})

describe('books', () => {
  test('every entry balances, and the balances are the bills and payments', async () => {
    const { items } = await listEntries(garage.db, sight, {})
    expect(items.map((entry) => entry.description)).toEqual([
      'Adjustment P1-000003',
      'Bill P1-000002',
      'Bill P1-000001',
      'Payment by card, TX-1',
    ])
    expect(items[0]?.businessDate).toBe('2024-06-11')
    const balances = Object.fromEntries(
      (await accountBalances(garage.db, sight, {})).map((row) => [row.account, row.balanceMinor]),
    )
    expect(balances).toEqual({
      receivable: 1505 + 245 + 200 - 1000,
      'clearing.card': 1000,
      'revenue.parking': -840,
      'discounts.given': 168,
      'revenue.energy': -(508 + 206),
      'revenue.idle': -252,
      'tax.payable.VAT': -(1505 + 245 + 200 - 840 + 168 - 508 - 206 - 252),
    })
    const rows = await accountBalances(garage.db, sight, {
      from: '2024-06-11',
      to: '2024-06-11',
      siteId: garage.siteId,
    })
    expect(rows.reduce((sum, row) => sum + row.balanceMinor, 0)).toBe(0)
    expect(rows.find((row) => row.account === 'receivable')).toMatchObject({ debitMinor: 1000 + 245, creditMinor: 800 })
  })

  test('revenue by site and day, parking beside charging', async () => {
    const rows = await revenueByDay(garage.db, sight, { from: '2024-06-10', to: '2024-06-11' })
    expect(rows).toMatchObject([
      {
        day: '2024-06-10',
        parkingTotalMinor: 600,
        chargingTotalMinor: 905,
        otherNetMinor: 0,
        totalMinor: 1505,
        bills: 1,
        energyWh: 12_345,
      },
      {
        day: '2024-06-11',
        parkingTotalMinor: 200,
        chargingTotalMinor: 245,
        totalMinor: 445,
        bills: 1,
        energyWh: 5_000,
      },
    ])
    for (const row of rows) expect(row.netMinor + row.taxMinor).toBe(row.totalMinor)
  })

  test('a payment is posted once, one without a stay to what is unapplied, a failed one not at all', async () => {
    const post = (paymentId: string) => postPayment(garage.deps)({ organizationId: garage.organizationId, paymentId })
    const stray = await garage.pay({ amountMinor: 700, method: 'cash' })
    const outcomes = await Promise.all([post(stray), post(stray), post(stray)])
    expect(outcomes.map((outcome) => outcome.kind).sort()).toEqual(['nothing', 'nothing', 'posted'])
    const balances = Object.fromEntries(
      (await accountBalances(garage.db, sight, {})).map((row) => [row.account, row.balanceMinor]),
    )
    expect(balances).toMatchObject({ cash: 700, 'payments.unapplied': -700 })
    expect(await post(await garage.pay({ amountMinor: 5, kind: 'failed' }))).toEqual({ kind: 'nothing' })
    expect(await post(garage.siteId)).toEqual({ kind: 'not_found' })
    expect((await listRecords(garage.db, payments, sight, { kind: 'captured' })).items).toHaveLength(3)
  })
})
