// Owns the proof that a prepaid balance is never spent twice nor below zero, whatever comes at once or again.
// Must not look at the plugin's tables but through its statement.
import { Kysely, PostgresDialect } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { PaymentOperation } from '../../../core/plugin/index.ts'
import { systemNewId as newId } from '../../../core/runtime/random.ts'
import { wallet, walletMigration } from '../../../plugins/payment-prepaid/wallet.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
  await database.ownerPool.query('create schema plugin_payment_prepaid')
  await walletMigration.up(owner())
})
afterAll(() => database.drop())

const now = () => new Date('2026-03-10T08:00:00Z')
const owner = () =>
  new Kysely<unknown>({ dialect: new PostgresDialect({ pool: database.ownerPool }) }).withSchema(
    'plugin_payment_prepaid',
  )

function operation(accountId: string, amountMinor: number, more: Partial<PaymentOperation> = {}): PaymentOperation {
  const order = {
    orderId: newId(),
    purpose: 'bills' as const,
    amountMinor,
    currency: 'EUR',
    capture: 'automatic' as const,
    description: 'Bill',
    accountId,
    stayIds: [],
    returnUrl: null,
    expiresAt: now(),
    requestedBy: 'key:a',
    reason: null,
    createdAt: now(),
  }
  return { id: newId(), kind: 'authorise', amountMinor, order, reference: null, reason: null, ...more }
}

test('thirty payments at once take what is there and no more; each again takes nothing more', async () => {
  const own = wallet(owner(), now)
  const accountId = newId()
  const purse = { accountId, currency: 'EUR' }
  const topUp = newId()
  for (let i = 0; i < 2; i++) await own.move(purse, `${topUp}/capture/ch_1`, topUp, 1_000)
  const asked = Array.from({ length: 30 }, () => operation(accountId, 150))
  const outcomes = await Promise.all([...asked, ...asked].map((one) => own.act(one)))
  expect(new Set(outcomes.flatMap((one) => (one.kind === 'done' ? [one.payment?.reference] : []))).size).toBe(6)
  const { balances, entries } = await own.statement(accountId)
  expect(balances).toEqual([{ currency: 'EUR', availableMinor: 100, heldMinor: 0 }])
  expect(entries.reduce((all, { amountMinor }) => all + amountMinor, 0)).toBe(100)
  expect(entries.every(({ availableMinor }) => availableMinor >= 0)).toBe(true)
})

test('held, taken in part, the rest released, given back in parts and never more; asked after by the operation', async () => {
  const own = wallet(owner(), now)
  const accountId = newId()
  await own.move({ accountId, currency: 'EUR' }, newId(), newId(), 1_000)
  const hold = operation(accountId, 800)
  const manual = { ...hold, order: { ...hold.order, capture: 'manual' as const } }
  const then = (kind: PaymentOperation['kind'], amountMinor: number) => ({ ...manual, id: newId(), kind, amountMinor })
  expect(await own.ask(manual)).toEqual({ kind: 'not_done' })
  expect(await own.act(manual)).toMatchObject({ kind: 'done', payment: { state: 'authorised', authorisedMinor: 800 } })
  expect(await own.act(operation(accountId, 201))).toMatchObject({ kind: 'refused', code: 'balance_too_low' })
  expect(await own.act(then('capture', 500))).toMatchObject({
    payment: { state: 'captured', captures: [{ amountMinor: 500 }] },
  })
  expect(await own.act(then('cancel', 800))).toMatchObject({ kind: 'refused', code: 'not_held' })
  const refund = then('refund', 300)
  for (let i = 0; i < 2; i++) expect((await own.act(refund)).kind).toBe('done')
  expect(await own.ask(refund)).toMatchObject({ kind: 'done' })
  expect(await own.act(then('refund', 201))).toMatchObject({ kind: 'refused', code: 'too_much' })
  expect((await own.statement(accountId)).balances).toEqual([{ currency: 'EUR', availableMinor: 800, heldMinor: 0 }])
})

const refundOf = (accountId: string, amountMinor: number): PaymentOperation => {
  const asked = operation(accountId, amountMinor)
  return { ...asked, kind: 'refund', order: { ...asked.order, purpose: 'top_up' } }
}

test('refunds and payments at once take what is there and no more, each refund once for its id', async () => {
  const own = wallet(owner(), now)
  const accountId = newId()
  await own.move({ accountId, currency: 'EUR' }, newId(), newId(), 1_000)
  const refunds = Array.from({ length: 15 }, () => refundOf(accountId, 150))
  const payments = Array.from({ length: 15 }, () => operation(accountId, 150))
  const asked = [...refunds, ...refunds].map((one) => own.withdraw(one))
  const outcomes = await Promise.all([...asked, ...payments.map((one) => own.act(one))])
  const [first, second, paid] = [outcomes.slice(0, 15), outcomes.slice(15, 30), outcomes.slice(30)]
  expect(first.map(({ kind }) => kind)).toEqual(second.map(({ kind }) => kind))
  const done = (some: typeof outcomes) => some.filter(({ kind }) => kind === 'done').length
  expect(done(first) + done(paid)).toBe(6)
  const { balances } = await own.statement(accountId)
  expect(balances).toEqual([{ currency: 'EUR', availableMinor: 100, heldMinor: 150 * done(first) }])
  // There is enough now, but no is no.
  await own.move({ accountId, currency: 'EUR' }, newId(), newId(), 10_000)
  const again = await Promise.all(refunds.map((one) => own.withdraw(one)))
  expect(again.map(({ kind }) => kind)).toEqual(first.map(({ kind }) => kind))
})

test.each([
  ['gone, then said to have failed', ['withdraw', 'gone', 'restore'], -300],
  ['said to have failed, then gone', ['withdraw', 'restore', 'gone'], -300],
  ['failed', ['withdraw', 'restore'], 0],
  ['failed before it was taken out', ['restore', 'withdraw'], 0],
  ['gone before it was taken out', ['gone', 'restore', 'withdraw'], -300],
] as const)('a refund that is %s ends in what is true, each step doubled', async (_, steps, change) => {
  const own = wallet(owner(), now)
  const accountId = newId()
  const purse = { accountId, currency: 'EUR' }
  await own.move(purse, newId(), newId(), 1_000)
  const refund = refundOf(accountId, 300)
  const { id, order } = refund
  for (const step of steps)
    for (let i = 0; i < 2; i++) {
      if (step === 'withdraw') await own.withdraw(refund)
      if (step === 'restore') await own.restore(purse, id, order.orderId)
      if (step === 'gone') await own.gone(purse, `${order.orderId}/refund/re_1`, order.orderId, 300, id)
    }
  const { balances, entries } = await own.statement(accountId)
  expect(balances).toEqual([{ currency: 'EUR', availableMinor: 1_000 + change, heldMinor: 0 }])
  expect(await own.left(purse)).toBe(1_000 + change)
  expect(entries.reduce((all, { amountMinor }) => all + amountMinor, 0)).toBe(1_000 + change)
})

test('of another amount than was held exactly that is gone', async () => {
  const own = wallet(owner(), now)
  const accountId = newId()
  const purse = { accountId, currency: 'EUR' }
  await own.move(purse, newId(), newId(), 1_000)
  for (const [amount, gone] of [
    [300, 200],
    [300, 350],
  ] as const) {
    const refund = refundOf(accountId, amount)
    await own.withdraw(refund)
    await own.gone(purse, newId(), refund.order.orderId, gone, refund.id)
  }
  expect((await own.statement(accountId)).balances).toEqual([{ currency: 'EUR', availableMinor: 450, heldMinor: 0 }])
})
