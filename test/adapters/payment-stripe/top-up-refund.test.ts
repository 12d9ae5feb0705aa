// Owns the proof that what is left of a prepaid balance goes back by the card that filled it: out of the balance first, once, and into it
// again when Stripe refuses or fails.
// Must not know the plugins' parts; both speak to the hub's services through their doors, and one to the simulator over a real socket.
import type { Kysely } from 'kysely'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import stripePlugin from '../../../adapters/payment-stripe/index.ts'
import type { PaymentOperation } from '../../../core/domain/payment/index.ts'
import type { PaymentOutcome } from '../../../core/plugin/index.ts'
import { createPaymentOrder } from '../../../core/services/payments/create-order.ts'
import { decideOperation, refundPaymentOrder } from '../../../core/services/payments/manage-orders.ts'
import { showPaymentOrder } from '../../../core/services/payments/read-orders.ts'
import { createPluginTester, type PluginTester } from '../../../core/testing/plugin-tester.ts'
import { Killed, type PaymentBench, paymentBench } from '../../services/payments/bench.ts'
import { makeWallet, type PrepaidBench, prepaidBench } from '../../services/payments/prepaid-bench.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { openStripe, type StripeSim } from '../../sim/stripe/stripe.ts'

const apiKey = 'sk_test_simulated'
const webhookSecret = 'whsec_simulated'
let database: TestDatabase
let schema: Kysely<unknown>
let sim: StripeSim
let stripe: PluginTester
let prepaid: PrepaidBench
let bench: PaymentBench
/** What becomes of the next withdrawals; the rest are as they should be. */
let withdrawals: ((real: () => Promise<PaymentOutcome>) => Promise<PaymentOutcome>)[]

beforeAll(async () => {
  database = await createTestDatabase()
  schema = await makeWallet(database)
})
afterAll(() => database.drop())

beforeEach(async () => {
  const model = {
    payments: new Map(),
    onReport: () => undefined,
    act: (operation: PaymentOperation) => stripe.pay(operation),
    ask: (operation: PaymentOperation) => stripe.askPayment(operation),
  } as unknown as Parameters<typeof paymentBench>[1]
  prepaid = await prepaidBench(schema)
  withdrawals = []
  bench = await paymentBench(database, model, {
    left: prepaid.keeper.left,
    withdraw(refund, signal) {
      const real = () => prepaid.keeper.withdraw(refund, signal)
      return withdrawals.shift()?.(real) ?? real()
    },
  })
  sim = await openStripe({ apiKey, webhookSecret, now: () => bench.clock.now() })
  stripe = createPluginTester(stripePlugin, {
    config: { baseUrl: sim.url, returnUrl: 'https://garage.example/paid' },
    secrets: { apiKey, webhook: webhookSecret },
    at: bench.clock.now(),
    fetch,
  })
  await stripe.start()
})
afterEach(async () => {
  await stripe.stop()
  await prepaid.stop()
  await sim.close()
})

/** Stripe calls, the plugin looks, the hub takes what it reports, and the balance hears of it. */
async function hook(type: string, object: object) {
  const { body, headers } = sim.event(type, object)
  const request = new Request('http://hub/in/x/webhook', { method: 'POST', body, headers })
  expect((await stripe.inbound(request, 'webhook')).status).toBe(204)
  await bench.sink.report(stripe.payments)
  await prepaid.deliver(bench)
}

/** A balance is filled by card. */
async function topUp(amountMinor = 5_000) {
  const { deps, access, connectionId, garage } = bench
  const asked = await createPaymentOrder(deps)(access, {
    connectionId,
    topUpAccountId: garage.accountId,
    amountMinor,
  })
  if (asked.kind !== 'ok') throw new Error(JSON.stringify(asked))
  const { orderId } = asked.value
  await bench.pass(0)
  const session = [...sim.sessions.values()].find((one) => one.client_reference_id === orderId)
  const intent = sim.pay(String(session?.id))
  await hook('checkout.session.completed', sim.sessions.get(String(session?.id)) as object)
  return { orderId, intent }
}
const refund = (orderId: string, amountMinor: number, more: { idempotencyKey?: string } = {}) =>
  refundPaymentOrder(bench.deps)(bench.access, orderId, { amountMinor, reason: 'The driver moves away.', ...more })
