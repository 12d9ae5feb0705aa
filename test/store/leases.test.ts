// Owns the proof that a lease has one holder at a time and that an earlier holder's epoch is refused.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { acquireLease, fenced, releaseLease, renewLease } from '../../core/store/leases.ts'
import { transaction } from '../../core/store/transaction.ts'
import { createTestDatabase, type TestDatabase } from '../setup/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const minute = 60_000

test('of many who ask at once one gets it', async () => {
  const all = await Promise.all(
    Array.from({ length: 12 }, (_, n) => acquireLease(database.db, { name: 'site', holder: `n${n}`, ttlMs: minute })),
  )
  expect(all.filter(Boolean)).toHaveLength(1)
})

test('it can be renewed and given back, and the next epoch is higher', async () => {
  const first = await acquireLease(database.db, { name: 'a', holder: 'one', ttlMs: minute })
  if (!first) throw new Error('free')
  expect(await renewLease(database.db, first, minute)).toBe(true)
  expect(await acquireLease(database.db, { name: 'a', holder: 'two', ttlMs: minute })).toBeUndefined()
  await releaseLease(database.db, first)
  const second = await acquireLease(database.db, { name: 'a', holder: 'two', ttlMs: minute })
  expect(second?.epoch).toBe(first.epoch + 1)
  expect(await renewLease(database.db, first, minute)).toBe(false)
})

test('one that ended goes to whoever asks, and its old holder can neither renew nor write', async () => {
  const old = await acquireLease(database.db, { name: 'b', holder: 'one', ttlMs: 0 })
  if (!old) throw new Error('free')
  expect(await renewLease(database.db, old, minute)).toBe(false)
  const young = await acquireLease(database.db, { name: 'b', holder: 'two', ttlMs: minute })
  if (!young) throw new Error('ended')
  // Giving back what is no longer held takes nothing from the new holder.
  await releaseLease(database.db, old)
  await transaction(database.db, async (trx) => {
    expect(await fenced(trx, old)).toBe(false)
    expect(await fenced(trx, young)).toBe(true)
  })
})
