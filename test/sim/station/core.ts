// Owns what the functional blocks of a simulated station share: its state, its clock, its voice.
// Must not know any message.
import type { OcppVersion } from '../../setup/ocpp-versions.ts'
import type { Payload, StationIdentity, StationQuirks, Token } from './options.ts'
import type { Random } from './random.ts'
import type { Evse, StationState } from './state.ts'
import type { Outcome, Reply } from './wire.ts'

/** A message on its way to the hub; transaction messages wait in a queue while the hub is away. */
export interface Message {
  action: string
  /** Called when it leaves, so that it can hold what earlier answers told. */
  build(): Payload
  queued: boolean
  answered?(outcome: Extract<Outcome, { kind: 'result' }>): void
}

/** What the station tells of its own, in the words of its version. */
export interface Speech {
  boot(reason: string): Message
  heartbeat(): Message
  authorize(token: Token): Message
  /** `null` when the answer is no yes. */
  verdict(payload: Payload): string
  status(evse: Evse | null): Message
  began(evse: Evse): Message[]
  sampled(evse: Evse, context: string): Message[]
  suspended(evse: Evse, by: 'EV' | 'EVSE' | null): Message[]
  ended(evse: Evse, reason: string, token: Token | null): Message[]
}

export interface Core {
  readonly code: string
  readonly version: OcppVersion
  readonly v16: boolean
  readonly quirks: StationQuirks
  readonly identity: StationIdentity
  readonly state: StationState
  readonly random: Random
  readonly speech: Speech
  now(): Date
  /** A time as the station writes it. */
  stamp(at?: Date): string
  pause(ms: number): Promise<void>
  online(): boolean
  /** Now or never; `lost` without a connection. */
  tell(action: string, payload: Payload): Promise<Outcome>
  /** A message without an answer (2.1). */
  stream(action: string, payload: Payload): void
  say(messages: readonly Message[]): Promise<void>
  begin(evse: Evse, token: Token | null, remoteStartId?: number): Promise<void>
  end(evse: Evse, reason: string): Promise<void>
  reset(reason: string): Promise<void>
  queueLength(): number
}

/** Answers to the hub's requests, by action. Must not throw for anything that fits the schema. */
export type Block = Readonly<Record<string, (payload: Payload, core: Core) => Reply>>

export const ok = (payload: Payload, after?: () => Promise<unknown>): Reply =>
  after === undefined ? { payload } : { payload, after }
export const status = (word: string, after?: () => Promise<unknown>): Reply => ok({ status: word }, after)

export const evseOf = (core: Core, id: unknown): Evse | undefined => core.state.evses.find((one) => one.id === id)
export const list = (value: unknown): Payload[] => (Array.isArray(value) ? (value as Payload[]) : [])
export const part = (value: unknown): Payload =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Payload) : {}
/** Nothing where there is nothing: optional fields of messages are left out, not null. */
export const given = (fields: Payload): Payload =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
export const registerWh = (core: Core, evse: Evse): number =>
  Math.floor((evse.registerWs - (core.quirks.registerFromBoot === true ? evse.bootWs : 0)) / 3600)
