// Owns the closed list of what a plugin may provide, one interface each, data in and data out so that a call may cross a process.
// Must not contain behaviour; a capability that nothing in the tree provides or calls has no place here.
import type { ChargerPort } from '../domain/charger-port.ts'
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

export interface Health {
  state: 'ok' | 'degraded'
  reason?: string
}

export interface Capabilities {
  charger: ChargerCapability
  parcs: ParcsCapability
  reader: ReaderCapability
  credential: CredentialCapability
  tariff: TariffEngine
  page: PageCapability
  /** Knows charging contracts and their certificates: Plug & Charge. */
  certificates: ContractProvider
}

export type CapabilityName = keyof Capabilities
export const capabilityNames = [
  'charger',
  'parcs',
  'reader',
  'credential',
  'tariff',
  'page',
  'certificates',
] as const satisfies readonly CapabilityName[]

export type { GateDecision, GateQuestion }
