// Owns the row of a new operation of an order.
// Must not store it.
import type { Insertable } from 'kysely'
import type { PaymentOperationKind } from '../../domain/payment/index.ts'
import type { PaymentOrderRow } from '../../store/payment-orders.ts'
import type { PaymentOperationTable } from '../../store/schema.ts'

export interface OperationWish {
  id: string
  kind: PaymentOperationKind
  /** The order has one operation for each cause at most. */
  cause: string
  by: string
  reason: string | null
  now: Date
  amountMinor?: number
  subjectKey?: string | null
  /** It is not sent before somebody else has approved it. */
  waits?: boolean
}

export function newOperation(order: PaymentOrderRow, wish: OperationWish): Insertable<PaymentOperationTable> {
  return {
    organization_id: order.organization_id,
    site_id: order.site_id,
    order_id: order.order_id,
    operation_id: wish.id,
    kind: wish.kind,
    amount_minor: wish.amountMinor ?? order.amount_minor,
    subject_key: wish.subjectKey ?? null,
    cause: wish.cause,
    state: wish.waits ? 'waiting' : 'queued',
    reason: wish.reason,
    requested_by: wish.by,
    created_at: wish.now,
    updated_at: wish.now,
  }
}
