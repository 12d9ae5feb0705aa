// Owns what a simulated charger is given when it is made, and what it tells about each of its messages.
// Must not hold behaviour.
import type { SimClock } from '../sim-clock.ts'
import type { Payload, StationIdentity, TxStartPoint } from './model.ts'
import type { CallOutcome } from './ocpp-socket.ts'
import type { OcppVersion, Quirks } from './quirks.ts'

/** A CALL of the station and what became of it. */
export interface Exchange {
  stationId: string
  version: OcppVersion
  action: string
  payload: Payload | null
  /** Device time of the sending. */
  at: Date
  outcome: CallOutcome
  evse?: number
  /** The simulator's own count of the transaction, for messages of one. */
  transaction?: number
}

/** An exchange that the hub answered with a result: from here on the hub is answerable for it. */
export type AckedMessage = Exchange & { outcome: Extract<CallOutcome, { kind: 'result' }> }

export interface StationOptions {
  /** Where chargers dial in, without the station's id: ws://host:port/ocpp */
  url: string
  stationId: string
  password?: string
  version: OcppVersion
  evses?: number
  clock: SimClock
  seed: string | number
  quirks?: Quirks
  identity?: Partial<StationIdentity>
  /** Lifetime registers at the factory gate, one per EVSE. */
  registersWh?: readonly number[]
  txStartPoint?: TxStartPoint
  callTimeoutMs?: number
  /** False when `acked` need not be kept: a long run has very many. Default: kept. */
  keepAcked?: boolean
  onAcked?: (message: AckedMessage) => void
  onExchange?: (exchange: Exchange) => void
  /** Every frame of the hub as it came, with the action of the call that it answers. */
  onHeard?: (text: string, answered: string | undefined) => void
}
