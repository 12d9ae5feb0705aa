// Owns the proof that telling many sessions at once when they are billed says what evaluating each of them says.
// Must not know prices.
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { deferBills } from '../../../core/services/billing/defer-bills.ts'
import { evaluateBill } from '../../../core/services/billing/evaluate-bill.ts'
import { transaction } from '../../../core/store/transaction.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { billsOf, type Garage, minuteMs, openGarage, type SessionValues } from './garage.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const defer = (garage: Garage, ids: readonly string[]) =>
  transaction(garage.db, (trx) => deferBills(trx, garage, ids, garage.clock.now()))

/** What is known of a session's bill, without its own id. */
async function standing(garage: Garage, id: string) {
  const { db, organizationId } = garage
  const key = `session:${id}`
  const subject = await db
    .selectFrom('billing_subject')
    .select(['state', 'reason', 'due_at', 'site_id'])
    .where('organization_id', '=', organizationId)
    .where('subject_key', '=', key)
    .execute()
  const timers = await db
    .selectFrom('timer')
    .select(['due_at', 'site_id', 'kind', 'data'])
    .where('organization_id', '=', organizationId)
    .where('key', '=', `bill:${key}`)
    .execute()
  const bills = await billsOf(garage, key)
  return JSON.parse(
    JSON.stringify({ subject, timers, bills: bills.map(({ totalMinor, kind }) => [kind, totalMinor]) }).replaceAll(
      id,
      'id',
    ),
  )
}

const change: fc.Arbitrary<SessionValues & { wait: number }> = fc.record({
  state: fc.constantFrom('ended', 'closed', 'closed', 'void', 'active'),
  charging: fc.integer({ min: 1, max: 300 }),
  energyWh: fc.integer({ min: 0, max: 50_000 }),
  /** Minutes until it is looked at: at once, while it waits, or when it is long due. */
  wait: fc.constantFrom(0, 0, 10, 119, 120, 121, 3_000),
})

test('deferring together ends where evaluating one by one does', async () => {
  let deferred = 0
  let left = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(change, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 5 }),
      async (rounds) => {
        const garage = await openGarage(database.db)
        const evaluate = (id: string) =>
          evaluateBill(garage.deps)({ organizationId: garage.organizationId, subjectKey: `session:${id}` })
        const together = [await garage.session({}), await garage.session({}), await garage.session({})]
        const alone = [await garage.session({}), await garage.session({}), await garage.session({})]
        for (const changes of rounds) {
          for (const [i, { wait: _, ...values }] of changes.entries()) {
            await garage.changeSession(together[i] ?? '', values)
            await garage.changeSession(alone[i] ?? '', values)
          }
          garage.clock.advance((changes[0]?.wait ?? 0) * minuteMs)
          const rest = await defer(garage, together)
          deferred += together.length - rest.length
          left += rest.length
          for (const id of rest) await evaluate(id)
          for (const id of alone) await evaluate(id)
          for (const i of [0, 1, 2])
            expect(await standing(garage, together[i] ?? '')).toEqual(await standing(garage, alone[i] ?? ''))
        }
      },
    ),
    { numRuns: 20 },
  )
  expect(deferred).toBeGreaterThan(20)
  expect(left).toBeGreaterThan(20)
})

test('what was billed or paid, is somewhere else or nowhere is left to the evaluation', async () => {
  const garage = await openGarage(database.db)
  const other = await openGarage(database.db)
  const plain = await garage.session({})
  const paid = await garage.session({})
  await garage.pay({ sessionId: paid, amountMinor: 500 })
  const elsewhere = await garage.session({ siteId: other.siteId })
  const gone = '01900000-0000-7000-8000-00000000dead'
  const left = await defer(garage, [plain, paid, elsewhere, gone])
  expect(left).toEqual([paid, elsewhere, gone])
  expect((await standing(garage, plain)).subject).toMatchObject([
    { state: 'pending', reason: 'A stay that the session belongs to may still become known.' },
  ])
  expect((await standing(garage, paid)).subject).toEqual([])
  expect(await defer(garage, [])).toEqual([])
})