const after = async (ms: number) => {
  await bench.pass(ms)
  await prepaid.deliver(bench)
}
const balance = () => prepaid.balance(bench.garage.accountId)
const spend = (amountMinor: number) => prepaid.spend(bench.garage.accountId, amountMinor)
const most = async (orderId: string) => {
  const shown = await showPaymentOrder(bench.deps)(bench.access, orderId)
  return shown.kind === 'ok' ? shown.value.refundableMinor : shown
}
const refunds = async (orderId: string) => (await bench.operations(orderId)).filter(({ kind }) => kind === 'refund')
const books = async () => [await bench.balance('clearing.card'), await bench.balance('prepaid.balances')]

test('a part goes back, then the rest: statement, books, events, audit and story say so; nothing more can', async () => {
  const { orderId, intent } = await topUp()
  expect(await most(orderId)).toBe(5_000)
  const key = { idempotencyKey: 'once' }
  for (let i = 0; i < 2; i++)
    expect(await refund(orderId, 2_000, key)).toMatchObject({ kind: 'ok', value: { refundableMinor: 3_000 } })
  await bench.pass(0)
  // It left the balance before Stripe was asked; that it has gone is heard later.
  expect(await balance()).toEqual({ available: 3_000, held: 2_000 })
  await prepaid.deliver(bench)
  expect(await balance()).toEqual({ available: 3_000, held: 0 })
  expect([...sim.refunds.values()]).toMatchObject([{ payment_intent: intent, amount: 2_000 }])
  expect(await books()).toEqual([3_000, -3_000])
  const [operation] = await refunds(orderId)
  expect(await bench.events('payment.refunded')).toMatchObject([
    {
      data: {
        purpose: 'top_up',
        amountMinor: 2_000,
        operationId: operation?.operation_id,
        reason: 'The driver moves away.',
      },
    },
  ])
  const audit = await database.pool.query(
    `select actor, after from audit_log where subject_id = $1 and action = 'payment_order.refund'`,
    [orderId],
  )
  expect(audit.rows[0]).toMatchObject({
    actor: 'key:asker',
    after: { refundMinor: 2_000, reason: 'The driver moves away.' },
  })
  expect((await refund(orderId, 3_000)).kind).toBe('ok')
  await after(0)
  expect(await balance()).toEqual({ available: 0, held: 0 })
  expect(await books()).toEqual([0, 0])
  expect(await bench.order(orderId)).toMatchObject({ captured_minor: 5_000, refunded_minor: 5_000 })
  expect(await refund(orderId, 1)).toMatchObject({ kind: 'invalid', problems: [{ pointer: '/amountMinor' }] })
  const entries = await prepaid.entries(bench.garage.accountId)
  expect(entries.map(([kind]) => kind).sort()).toEqual(['hold', 'hold', 'top_up', 'top_up_refund', 'top_up_refund'])
  expect(entries.reduce((all, [, changed]) => all + Number(changed), 0)).toBe(0)
})

test('what was spent cannot go back, though it was paid in', async () => {
  const { orderId } = await topUp()
  expect(await spend(4_000)).toBe(true)
  expect(await most(orderId)).toBe(1_000)
  expect(await refund(orderId, 1_001)).toEqual({
    kind: 'invalid',
    problems: [{ pointer: '/amountMinor', message: 'is more than is left of the balance that it filled: 1000' }],
  })
  expect((await refund(orderId, 1_000)).kind).toBe('ok')
  await after(0)
  expect(await balance()).toEqual({ available: 0, held: 0 })
  expect(sim.refunds.size).toBe(1)
})

