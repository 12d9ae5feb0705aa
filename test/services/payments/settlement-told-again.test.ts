// Owns the proof that a payment at a terminal that nothing but its receipt names, or nothing at all, is never silently booked twice.
// Must not speak OCPP; test/e2e/payments does.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bookSettlement, type SettlementTold } from '../../../core/services/payments/book-settlement.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { openGarage } from '../billing/garage.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

interface Said {
  pspRef?: string
  transaction?: string
  receiptId?: string
  status?: string
  amount: string
  /** Minutes by the station's clock, and by the hub's. */
  minute: number
  received?: number
}

const start = Date.UTC(2024, 5, 10, 5)
const instant = (minute: number) => new Date(start + minute * 60_000)

async function terminal() {
  const { db, organizationId, siteId, stationId, deps, clock } = await openGarage(database.db)
  const told: { job: SettlementTold; since: string }[] = []
  /** The station's word, kept as the charger path keeps it, and its job. */
  const tell = async ({ minute, received = minute, pspRef = '', status = 'settled', ...said }: Said) => {
    const noticeId = deps.newId()
    const at = instant(minute)
    const settled = { pspRef, status, ...said, at: at.toISOString() }
    const notice = { topic: 'payment.settled', at, received_at: instant(received), data: JSON.stringify(settled) }
    const place = { organization_id: organizationId, site_id: siteId, station_id: stationId, notice_id: noticeId }
    await db
      .insertInto('station_notice')
      .values({ ...place, ...notice } as never)
      .execute()
    const job = { organizationId, siteId, stationId, noticeId, at: at.toISOString(), settled }
    told.push({ job, since: clock.now().toISOString() })
    await bookSettlement(deps)(job)
    return noticeId
  }
  /** A day later no session was found for what waits: every job once more, in this order. */
  const dayLater = async (order: (jobs: typeof told) => typeof told = (jobs) => jobs) => {
    clock.advance(25 * 3_600_000)
    for (const { job, since } of order(told)) await bookSettlement(deps)({ ...job, waiting: { since, times: 9 } })
  }
  const rows = () =>
    db
      .selectFrom('payment')
      .select(['kind', 'amount_minor', 'at', 'content_key'])
      .where('organization_id', '=', organizationId)
      .orderBy('payment_id')
      .execute()
  const reviews = async () => {
    const items = await db
      .selectFrom('review_item')
      .select(['kind', 'reason', 'state', 'data'])
      .where('organization_id', '=', organizationId)
      .execute()
    return items.filter(({ kind }) => kind === 'settlement')
  }
  const taken = async () => (await rows()).reduce((sum, one) => sum + Number(one.amount_minor), 0)
  return { tell, dayLater, rows, reviews, taken }
}

test('the same receipt of a station is the same payment, whatever its clock says and whichever name comes later', async () => {
  const { tell, dayLater, rows, reviews } = await terminal()
  await tell({ receiptId: 'R-1', amount: '12.34', minute: 0 })
  await tell({ receiptId: 'R-1', amount: '12.34', minute: -500_000, received: 30 })
  await dayLater()
  await tell({ receiptId: 'R-1', pspRef: 'P-1', amount: '12.34', minute: 1 })
  await tell({ receiptId: 'R-1', transaction: 'TX-none', amount: '12.34', minute: 2 })
  await tell({ receiptId: 'R-2', amount: '12.34', minute: 3 })
  await dayLater()
  expect((await rows()).map(({ amount_minor }) => amount_minor)).toEqual([1234, 1234])
  // Nobody found a session for either; nothing else is in doubt.
  expect((await reviews()).map(({ reason }) => reason)).toEqual([
    expect.stringMatching(/unapplied/),
    expect.stringMatching(/unapplied/),
  ])
})

test('a receipt of another day may be another payment: not booked again, and a person hears of it', async () => {
  const { tell, dayLater, rows, reviews } = await terminal()
  const day = 24 * 60
  await tell({ receiptId: 'R-1', amount: '5.00', minute: 0 })
  await dayLater()
  await tell({ receiptId: 'R-1', amount: '5.00', minute: 3 * day })
  expect(await rows()).toHaveLength(1)
  expect((await reviews()).filter(({ reason }) => /another day/.test(reason))).toHaveLength(1)
  // Told again in days: the station says when it was, so it is the same.
  await tell({ receiptId: 'R-1', amount: '5.00', minute: 0, received: 6 * day })
  expect(await rows()).toHaveLength(1)
  expect((await reviews()).filter(({ reason }) => /another day/.test(reason))).toHaveLength(1)
})

test('another amount with the same receipt counts as with every other name, under whichever name it is booked', async () => {
  const { tell, dayLater, rows, reviews } = await terminal()
  await tell({ receiptId: 'R-1', pspRef: 'P-1', amount: '10.00', minute: 0 })
  await dayLater()
  for (const amount of ['12.00', '15.00']) await tell({ receiptId: 'R-1', amount, minute: 9 })
  await tell({ pspRef: 'P-1', amount: '16.00', minute: 12 })
  expect((await rows()).map(({ amount_minor, content_key }) => [amount_minor, content_key.split('/').at(-1)])).toEqual([
    [1000, '0'],
    [200, '1'],
    [300, '2'],
    [100, '3'],
  ])
  expect((await reviews()).filter(({ reason }) => /larger amount/.test(reason))).toHaveLength(3)
})

