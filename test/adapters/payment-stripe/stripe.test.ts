// Owns the proof that money by Stripe is right in every weather: late, lost, doubled and early answers, partial captures and refunds.
// Must not know the adapter's parts; the plugin speaks to the simulator over a real socket, and the hub's services to the plugin.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import stripePlugin from '../../../adapters/payment-stripe/index.ts'
import type { PaymentOperation } from '../../../core/domain/payment/index.ts'
import { createPaymentOrder } from '../../../core/services/payments/create-order.ts'
import {
  cancelPaymentOrder,
  capturePaymentOrder,
  decideOperation,
  refundPaymentOrder,
} from '../../../core/services/payments/manage-orders.ts'
import { createPluginTester, type PluginTester } from '../../../core/testing/plugin-tester.ts'
import { type PaymentBench, paymentBench } from '../../services/payments/bench.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { openStripe, type StripeSim } from '../../sim/stripe/stripe.ts'

const apiKey = 'sk_test_simulated'
const webhookSecret = 'whsec_simulated'
let database: TestDatabase
let sim: StripeSim
let tester: PluginTester
let bench: PaymentBench

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

beforeEach(async () => {
  const model = {
    payments: new Map(),
    onReport: () => undefined,
    act: (operation: PaymentOperation) => tester.pay(operation),
    ask: (operation: PaymentOperation) => tester.askPayment(operation),
  } as unknown as Parameters<typeof paymentBench>[1]
  bench = await paymentBench(database, model)
  sim = await openStripe({ apiKey, webhookSecret, now: () => bench.clock.now() })
  tester = createPluginTester(stripePlugin, {
    config: { baseUrl: sim.url, returnUrl: 'https://garage.example/paid' },
    secrets: { apiKey, webhook: webhookSecret },
    at: bench.clock.now(),
    fetch,
  })
  await tester.start()
})
afterEach(async () => {
  await tester.stop()
  await sim.close()
})

async function ask(capture: 'automatic' | 'manual' = 'automatic', amountMinor = 1000): Promise<string> {
  const stayId = await bench.garage.stay({ entry: '2024-06-10T05:00:00Z', exit: null, state: 'open' })
  const { deps, access, connectionId } = bench
  const asked = await createPaymentOrder(deps)(access, { connectionId, stayId, amountMinor, capture })
  if (asked.kind !== 'ok') throw new Error(JSON.stringify(asked))
  return asked.value.orderId
}
const sessionOf = (orderId: string) => [...sim.sessions.values()].filter((one) => one.client_reference_id === orderId)
const page = (orderId: string) => String(sessionOf(orderId)[0]?.id)
/** Stripe calls, the plugin looks, and the hub takes what it reports. */
async function hook(type: string, object: object, how: Parameters<StripeSim['event']>[2] = {}) {
  const { body, headers } = sim.event(type, object, how)
  const answer = await tester.inbound(
    new Request('http://hub/in/x/webhook', { method: 'POST', body, headers }),
    'webhook',
  )
  await bench.sink.report(tester.payments)
  return answer.status
}
const posts = (what: string) => sim.calls.filter(({ call }) => call.startsWith('POST') && call.includes(what))
const books = async () => [await bench.balance('clearing.card'), await bench.balance('receivable')]

test('a payment goes through: page, signed call, books; the key is the stored operation, the version is pinned', async () => {
  const orderId = await ask()
  await bench.pass(0)
  expect(await bench.order(orderId)).toMatchObject({
    state: 'authorising',
    checkout_url: `${sim.url}/pay/${page(orderId)}`,
  })
  const intent = sim.pay(page(orderId))
  expect(await hook('checkout.session.completed', sessionOf(orderId)[0] as object)).toBe(204)
  expect(await bench.order(orderId)).toMatchObject({
    state: 'captured',
    captured_minor: 1000,
    card_last_four: '4242',
    card_brand: 'visa',
  })
  expect(await books()).toEqual([1000, -1000])
  const [operation] = await bench.operations(orderId)
  expect(posts('sessions').map(({ key, version }) => [key, version])).toEqual([
    [operation?.operation_id, '2026-10-28.endive'],
  ])
  // At Stripe's own desk.
  sim.deskRefund(intent, 300)
  await hook('charge.refunded', { object: 'charge', payment_intent: intent, metadata: { hub_order: orderId } })
  expect(await bench.order(orderId)).toMatchObject({ captured_minor: 1000, refunded_minor: 300 })
  expect(await books()).toEqual([700, -700])
})

