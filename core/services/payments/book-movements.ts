// Owns writing down that money of an order moved: payment rows by what they pay for, their journal entries and events.
// Must not decide that it moved; the provider's word joined by core/domain/payment does.
import type { Insertable } from 'kysely'
import { type Movement, spreadCapture, spreadRefund } from '../../domain/payment/index.ts'
import { addJobs, appendEvents } from '../../store/event-log.ts'
import type { PaymentOrderRow } from '../../store/payment-orders.ts'
import { operationsOf, partsPaid } from '../../store/payment-orders.ts'
import type { Db } from '../../store/record-table.ts'
import type { PaymentTable } from '../../store/schema.ts'
import { appendPayments } from '../../store/site-state.ts'
import { postPayment } from '../billing/post-payment.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { headlines, orderEvent, tellStory } from './order-events.ts'
import { words } from './words.ts'

/** The order's row must be locked. */
export async function bookMovements(
  deps: Pick<ServiceDeps, 'clock' | 'newId'>,
  trx: Db,
  order: PaymentOrderRow,
  movements: readonly Movement[],
): Promise<void> {
  const operations = movements.some(({ operationId }) => operationId !== null)
    ? await operationsOf(trx, order.organization_id, order.order_id)
    : []
  for (const movement of movements) {
    const operation = operations.find(({ operation_id: id }) => id === movement.operationId)
    if (order.booking === 'hub') await book(deps, trx, order, movement, operation?.subject_key ?? null)
    const { key, kind, amountMinor, at } = movement
    const data = { ...headlines(order), amountMinor, movement: key }
    if (kind === 'captured') {
      const back = key.endsWith('/back')
      await orderEvent(deps, trx, order, at, { type: 'payment.captured', data })
      await tellStory(
        deps,
        trx,
        order,
        'provider',
        back ? words.refundBack(amountMinor, order) : words.taken(amountMinor, order),
      )
    } else {
      const reason = operation?.reason ?? null
      const operationId = operation?.operation_id ?? null
      await orderEvent(deps, trx, order, at, { type: 'payment.refunded', data: { ...data, reason, operationId } })
      await tellStory(deps, trx, order, 'provider', words.givenBack(amountMinor, order, operation === undefined))
    }
  }
}

async function book(
  deps: Pick<ServiceDeps, 'clock' | 'newId'>,
  trx: Db,
  order: PaymentOrderRow,
  movement: Movement,
  first: string | null,
): Promise<void> {
  const { organization_id: organizationId, site_id: siteId, order_id: orderId, currency } = order
  const shares = await partsPaid(trx, organizationId, orderId)
  const { kind, amountMinor, at, key } = movement
  const parts = kind === 'captured' ? spreadCapture(shares, amountMinor) : spreadRefund(shares, amountMinor, first)
  const now = deps.clock.now()
  const rows = parts.map(
    (part): Insertable<PaymentTable> => ({
      organization_id: organizationId,
      site_id: siteId,
      payment_id: deps.newId(),
      kind,
      subject_key: part.subjectKey,
      stay_id: part.subjectKey?.startsWith('stay:') ? part.subjectKey.slice('stay:'.length) : null,
      connection_id: order.connection_id,
      content_key: `order/${orderId}/${key}/${part.subjectKey ?? ''}`,
      vendor_transaction: movement.reference,
      method: order.method,
      scope: part.subjectKey?.startsWith('session:') ? 'energy' : 'both',
      amount_minor: part.amountMinor,
      currency,
      at,
      recorded_at: now,
      order_id: orderId,
      movement: key,
      reason: order.reason,
    }),
  )
  await recordPaymentRows(deps, trx, rows)
}

/** Rows, their journal entries and `payment.recorded`: as any other payment. */
export async function recordPaymentRows(
  deps: Pick<ServiceDeps, 'clock' | 'newId'>,
  trx: Db,
  rows: readonly Insertable<PaymentTable>[],
): Promise<Set<string>> {
  const now = deps.clock.now()
  const added = await appendPayments(trx, rows)
  for (const row of rows) {
    if (!added.has(row.payment_id)) continue
    const stay = row.subject_key?.startsWith('stay:') ? row.subject_key : null
    // What is allowed for the way out counts from the payment, and one may be told of after the exit.
    if (stay !== null && row.kind === 'captured') {
      const payload = { organizationId: row.organization_id, siteId: row.site_id, subjectKey: stay }
      await addJobs(trx, [{ task: 'bill.evaluate', payload, key: `bill:${stay}`, queue: `bill:${stay}` }])
    }
    await postPayment({ ...deps, db: trx })({ organizationId: row.organization_id, paymentId: row.payment_id })
    await appendEvents(trx, [
      {
        id: deps.newId(),
        type: 'payment.recorded',
        organizationId: row.organization_id,
        siteId: row.site_id,
        subject: { type: 'payment', id: row.payment_id },
        occurredAt: row.at as Date,
        recordedAt: now,
        data: {
          paymentId: row.payment_id,
          stayId: row.stay_id ?? null,
          kind: row.kind,
          amountMinor: Number(row.amount_minor),
          currency: row.currency,
          connectionId: null,
          orderId: row.order_id ?? null,
        },
      },
    ])
  }
  return added
}
