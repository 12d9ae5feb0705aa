// Owns everything a simulated station remembers, as plain data that tests may look into.
// Must not hold behaviour.
import type { Payload, Token } from './options.ts'

export interface Transaction {
  /** 2.x: the station's own. */
  ref: string
  /** 1.6: the number that the hub gave; null until it has answered. */
  number: number | null
  token: Token | null
  startedAt: Date
  startedOffline: boolean
  meterStartWh: number
  seqNo: number
  remoteStartId: number | undefined
  /** The reservation that it uses up. */
  reservationId: number | undefined
  energising: boolean
}

export interface Evse {
  readonly id: number
  plugged: boolean
  operative: boolean
  faulted: boolean
  /** Watt-seconds since the factory: whole numbers, so that nothing is lost between samples. */
  registerWs: number
  /** Where the register stood at the last boot. */
  bootWs: number
  /** What the car would take. */
  demandW: number
  /** A card or remote start that waits for the cable. */
  waiting: { token: Token; remoteStartId?: number } | null
  transaction: Transaction | null
}

export interface Setting {
  value: string
  readOnly?: boolean
  /** The change takes effect at the next boot. */
  reboot?: boolean
  secret?: boolean
}

export interface StoredProfile {
  evse: number
  profile: Payload
}

export interface StoredCertificate {
  use: string
  pem: string
  hash: Payload
}

export interface Monitor {
  id: number
  component: Payload
  variable: Payload
  type: string
  value: number
  severity: number
  transaction: boolean
}

export interface Stream {
  id: number
  variableMonitoringId: number
  params: Payload
}

export interface StationState {
  evses: Evse[]
  settings: Map<string, Setting>
  authorizationCache: Map<string, string>
  localList: { version: number; entries: Map<string, Payload | null> }
  reservations: Map<number, { evse: number; token: string; until: Date }>
  profiles: StoredProfile[]
  certificates: StoredCertificate[]
  /** The chains that the hub had signed, by their use. */
  ownCertificates: Map<string, string>
  networkProfiles: Map<number, Payload>
  monitors: Map<number, Monitor>
  monitoring: { base: string; level: number }
  displayMessages: Map<number, Payload>
  tariffs: { evse: number; tariff: Payload }[]
  transactionTariffs: Map<string, Payload>
  costs: Map<string, number>
  /** What a 1.6 station that shows costs was told, in the order in which it was. */
  costMessages: Payload[]
  derControls: Map<string, Payload>
  streams: Map<number, Stream>
  customers: Set<string>
  firmware: { version: string; status: string; requestId: number | undefined }
  published: Map<string, string>
  log: { status: string; requestId: number | undefined }
  diagnostics: string
  priority: Set<string>
  resetWhenIdle: string | null
}

export function freshState(evses: number, firmware: string, maxPowerW: number): StationState {
  return {
    evses: Array.from({ length: evses }, (_, i) => ({
      id: i + 1,
      plugged: false,
      operative: true,
      faulted: false,
      registerWs: 0,
      bootWs: 0,
      demandW: maxPowerW,
      waiting: null,
      transaction: null,
    })),
    settings: new Map(),
    authorizationCache: new Map(),
    localList: { version: 0, entries: new Map() },
    reservations: new Map(),
    profiles: [],
    certificates: [],
    ownCertificates: new Map(),
    networkProfiles: new Map(),
    monitors: new Map(),
    monitoring: { base: 'All', level: 9 },
    displayMessages: new Map(),
    tariffs: [],
    transactionTariffs: new Map(),
    costs: new Map(),
    costMessages: [],
    derControls: new Map(),
    streams: new Map(),
    customers: new Set(),
    firmware: { version: firmware, status: 'Idle', requestId: undefined },
    published: new Map(),
    log: { status: 'Idle', requestId: undefined },
    diagnostics: 'Idle',
    priority: new Set(),
    resetWhenIdle: null,
  }
}
