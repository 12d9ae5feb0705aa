// Owns the proof that the hub's own jobs carry memberships on: renewed at month ends and over changes of clocks, paused, resumed and
// ended, earned day by day in books that close by themselves, and paid or not.
// Must not call a service; what the hub does by itself is seen over its API.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../setup/eventually.ts'
import { type ClockedHub, clockedHub } from './clocked-hub.ts'

// biome-ignore lint/suspicious/noExplicitAny: records of the API in every shape
type Json = any

let hub: ClockedHub
let siteId: string
beforeAll(async () => {
  hub = await clockedHub('2026-01-29T09:00:00Z')
  const settings = { ledger_close_after_days: 0, settle_delay_minutes: 0 }
  const site = { code: 'G', name: 'Ring', timeZone: 'Europe/Berlin', currency: 'EUR', settings }
  siteId = (await hub.call<Json>('POST', 'sites', site)).siteId
}, 120_000)
afterAll(() => hub.stop())

const plan = async (code: string, priceMinor: number) =>
  (
    await hub.call<Json>('POST', 'membership-plans', {
      siteId,
      code,
      name: code,
      every: 'month',
      priceMinor,
      taxIncluded: false,
      taxCode: 'VAT',
      taxPercent: '19',
    })
  ).planId as string
const account = async (name: string) =>
  (await hub.call<Json>('POST', 'accounts', { name, kind: 'person', parkerKind: 'member' })).accountId as string
const start = async (accountId: string, planId: string) =>
  (await hub.call<Json>('POST', 'memberships', { accountId, planId })).membership.membershipId as string
const ask = (membershipId: string, wish: string, body: object) =>
  hub.call<Json>('POST', `memberships/${membershipId}/${wish}`, body)
const membership = (membershipId: string) => hub.call<Json>('GET', `memberships/${membershipId}`)
const billed = async (accountId: string) =>
  ((await hub.all(`bills?accountId=${accountId}`)) as Json[])
    .sort((a, b) => (a.number < b.number ? -1 : 1))
    .sort((a, b) => Date.parse(a.issuedAt) - Date.parse(b.issuedAt))
    .map(({ netMinor }) => netMinor)
const until = (at: string) => hub.until(new Date(at))
const report = async (from: string, to = from) =>
  hub.call<Json>('GET', `reports/revenue?siteId=${siteId}&from=${from}&to=${to}`)
const balances = async (date: string): Promise<Record<string, number>> => {
  const { accounts } = await hub.call<Json>('GET', `ledger/trial-balance?siteId=${siteId}&date=${date}`)
  return Object.fromEntries(accounts.map((one: Json) => [one.account, one.balanceMinor]))
}
/** What the revenue accounts got on these days, by the report and by the summary, which both hold it against the books. */
const earned = async (from: string, to = from) => {
  const { basis, reconciled, currencies } = await report(from, to)
  const summary = await hub.call<Json>('GET', `revenue?siteId=${siteId}&from=${from}&to=${to}`)
  const [money] = currencies
  expect([basis, reconciled, summary.totals[0]?.earnedNetMinor]).toEqual(['billed', true, money?.earned.netMinor])
  return money?.earned
}

