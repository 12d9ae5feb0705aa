// Owns the proof that a balance, what was spent of it and what was given back are always what was paid in, and never more.
// Must not know how a refund is taken out of a balance; the statement, the provider's own account and the books are what counts.
import fc from 'fast-check'
import type { Kysely } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { BalanceKeeper } from '../../../core/plugin/index.ts'
import { createPaymentOrder } from '../../../core/services/payments/create-order.ts'
import { decideOperation, refundPaymentOrder } from '../../../core/services/payments/manage-orders.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { type How, Killed, modelProvider, paymentBench } from './bench.ts'
import { makeWallet, prepaidBench } from './prepaid-bench.ts'

let database: TestDatabase
let schema: Kysely<unknown>
beforeAll(async () => {
  database = await createTestDatabase()
  schema = await makeWallet(database)
})
afterAll(() => database.drop())

const happening = fc.constantFrom<How>(
  'ok',
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
const keeping = fc.constantFrom(
  ...(['ok', 'ok', 'ok', 'unheard', 'never_arrived', 'killed_before', 'killed_after'] as const),
)
const amount = fc.integer({ min: 1, max: 900 })
const step = fc.oneof(
  fc.record({ do: fc.constantFrom('refund' as const, 'two_refunds' as const), amount, of: fc.nat(1) }),
  fc.record({ do: fc.constant('spend' as const), amount, of: fc.constant(0) }),
  fc.record({
    do: fc.constantFrom('wait' as const, 'deliver' as const, 'away' as const, 'not_done' as const),
    amount: fc.constant(0),
    of: fc.nat(1),
  }),
)

test('balance, spent and given back are what was paid in, whatever is lost, doubled, late or killed', async () => {
  const plan = fc.record({
    topUps: fc.tuple(amount, amount),
    calls: fc.array(happening, { maxLength: 10 }),
    answers: fc.array(answering, { maxLength: 10 }),
    keeps: fc.array(keeping, { maxLength: 6 }),
    steps: fc.array(step, { maxLength: 9 }),
  })
  await fc.assert(
    fc.asyncProperty(plan, async ({ topUps, calls, answers, keeps, steps }) => {
      let [call, ask, kept, calm] = [0, 0, 0, true]
      const model = modelProvider({
        call: () => (calm ? 'ok' : (calls[call++] ?? 'ok')),
        ask: () => answers[ask++] ?? 'truth',
      })
      const prepaid = await prepaidBench(schema)
      const keeper: BalanceKeeper = {
        left: prepaid.keeper.left,
        async withdraw(refund, signal) {
          const how = keeps[kept++] ?? 'ok'
          if (how === 'killed_before') throw new Killed()
          if (how === 'never_arrived') throw new Error('the line broke')
          const outcome = await prepaid.keeper.withdraw(refund, signal)
          if (how === 'killed_after') throw new Killed()
          if (how === 'unheard') throw new Error('the line broke')
          return outcome
        },
      }
      const bench = await paymentBench(database, model, keeper)
      const { connectionId, access, other, deps, clock } = bench
      const { accountId } = bench.garage
      const orders: string[] = []
      for (const amountMinor of topUps) {
        const asked = await createPaymentOrder(deps)(access, { connectionId, topUpAccountId: accountId, amountMinor })
        if (asked.kind !== 'ok') throw new Error(JSON.stringify(asked))
        orders.push(asked.value.orderId)
      }
      await bench.pass(2_000)
      await prepaid.deliver(bench)
      const paidIn = topUps[0] + topUps[1]
      expect(await prepaid.balance(accountId)).toEqual({ available: paidIn, held: 0 })
      calm = false
      let spent = 0
      for (const { do: what, amount: amountMinor, of } of steps) {
        const orderId = orders[of] as string
        // Who asks is killed along with the hub; what he asked for is carried on by the jobs.
        const refund = () =>
          refundPaymentOrder(deps)(access, orderId, { amountMinor, reason: 'test' }).catch((error: unknown) => {
            if (!(error instanceof Killed)) throw error
          })
        if (what === 'refund') await refund()
        if (what === 'two_refunds') await Promise.all([refund(), refund()])
        if (what === 'spend' && (await prepaid.spend(accountId, amountMinor))) spent += amountMinor
        if (what === 'deliver') await prepaid.deliver(bench)
        if (what === 'away') bench.keep(false)
        if (what === 'not_done') {
          // Somebody looked at the provider's desk, and was right.
          const lost = (await bench.operations(orderId)).find(({ state }) => state === 'unknown')
          if (lost !== undefined && !model.done.has(lost.operation_id))
            await decideOperation(deps)(other, orderId, lost.operation_id, { decision: 'not_done', reason: 'seen' })
        }
        await bench.pass(what === 'wait' ? 600_000 : 2_000)
        bench.keep(true)
        const { available, held } = await prepaid.balance(accountId)
        expect(available).toBeGreaterThanOrEqual(0)
        expect(held).toBeGreaterThanOrEqual(0)
      }
      clock.advance(30_000)
      await bench.pass(48 * 3_600_000)
      await prepaid.deliver(bench)
      const back = orders.map((orderId) =>
        (model.payments.get(orderId)?.refunds ?? []).reduce((all, one) => all + one.amountMinor, 0),
      )
      const given = (back[0] ?? 0) + (back[1] ?? 0)
      expect(await prepaid.balance(accountId)).toEqual({ available: paidIn - spent - given, held: 0 })
      expect(paidIn - spent - given).toBeGreaterThanOrEqual(0)
      for (const [i, orderId] of orders.entries()) {
        expect(back[i]).toBeLessThanOrEqual(topUps[i] as number)
        expect((await bench.order(orderId)).refunded_minor).toBe(back[i])
        for (const { state } of await bench.operations(orderId)) expect(['done', 'refused']).toContain(state)
      }
      expect(await bench.balance('clearing.card')).toBe(paidIn - given)
      expect(await bench.balance('prepaid.balances')).toBe(given - paidIn)
      await prepaid.stop()
    }),
    { numRuns: Number(process.env.BAYWATT_PROPERTY_RUNS ?? 10) },
  )
}, 240_000)
