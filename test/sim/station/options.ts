// Owns what a simulated station is given: who it is, how it behaves, what it answers against its nature.
// Must not hold behaviour.
import type { OcppVersion } from '../../setup/ocpp-versions.ts'

export type Payload = Record<string, unknown>

export interface Token {
  value: string
  /** 2.x word; 1.6 has none. */
  type?: string
}

/** What real stations get wrong; numbers are those of the quirks catalogue. */
export interface StationQuirks {
  /** M4: kilowatt-hours labelled Wh. */
  kwhAsWh?: boolean
  /** C1, C3: no zone; a clock that stands in 1970. */
  timestamps?: 'noZone' | 'epoch'
  /** R1, R2: tokens in another case than they were issued. */
  idCase?: 'lower' | 'upper'
  /** X5: every event has sequence number 0. */
  seqNoZero?: boolean
  /** T6, T7: a stop that waited while offline has lost the transaction's number. */
  offlineTransactionId?: -1 | 0
  /** The queue comes back newest first. */
  outOfOrder?: boolean
  /** T3: what was answered is sent again, under new message ids. */
  replayTwice?: boolean
  /** Every frame leaves twice. */
  duplicateFrames?: boolean
  /** X12: before each right answer, one with an id that nobody asked under. */
  wrongIds?: boolean
  /** W17: every answer comes late. */
  answerDelayMs?: number
  /** W18: actions that are never answered. */
  silentOn?: readonly string[]
  /** W18: actions that it does not know. */
  notImplemented?: readonly string[]
  /** S13: profiles are accepted, and the car takes what it wants. */
  ignoresProfiles?: boolean
  /** M5: the register starts at 0 with each boot. */
  registerFromBoot?: boolean
}

export interface StationIdentity {
  vendor: string
  model: string
  serial: string
  firmware: string
}

export interface StationOptions {
  /** Where chargers dial in, without the station's id: ws://host:port/ocpp */
  url: string
  code: string
  /** Until the hub writes another one. */
  password?: string
  /** For wss: what it trusts, and what it shows of its own. */
  tls?: { ca: string; cert?: string; key?: string }
  version: OcppVersion
  evses?: number
  quirks?: StationQuirks
  /** Device time. Default: the computer's. */
  clock?: { now(): Date }
  /** How long things take, such as a download; real time or none. Default: none. */
  pause?: (ms: number) => Promise<void>
  seed?: number | string
  identity?: Partial<StationIdentity>
  /** By action: a whole answer in place of the usual one, a CALLERROR's code, or silence. What is overridden is not carried out. */
  answers?: Record<string, AnswerOverride>
  callTimeoutMs?: number
  maxPowerW?: number
  /** Told of every frame, as it is on the wire. */
  onFrame?: (direction: 'in' | 'out', text: string) => void
}

export type AnswerOverride = Payload | { error: string } | 'silence'