test('the jobs renew at month ends and over changes of clocks, pause, resume and end, and the books earn each day once', async () => {
  const [cheap, dear] = [await plan('cheap', 2_900), await plan('dear', 3_100)]
  const ada = await account('Ada')
  const first = await start(ada, cheap)
  await until('2026-01-31T09:00:00Z')
  const bob = await account('Bob')
  const second = await start(bob, dear)
  expect([await billed(ada), await billed(bob)]).toEqual([[2_900], [3_100]])
  expect(await membership(first)).toMatchObject({ anchorDay: 29, periodTo: '2026-02-28' })
  expect(await membership(second)).toMatchObject({ anchorDay: 31, periodTo: '2026-02-28' })

  // Each of them begins at midnight of the site: at 23:00 UTC in winter, at 22:00 in summer.
  const renewals = [
    { at: '2026-02-27T23:00:00Z', ada: 2, bob: 2 },
    { at: '2026-03-28T23:00:00Z', ada: 3, bob: 2 },
    { at: '2026-03-30T22:00:00Z', ada: 3, bob: 3 },
  ]
  for (const { at, ...counts } of renewals) {
    const before = [(await billed(ada)).length, (await billed(bob)).length]
    await hub.until(new Date(Date.parse(at) - 1_000))
    expect([(await billed(ada)).length, (await billed(bob)).length], at).toEqual(before)
    await until(at)
    expect([(await billed(ada)).length, (await billed(bob)).length], at).toEqual([counts.ada, counts.bob])
  }
  expect(await membership(first)).toMatchObject({ periodFrom: '2026-03-29', periodTo: '2026-04-29' })
  expect(await membership(second)).toMatchObject({ periodFrom: '2026-03-31', periodTo: '2026-04-30' })

  // From March 29 the days of Ada's period are 31, of Bob's to March 31 there were 31; the day of 23 hours is a day.
  await until('2026-04-05T09:00:00Z')
  expect(await earned('2026-03-28')).toEqual({ aheadMinor: 0, servedMinor: 200, netMinor: 200 })
  expect(await earned('2026-03-29')).toMatchObject({ aheadMinor: 2_900 })
  const days = await Promise.all(
    ['2026-03-29', '2026-03-30', '2026-03-31', '2026-04-01'].map(async (day) => (await earned(day)).servedMinor),
  )
  for (const served of days) expect([193, 194, 196, 197]).toContain(served)

  // With credit: what is billed from today is given back, and what is left billed at the hour of the resumption.
  const paused = await ask(first, 'pause', { credit: true, resumesOn: '2026-04-12' })
  expect(paused.membership).toMatchObject({ state: 'paused', pausedOn: '2026-04-05' })
  // 24 of the 31 days from March 29 on.
  expect((await billed(ada)).at(-1)).toBe(-2_245)
  await until('2026-04-11T21:59:59Z')
  expect((await membership(first)).state).toBe('paused')
  expect((await earned('2026-04-08')).servedMinor).toBeLessThan(110)
  await until('2026-04-11T22:00:00Z')
  expect((await membership(first)).state).toBe('active')
  expect((await billed(ada)).at(-1)).toBe(1_590)

  const cancelled = await ask(second, 'cancel', { at: 'period_end', reason: 'Moved away' })
  expect([cancelled.totalMinor, cancelled.membership.endsOn]).toEqual([0, '2026-04-30'])
  await ask(first, 'cancel', { at: 'period_end', reason: 'Sold the car' })
  await until('2026-04-29T21:59:59Z')
  expect((await membership(second)).state).toBe('active')
  await until('2026-04-29T22:00:00Z')
  expect([(await membership(first)).state, (await membership(second)).state]).toEqual(['ended', 'ended'])
  await until('2026-05-10T09:00:00Z')
  expect([(await billed(bob)).length, (await billed(ada)).length]).toEqual([3, 5])

  // All that was billed is earned, each day in a period that closed by itself, with nothing unsettled.
  const all = [...(await billed(ada)), ...(await billed(bob))].reduce((sum, net) => sum + net, 0)
  expect(await balances('2026-05-09')).toMatchObject({ 'revenue.deferred': 0, 'revenue.membership': -all })
  expect(await earned('2026-01-29', '2026-05-09')).toEqual({ aheadMinor: all, servedMinor: all, netMinor: all })
  const { items: periods } = await hub.call<Json>('GET', `ledger/periods?siteId=${siteId}&limit=200`)
  expect(periods[0]).toMatchObject({ to: '2026-05-09', closedBy: 'hub', unsettled: [], reason: null })
  const served = periods
    .flatMap(({ accounts }: Json) => accounts)
    .filter((one: Json) => one.account === 'revenue.membership')
    .reduce((sum: number, one: Json) => sum + one.creditMinor - one.debitMinor, 0)
  expect(served).toBe(all)
  expect(hub.errors).toEqual([])
}, 240_000)

test('a payment that fails leaves the bill open and the membership running; it becomes overdue, is given up, and stays revenue', async () => {
  const planId = await plan('unpaid', 3_000)
  const eve = await account('Eve')
  await hub.call('PUT', `accounts/${eve}/terms`, { siteId, cadence: 'month', dueDays: 7 })
  const membershipId = await start(eve, planId)
  const connectionId = await hub.connect({ pluginId: 'payment-prepaid', siteId, name: 'Prepaid', config: {} })
  const [bill] = (await hub.all(`bills?accountId=${eve}`)) as Json[]
  const order = await hub.call<Json>('POST', 'payment-orders', { connectionId, billIds: [bill.billId] })
  await hub.minutes(1)
  expect(await hub.call<Json>('GET', `payment-orders/${order.orderId}`)).toMatchObject({ state: 'declined' })
  expect(await hub.call<Json>('GET', `bills/${bill.billId}`)).toMatchObject({
    settlement: { openMinor: 3_570, paidMinor: 0, askedMinor: 0 },
  })
  expect((await membership(membershipId)).state).toBe('active')

  await until('2026-06-01T09:00:00Z')
  const [invoice] = (await hub.all(`invoices?accountId=${eve}`)) as Json[]
  expect(invoice).toMatchObject({ totalMinor: 3_570, openMinor: 3_570, dueOn: '2026-06-08' })
  await until('2026-06-10T09:00:00Z')
  const overdue = async () => (await hub.call<Json>('GET', 'events?type=invoice.overdue')).items
  // An event is listed once every older transaction of the server has ended.
  await eventually(async () => (await overdue()).length > 0, 'the event')
  expect((await overdue()).map(({ data }: Json) => data.invoiceId)).toEqual([invoice.invoiceId])
  // The second period began on June 10, and is earned as it is served, paid or not.
  expect((await billed(eve)).length).toBe(2)
  await ask(membershipId, 'cancel', { at: 'now', reason: 'Does not pay' })
  await hub.call('POST', `invoices/${invoice.invoiceId}/write-off`, { reason: 'Gone', approvedBy: 'Ada' })
  await until('2026-06-12T09:00:00Z')
  expect(await balances('2026-06-11')).toMatchObject({ bad_debts: 3_570, 'revenue.deferred': 0 })
  expect(await earned('2026-05-10', '2026-06-11')).toMatchObject({ servedMinor: 3_000, netMinor: 3_000 })
  expect(hub.errors).toEqual([])
}, 240_000)
