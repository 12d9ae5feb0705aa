// Owns the proof that refunds of one prepaid balance that are asked for in one moment are answered by what the balance has.
// Must not know how the balance is kept.
import type { Kysely } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { BalanceKeeper } from '../../../core/plugin/index.ts'
import { createPaymentOrder } from '../../../core/services/payments/create-order.ts'
import { refundPaymentOrder } from '../../../core/services/payments/manage-orders.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { Killed, modelProvider, paymentBench } from './bench.ts'
import { makeWallet, prepaidBench } from './prepaid-bench.ts'

let database: TestDatabase
let schema: Kysely<unknown>
beforeAll(async () => {
  database = await createTestDatabase()
  schema = await makeWallet(database)
})
afterAll(() => database.drop())

async function filled(
  topUps: readonly number[],
  withdraw?: (real: BalanceKeeper['withdraw']) => BalanceKeeper['withdraw'],
) {
  const prepaid = await prepaidBench(schema)
  const real = prepaid.keeper.withdraw
  const keeper = { left: prepaid.keeper.left, withdraw: withdraw?.(real) ?? real }
  const bench = await paymentBench(database, modelProvider({ call: () => 'ok', ask: () => 'truth' }), keeper)
  const { deps, access, connectionId } = bench
  const { accountId } = bench.garage
  const orders: string[] = []
  for (const amountMinor of topUps) {
    const asked = await createPaymentOrder(deps)(access, { connectionId, topUpAccountId: accountId, amountMinor })
    if (asked.kind !== 'ok') throw new Error(JSON.stringify(asked))
    orders.push(asked.value.orderId)
  }
  await bench.pass(0)
  await prepaid.deliver(bench)
  const refund = (orderId: string, amountMinor: number, idempotencyKey?: string) =>
    refundPaymentOrder(deps)(access, orderId, {
      amountMinor,
      reason: 'The driver moves away.',
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    })
  const refunds = async () =>
    (await Promise.all(orders.map(bench.operations))).flat().filter(({ kind }) => kind === 'refund')
  const end = async () => {
    await bench.pass(60_000)
    await prepaid.deliver(bench)
  }
  return { ...bench, prepaid, orders, refund, refunds, end, purse: () => prepaid.balance(accountId), accountId }
}

test('of several in one moment, those the balance can pay are accepted; the others hear what is left, and no person is asked', async () => {
  const { orders, refund, refunds, reviews, end, purse, prepaid, accountId } = await filled([500, 500])
  expect(await prepaid.spend(accountId, 400)).toBe(true)
  const outcomes = await Promise.all([0, 1, 0, 1, 0, 1].map((i) => refund(orders[i] as string, 250)))
  const kinds = outcomes.map(({ kind }) => kind).sort()
  expect(kinds.filter((kind) => kind === 'ok')).toHaveLength(2)
  for (const outcome of outcomes.filter(({ kind }) => kind !== 'ok')) {
    // Whoever is so late that the balance or the order is seen to have too little already is told so by that.
    if (outcome.kind === 'conflict') expect(outcome.message).toMatch(/left of the balance that it filled by now: \d+$/)
    else expect(outcome).toMatchObject({ kind: 'invalid', problems: [{ pointer: '/amountMinor' }] })
  }
  expect(await purse()).toEqual({ available: 100, held: 500 })
  await end()
  expect(await purse()).toEqual({ available: 100, held: 0 })
  expect((await refunds()).filter(({ state }) => state === 'done')).toHaveLength(2)
  expect((await refunds()).every(({ state }) => state === 'done' || state === 'refused')).toBe(true)
  expect(await reviews()).toEqual([])
})

test('two that both looked before either took: the second gets a conflict that names what is left', async () => {
  let looked = 0
  const open: (() => void)[] = []
  // Neither takes anything before both were accepted as far as their orders go.
  const { orders, refund, reviews, end, purse, prepaid, accountId } = await filled(
    [500, 500],
    (real) => async (operation, signal) => {
      if (looked++ < 2) {
        await new Promise<void>((resolve) => {
          open.push(resolve)
          if (open.length === 2) for (const go of open) go()
        })
      }
      return real(operation, signal)
    },
  )
  expect(await prepaid.spend(accountId, 300)).toBe(true)
  const outcomes = await Promise.all(orders.map((orderId) => refund(orderId, 500)))
  expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['conflict', 'ok'])
  const late = outcomes.find(({ kind }) => kind === 'conflict')
  expect(late).toMatchObject({ message: expect.stringMatching(/left of the balance that it filled by now: 200$/) })
  await end()
  expect(await purse()).toEqual({ available: 200, held: 0 })
  expect(await reviews()).toEqual([])
})

test('a hub killed while it takes the money out carries on by itself, once', async () => {
  let killed = 0
  const { orders, refund, refunds, end, purse } = await filled([500], (real) => async (operation, signal) => {
    const outcome = await real(operation, signal)
    if (killed++ === 0) throw new Killed()
    return outcome
  })
  await expect(refund(orders[0] as string, 300, 'once')).rejects.toThrow(Killed)
  expect(await purse()).toEqual({ available: 200, held: 300 })
  expect(await refund(orders[0] as string, 300, 'once')).toMatchObject({ kind: 'ok' })
  await end()
  expect(await purse()).toEqual({ available: 200, held: 0 })
  expect((await refunds()).map(({ state }) => state)).toEqual(['done'])
})

test('who keeps the balance does not answer: it is accepted and taken out later', async () => {
  let away = true
  const { orders, refund, refunds, end, purse } = await filled([500], (real) => async (operation, signal) => {
    if (away) throw new Error('the line broke')
    return real(operation, signal)
  })
  expect(await refund(orders[0] as string, 300)).toMatchObject({ kind: 'ok' })
  expect((await refunds()).map(({ state }) => state)).toEqual(['queued'])
  away = false
  await end()
  expect(await purse()).toEqual({ available: 200, held: 0 })
})
