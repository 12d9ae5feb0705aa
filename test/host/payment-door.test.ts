// Owns the proof that what a plugin says of the balances it keeps is checked before the hub goes by it.
// Must not repeat what the services do with an answer.
import { expect, test } from 'vitest'
import { paymentDoor } from '../../core/host/payment-door.ts'
import type { BalanceKeeper, PaymentLink, PaymentOperation } from '../../core/plugin/index.ts'

const run = {
  call: <T>(_: string, __: number, call: (signal: AbortSignal) => Promise<T>) => call(new AbortController().signal),
}
const doorOf = (balance?: BalanceKeeper) =>
  paymentDoor(run, {
    method: 'prepaid',
    booking: 'hub',
    features: [],
    act: async () => ({ kind: 'done' }),
    ask: async () => ({ kind: 'done' }),
    stop: async () => undefined,
    ...(balance === undefined ? {} : { balance }),
  } satisfies PaymentLink)
const purse = { accountId: 'a', currency: 'EUR' }
const refund = { id: 'r' } as PaymentOperation

test('a provider that keeps no balances has no such door', () => {
  expect(doorOf()).not.toHaveProperty('balance')
})

test.each([
  [700, 700],
  [-5, -5],
  [1.5, null],
  [Number.NaN, null],
  [2 ** 60, null],
  ['700', null],
  [undefined, null],
])('%s that is left is %s', async (told, heard) => {
  const { balance } = doorOf({ left: async () => told as number, withdraw: async () => ({ kind: 'done' }) })
  expect(await balance?.left(purse)).toBe(heard)
})

test.each([
  ['done', { kind: 'done' }, { kind: 'done' }],
  ['refused without a reason', { kind: 'refused' }, { kind: 'refused', reason: 'No reason was given.' }],
  ['not_done', { kind: 'not_done' }, { kind: 'unknown', reason: 'The adapter gave an answer that is none.' }],
  ['nothing', undefined, { kind: 'unknown', reason: 'The adapter gave an answer that is none.' }],
])('%s as the answer to a withdrawal', async (_, told, heard) => {
  const { balance } = doorOf({ left: async () => 0, withdraw: async () => told as never })
  expect(await balance?.withdraw(refund)).toEqual(heard)
})

test('a balance that fails is one that nobody knows', async () => {
  const fails = () => Promise.reject(new Error('the schema is away'))
  const { balance } = doorOf({ left: fails, withdraw: fails })
  expect(await balance?.left(purse)).toBeNull()
  expect(await balance?.withdraw(refund)).toEqual({ kind: 'unknown', reason: 'the schema is away' })
})
