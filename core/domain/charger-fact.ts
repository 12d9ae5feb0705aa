// Owns the version-neutral language of the charger side: what a station said (facts), what it is told (outcomes, commands).
// Must not name an OCPP message or version beyond the protocol label; adapters translate on their side of this line.
import type { DeviceTime, IdToken } from './device-words.ts'
import type { InquiryAnswer, InquiryTopic, RevocationQuestion, StationInquiry } from './station-inquiry.ts'
import type { StationTraits } from './station-model.ts'
import type { NoticeOutcome, StationNotice } from './station-notice.ts'

export type { DeviceTime, IdToken } from './device-words.ts'

export type ChargerProtocol = 'ocpp1.6' | 'ocpp2.0.1' | 'ocpp2.1'

export type ConnectorStatus =
  | 'available'
  | 'preparing'
  | 'charging'
  | 'suspended_vehicle'
  | 'suspended_station'
  | 'finishing'
  | 'occupied'
  | 'reserved'
  | 'unavailable'
  | 'faulted'
  | 'unknown'

export type ChargingState = 'charging' | 'vehicle_connected' | 'suspended_vehicle' | 'suspended_station' | 'idle'

/** Evidence, not a number: kept byte for byte. */
export interface SignedReading {
  measurand: string
  data: string
  /** 2.x only, as sent. */
  encoding?: string
  method?: string
  publicKey?: string
}

/** One reading: every measurand taken at the same instant in the same context, in integer base units. */
export interface MeterSample {
  time: DeviceTime
  /** `begin`, `end`, `periodic`, `clock`, `interruption`, `trigger` or `other`. */
  context: string
  /** Import energy register. */
  registerWh?: number
  /** What the register would be, in Wh, if the number was meant in kWh under the wrong label; only where its form suggests it. */
  registerIfKwhWh?: number
  exportWh?: number
  powerW?: number
  currentMa?: number
  voltageMv?: number
  /** Percent, as exact text. */
  soc?: string
  /** Anything else the device measured, by measurand name, as it was sent. */
  extra?: Record<string, string>
  /** Signed meter data, as it was sent. */
  signed?: SignedReading[]
  /** Why this sample must not move money, when the adapter already knows (a scale that cannot be right). */
  suspect?: string
}

/** How the station names its transaction: by the number the hub gave it (1.6) or by its own text (2.x). */
export type TransactionName = { by: 'hub'; number: number | null } | { by: 'station'; ref: string }

export interface StationBooted {
  kind: 'station.booted'
  vendor: string
  model: string
  serial?: string
  firmware?: string
  reason?: string
  /** What of the profile of this model concerns the station's records. Absent: nothing. */
  traits?: StationTraits
}

export interface ConnectorStatusReported {
  kind: 'connector.status'
  /** 0 means the station as a whole. */
  evse: number
  connector: number
  status: ConnectorStatus
  rawStatus: string
  errorCode?: string
  errorInfo?: string
  time: DeviceTime
}

export interface TokenPresented {
  kind: 'token.presented'
  token: IdToken
  evse?: number
  /** Plug & Charge: the contract's certificate chain (PEM), or what its revocation can be asked by. */
  contract?: { chain?: string; hashes?: RevocationQuestion[] }
}

/** What the station says of a transaction beside its energy (2.1): shown, never booked. A later event takes the place of an earlier one. */
export interface TransactionTerms {
  operationMode?: string
  /** The tariff that the station reckons with. */
  tariffId?: string
  /** Where the station ends it by itself; cost as the station's decimals. */
  limit?: { cost?: string; energyWh?: number; seconds?: number; soc?: number }
  /** The station's own reckoning of the cost, as it was sent. */
  cost?: Record<string, unknown>
}

export interface TransactionReported {
  kind: 'transaction'
  phase: 'started' | 'updated' | 'ended'
  name: TransactionName
  /** 2.x sequence number; absent in 1.6. */
  sequence?: number
  /** Absent when the station did not say; the core infers it from what it knows. */
  evse?: number
  connector?: number
  token?: IdToken
  time: DeviceTime
  /** Register at the phase's own instant: meterStart, meterStop. */
  registerWh?: number
  samples: MeterSample[]
  trigger?: string
  chargingState?: ChargingState
  stopReason?: string
  offline: boolean
  remoteStartId?: number
  reservationId?: number
  terms?: TransactionTerms
}

export interface MeterReported {
  kind: 'meter'
  /** 0 means the station's own meter: kept, never added to a session. */
  evse: number
  connector?: number
  name?: TransactionName
  samples: MeterSample[]
}

export type ChargerFact =
  | StationBooted
  | ConnectorStatusReported
  | TokenPresented
  | TransactionReported
  | MeterReported
  | StationNotice
  | StationInquiry

export type AuthorizationStatus =
  | 'accepted'
  | 'blocked'
  | 'expired'
  | 'invalid'
  | 'unknown'
  | 'concurrent'
  | 'not_allowed_here'

export interface Authorization {
  status: AuthorizationStatus
  /** In plain words, for the operator. */
  reason: string
  accountId?: string
  credentialId?: string
  vehicleId?: string
  /** Tells the station which cards may stop each other's transactions. */
  groupToken?: string
  validUntil?: Date
  /** What became of the contract's certificates, where the station sent them. */
  contract?: 'accepted' | 'signature_invalid' | 'expired' | 'revoked' | 'no_chain' | 'cancelled'
  /** 2.1: the driver's own price in the shape of its TariffType, and how energy may flow in its words; other versions leave them out. */
  tariff?: Record<string, unknown>
  energyTransfers?: string[]
}

export interface BootOutcome {
  admission: 'pending' | 'accepted' | 'rejected'
  intervalSeconds: number
}

export interface TransactionOutcome {
  /** The 1.6 transaction number; 0 for stations that name their own transactions. */
  number: number
  disposition: 'new' | 'repeat' | 'review'
  authorization?: Authorization
}

export interface StatusOutcome {
  disposition: 'new' | 'repeat'
}

export interface MeterOutcome {
  stored: number
}

/** What the core answers to each kind of fact, once it is stored. */
export type ChargerOutcome<F extends ChargerFact> = F extends StationBooted
  ? BootOutcome
  : F extends TokenPresented
    ? Authorization
    : F extends TransactionReported
      ? TransactionOutcome
      : F extends ConnectorStatusReported
        ? StatusOutcome
        : F extends StationNotice
          ? NoticeOutcome
          : F extends { kind: 'inquiry'; topic: infer T extends InquiryTopic }
            ? InquiryAnswer<T>
            : MeterOutcome

/** One frame as it stood on the wire, for the station's journal. */
export interface WireFrame {
  direction: 'in' | 'out'
  at: Date
  action?: string
  text: string
}
