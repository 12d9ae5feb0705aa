// Owns the operations on payment orders, providers and write-offs.
// Must not hold rules; core/services/payments does.
import { createPaymentOrder, type OrderRequest } from '../../services/payments/create-order.ts'
import {
  cancelPaymentOrder,
  capturePaymentOrder,
  decideOperation,
  type OperationDecision,
  type RefundRequest,
  refundPaymentOrder,
} from '../../services/payments/manage-orders.ts'
import type { PaymentDeps } from '../../services/payments/payment-deps.ts'
import {
  listPaymentOrders,
  listPaymentProviders,
  type PaymentOrderDetail,
  showPaymentOrder,
} from '../../services/payments/read-orders.ts'
import { type WriteOff, writeOffBill } from '../../services/payments/write-off.ts'
import type { HostPorts } from '../api-ports.ts'
import { listQuery } from '../cursor.ts'
import type { CallContext, Part, Reply } from '../operation-types.ts'
import { found, listed, made, shown } from '../replies.ts'

type Ids =
  | 'listPaymentOrders'
  | 'createPaymentOrder'
  | 'getPaymentOrder'
  | 'capturePaymentOrder'
  | 'cancelPaymentOrder'
  | 'refundPaymentOrder'
  | 'decidePaymentOperation'
  | 'listPaymentProviders'
  | 'writeOffBill'

export function payments(host: Pick<HostPorts, 'payments'>): Part<Ids> {
  const paymentDoors: PaymentDeps['paymentDoors'] = (connectionId) => host.payments(connectionId)
  const asking = ({ deps }: CallContext): PaymentDeps => ({ ...deps, paymentDoors })
  return {
    listPaymentOrders: async ({ query }, { deps, access }) =>
      listed(await listPaymentOrders(deps)(access, listQuery(query))) as Reply<'listPaymentOrders'>,
    createPaymentOrder: async ({ body, request }, context) => {
      const asked = { ...(body as OrderRequest), ...keyOf(request) }
      return made(await createPaymentOrder(asking(context))(context.access, asked), at) as Reply<'createPaymentOrder'>
    },
    getPaymentOrder: async ({ path }, context) =>
      found(await showPaymentOrder(asking(context))(context.access, path.orderId)) as Reply<'getPaymentOrder'>,
    capturePaymentOrder: async ({ path, body }, context) =>
      shown(
        await capturePaymentOrder(asking(context))(context.access, path.orderId, body as { amountMinor?: number }),
      ) as Reply<'capturePaymentOrder'>,
    cancelPaymentOrder: async ({ path, body }, context) =>
      shown(
        await cancelPaymentOrder(asking(context))(context.access, path.orderId, body as { reason?: string }),
      ) as Reply<'cancelPaymentOrder'>,
    refundPaymentOrder: async ({ path, body, request }, context) => {
      const asked = { ...(body as RefundRequest), ...keyOf(request) }
      return shown(
        await refundPaymentOrder(asking(context))(context.access, path.orderId, asked),
      ) as Reply<'refundPaymentOrder'>
    },
    decidePaymentOperation: async ({ path, body }, context) =>
      shown(
        await decideOperation(asking(context))(
          context.access,
          path.orderId,
          path.operationId,
          body as OperationDecision,
        ),
      ) as Reply<'decidePaymentOperation'>,
    listPaymentProviders: ({ query }, context) =>
      ({
        status: 200,
        body: { items: listPaymentProviders(asking(context))(context.access, query.siteId) },
      }) as Reply<'listPaymentProviders'>,
    writeOffBill: async ({ path, body }, { deps, access }) =>
      shown(await writeOffBill(deps)(access, path.billId, body as WriteOff)),
  }
}

const at = ({ orderId }: PaymentOrderDetail) => `/payment-orders/${orderId}`

/** The caller's key outlives the stored answer: money is never asked for twice. */
function keyOf(request: Request): { idempotencyKey?: string } {
  const key = request.headers.get('Idempotency-Key')
  return key === null ? {} : { idempotencyKey: key }
}
