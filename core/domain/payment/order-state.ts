// Owns the state of a payment order: what it is called, given what the provider said and what is under way with it.
// Must not be stored as a truth of its own: it follows from operations and money, so money taken after the end makes it captured from everywhere.
import { moneyTotals, type OrderMoney } from './money-of-order.ts'
import type { OperationState } from './operation-state.ts'
import type { PaymentOperationKind } from './payment-provider.ts'

export const paymentOrderStates = [
  'requested',
  'authorising',
  'authorised',
  'capturing',
  'captured',
  'declined',
  'cancelled',
  'expired',
] as const
export type PaymentOrderState = (typeof paymentOrderStates)[number]

export const openOrderStates = ['requested', 'authorising', 'authorised', 'capturing'] as const

export function isOpenOrder(state: PaymentOrderState): boolean {
  return (openOrderStates as readonly string[]).includes(state)
}

export interface OperationSketch {
  kind: PaymentOperationKind
  state: OperationState
}

/** `ended`: by a person, or as its time was over. */
export function orderState(
  money: OrderMoney | null,
  operations: readonly OperationSketch[],
  ended: 'cancelled' | 'expired' | null,
): PaymentOrderState {
  if (moneyTotals(money).capturedMinor > 0) return 'captured'
  const of = (kind: PaymentOperationKind) => operations.filter((one) => one.kind === kind)
  const going = (list: readonly OperationSketch[]) =>
    list.some(({ state }) => state === 'queued' || state === 'sent' || state === 'unknown')
  switch (money?.state) {
    case 'declined':
    case 'cancelled':
      return money.state
    case 'expired':
      // Stripe and others close the page of a cancelled payment by letting it expire.
      return ended === 'cancelled' ? 'cancelled' : 'expired'
    case 'captured':
      // Nothing to take: a zero amount that the provider calls captured.
      return 'captured'
    case 'authorised':
      return going(of('capture')) ? 'capturing' : 'authorised'
    default: {
      const authorise = of('authorise')
      if (authorise.some(({ state }) => state === 'refused')) return 'declined'
      if (ended !== null && !going(authorise) && !authorise.some(({ state }) => state === 'done')) return ended
      return authorise.every(({ state }) => state === 'queued') ? 'requested' : 'authorising'
    }
  }
}

/** What is wrong with the money beyond doubt, in words for a person; null when it is as it should be. */
export function moneyTrouble(
  money: OrderMoney,
  order: { amountMinor: number; currency: string; endedBefore: boolean },
): string | null {
  const { capturedMinor, refundedMinor, pendingRefundMinor } = moneyTotals(money)
  if (capturedMinor > order.amountMinor)
    return `More was taken than was asked for: ${capturedMinor} instead of ${order.amountMinor} minor units of ${order.currency}.`
  if (refundedMinor + pendingRefundMinor > capturedMinor)
    return `More went back than was taken: ${refundedMinor + pendingRefundMinor} of ${capturedMinor} minor units of ${order.currency}.`
  if (order.endedBefore && capturedMinor > 0)
    return `Money was taken after the payment had ended: ${capturedMinor} minor units of ${order.currency}.`
  return null
}

/** How much may be asked back: refunds under way count as given. */
export function refundableMinor(money: OrderMoney | null, underWayMinor: number): number {
  const { capturedMinor, refundedMinor, pendingRefundMinor } = moneyTotals(money)
  return Math.max(0, capturedMinor - refundedMinor - pendingRefundMinor - underWayMinor)
}
