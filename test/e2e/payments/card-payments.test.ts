// Owns the proof that card money runs through the whole hub: bill, checkout page, webhook, books, refund, and a kill in the middle of a capture.
// Must not test the plugin's or the services' own cases; test/adapters/payment-stripe and test/services/payments do.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createParcs, type WireFact } from '../../sim/index.ts'
import { openStripe, type StripeSim } from '../../sim/stripe/stripe.ts'
import { type LiveHub, liveHub } from '../live-hub.ts'

// biome-ignore lint/suspicious/noExplicitAny: records of the API in every shape
type Json = any

const secrets = { apiKey: 'sk_test_simulated', webhook: 'whsec_simulated' }
const minute = 60_000
let hub: LiveHub
let sim: StripeSim
let connectionId: string

beforeAll(async () => {
  hub = await liveHub()
  sim = await openStripe({ apiKey: secrets.apiKey, webhookSecret: secrets.webhook, now: () => new Date() })
  const { siteId } = hub.garage
  const made = await hub.call('POST', 'connections', {
    pluginId: 'payment-stripe',
    siteId,
    name: 'Card payments',
    secrets,
    config: { baseUrl: sim.url, returnUrl: 'https://garage.example/paid' },
  })
  connectionId = String(made.connectionId)
  await atWork()
}, 240_000)
afterAll(async () => {
  await hub?.stop()
  await sim?.close()
}, 60_000)

const atWork = () =>
  hub.until('the provider at work', async () => {
    const { items } = await hub.call<Json>('GET', `payment-providers?siteId=${hub.garage.siteId}`)
    return items.some((one: Json) => one.connectionId === connectionId)
  })

/** A car as the gates tell of it: `begun` minutes ago it came in. */
function car(stayRef: string, begun: number) {
  const { connectionId: gates, signingSecret } = hub.garage
  const clock = { now: () => new Date() }
  const parcs = createParcs({
    hubUrl: hub.process.url,
    connectionId: gates,
    secret: signingSecret,
    clock,
    seed: stayRef,
  })
  const entered = Date.now() - begun * minute
  const passes = async (direction: 'entry' | 'exit', minutes: number) => {
    const occurredAt = new Date(entered + minutes * minute).toISOString()
    const lane = direction === 'entry' ? 'IN' : 'OUT'
    const credentials = [{ kind: 'ticket', value: stayRef }]
    const data = { direction, credentials, parkerKind: 'transient' }
    const fact = { id: `${stayRef}-${direction}`, revision: 1, type: 'gate.passed', occurredAt, backfilled: false }
    parcs.record({ ...fact, stayRef, lane, data } as unknown as WireFact)
    await parcs.flush()
    expect(parcs.rejected).toEqual([])
  }
  const stay = () => hub.until('the stay', async () => (await hub.all('stays')).find((one) => one.stayRef === stayRef))
  const bill = async () => {
    const { stayId } = await stay()
    return hub.until('the bill', async () => (await hub.all(`bills?stayId=${stayId}`))[0])
  }
  return { passes, stay, bill }
}

const read = (path: string) => hub.call<Json>('GET', path)
const order = (orderId: string) => read(`payment-orders/${orderId}`)
const became = (orderId: string, state: string) =>
  hub.until(`a payment that is ${state}`, async () => {
    const now = await order(orderId)
    return now.state === state && now
  })
/** The order's page is there, and its driver pays; Stripe calls. */
async function pays(orderId: string): Promise<string> {
  const { checkoutUrl } = await hub.until('the page', async () => {
    const now = await order(orderId)
    return now.checkoutUrl !== null && now
  })
  const sessionId = String(checkoutUrl).split('/').at(-1) ?? ''
  const intentId = sim.pay(sessionId)
  const call = sim.event('checkout.session.completed', sim.sessions.get(sessionId) as object)
  const post = () => fetch(`${hub.process.url}/in/${connectionId}/webhook`, { method: 'POST', ...call })
  expect((await post()).status).toBe(204)
  // Stripe tells many things twice.
  expect((await post()).status).toBe(204)
  return intentId
}
const settled = (billId: string, openMinor: number) =>
  hub.until(`${openMinor} open`, async () => {
    const bill = await read(`bills/${billId}`)
    return bill.settlement.openMinor === openMinor && bill
  })

