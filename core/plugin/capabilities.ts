// Owns the closed list of what a plugin may provide, one interface each, data in and data out so that a call may cross a process.
// Must not contain behaviour; a capability that nothing in the tree provides or calls has no place here.
import type { ChargerPort } from '../domain/charger-port.ts'
import type { AccountingFormat } from '../domain/closed-period.ts'
import type { ContractProvider } from '../domain/contract-provider.ts'
import type {
  ActionAbility,
  ActionOutcome,
  OutcomeInquiry,
  ParkingAction,
  ParkingActionKind,
  ParkingQuote,
  StayTarget,
} from '../domain/parking-action.ts'
import type { ParkingBook } from '../domain/parking-book.ts'
import type { GateDecision, GateQuestion, ParcsSink, ReportedCredential } from '../domain/parking-fact.ts'
import type {
  PaymentBooking,
  PaymentFeature,
  PaymentInquiry,
  PaymentOperation,
  PaymentOutcome,
  PaymentSink,
} from '../domain/payment/index.ts'
import type { TariffEngine } from '../domain/price.ts'
import type { ReaderSink } from '../domain/reader.ts'
import type { ModelBook } from '../domain/station-model.ts'

/** Speaks to chargers: gets the hub's charger door for as long as the connection runs. */
export interface ChargerCapability {
  /** What it knows about models that depart from the standard, and how it deals with them. */
  models?: ModelBook
  connect(port: ChargerPort): Promise<{ stop(): Promise<void>; health?(): Promise<Health> }>
}

/** Speaks to one parking system: `sink` takes what it reports, `book` is what it may read of the hub. */
export interface ParcsCapability {
  connect(sink: ParcsSink, book: ParkingBook): Promise<ParcsLink>
}

/** `features` tells the operator what this vendor can do by itself; `actions` what the hub may ask of it. */
export interface ParcsLink {
  features: readonly ('decide' | 'backfill' | 'quote')[]
  /** Leave out what the vendor cannot do. */
  actions?: Readonly<Partial<Record<ParkingActionKind, ActionAbility>>>
  /** Does one of `actions`. One at a time and in order per connection; late after 30 s, which counts as unknown. */
  act?(action: ParkingAction, signal: AbortSignal): Promise<ActionOutcome>
  /** Asks the vendor what became of an action. Without it, unknown outcomes that are not repeatable go to a person. */
  askOutcome?(action: ParkingAction, signal: AbortSignal): Promise<OutcomeInquiry>
  /** What the vendor would ask for this stay now; null when it does not know the stay. */
  quote?(stay: StayTarget, signal: AbortSignal): Promise<ParkingQuote | null>
  stop(): Promise<void>
  health?(): Promise<Health>
}

/** Hears cameras and readers: gets the hub's door for what they saw. */
export interface ReaderCapability {
  connect(sink: ReaderSink): Promise<ReaderLink>
}

export interface ReaderLink {
  stop(): Promise<void>
  health?(): Promise<Health>
}

/** Takes money: `sink` takes what the provider says of payments, asked or not. */
export interface PaymentCapability {
  connect(sink: PaymentSink): Promise<PaymentLink>
}

/**
 * One provider. The hub asks for one operation of an order at a time, each under an id that stays the same on every try and that
 * the provider has to know it by.
 */
export interface PaymentLink {
  /** How the books name money that comes this way: `card`, `prepaid`, … */
  method: string
  /** `elsewhere`: somebody else writes down that money moved, and the hub books nothing for this provider. */
  booking: PaymentBooking
  features: readonly PaymentFeature[]
  /** Late after 30 s, which counts as unknown; so does a rejection. */
  act(operation: PaymentOperation, signal: AbortSignal): Promise<PaymentOutcome>
  /** What became of an operation, by its id. Never does it. */
  ask(operation: PaymentOperation, signal: AbortSignal): Promise<PaymentInquiry>
  /** Of one that keeps balances, which orders of other providers with the purpose `top_up` fill. */
  balance?: BalanceKeeper
  stop(): Promise<void>
  health?(): Promise<Health>
}

/**
 * Balances are filled on `payment.captured` of a top-up. Before a provider is asked to give a top-up back, the money is taken out
 * of the balance; `payment.refunded` says that it has gone, `payment.refund_failed` that it belongs into the balance again. Both
 * carry the operation's id, and may come twice, late, and before an answer of `withdraw` was heard.
 */
export interface BalanceKeeper {
  /** What the account may spend now, in minor units. */
  left(of: { accountId: string; currency: string }, signal: AbortSignal): Promise<number>
  /**
   * Takes the amount of a refund out, once for its id: it cannot be spent from then on. `refused` is for ever; everything else
   * that is not `done`, a rejection as well, is asked again with the same id.
   */
  withdraw(refund: PaymentOperation, signal: AbortSignal): Promise<PaymentOutcome>
}

/** Turns what a reader reported into canonical keys; pure and synchronous. */
export interface CredentialCapability {
  normalise(presented: ReportedCredential): { key: string; alternatives: readonly string[]; confidence: number } | null
}

/** A page of the hub: answers every GET below `path` on the hub's own origin. */
export interface PageCapability {
  path: string
  title: string
  fetch(request: Request): Promise<Response>
}

/** Knows file formats of accounting systems. */
export interface ExporterCapability {
  formats: readonly AccountingFormat[]
}

export interface Health {
  state: 'ok' | 'degraded'
  reason?: string
}

export interface Capabilities {
  charger: ChargerCapability
  parcs: ParcsCapability
  reader: ReaderCapability
  credential: CredentialCapability
  payment: PaymentCapability
  tariff: TariffEngine
  page: PageCapability
  /** Knows charging contracts and their certificates: Plug & Charge. */
  certificates: ContractProvider
  exporter: ExporterCapability
}

export type CapabilityName = keyof Capabilities
export const capabilityNames = [
  'charger',
  'parcs',
  'reader',
  'credential',
  'payment',
  'tariff',
  'page',
  'certificates',
  'exporter',
] as const satisfies readonly CapabilityName[]

export type { GateDecision, GateQuestion }