test('of two refunds at once for more than is left one goes, the other is refused while it is asked for', async () => {
  const { orderId } = await topUp()
  await spend(2_000)
  const asked = await Promise.all([refund(orderId, 2_000), refund(orderId, 2_000)])
  // Whether it is seen before or while the money is taken out: it is told what is left.
  expect(asked.filter(({ kind }) => kind === 'ok')).toHaveLength(1)
  expect(JSON.stringify(asked.find(({ kind }) => kind !== 'ok'))).toMatch(/balance that it filled.*: 1000"/)
  await after(60_000)
  expect(await balance()).toEqual({ available: 1_000, held: 0 })
  expect([...sim.refunds.values()].map(({ amount }) => amount)).toEqual([2_000])
  expect((await refunds(orderId)).filter(({ state }) => state === 'done')).toHaveLength(1)
  expect(await bench.reviews()).toEqual([])
  // What it was refused for can be spent and given back.
  expect(await most(orderId)).toBe(1_000)
})

test('of two top-ups of one account both go back as long as the balance lasts', async () => {
  const [one, two] = [await topUp(3_000), await topUp(3_000)]
  await spend(1_000)
  expect((await refund(one.orderId, 3_000)).kind).toBe('ok')
  // The money of the first is out of the balance by now.
  expect(await refund(two.orderId, 3_000)).toMatchObject({ kind: 'invalid' })
  await after(60_000)
  expect(await balance()).toEqual({ available: 2_000, held: 0 })
  expect([...sim.refunds.values()].map(({ amount }) => amount)).toEqual([3_000])
  expect(await books()).toEqual([3_000, -3_000])
})

test.each(['lost', 'error_after', 'cut', 'error', 'limit'] as const)(
  'a refund whose answer is %s stays held, cannot be spent, and goes once',
  async (how) => {
    const { orderId, intent } = await topUp()
    sim.faults.push({ at: 'POST /v1/refunds', how })
    await refund(orderId, 4_000)
    await after(0)
    expect(await balance()).toEqual({ available: 1_000, held: 4_000 })
    expect(await spend(1_001)).toBe(false)
    // Stripe tells before it is asked, and again.
    for (let i = 0; i < 2; i++)
      await hook('charge.refunded', { object: 'charge', payment_intent: intent, metadata: { hub_order: orderId } })
    await after(600_000)
    expect(await balance()).toEqual({ available: 1_000, held: 0 })
    expect([...sim.refunds.values()].map(({ amount }) => amount)).toEqual([4_000])
    expect((await refunds(orderId)).map(({ state }) => state)).toEqual(['done'])
    expect(await books()).toEqual([1_000, -1_000])
  },
)

test('refused by Stripe, it comes back into the balance; what was given back at its desk leaves it', async () => {
  const { orderId, intent } = await topUp()
  sim.deskRefund(intent, 4_000)
  expect((await refund(orderId, 2_000)).kind).toBe('ok')
  await bench.pass(0)
  expect((await refunds(orderId)).map(({ state, code }) => [state, code])).toEqual([
    ['refused', 'charge_already_refunded'],
  ])
  expect(await balance()).toEqual({ available: 3_000, held: 2_000 })
  await prepaid.deliver(bench)
  expect(await balance()).toEqual({ available: 1_000, held: 0 })
  expect(await books()).toEqual([1_000, -1_000])
})

test.each([
  ['before it was done', 'pending'],
  ['after it was done', 'succeeded'],
] as const)('a refund that fails %s comes back into the balance', async (_, first) => {
  const { orderId, intent } = await topUp()
  // `lost` lets the refund be seen as it stands only when it is asked after.
  const meanwhile = async () => {
    for (const made of sim.refunds.values()) made.status = first
  }
  sim.faults.push({ at: 'POST /v1/refunds', how: 'lost', meanwhile })
  await refund(orderId, 2_000)
  await after(60_000)
  const pending = first === 'pending'
  expect(await balance()).toEqual({ available: 3_000, held: pending ? 2_000 : 0 })
  expect(await books()).toEqual(pending ? [5_000, -5_000] : [3_000, -3_000])
  for (const made of sim.refunds.values()) made.status = 'failed'
  for (let i = 0; i < 2; i++)
    await hook('charge.refund.updated', { object: 'charge', payment_intent: intent, metadata: { hub_order: orderId } })
  expect(await balance()).toEqual({ available: 5_000, held: 0 })
  expect(await books()).toEqual([5_000, -5_000])
  expect(await bench.events('payment.refund_failed')).toHaveLength(pending ? 1 : 0)
  expect(await most(orderId)).toBe(5_000)
})

test('given up by a person it can be spent again, and is taken again when Stripe says it was done all the same', async () => {
  const { orderId, intent } = await topUp()
  sim.faults.push({ at: 'POST /v1/refunds', how: 'lost' })
  await refund(orderId, 2_000)
  await bench.pass(0)
  const [lost] = await refunds(orderId)
  expect(lost?.state).toBe('unknown')
  const decided = { decision: 'not_done', reason: 'Not seen at Stripe.' } as const
  const ended = await decideOperation(bench.deps)(bench.other, orderId, String(lost?.operation_id), decided)
  expect(ended.kind).toBe('ok')
  await prepaid.deliver(bench)
  expect(await balance()).toEqual({ available: 5_000, held: 0 })
  await spend(4_000)
  await hook('charge.refunded', { object: 'charge', payment_intent: intent, metadata: { hub_order: orderId } })
  expect(await balance()).toEqual({ available: -1_000, held: 0 })
  expect(await most(orderId)).toBe(0)
  expect(await spend(1)).toBe(false)
})

const killed = async () => {
  throw new Killed()
}
test.each([
  ['killed before it is taken out', killed],
  [
    'killed after it was taken out',
    async (real) => {
      await real()
      return killed()
    },
  ],
  [
    'taken out with the answer lost',
    async (real) => {
      await real()
      throw new Error('the line broke')
    },
  ],
  ['not taken out, and nothing heard', () => Promise.reject(new Error('the line broke'))],
] satisfies [string, (typeof withdrawals)[number]][])(
  'a refund that is %s leaves the balance once and goes once',
  async (_, how) => {
    const { orderId } = await topUp()
    withdrawals.push(how)
    const asked = await refund(orderId, 2_000).catch((error: unknown) => error)
    if (!(asked instanceof Killed)) expect(asked).toMatchObject({ kind: 'ok' })
    await after(120_000)
    expect(await balance()).toEqual({ available: 3_000, held: 0 })
    expect([...sim.refunds.values()].map(({ amount }) => amount)).toEqual([2_000])
    expect((await refunds(orderId)).map(({ state, attempt }) => [state, attempt])).toEqual([['done', 1]])
  },
)

test('while nobody keeps the balance nothing is asked, and what was asked waits', async () => {
  const { orderId } = await topUp()
  await refund(orderId, 2_000)
  bench.keep(false)
  expect(await most(orderId)).toBe(0)
  expect(await refund(orderId, 1)).toMatchObject({ kind: 'conflict' })
  await after(60_000)
  expect((await refunds(orderId)).map(({ state }) => state)).toEqual(['queued'])
  expect(sim.refunds.size).toBe(0)
  bench.keep(true)
  await after(60_000)
  expect((await refunds(orderId)).map(({ state }) => state)).toEqual(['done'])
  expect(await balance()).toEqual({ available: 3_000, held: 0 })
})

test('what waits for approval can be spent; approved then, it is refused and never sent', async () => {
  const { orderId } = await topUp()
  await database.db
    .updateTable('site')
    .set({ settings: JSON.stringify({ refund_approval_above_minor: 1_000 }) })
    .where('site_id', '=', bench.siteId)
    .execute()
  await refund(orderId, 2_000)
  await after(60_000)
  expect(await balance()).toEqual({ available: 5_000, held: 0 })
  await spend(4_000)
  const [waiting] = await refunds(orderId)
  await decideOperation(bench.deps)(bench.other, orderId, String(waiting?.operation_id), { decision: 'approve' })
  await after(60_000)
  expect((await refunds(orderId)).map(({ state, code }) => [state, code])).toEqual([['refused', 'balance_too_low']])
  expect(await balance()).toEqual({ available: 1_000, held: 0 })
  expect(sim.calls.filter(({ call }) => call === 'POST /v1/refunds')).toEqual([])
})
