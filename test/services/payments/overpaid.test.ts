// Owns the proof of what becomes of a payment's difference: given back or proposed after an adjustment, given up by a write-off.
// Must not skip the jobs: what is tested is what the hub queues itself.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { evaluateBill } from '../../../core/services/billing/evaluate-bill.ts'
import { closeReview } from '../../../core/services/manage/close-review.ts'
import { createPaymentOrder } from '../../../core/services/payments/create-order.ts'
import { decideOperation, refundPaymentOrder } from '../../../core/services/payments/manage-orders.ts'
import { reviewOrder } from '../../../core/services/payments/order-events.ts'
import { writeOffBill } from '../../../core/services/payments/write-off.ts'
import { addJobs } from '../../../core/store/event-log.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { openGarage } from '../billing/garage.ts'
import { modelProvider, paymentBench } from './bench.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

/** A stay whose 1000 were paid by an order, though no bill asks for them any more. */
async function paidStay(refundAfterAdjustment: string | undefined) {
  const model = modelProvider({ call: () => 'ok', ask: () => 'truth' })
  const bench = await paymentBench(database, model)
  const { db, siteId, organizationId, access, deps, connectionId } = bench
  if (refundAfterAdjustment !== undefined)
    await db
      .updateTable('site')
      .set({ settings: JSON.stringify({ refund_after_adjustment: refundAfterAdjustment }) })
      .where('site_id', '=', siteId)
      .execute()
  const stayId = await bench.garage.stay({ entry: '2026-03-10T06:00:00Z', exit: null, state: 'open' })
  const asked = await createPaymentOrder(deps)(access, { connectionId, stayId, amountMinor: 1000 })
  if (asked.kind !== 'ok') throw new Error(JSON.stringify(asked))
  await bench.pass(2_000)
  const consider = async () => {
    const payload = { organizationId, siteId, subjectKey: `stay:${stayId}`, billId: organizationId, number: 'A-1' }
    await addJobs(db, [{ task: 'refund.consider', payload, key: `refund:${deps.newId()}` }])
    await bench.pass(10_000)
  }
  return { bench, orderId: asked.value.orderId, consider, stayId }
}

test('an overpaid stay is proposed for a refund, given back, or left, as the site says; asked twice it is one refund', async () => {
  const proposed = await paidStay(undefined)
  for (let i = 0; i < 2; i++) await proposed.consider()
  const refunds = async (one: typeof proposed) =>
    (await one.bench.operations(one.orderId))
      .filter(({ kind }) => kind === 'refund')
      .map(({ state, amount_minor }) => ({ state, amount_minor }))
  expect(await refunds(proposed)).toEqual([{ state: 'waiting', amount_minor: 1000 }])
  expect((await proposed.bench.reviews()).map(({ kind }) => kind)).toEqual(['refund_approval'])
  expect(await proposed.bench.order(proposed.orderId)).toMatchObject({ refunded_minor: 0, needs_person: true })

  const given = await paidStay('automatic')
  for (let i = 0; i < 2; i++) await given.consider()
  expect(await refunds(given)).toEqual([{ state: 'done', amount_minor: 1000 }])
  expect(await given.bench.order(given.orderId)).toMatchObject({ refunded_minor: 1000, needs_person: false })
  expect(await given.bench.balance('clearing.card')).toBe(0)

  const left = await paidStay('none')
  await left.consider()
  expect(await refunds(left)).toEqual([])
})

