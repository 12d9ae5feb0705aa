// Owns what the hub may ask of a parking system, and the answers that keep money safe: done, refused, later, or unknown.
// Must not know a vendor's calls; adapters translate on their side of this line.
import type { ParkerKind, ReportedCredential } from './parking-fact.ts'

/** A credential as a parking system has to know it to let its holder in without asking. */
export interface PreloadedCredential {
  credentialId: string
  accountNumber: string | null
  /** Who holds it, as the operator calls them; null for nobody in particular. */
  holder: string | null
  parkerKind: ParkerKind
  /** Every form it is known in: the canonical key, and the text as it was enrolled. */
  presentations: readonly { kind: string; key: string; value: string; encoding?: string }[]
  plates: readonly { text: string; country: string | null }[]
  /** Codes of the account's groups: vendors map them to their products or profiles. */
  groups: readonly string[]
  validFrom: Date | null
  validUntil: Date | null
  /** Cars of the account that may be inside at once; null for no limit. */
  maxInside: number | null
  allowPassback: boolean
}

/** The stay that an action is about, by every name the vendor may know it by. */
export interface StayTarget {
  stayId: string
  /** What the vendor calls it, from its facts. */
  stayRef: string | null
  credentials: readonly ReportedCredential[]
  enteredAt: Date | null
  exitedAt: Date | null
}

export interface ParkingActionData {
  /** Let this credential in from now on, or change what is known of it. */
  'credential.put': PreloadedCredential
  'credential.remove': { credentialId: string; reason: string; presentations: PreloadedCredential['presentations'] }
  /** A reduction by a validation provider of the parking system. */
  'stay.validate': StayTarget & {
    providerNo?: string
    amountMinor?: number
    currency?: string
    percent?: number
    minutes?: number
    reason: string
  }
  /** A reduction by an amount. */
  'stay.promote': StayTarget & { amountMinor: number; currency: string; code?: string; reason: string }
  /** From now on this stay runs under another product or rate of the parking system. */
  'stay.product': StayTarget & { product: string; reason: string }
  /** A value that the parking system takes off its own fee. */
  'stay.prepay': StayTarget & { amountMinor: number; currency: string; reason: string }
  /** The hub has billed this: the parking system takes it for paid and closes its own claim. */
  'stay.confirm': StayTarget & {
    amountMinor: number
    currency: string
    paidAt: Date
    /** The hub's bill number. */
    authorisation: string
    /** The vendor's own name of the price that is confirmed, from `stay.priced`. */
    priceRef?: string
  }
  'lane.open': { lane: string; reason: string }
  /** Corrects a counter of the parking system. */
  'counter.set': { counter: string; free?: number; occupied?: number; capacity?: number; reason: string }
}

export type ParkingActionKind = keyof ParkingActionData
export const parkingActionKinds = [
  'credential.put',
  'credential.remove',
  'stay.validate',
  'stay.promote',
  'stay.product',
  'stay.prepay',
  'stay.confirm',
  'lane.open',
  'counter.set',
] as const satisfies readonly ParkingActionKind[]

/** One thing to do at one parking system. The id stays the same on every try: it is the idempotency key where the vendor takes one. */
export type ParkingAction = {
  [K in ParkingActionKind]: {
    id: string
    kind: K
    /** 1 for the first try. */
    attempt: number
    askedAt: Date
    /** What the vendor called the same thing when an earlier action about it was done. */
    reference?: string
    data: ParkingActionData[K]
  }
}[ParkingActionKind]

/**
 * What became of an action. `later` says that it was surely not done and may be tried again; `unknown` that nobody knows, so
 * the hub asks before it does anything else. An adapter that throws has said `unknown`.
 */
export type ActionOutcome =
  | { kind: 'done'; reference?: string }
  | { kind: 'refused'; reason: string; code?: string }
  | { kind: 'later'; reason: string; retryAfterSeconds?: number }
  | { kind: 'unknown'; reason: string }

/** What a parking system says when it is asked after an action whose outcome is unknown. */
export type OutcomeInquiry = ActionOutcome | { kind: 'not_done' }

export interface ActionAbility {
  /** Doing it twice is the same as once at this vendor: an unknown outcome may simply be tried again. */
  repeatable: boolean
}

/** What a parking system asks for a stay at a moment. */
export interface ParkingQuote {
  amountMinor: number
  currency: string
  at: Date
  /** Leave before this and nothing more is due. */
  paidUntil?: Date
  rate?: string
}
