// Owns the shape of a generated month: what the site looks like, what happens in which order, and what is true about it.
// Must not generate; build-month.ts and its parts do.

import type { WireFact, WireQuestion } from '../parcs/index.ts'
import type { OcppVersion, Quirks, Token, TxStartPoint } from '../station/index.ts'

export interface Month {
  site: SiteSetup
  /** Ordered by `at`; steps of one actor at the same instant keep their order. */
  timeline: readonly Step[]
  truth: Truth
}

// ---- what an operator would have entered before the first car came -----------------------------------------------

export interface SiteSetup {
  code: string
  name: string
  timeZone: string
  currency: string
  areas: readonly { code: string; name: string }[]
  bays: readonly BaySetup[]
  lanes: readonly { code: string; name: string; direction: 'entry' | 'exit' }[]
  stations: readonly StationSetup[]
  accounts: readonly AccountSetup[]
  vehicles: readonly { ref: string; account: string; plate: string; country: string }[]
  credentials: readonly CredentialSetup[]
  tariffs: readonly TariffSetup[]
}

export interface BaySetup {
  code: string
  area: string
  kind: 'ev' | 'standard'
  /** `plates`: a camera over the bay reads them; `presence`: a sensor knows taken from free. */
  sensor: 'plates' | 'presence' | 'none'
}

export interface StationSetup {
  id: string
  version: OcppVersion
  vendor: string
  model: string
  txStartPoint: TxStartPoint
  /** The deviation it plays, by catalogue row, with its switches. */
  quirk: string | null
  quirks: Quirks
  registerWh: number
  evses: readonly { number: number; code: string; bay: string; maxPowerW: number }[]
  /** A camera at the charger reads plates. */
  camera: boolean
}

export interface AccountSetup {
  ref: string
  name: string
  kind: 'person'
  parkerKind: 'contract' | 'member'
  status: 'active' | 'suspended'
}

export interface CredentialSetup {
  ref: string
  account: string
  kind: 'card' | 'app'
  /** Cards: UID in upper-case hex, most significant byte first. */
  value: string
  status: 'active' | 'blocked'
}

export interface TariffSetup {
  code: string
  name: string
  scope: 'parking' | 'charging'
  /** In the language of the standard tariff. */
  rules: Readonly<Record<string, unknown>>
}

// ---- what happens -----------------------------------------------------------------------------------------------

interface At {
  at: Date
}

interface AtEvse extends At {
  stationId: string
  evse: number
}

export type StationStep =
  | (AtEvse & { kind: 'station.plugIn'; session: string })
  /** Held to the charger's own reader. */
  | (AtEvse & { kind: 'station.card'; token: Token })
  /** Asked for through the hub, as a driver's app would. */
  | (AtEvse & { kind: 'station.appStart'; token: Token })
  /** Nobody is asked: the charger gives power to whoever plugs in. */
  | (AtEvse & { kind: 'station.freeStart'; token: Token })
  | (AtEvse & { kind: 'station.meter'; deliveredWh: number; powerW: number; currentA: number; soc?: number })
  | (AtEvse & { kind: 'station.suspendEv'; deliveredWh: number })
  | (AtEvse & { kind: 'station.stop'; deliveredWh: number })
  | (AtEvse & { kind: 'station.unplug'; deliveredWh: number })
  | (At & { kind: 'station.cable'; stationId: string; online: boolean })
  | (At & { kind: 'station.power'; stationId: string; on: boolean; deliveredWh: number })

export type ParcsStep =
  | (At & { kind: 'parcs.fact'; fact: WireFact })
  | (At & { kind: 'parcs.ask'; question: WireQuestion; expected: 'granted' | 'refused' })
  /** A driver at the pay station on the way out; the parking system prices the stay by the tariff that it shares with the hub. */
  | (At & { kind: 'parcs.pay'; stayRef: string; factId: string; method: string; enteredAt: Date; exitedAt: Date })
  | (At & { kind: 'parcs.line'; online: boolean })

export type Step = StationStep | ParcsStep

// ---- what is true -----------------------------------------------------------------------------------------------

export interface Truth {
  stays: readonly TruthStay[]
  sessions: readonly TruthSession[]
  /** Numbers that the parking system gave and took back. */
  voidedStayRefs: readonly string[]
  refusals: number
  backouts: number
  energyWh: number
}

export interface TruthStay {
  /** The parking system's number of it. */
  ref: string
  driver: string
  account: string | null
  plate: string
  parkerKind: 'transient' | 'contract' | 'member'
  enteredAt: Date
  exitedAt: Date
  entryMissing: boolean
  exitMissing: boolean
  /** What the entry camera made of the plate, and what became of it. */
  plateRead: 'right' | 'misread' | 'misreadThenCorrected'
  sessions: readonly string[]
}

/** Why a person with all facts in hand could say that session and stay are one visit. */
export type Evidence = 'credential' | 'account' | 'plate' | 'bay'

export interface TruthSession {
  id: string
  stationId: string
  evse: number
  pluggedAt: Date
  unpluggedAt: Date
  energyWh: number
  /** Stretches between a start and a stop; together they carry the energy. */
  charges: readonly { startedAt: Date; stoppedAt: Date; energyWh: number }[]
  stayRef: string
  driver: string
  evidence: readonly Evidence[]
  /** `certain`: some evidence is exact; `doubtful`: only inexact evidence, or two stays that fit; `none`: nothing connects them. */
  linkable: 'certain' | 'doubtful' | 'none'
  reason: string
  /** What went wrong with it, so that differences can be explained. */
  anomalies: readonly Anomaly[]
}

export type Anomaly =
  | 'cablePulled'
  | 'stopAndRestart'
  | 'powerCut'
  | 'shuffled'
  | 'strangerCard'
  | 'freeStart'
  | 'entryMissing'
  | 'exitMissing'
  | `quirk:${string}`