test('a payment needs a person until the last refund that waits is decided, and until trouble with it was looked at', async () => {
  const { bench, orderId } = await paidStay(undefined)
  const { access, db, deps, siteId, organizationId } = bench
  const settings = JSON.stringify({ refund_approval_above_minor: 100 })
  await db.updateTable('site').set({ settings }).where('site_id', '=', siteId).execute()
  const needed = async () => (await bench.order(orderId)).needs_person
  const refund = async (amountMinor: number) => {
    const asked = await refundPaymentOrder(deps)(access, orderId, { amountMinor, reason: 'The gate was stuck.' })
    if (asked.kind !== 'ok') throw new Error(JSON.stringify(asked))
    return asked.value
  }
  expect((await refund(100)).needsPerson).toBe(false)
  expect((await refund(101)).needsPerson).toBe(true)
  expect((await refund(102)).needsPerson).toBe(true)
  const waiting = (await bench.operations(orderId)).filter(({ state }) => state === 'waiting')
  const other = { ...access, actor: 'key:ben' }
  const [first, second] = waiting.map(({ operation_id: id }) => id) as [string, string]
  expect(await decideOperation(deps)(other, orderId, first, { decision: 'approve' })).toMatchObject({
    kind: 'ok',
    value: { needsPerson: true },
  })
  // Whoever closes the review has not decided the refund.
  const [review] = await db
    .selectFrom('review_item')
    .select('review_id')
    .where('organization_id', '=', organizationId)
    .where('state', '=', 'open')
    .execute()
  await closeReview(deps)(other, String(review?.review_id), 'Seen.')
  expect(await needed()).toBe(true)
  const rejected = await decideOperation(deps)(other, orderId, second, { decision: 'reject', reason: 'No.' })
  expect(rejected).toMatchObject({ kind: 'ok', value: { needsPerson: false } })

  const order = await bench.order(orderId)
  await reviewOrder(deps, db, order, 'payment_trouble', 'strange', 'The provider speaks of another payment.')
  expect(await needed()).toBe(true)
  const trouble = await db
    .selectFrom('review_item')
    .select('review_id')
    .where('organization_id', '=', organizationId)
    .where('kind', '=', 'payment_trouble')
    .executeTakeFirstOrThrow()
  await closeReview(deps)(other, trouble.review_id, 'Their desk has put it right.')
  expect(await needed()).toBe(false)
})

test('a write-off takes what is open and no more, into bad debts, with who and why; other organizations find no bill', async () => {
  const garage = await openGarage(database.db)
  const { db, deps, organizationId, siteId, clock } = garage
  const sessionId = await garage.session({})
  clock.advance(6 * 3_600_000)
  await evaluateBill(deps)({ organizationId, subjectKey: `session:${sessionId}` })
  const bill = await db
    .selectFrom('bill')
    .select(['bill_id', 'total_minor'])
    .where('organization_id', '=', organizationId)
    .executeTakeFirstOrThrow()
  const { bill_id: billId, total_minor: total } = bill
  expect(total).toBeGreaterThan(200)
  const access = { organizationId, siteIds: null, actor: 'key:ann', requestId: 'test' }
  const write = (input: { reason: string; amountMinor?: number }, who: typeof access = access) =>
    writeOffBill(deps)(who, billId, input)
  const other = await openGarage(db)
  expect((await write({ reason: 'x' }, { ...access, organizationId: other.organizationId })).kind).toBe('not_found')
  expect(await write({ reason: 'x', amountMinor: total + 1 })).toMatchObject({
    kind: 'invalid',
    problems: [{ pointer: '/amountMinor' }],
  })
  expect(await write({ reason: 'part', amountMinor: 200 })).toMatchObject({ kind: 'ok', value: { amountMinor: 200 } })
  // All that is left; then there is nothing, and nothing more is booked.
  expect(await write({ reason: 'moved away' })).toMatchObject({ kind: 'ok', value: { amountMinor: total - 200 } })
  expect((await write({ reason: 'again' })).kind).toBe('conflict')
  const rows = await db
    .selectFrom('payment')
    .select(['method', 'amount_minor', 'reason'])
    .where('organization_id', '=', organizationId)
    .orderBy('payment_id')
    .execute()
  expect(rows).toEqual([
    { method: 'write_off', amount_minor: 200, reason: 'part' },
    { method: 'write_off', amount_minor: total - 200, reason: 'moved away' },
  ])
  const { rows: booked } = await database.pool.query<{ debit: string; sum: string }>(
    `select debit_account as debit, sum(amount_minor) as sum from journal_posting
     where organization_id = $1 and debit_account = 'bad_debts' group by 1`,
    [organizationId],
  )
  expect(booked.map(({ debit, sum }) => [debit, Number(sum)])).toEqual([['bad_debts', total]])
  const audit = await db
    .selectFrom('audit_log')
    .select(['actor', 'site_id'])
    .where('organization_id', '=', organizationId)
    .where('action', '=', 'bill.write_off')
    .execute()
  expect(audit).toEqual(Array(2).fill({ actor: 'key:ann', site_id: siteId }))
})