test.each(['lost', 'error_after', 'cut', 'error'] as const)(
  'a page whose answer is %s is asked after and opened once',
  async (how) => {
    sim.faults.push({ at: 'POST /v1/checkout/sessions', how })
    const orderId = await ask()
    await bench.pass(0)
    expect(await bench.order(orderId)).toMatchObject({
      state: 'authorising',
      checkout_url: null,
      unknown_since: expect.any(Date),
    })
    expect(posts('sessions')).toHaveLength(1)
    await bench.pass(120_000)
    expect(sessionOf(orderId)).toHaveLength(1)
    expect(await bench.order(orderId)).toMatchObject({
      checkout_url: expect.stringContaining('/pay/'),
      unknown_since: null,
    })
    const done = how === 'lost' || how === 'error_after'
    const keys = posts('sessions').map(({ key }) => key)
    expect([keys.length, new Set(keys).size]).toEqual([done ? 1 : 2, 1])
    expect((await bench.events('payment.unknown')).map(({ data }) => data.kind)).toEqual(['authorise'])
  },
)

test('Stripe calls before it answers, and calls twice: taken once', async () => {
  const orderId = await ask('manual')
  await bench.pass(0)
  const intent = sim.pay(page(orderId))
  await hook('payment_intent.amount_capturable_updated', sim.intents.get(intent) as object)
  expect(await bench.order(orderId)).toMatchObject({ state: 'authorised' })
  const meanwhile = async () => {
    const event = sim.intents.get(intent) as object
    await hook('payment_intent.succeeded', event, { eventId: 'evt_once' })
    await hook('payment_intent.succeeded', event, { eventId: 'evt_once' })
    await hook('charge.captured', { object: 'charge', payment_intent: intent, metadata: { hub_order: orderId } })
  }
  sim.faults.push({ at: '/capture', how: 'lost', meanwhile })
  expect((await capturePaymentOrder(bench.deps)(bench.access, orderId, {})).kind).toBe('ok')
  await bench.pass(60_000)
  expect(await bench.order(orderId)).toMatchObject({ state: 'captured', captured_minor: 1000, unknown_since: null })
  expect(posts('/capture')).toHaveLength(1)
  expect(await bench.rows(orderId)).toHaveLength(1)
  expect(await books()).toEqual([1000, -1000])
})

test('refunds of a partly captured amount: several, one of them lost, never more than was taken', async () => {
  const orderId = await ask('manual')
  await bench.pass(0)
  const intent = sim.pay(page(orderId))
  await hook('payment_intent.amount_capturable_updated', sim.intents.get(intent) as object)
  await capturePaymentOrder(bench.deps)(bench.access, orderId, { amountMinor: 600 })
  await bench.pass(0)
  expect(await bench.order(orderId)).toMatchObject({ state: 'captured', captured_minor: 600 })
  const refund = (amountMinor: number) =>
    refundPaymentOrder(bench.deps)(bench.access, orderId, { amountMinor, reason: 'Test.' })
  expect(await refund(601)).toMatchObject({ kind: 'invalid', problems: [{ pointer: '/amountMinor' }] })
  await refund(200)
  await bench.pass(0)
  sim.faults.push({ at: 'POST /v1/refunds', how: 'lost' })
  await refund(400)
  // Under way counts as given.
  expect(await refund(1)).toMatchObject({ kind: 'invalid' })
  await bench.pass(60_000)
  expect(await bench.order(orderId)).toMatchObject({ captured_minor: 600, refunded_minor: 600 })
  expect(posts('/refunds')).toHaveLength(2)
  expect(await books()).toEqual([0, 0])
})

test('a silent Stripe is asked with growing pauses, then a person is told, and may end it', async () => {
  const orderId = await ask()
  await bench.pass(0)
  sim.pay(page(orderId))
  await hook('checkout.session.completed', sessionOf(orderId)[0] as object)
  for (let i = 0; i < 5; i++) sim.faults.push({ at: 'GET /v1/checkout/sessions', how: 'error' })
  // The refund looks at the session before it is sent.
  sim.faults.push({ at: 'GET /v1/checkout/sessions', how: 'error' })
  await refundPaymentOrder(bench.deps)(bench.access, orderId, { amountMinor: 100, reason: 'Test.' })
  await bench.pass(400_000)
  expect((await bench.reviews()).map(({ kind, state }) => [kind, state])).toEqual([['payment_unknown', 'open']])
  const [, operation] = await bench.operations(orderId)
  expect(operation).toMatchObject({ kind: 'refund', state: 'unknown' })
  const decide = decideOperation(bench.deps)
  const ended = await decide(bench.other, orderId, String(operation?.operation_id), {
    decision: 'not_done',
    reason: 'Seen at Stripe.',
  })
  expect(ended.kind).toBe('ok')
  expect((await bench.reviews())[0]?.state).toBe('resolved')
  expect(sim.refunds.size).toBe(0)
})

