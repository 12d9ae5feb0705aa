// Owns what the hub and a payment provider say to each other: the operations, the provider's account of a payment, the outcomes.
// Must not hold a card number or anything that stands for one beyond brand and last four digits.

export const paymentOperationKinds = ['authorise', 'capture', 'cancel', 'refund'] as const
export type PaymentOperationKind = (typeof paymentOperationKinds)[number]

/**
 * `checkout`: the driver pays on a page of the provider's. `manual_capture`: money may be held and taken later.
 * `partial_capture`, `partial_refund`: less than all. `refund`: money goes back at all. `ask`: can say what became of an operation.
 */
export const paymentFeatures = [
  'checkout',
  'manual_capture',
  'partial_capture',
  'refund',
  'partial_refund',
  'ask',
] as const
export type PaymentFeature = (typeof paymentFeatures)[number]

/** What a provider is told of the order that an operation belongs to. */
export interface PaymentOrderTerms {
  orderId: string
  purpose: 'bills' | 'stay' | 'top_up'
  amountMinor: number
  currency: string
  /** `automatic`: taken as soon as it may be. */
  capture: 'automatic' | 'manual'
  /** In the payer's words; never a name, a plate or a card. */
  description: string
  accountId: string | null
  stayIds: readonly string[]
  /** Where the payer's browser goes afterwards. */
  returnUrl: string | null
  expiresAt: Date
  requestedBy: string
  /** What the asker gave as the reason; free vend needs one. */
  reason: string | null
  /** When the order was asked for. */
  createdAt: Date
}

export interface PaymentOperation {
  /** Also the idempotency key: stored before it is sent, the same on every try. */
  id: string
  kind: PaymentOperationKind
  /** Of a capture or refund; the order's amount else. */
  amountMinor: number
  order: PaymentOrderTerms
  /** The provider's name of the payment, once it has told one. */
  reference: string | null
  reason: string | null
}

export const providerStates = ['open', 'authorised', 'captured', 'declined', 'cancelled', 'expired'] as const
export type ProviderState = (typeof providerStates)[number]

export interface ProviderCapture {
  id: string
  amountMinor: number
  at: Date
}

export interface ProviderRefund {
  id: string
  amountMinor: number
  state: 'pending' | 'done' | 'failed'
  at: Date
  /** Of the hub's operation that asked for it; null for one made at the provider's own desk. */
  operationId: string | null
}

/** All that the provider says of one payment: every report carries the whole, so that order and doubling do not matter. */
export interface ProviderPayment {
  reference: string
  state: ProviderState
  currency: string
  authorisedMinor?: number
  captures: readonly ProviderCapture[]
  refunds: readonly ProviderRefund[]
  checkoutUrl?: string
  card?: { brand: string; lastFour: string }
  reason?: string
}

export type PaymentOutcome =
  | { kind: 'done'; payment?: ProviderPayment }
  /** Surely not done and never will be. */
  | { kind: 'refused'; reason: string; code?: string; payment?: ProviderPayment }
  /** Surely not done now; may be tried again. */
  | { kind: 'later'; reason: string; retryAfterSeconds?: number }
  /** Nobody knows: it is asked after, never repeated blindly. */
  | { kind: 'unknown'; reason: string }

/** `not_done`: the provider knows that it never had this operation. */
export type PaymentInquiry = PaymentOutcome | { kind: 'not_done'; payment?: ProviderPayment }

export interface PaymentReport {
  /** The same id is the same report. */
  id: string
  orderId: string
  payment: ProviderPayment
  at: Date
}

/** Resolves when the reports are stored. Those about orders of other connections are `unknown`. */
export interface PaymentSink {
  report(
    reports: readonly PaymentReport[],
  ): Promise<readonly { id: string; status: 'stored' | 'duplicate' | 'unknown' }[]>
}

/** Who writes down that money moved: the hub from what this provider says, or somebody else (a parking system, an invoice). */
export type PaymentBooking = 'hub' | 'elsewhere'