test('a bill is paid on the page, part of it goes back, and bill, payments and books say so', async () => {
  const one = car('T-1', 200)
  await one.passes('entry', 0)
  await one.passes('exit', 90)
  const bill = await one.bill()
  expect(bill.totalMinor).toBeGreaterThan(0)
  const asked = await hub.call<Json>('POST', 'payment-orders', { connectionId, billIds: [bill.billId] })
  expect(asked).toMatchObject({ state: 'requested', amountMinor: bill.totalMinor, purpose: 'bills' })
  const intentId = await pays(asked.orderId)
  const paid = await became(asked.orderId, 'captured')
  expect(paid).toMatchObject({ capturedMinor: bill.totalMinor, cardBrand: 'visa', cardLastFour: '4242' })
  expect((await settled(bill.billId, 0)).settlement).toMatchObject({
    billedMinor: bill.totalMinor,
    paidMinor: bill.totalMinor,
    askedMinor: 0,
  })

  await hub.call('POST', `payment-orders/${asked.orderId}/refund`, { amountMinor: 150, reason: 'The lift was broken.' })
  await hub.until('the refund', async () => (await order(asked.orderId)).refundedMinor === 150)
  expect([...sim.refunds.values()]).toMatchObject([{ payment_intent: intentId, amount: 150, status: 'succeeded' }])
  await settled(bill.billId, 150)
  const rows = await hub.all(`payments?stayId=${bill.stayId}`)
  expect(rows.map((row) => [row.kind, row.method, row.amountMinor]).sort()).toEqual([
    ['captured', 'card', bill.totalMinor],
    ['refunded', 'card', 150],
  ])
  const entries = await hub.until('two entries', async () => {
    const found = await hub.all(`ledger/entries?siteId=${hub.garage.siteId}&account=clearing.card`)
    return found.length === 2 && found
  })
  const moved = entries.flatMap((entry) => entry.postings)
  expect(moved).toContainEqual(
    expect.objectContaining({ debit: 'clearing.card', credit: 'receivable', amountMinor: bill.totalMinor }),
  )
  expect(moved).toContainEqual(
    expect.objectContaining({ debit: 'receivable', credit: 'clearing.card', amountMinor: 150 }),
  )
}, 240_000)

test('what was paid for a stay before the exit is on its receipt', async () => {
  const one = car('T-2', 100)
  await one.passes('entry', 0)
  const { stayId } = await one.stay()
  const asked = await hub.call<Json>('POST', 'payment-orders', { connectionId, stayId, amountMinor: 400 })
  await pays(asked.orderId)
  await became(asked.orderId, 'captured')
  await one.passes('exit', 90)
  const bill = await one.bill()
  expect(bill.totalMinor).toBe(400)
  await settled(bill.billId, 0)
  const receipt = await read(`bills/${bill.billId}/receipt`)
  expect(receipt).toMatchObject({ due: '0.00', payments: [{ method: 'card', amount: '4.00' }] })
}, 240_000)