test('another amount than asked for is booked as it is, and put before a person', async () => {
  const orderId = await ask()
  await bench.pass(0)
  sim.pay(page(orderId), { amount: 1500 })
  await hook('checkout.session.completed', sessionOf(orderId)[0] as object)
  expect(await bench.order(orderId)).toMatchObject({ state: 'captured', captured_minor: 1500, needs_person: true })
  expect(await books()).toEqual([1500, -1500])
  expect(await bench.reviews()).toMatchObject([{ kind: 'payment_trouble', reason: expect.stringContaining('1500') }])
})

test('cancelled while the driver pays: the money is seen; cancelled in time or expired: the page is closed', async () => {
  const [paid, closed, late] = [await ask(), await ask(), await ask()]
  await bench.pass(0)
  sim.pay(page(paid))
  for (const orderId of [paid, closed])
    await cancelPaymentOrder(bench.deps)(bench.access, orderId, { reason: 'Drove off.' })
  await bench.pass(0)
  expect(await bench.order(paid)).toMatchObject({ state: 'captured', captured_minor: 1000 })
  expect(await bench.order(closed)).toMatchObject({ state: 'cancelled', captured_minor: 0 })
  expect(sessionOf(closed)[0]?.status).toBe('expired')
  await bench.pass(3_700_000)
  expect(await bench.order(late)).toMatchObject({ state: 'expired' })
  expect(sessionOf(late)[0]?.status).toBe('expired')
})

test('a call that is not signed, signed by another, old, cut or about nothing of ours changes nothing', async () => {
  const orderId = await ask()
  await bench.pass(0)
  sim.pay(page(orderId))
  const session = sessionOf(orderId)[0] as object
  expect(await hook('checkout.session.completed', session, { secret: 'whsec_other' })).toBe(401)
  expect(
    await hook('checkout.session.completed', session, { at: Math.floor(bench.clock.now().getTime() / 1_000) - 301 }),
  ).toBe(401)
  const bare = (body: string) =>
    tester.inbound(new Request('http://hub/in/x/webhook', { method: 'POST', body }), 'webhook')
  for (const body of ['', '{', '[]', '\u0000', 'x'.repeat(100_000)]) expect((await bare(body)).status).toBe(401)
  expect(await hook('product.created', { object: 'product', id: 'prod_1' })).toBe(204)
  expect(
    await hook('checkout.session.completed', { object: 'checkout.session', id: 7, client_reference_id: 'x' }),
  ).toBe(204)
  expect((await bench.order(orderId)).state).toBe('authorising')
})

test('a refund above the limit waits for somebody else, and who asked cannot approve it', async () => {
  const settings = JSON.stringify({ refund_approval_above_minor: 500 })
  await bench.db.updateTable('site').set({ settings }).where('site_id', '=', bench.siteId).execute()
  const orderId = await ask()
  await bench.pass(0)
  sim.pay(page(orderId))
  await hook('checkout.session.completed', sessionOf(orderId)[0] as object)
  await refundPaymentOrder(bench.deps)(bench.access, orderId, { amountMinor: 501, reason: 'Charged twice.' })
  await bench.pass(60_000)
  expect(sim.refunds.size).toBe(0)
  const [, operation] = await bench.operations(orderId)
  const id = String(operation?.operation_id)
  const decide = decideOperation(bench.deps)
  expect(await decide(bench.access, orderId, id, { decision: 'approve' })).toMatchObject({ kind: 'forbidden' })
  expect((await decide(bench.other, orderId, id, { decision: 'approve' })).kind).toBe('ok')
  await bench.pass(0)
  expect(await bench.order(orderId)).toMatchObject({ refunded_minor: 501 })
  expect((await bench.reviews()).map(({ state }) => state)).toEqual(['resolved'])
})
