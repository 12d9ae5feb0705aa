// Owns the events, story entries and reviews of a payment order.
// Must not decide when they come.
import type { HubEvents } from '../../domain/event.ts'
import { appendEvents, type NewEvent } from '../../store/event-log.ts'
import {
  addStory,
  noteNeedsPerson,
  type PaymentOperationRow,
  type PaymentOrderRow,
} from '../../store/payment-orders.ts'
import type { Db } from '../../store/record-table.ts'
import { closeReviewsOf, openReview } from '../../store/review-items.ts'
import type { ServiceDeps } from '../service-deps.ts'

type Making = Pick<ServiceDeps, 'clock' | 'newId'>
type PaymentEventName =
  | 'payment.authorised'
  | 'payment.captured'
  | 'payment.refunded'
  | 'payment.refund_failed'
  | 'payment.failed'
  | 'payment.unknown'
type Told = { [N in PaymentEventName]: { type: N; data: Omit<HubEvents[N], 'siteId'> } }[PaymentEventName]

export function headlines(order: PaymentOrderRow) {
  return {
    orderId: order.order_id,
    purpose: order.purpose,
    method: order.method,
    accountId: order.account_id,
    amountMinor: order.amount_minor,
    currency: order.currency,
  }
}

export async function orderEvent(deps: Making, trx: Db, order: PaymentOrderRow, at: Date, told: Told): Promise<void> {
  const event = {
    ...told,
    id: deps.newId(),
    organizationId: order.organization_id,
    siteId: order.site_id,
    subject: { type: 'payment_order', id: order.order_id },
    occurredAt: at,
    recordedAt: deps.clock.now(),
  }
  await appendEvents(trx, [event as NewEvent])
}

export async function tellStory(
  deps: Making,
  trx: Db,
  order: Pick<PaymentOrderRow, 'organization_id' | 'order_id'>,
  actor: string,
  words: string,
): Promise<void> {
  await addStory(trx, order, { entryId: deps.newId(), at: deps.clock.now(), actor, words })
}

type ReviewKind = 'payment_trouble' | 'payment_unknown' | 'refund_approval'

/** Puts the order before a person; the same key of the same order opens one review. */
export async function reviewOrder(
  deps: Making,
  trx: Db,
  order: PaymentOrderRow,
  kind: ReviewKind,
  key: string,
  reason: string,
): Promise<boolean> {
  const at = deps.clock.now()
  const opened = await openReview(trx, deps.newId, {
    organizationId: order.organization_id,
    siteId: order.site_id,
    reviewId: deps.newId(),
    contentKey: `${kind}:${order.order_id}:${key}`,
    kind,
    subjectType: 'payment_order',
    subjectId: order.order_id,
    reason,
    data: { orderId: order.order_id, state: order.state },
    at,
  })
  await noteNeedsPerson(trx, order.organization_id, order.order_id, at)
  return opened
}

export async function closeOrderReviews(
  deps: Making,
  trx: Db,
  order: PaymentOrderRow,
  kind: ReviewKind,
  resolution: { by: string; text: string },
): Promise<void> {
  const at = deps.clock.now()
  const { organization_id: organizationId, order_id: orderId } = order
  await closeReviewsOf(trx, deps.newId, { organizationId, kind, subjectId: orderId }, { ...resolution, at })
  await noteNeedsPerson(trx, organizationId, orderId, at)
}

/** A refund was not made, and will not be: told on, and put before a person, unless it is a person who says so. */
export async function refundFailed(
  deps: Making,
  trx: Db,
  order: PaymentOrderRow,
  { operation_id: operationId, amount_minor: amountMinor }: PaymentOperationRow,
  reason: string,
  review: string | null,
): Promise<void> {
  const data = { ...headlines(order), amountMinor, operationId, reason }
  await orderEvent(deps, trx, order, deps.clock.now(), { type: 'payment.refund_failed', data })
  if (review !== null) await reviewOrder(deps, trx, order, 'payment_trouble', `refund/${operationId}`, review)
}