test('two payment references that share a receipt are two payments, and a third word without one is doubted', async () => {
  const tellings: Said[] = [
    { pspRef: 'P-1', receiptId: 'R-1', amount: '5.00', minute: 0 },
    { pspRef: 'P-2', receiptId: 'R-1', amount: '5.00', minute: 1 },
    { receiptId: 'R-1', amount: '5.00', minute: 2 },
  ]
  for (const order of [
    [0, 1, 2],
    [0, 2, 1],
    [2, 0, 1],
    [2, 1, 0],
  ]) {
    const { tell, dayLater, taken, reviews } = await terminal()
    for (const i of order) await tell(tellings[i] as Said)
    await dayLater()
    // Where the receipt alone came first, nobody can say which of the two it was.
    expect(await taken(), order.join()).toBe(order[0] === 2 ? 1500 : 1000)
    if (order[0] === 2)
      expect((await reviews()).some(({ reason }) => /may have been booked already/.test(reason))).toBe(true)
  }
})

test('what nothing names is booked once; as much close in time is put before a person and not booked', async () => {
  const { tell, dayLater, rows, reviews } = await terminal()
  await tell({ amount: '5.00', minute: 0 })
  const again = await tell({ amount: '5.00', minute: 7 })
  // The clock was years behind, and it is told at once; then its clock is right, and the station was away for days.
  const behind = await tell({ amount: '5.00', minute: -2_000_000, received: 20 })
  const late = await tell({ amount: '5.00', minute: 9, received: 5 * 1440 })
  await tell({ amount: '5.01', minute: 8 })
  await tell({ amount: '5.00', minute: 20 * 1440 })
  await dayLater()
  expect((await rows()).map(({ amount_minor }) => amount_minor)).toEqual([500, 501, 500])
  const doubts = (await reviews()).filter(({ reason }) => /told again with another time/.test(reason))
  expect(doubts.map(({ data }) => (data as { noticeId: string }).noticeId).sort()).toEqual([again, behind, late].sort())
})

test('as much with a name beside one without: once, in either order, or both and a person is told', async () => {
  const named: Said = { pspRef: 'P-1', amount: '5.00', minute: 3 }
  const nameless: Said = { amount: '5.00', minute: 0 }
  for (const order of [
    [named, nameless],
    [nameless, named],
  ]) {
    const { tell, dayLater, taken, reviews } = await terminal()
    for (const one of order) await tell(one)
    await dayLater()
    expect(await taken()).toBe(500)
    expect((await reviews()).some(({ reason }) => /told again with another time/.test(reason))).toBe(true)
  }
  const { tell, dayLater, taken, reviews } = await terminal()
  await tell(nameless)
  await dayLater()
  await tell({ ...named, pspRef: 'P-2' })
  await dayLater()
  expect(await taken()).toBe(1000)
  expect((await reviews()).some(({ reason }) => /the two may be one payment/.test(reason))).toBe(true)
})

test('a number that looks like a card is no receipt', async () => {
  const { tell, dayLater, taken } = await terminal()
  for (const minute of [0, 3]) await tell({ receiptId: '4111 1111 1111 1111', amount: '5.00', minute })
  await dayLater()
  expect(await taken()).toBe(500)
})

const telling = fc.record({
  /** Which payment it is of, and how it is told of this time. */
  payment: fc.nat(3),
  how: fc.constantFrom('receipt', 'reference', 'transaction'),
  clock: fc.integer({ min: -600, max: 600 }),
})
const nameless = fc.record({ visit: fc.nat(2), clock: fc.integer({ min: -300, max: 300 }) })

test('in any order, and doubled: each receipt is taken once, each visit that nothing names once, and the rest is seen', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(telling, { maxLength: 6 }),
      fc.uniqueArray(nameless, { maxLength: 5, selector: ({ visit, clock }) => `${visit}/${clock}` }),
      fc.infiniteStream(fc.nat()),
      async (tellings, visits, noise) => {
        const shuffled = <T>(list: readonly T[]) =>
          list
            .map((one) => ({ one, at: noise.next().value as number }))
            .sort((a, b) => a.at - b.at)
            .map(({ one }) => one)
        const named = tellings.map(({ payment, how, clock }) => ({
          receiptId: `R-${payment}`,
          ...(how === 'reference' ? { pspRef: `P-${payment}` } : {}),
          ...(how === 'transaction' ? { transaction: `TX-${payment}` } : {}),
          amount: '5.00',
          minute: clock,
          received: 0,
        }))
        const unnamed = visits.map(({ visit, clock }) => ({
          amount: '7.00',
          minute: visit * 7200 + clock,
          received: visit * 7200,
        }))
        const { tell, dayLater, rows, reviews } = await terminal()
        for (const one of shuffled<Said>([...named, ...named, ...unnamed])) await tell(one)
        await dayLater(shuffled)
        const amounts = (await rows()).map(({ amount_minor }) => Number(amount_minor))
        const payments = new Set(tellings.map(({ payment }) => payment)).size
        const seen = new Set(visits.map(({ visit }) => visit)).size
        expect(amounts.filter((one) => one === 500)).toHaveLength(payments)
        expect(amounts.filter((one) => one === 700)).toHaveLength(seen)
        expect(amounts).toHaveLength(payments + seen)
        const doubted = (await reviews()).filter(({ reason }) => /told again with another time/.test(reason))
        expect(doubted).toHaveLength(visits.length - seen)
      },
    ),
    { numRuns: Number(process.env.BAYWATT_PROPERTY_RUNS ?? 25) },
  )
}, 240_000)
