// Owns an operation of an order as its provider, and who keeps a balance, are told of it.
// Must not read or write.
import type { PaymentOperation, PaymentOperationKind } from '../../domain/payment/index.ts'
import type { PaymentOperationRow, PaymentOrderRow } from '../../store/payment-orders.ts'

export function operationOf(order: PaymentOrderRow, operation: PaymentOperationRow): PaymentOperation {
  return {
    id: operation.operation_id,
    kind: operation.kind as PaymentOperationKind,
    amountMinor: operation.amount_minor,
    reference: order.reference,
    reason: operation.reason,
    order: {
      orderId: order.order_id,
      purpose: order.purpose as PaymentOperation['order']['purpose'],
      amountMinor: order.amount_minor,
      currency: order.currency,
      capture: order.capture as 'automatic' | 'manual',
      description: order.description,
      accountId: order.account_id,
      stayIds: order.stay_ids as string[],
      returnUrl: order.return_url,
      expiresAt: order.expires_at,
      requestedBy: order.requested_by,
      reason: order.reason,
      createdAt: order.created_at,
    },
  }
}