test.each([
  ['taken', 'lost', 1],
  ['lost on the way', 'cut', 2],
] as const)(
  'a hub that is killed before the answer to a capture that was %s takes the money once, and knows it',
  async (_, how, attempts) => {
    const one = car(`T-${how}`, 100)
    await one.passes('entry', 0)
    await one.passes('exit', 90)
    const bill = await one.bill()
    const asked = await hub.call<Json>('POST', 'payment-orders', {
      connectionId,
      billIds: [bill.billId],
      capture: 'manual',
    })
    const intentId = await pays(asked.orderId)
    await became(asked.orderId, 'authorised')
    const captures = () => sim.calls.filter(({ call }) => call === `POST /v1/payment_intents/${intentId}/capture`)
    const killed = new Promise<void>((resolve, reject) => {
      sim.faults.push({
        at: `${intentId}/capture`,
        how,
        meanwhile: () =>
          hub.process.kill('SIGKILL').then(
            () => resolve(),
            (error: unknown) => reject(error),
          ),
      })
    })
    await hub.call('POST', `payment-orders/${asked.orderId}/capture`, {})
    await killed
    expect(hub.process.alive()).toBe(false)
    expect(sim.intents.get(intentId)?.amount_received).toBe(how === 'lost' ? bill.totalMinor : 0)

    await hub.process.start()
    await atWork()
    const paid = await became(asked.orderId, 'captured')
    expect(paid).toMatchObject({ capturedMinor: bill.totalMinor, unknownSince: null, needsPerson: false })
    const capture = paid.operations.find((operation: Json) => operation.kind === 'capture')
    expect(capture).toMatchObject({ state: 'done', attempts })
    expect(captures()).toHaveLength(attempts)
    expect(new Set(captures().map(({ key }) => key)).size).toBe(1)
    expect(sim.intents.get(intentId)).toMatchObject({ status: 'succeeded', amount_received: bill.totalMinor })
    await settled(bill.billId, 0)
    const rows = await hub.all(`payments?stayId=${bill.stayId}`)
    expect(rows.map((row) => [row.kind, row.amountMinor])).toEqual([['captured', bill.totalMinor]])
  },
  240_000,
)

test('what is left of a prepaid balance goes back by the card that filled it, once, also when the hub is killed on the way', async () => {
  const keeper = await hub.call('POST', 'connections', { pluginId: 'payment-prepaid', name: 'Prepaid balances' })
  const keeping = () =>
    hub.until('the balances at work', async () => {
      const { items } = await hub.call<Json>('GET', 'payment-providers')
      return items.some((one: Json) => one.connectionId === keeper.connectionId)
    })
  await keeping()
  const { accountId } = await hub.call('POST', 'accounts', { kind: 'company', name: 'Prepaying Ltd' })
  const statement = () => read(`x/payment-prepaid/accounts/${accountId}/statement`)
  const holds = (availableMinor: number, heldMinor: number) =>
    hub.until(`a balance of ${availableMinor} and ${heldMinor} held`, async () => {
      const [one] = (await statement()).balances
      return one?.availableMinor === availableMinor && one.heldMinor === heldMinor
    })
  const asked = await hub.call<Json>('POST', 'payment-orders', {
    connectionId,
    topUpAccountId: accountId,
    amountMinor: 5_000,
  })
  const { orderId } = asked
  const intentId = await pays(orderId)
  await holds(5_000, 0)
  expect((await order(orderId)).refundableMinor).toBe(5_000)

  const refund = (amountMinor: number) =>
    hub.call('POST', `payment-orders/${orderId}/refund`, { amountMinor, reason: 'The driver moves away.' })
  const killed = new Promise<void>((resolve, reject) => {
    sim.faults.push({
      at: 'POST /v1/refunds',
      how: 'lost',
      meanwhile: () =>
        hub.process.kill('SIGKILL').then(
          () => resolve(),
          (error: unknown) => reject(error),
        ),
    })
  })
  await refund(2_000)
  await killed
  await hub.process.start()
  await atWork()
  await keeping()
  await hub.until('the refund', async () => (await order(orderId)).refundedMinor === 2_000)
  await holds(3_000, 0)
  const given = () => [...sim.refunds.values()].filter((one) => one.payment_intent === intentId)
  expect(given().map(({ amount, status }) => [amount, status])).toEqual([[2_000, 'succeeded']])
  await expect(refund(3_001)).rejects.toThrow(/422.*amountMinor/s)

  await refund(3_000)
  await holds(0, 0)
  expect(given().map(({ amount }) => amount)).toEqual([2_000, 3_000])
  const { entries } = await statement()
  expect(entries.reduce((all: number, one: Json) => all + one.amountMinor, 0)).toBe(0)
  const posted = (await hub.all(`ledger/entries?siteId=${hub.garage.siteId}&account=prepaid.balances`)).flatMap(
    (entry) => entry.postings,
  )
  expect(posted.map((one) => [one.debit, one.credit, one.amountMinor]).sort()).toEqual([
    ['clearing.card', 'prepaid.balances', 5_000],
    ['prepaid.balances', 'clearing.card', 2_000],
    ['prepaid.balances', 'clearing.card', 3_000],
  ])
}, 240_000)
