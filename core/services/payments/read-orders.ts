// Owns reading payment orders within the caller's limits: lists, one with its parts, operations and story, and the providers.
// Must not change anything.
import { type OpenPaymentDoor, refundableMinor } from '../../domain/payment/index.ts'
import {
  operationsOf,
  type PaymentOrderRecord,
  partsPaid,
  paymentOrders,
  readPaymentOrder,
  storyOf,
} from '../../store/payment-orders.ts'
import { getRecord, type ListQuery, listRecords } from '../../store/record-table.ts'
import { type Access, notFound, type Outcome, ok } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'
import type { PaymentDeps } from './payment-deps.ts'
import { moneyOf } from './settle-order.ts'
import { balanceLeft } from './top-up-balance.ts'

type Reading = Pick<ServiceDeps, 'db'>

export interface PaymentOrderDetail extends PaymentOrderRecord {
  /** What may still be given back. */
  refundableMinor: number
  parts: readonly object[]
  operations: readonly object[]
  story: readonly object[]
}

export const listPaymentOrders = (deps: Reading) => (access: Access, query: ListQuery) =>
  listRecords(deps.db, paymentOrders, access, query)

export function getPaymentOrder(deps: Reading) {
  return async (access: Access, orderId: string): Promise<Outcome<PaymentOrderDetail>> => {
    const { organizationId } = access
    const record = await getRecord(deps.db, paymentOrders, access, orderId)
    const row = record && (await readPaymentOrder(deps.db, organizationId, orderId))
    if (record === undefined || row === undefined) return notFound
    const operations = await operationsOf(deps.db, organizationId, orderId)
    return ok({
      ...record,
      refundableMinor: refundableMinor(moneyOf(row), refundsUnderWay(row, operations)),
      parts: await partsPaid(deps.db, organizationId, orderId),
      operations: operations.map((one) => ({
        operationId: one.operation_id,
        kind: one.kind,
        amountMinor: one.amount_minor,
        subjectKey: one.subject_key,
        state: one.state,
        attempts: one.attempt,
        asks: one.asks,
        reason: one.reason,
        outcome: one.outcome,
        code: one.code,
        requestedBy: one.requested_by,
        decidedBy: one.decided_by,
        sentAt: one.sent_at,
        nextAt: one.next_at,
        unknownSince: one.unknown_since,
        createdAt: one.created_at,
      })),
      story: await storyOf(deps.db, organizationId, orderId),
    })
  }
}

/** One as it is shown to people. Not inside a transaction. */
export function showPaymentOrder(deps: Reading & Pick<PaymentDeps, 'paymentDoors'>) {
  return async (access: Access, orderId: string): Promise<Outcome<PaymentOrderDetail>> =>
    withinBalance(deps, access, await getPaymentOrder(deps)(access, orderId))
}

/** Of a top-up no more may be given back than is left of the balance that it filled. */
export async function withinBalance(
  deps: Pick<PaymentDeps, 'paymentDoors'>,
  { organizationId }: Access,
  shown: Outcome<PaymentOrderDetail>,
): Promise<Outcome<PaymentOrderDetail>> {
  if (shown.kind !== 'ok' || shown.value.purpose !== 'top_up' || shown.value.refundableMinor === 0) return shown
  const left = await balanceLeft(deps, organizationId, shown.value)
  return ok({ ...shown.value, refundableMinor: Math.min(shown.value.refundableMinor, left ?? 0) })
}

/** Refunds asked for that the provider does not list yet. */
export function refundsUnderWay(
  order: Parameters<typeof moneyOf>[0],
  operations: readonly { kind: string; state: string; amount_minor: number; operation_id: string }[],
): number {
  const listed = new Set((moneyOf(order)?.refunds ?? []).map(({ operationId }) => operationId))
  return operations
    .filter(({ kind, state }) => kind === 'refund' && ['waiting', 'queued', 'sent', 'unknown'].includes(state))
    .filter(({ operation_id: id }) => !listed.has(id))
    .reduce((all, { amount_minor: amount }) => all + amount, 0)
}

export interface PaymentProvider {
  connectionId: string
  pluginId: string
  name: string
  siteId: string | null
  method: string
  booking: string
  features: readonly string[]
}

/** Providers at work, that serve a site the caller may see. */
export function listPaymentProviders(deps: Pick<PaymentDeps, 'paymentDoors'>) {
  return (access: Access, siteId: string | undefined): PaymentProvider[] =>
    deps
      .paymentDoors()
      .filter((door) => door.organizationId === access.organizationId)
      .filter((door) => door.siteId === null || access.siteIds === null || access.siteIds.includes(door.siteId))
      .filter((door) => siteId === undefined || door.siteId === null || door.siteId === siteId)
      .map(({ connectionId, pluginId, name, siteId: site, method, booking, features }: OpenPaymentDoor) => ({
        connectionId,
        pluginId,
        name,
        siteId: site,
        method,
        booking,
        features,
      }))
}
