// Owns the door between a charger adapter and the core: admission, one sink per open socket, commands going out.
// Must not know sockets or frames beyond their text; the composition root puts the services behind it.
import type { ChargerFact, ChargerOutcome, ChargerProtocol, WireFrame } from './charger-fact.ts'
import type { ClientCertificate } from './peer.ts'
import type { CommandReply, QueuedCommand } from './station-command.ts'
import type { StationTraits } from './station-model.ts'

export interface AdmissionRequest {
  /** The station's identity from the path, decoded once; matched without regard to case. */
  identity: string
  /** The Basic password as bytes; null when none was sent. */
  password: Uint8Array | null
  userName: string | null
  remoteAddress: string
  secure: boolean
  /** What the station showed in the TLS handshake, if anything. */
  clientCertificate?: ClientCertificate | null
}

export interface AdmittedStation {
  organizationId: string
  siteId: string | null
  stationId: string
  /** The stored spelling of the identity. */
  code: string
  admission: 'pending' | 'accepted' | 'rejected'
  defaultProtocol: ChargerProtocol | null
  vendor: string | null
  model: string | null
  firmware: string | null
  /** Station profile flags set by the operator, by name. */
  settings: Record<string, unknown>
  /** IANA zone of its site. */
  timeZone?: string | null
  /** What the adapter last said of its model. */
  traits?: StationTraits
}

export type Admission =
  | { kind: 'admitted'; station: AdmittedStation }
  | { kind: 'unauthorized'; reason: string }
  | { kind: 'unknown'; reason: string }
  | { kind: 'rejected'; reason: string }

export interface StationSink {
  readonly epoch: number
  readonly station: AdmittedStation
  /** Stores the fact and its frame in one commit, then resolves. Rejects with StaleEpoch once a newer socket has won. */
  record<F extends ChargerFact>(fact: F, wire?: readonly WireFrame[]): Promise<ChargerOutcome<F>>
  /** Adds frames to the journal with the next commit, without waiting for it. */
  journal(frame: WireFrame): void
  /** Counts a departure from the standard, by catalogue code and model. */
  deviation(code: string, sample?: string): void
  /** Any traffic is life. */
  seen(at: Date): void
  close(reason: string): Promise<void>
}

export interface StationOpening {
  station: AdmittedStation
  protocol: ChargerProtocol
  remoteAddress: string
  /** Sends one command and resolves with what came back. Called one at a time per station. */
  deliver(command: QueuedCommand): Promise<CommandReply>
  /** A newer socket of this station has been admitted, or the operator asked: close this one. */
  displaced(reason: string): void
  /** What of the station's profile concerns its records, by what is known before it boots. Absent: nothing. */
  traits?: StationTraits
}

export interface ChargerPort {
  admit(request: AdmissionRequest): Promise<Admission>
  open(opening: StationOpening): Promise<StationSink>
}
