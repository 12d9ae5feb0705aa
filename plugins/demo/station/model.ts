// Owns the words that the parts of the charger simulator share: EVSEs, transactions, readings, messages.
// Must not hold behaviour.
import type { OcppVersion, Quirks } from './quirks.ts'

export type Payload = Record<string, unknown>

/** What a driver holds to the reader. `type` is told by 2.x only: ISO14443, Central, Local, NoAuthorization, … */
export interface Token {
  value: string
  type: string
}

export interface Reading {
  registerWh: number
  powerW: number
  currentA: number
  voltageV: number
  soc?: number
}

type ChargePointStatus =
  | 'Available'
  | 'Preparing'
  | 'Charging'
  | 'SuspendedEV'
  | 'SuspendedEVSE'
  | 'Finishing'
  | 'Unavailable'
  | 'Faulted'

export interface Transaction {
  /** The simulator's own count, unique for the life of the station. */
  number: number
  token: Token | undefined
  startedAt: Date
  startedOffline: boolean
  /** Lifetime register when the transaction began. */
  baseWh: number
  /** 1.6: the hub's number once it answered; 2.x: the station's own text. */
  id: number | string | undefined
  remoteStartId: number | undefined
  seqNo: number
  /** Reconnects of the station when `seqNo` was last used. */
  seqEpoch: number
  samples: number
  /** False once the driver has stopped it and only the cable is still in. */
  energising: boolean
  finishReason: string | undefined
}

export interface EvseState {
  id: number
  plugged: boolean
  operative: boolean
  status: ChargePointStatus
  /** Lifetime register of the meter. */
  registerWh: number
  /** Registers at the last boot and when the cable went in. */
  bootWh: number
  plugWh: number
  powerW: number
  currentA: number
  soc: number | undefined
  /** A card accepted before the cable went in. */
  waiting: { token: Token; remoteStartId: number | undefined } | undefined
  transaction: Transaction | undefined
}

export type Phase = 'start' | 'meter' | 'update' | 'stop'

/** One CALL before it has a message id. `build` runs at each sending, because a 1.6 stop needs the answer to its start. */
export interface Outgoing {
  action: string
  /** Transaction messages wait in the queue while the cable to the network is out; live ones are dropped. */
  kind: 'transaction' | 'live'
  build(): Payload
  evse?: number
  transaction?: number
  phase?: Phase
  onReply?(reply: Payload): void
}

export type Answer =
  | { kind: 'result'; payload: Payload; after?: () => Promise<void> }
  | { kind: 'error'; code: string; description: string }
  | { kind: 'silence' }

/** What the commands of the hub may do to the station. */
export interface Controls {
  evses: readonly EvseState[]
  remoteStart(evse: number | undefined, token: Token, remoteStartId: number | undefined): Promise<void>
  finish(evse: number, reason: string): Promise<void>
  reset(mode: 'soft' | 'hard' | 'onIdle'): Promise<void>
  send(messages: readonly Outgoing[]): Promise<void>
  setOperative(evse: number | undefined, operative: boolean): Promise<void>
}

/** What a dialect needs of the station it speaks for. */
export interface DialectContext {
  version: OcppVersion
  stationId: string
  identity: StationIdentity
  quirks: Quirks
  evses: readonly EvseState[]
  now(): Date
  online(): boolean
  reconnects(): number
  chance(probability: number): boolean
  newId(): string
  openTransaction(evse: EvseState, token: Token | undefined, remoteStartId: number | undefined): Transaction
}

export interface StationIdentity {
  vendor: string
  model: string
  serial: string
  firmware: string
}

export interface Dialect {
  boot(reason: string): Outgoing
  heartbeat(): Outgoing
  /** `evse` undefined means the station as a whole. */
  status(evse: EvseState | undefined, errorCode?: string): Outgoing
  authorize(token: Token): Outgoing
  /** The status word in the answer to `authorize`. */
  authorizationStatus(reply: Payload): string
  plugged(evse: EvseState): Outgoing[]
  begin(evse: EvseState, token: Token | undefined, remoteStartId: number | undefined): Outgoing[]
  sample(evse: EvseState, context: string): Outgoing[]
  chargingState(evse: EvseState, state: 'Charging' | 'SuspendedEV' | 'SuspendedEVSE'): Outgoing[]
  finish(evse: EvseState, reason: string, token: Token | undefined): Outgoing[]
  unplugged(evse: EvseState): Outgoing[]
  booted(): void
  answer(action: string, payload: Payload, controls: Controls): Answer
}

// ---- 2.x only

/** `EVConnected`: the transaction lives as long as the cable is in; `Authorized`: from card to card. */
export type TxStartPoint = 'EVConnected' | 'Authorized'

/** One thing that a 2.x transaction event tells. */
export interface Happening {
  eventType: 'Started' | 'Updated' | 'Ended'
  trigger: string
  chargingState?: string
  token?: Token | undefined
  stoppedReason?: string
  context?: string
}

export type TransactionEvent = (evse: EvseState, tx: Transaction, what: Happening) => Outgoing
