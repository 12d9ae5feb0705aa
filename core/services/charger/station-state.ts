// Owns the memory of one station: EVSEs with recent transactions, status reports and sessions, built from stored rows.
// Must not write or read the database; the lane loads and the reducers change it.
import type { ChargingState, ConnectorStatus } from '../../domain/charger-fact.ts'
import {
  addReading,
  assumedMaxPowerW,
  emptyRegister,
  type RegisterReading,
  type RegisterRule,
  type RegisterState,
  type StatusFact,
} from '../../domain/session/index.ts'
import type { StationTraits } from '../../domain/station-model.ts'
import type { TransactionRow } from '../../store/charger-effects.ts'
import type { PendingStart, StationMemory, StationRecord, StoredSession } from '../../store/charger-state.ts'
import { sessionContent, sessionHolder } from './session-content.ts'

export interface TransactionState {
  row: TransactionRow
  register: RegisterState
  states: { at: Date; state: ChargingState }[]
  lastSeenAt: Date
  /** A reading arrived behind its time: the sum must be made again from all readings. */
  refold: boolean
  /** Every register reading of it, while this memory has seen all; null when only the database knows them all. */
  readings: RegisterReading[] | null
}

export interface SessionState {
  id: string
  version: number
  createdAt: Date
  state: StoredSession['state']
  /** What was last written, to see whether anything changed. */
  written: string
  /** The facts it was last derived from, in short; null after loading. */
  structure: string | null
  writtenAt: Date
  energyWh: number
  holder: string
  startedAt: Date
}

export interface ConnectorState {
  status: ConnectorStatus
  errorCode: string | null
  at: Date | null
}

export interface EvseState {
  number: number
  evseId: string | null
  bayId: string | null
  maxPowerW: number
  traits: StationTraits
  connectors: Map<number, ConnectorState>
  statuses: StatusFact[]
  transactions: TransactionState[]
  sessions: Map<string, SessionState>
  /** Up to this instant readings without a transaction may be stored that a start could take in (catalogue T5). */
  looseUntil: Date
  /** Facts before this instant may be missing here; sessions that begin earlier must not be derived again from the rest. */
  completeFrom: Date | null
}

/** Undefined where the register goes on for ever. */
export function registerRule(traits: StationTraits, { row }: TransactionState): RegisterRule | undefined {
  const { registerKind } = traits
  return registerKind === undefined ? undefined : { kind: registerKind, since: row.started_at }
}

export function sameTraits(a: StationTraits, b: StationTraits): boolean {
  const names = [...Object.keys(a), ...Object.keys(b)] as (keyof StationTraits)[]
  return names.every((name) => a[name] === b[name])
}

/** The traits of its model reach every EVSE: sessions are derived by them. */
export function setTraits(station: StationState, traits: StationTraits): void {
  station.record = { ...station.record, traits }
  for (const evse of station.evses.values()) evse.traits = traits
}

export interface StationState {
  record: StationRecord
  evses: Map<number, EvseState>
  /** Remote starts that the station accepted and that have not become a transaction yet. */
  pendingStarts: PendingStart[]
  loadedAt: Date
}

export function evseOf(station: StationState, number: number): EvseState {
  const found = station.evses.get(number)
  if (found !== undefined) return found
  const made: EvseState = {
    number,
    evseId: null,
    bayId: null,
    maxPowerW: station.record.max_power_w ?? assumedMaxPowerW,
    traits: station.record.traits,
    connectors: new Map(),
    statuses: [],
    transactions: [],
    sessions: new Map(),
    looseUntil: station.loadedAt,
    completeFrom: null,
  }
  station.evses.set(number, made)
  return made
}

/** Register state as far as the row tells it; readings since then are added by whoever reads them. */
function registerOf(row: TransactionRow): RegisterState {
  if (row.last_register_wh === null || row.last_register_at === null) return emptyRegister
  const base = addReading(emptyRegister, { at: row.last_register_at, wh: row.last_register_wh }, assumedMaxPowerW)
  return { ...base, energyWh: row.energy_wh }
}

export function stationState(memory: StationMemory, loadedAt: Date): StationState {
  const station: StationState = {
    record: memory.station,
    evses: new Map(),
    pendingStarts: memory.pendingStarts,
    loadedAt,
  }
  for (const e of memory.evses) {
    const evse = evseOf(station, e.number)
    evse.evseId = e.evse_id
    evse.bayId = e.bay_id
    evse.completeFrom = e.completeFrom
    if (e.max_power_w !== null) evse.maxPowerW = e.max_power_w
  }
  for (const c of memory.connectors) {
    evseOf(station, c.evse_number).connectors.set(c.number, {
      status: c.status as ConnectorStatus,
      errorCode: c.error_code,
      at: c.status_at,
    })
  }
  for (const s of memory.statuses) {
    if (s.evse_number > 0) {
      evseOf(station, s.evse_number).statuses.push({ at: s.at, status: s.status as ConnectorStatus })
    }
  }
  const states = new Map<string, { at: Date; state: ChargingState }[]>()
  for (const s of memory.states) {
    const known = states.get(s.transaction_id) ?? []
    known.push({ at: s.at, state: s.charging_state as ChargingState })
    states.set(s.transaction_id, known)
  }
  for (const row of memory.transactions) {
    if (row.evse_number < 1) continue
    evseOf(station, row.evse_number).transactions.push({
      row,
      register: registerOf(row),
      states: states.get(row.transaction_id) ?? [],
      lastSeenAt: row.ended_at ?? row.last_register_at ?? row.started_at,
      // Readings newer than the row are in the database only.
      refold: row.state === 'open',
      readings: null,
    })
  }
  for (const s of memory.sessions) {
    evseOf(station, s.evse_number).sessions.set(s.session_id, {
      id: s.session_id,
      version: s.version,
      createdAt: s.created_at,
      state: s.state,
      written: sessionContent(s),
      structure: null,
      writtenAt: new Date(0),
      energyWh: s.energy_wh,
      holder: sessionHolder(s),
      startedAt: s.started_at,
    })
  }
  for (const evse of station.evses.values()) {
    evse.transactions.sort((a, b) => a.row.started_at.getTime() - b.row.started_at.getTime())
    evse.statuses.sort((a, b) => a.at.getTime() - b.at.getTime())
  }
  return station
}
