// Owns the proof that money is safe: whatever a provider answers, in any order, and whenever the hub is killed, an order takes its money
// once, and the books end as the provider's own.
// Must not know how rows are moved; the model provider's own account is what counts.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPaymentOrder } from '../../../core/services/payments/create-order.ts'
import {
  cancelPaymentOrder,
  capturePaymentOrder,
  refundPaymentOrder,
} from '../../../core/services/payments/manage-orders.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { type How, modelProvider, paymentBench } from './bench.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const happening = fc.constantFrom<How>(
  'ok',
  'unheard',
  'never_arrived',
  'refused',
  'later',
  'killed_before',
  'killed_after',
  'garbage',
  'report_first',
)
const answering = fc.constantFrom(...(['truth', 'truth', 'silence', 'killed'] as const))
const step = fc.oneof(
  fc.record({ do: fc.constant('capture' as const), amount: fc.integer({ min: 1, max: 1000 }) }),
  fc.record({ do: fc.constant('refund' as const), amount: fc.integer({ min: 1, max: 700 }) }),
  fc.record({
    do: fc.constantFrom('cancel' as const, 'report' as const, 'old_report' as const, 'wait' as const),
    amount: fc.constant(0),
  }),
)

test('no order takes its money twice, and the books end as the provider has it', async () => {
  const plan = fc.record({
    manual: fc.boolean(),
    calls: fc.array(happening, { maxLength: 10 }),
    answers: fc.array(answering, { maxLength: 10 }),
    steps: fc.array(step, { maxLength: 8 }),
  })
  await fc.assert(
    fc.asyncProperty(plan, async ({ manual, calls, answers, steps }) => {
      let [call, ask] = [0, 0]
      const model = modelProvider({ call: () => calls[call++] ?? 'ok', ask: () => answers[ask++] ?? 'truth' })
      const bench = await paymentBench(database, model)
      const stayId = await bench.garage.stay({ entry: '2026-03-10T06:00:00Z', exit: null, state: 'open' })
      const { connectionId, access, deps } = bench
      const asked = await createPaymentOrder(deps)(access, {
        connectionId,
        stayId,
        amountMinor: 1000,
        capture: manual ? 'manual' : 'automatic',
      })
      if (asked.kind !== 'ok') throw new Error(JSON.stringify(asked))
      const { orderId } = asked.value
      const old = new Map<string, NonNullable<ReturnType<typeof model.payments.get>>>()
      for (const { do: what, amount } of steps) {
        const seen = model.payments.get(orderId)
        if (seen) old.set(orderId, seen)
        if (what === 'capture') await capturePaymentOrder(deps)(access, orderId, { amountMinor: amount })
        if (what === 'refund') await refundPaymentOrder(deps)(access, orderId, { amountMinor: amount, reason: 'test' })
        if (what === 'cancel') await cancelPaymentOrder(deps)(access, orderId, {})
        if (what === 'report') await bench.report(orderId)
        if (what === 'old_report') await bench.report(orderId, (now) => old.get(orderId) ?? now)
        await bench.pass(what === 'wait' ? 600_000 : 2_000)
      }
      await bench.pass(48 * 3_600_000)
      const truth = model.payments.get(orderId)
      const taken = truth?.captures.reduce((all, one) => all + one.amountMinor, 0) ?? 0
      const back = truth?.refunds.reduce((all, one) => all + one.amountMinor, 0) ?? 0
      expect(model.captures.length).toBeLessThanOrEqual(1)
      expect(back).toBeLessThanOrEqual(taken)
      const order = await bench.order(orderId)
      expect({ captured: order.captured_minor, refunded: order.refunded_minor }).toEqual({
        captured: taken,
        refunded: back,
      })
      expect(order.state === 'captured').toBe(taken > 0)
      if (truth?.state === 'cancelled') expect(order.state).toBe('cancelled')
      const sum = (kind: string, rows: { kind: string; amount_minor: number }[]) =>
        rows.filter((row) => row.kind === kind).reduce((all, row) => all + row.amount_minor, 0)
      const rows = await bench.rows(orderId)
      expect([sum('captured', rows), sum('refunded', rows)]).toEqual([taken, back])
      expect(await bench.balance('clearing.card')).toBe(taken - back)
      expect(await bench.balance('receivable')).toBe(back - taken)
      for (const { state } of await bench.operations(orderId)) expect(['done', 'refused', 'dropped']).toContain(state)
      const moved = (await bench.events()).filter(({ type }) => type === 'payment.captured')
      expect(moved.length).toBe(taken > 0 ? 1 : 0)
    }),
    { numRuns: Number(process.env.BAYWATT_PROPERTY_RUNS ?? 10) },
  )
})
