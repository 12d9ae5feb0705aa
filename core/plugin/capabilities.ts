// Owns the closed list of what a plugin may provide, one interface each, data in and data out so that a call may cross a process.
// Must not contain behaviour; a capability that nothing in the tree provides or calls has no place here.
import type { ChargerPort } from '../domain/charger-port.ts'
import type { ContractProvider } from '../domain/contract-provider.ts'
import type { GateDecision, GateQuestion, ParcsSink, ReportedCredential } from '../domain/parking-fact.ts'
import type { TariffEngine } from '../domain/price.ts'
import type { ModelBook } from '../domain/station-model.ts'

/** Speaks to chargers: gets the hub's charger door for as long as the connection runs. */
export interface ChargerCapability {
  /** What it knows about models that depart from the standard, and how it deals with them. */
  models?: ModelBook
  connect(port: ChargerPort): Promise<{ stop(): Promise<void>; health?(): Promise<Health> }>
}

/** Speaks to one parking system. `features` tells the operator what this vendor cannot do. */
export interface ParcsCapability {
  connect(sink: ParcsSink): Promise<ParcsLink>
}

export interface ParcsLink {
  features: readonly ('decide' | 'backfill' | 'validate' | 'openGate' | 'quote')[]
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
  'credential',
  'tariff',
  'page',
  'certificates',
] as const satisfies readonly CapabilityName[]

export type { GateDecision, GateQuestion }
