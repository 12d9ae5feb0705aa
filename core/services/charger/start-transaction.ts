// Owns the identity of a transaction: same content, same transaction; a number that is never used twice.
// Must not price or authorize.
import type { TransactionReported } from '../../domain/charger-fact.ts'
import { emptyRegister } from '../../domain/session/index.ts'
import { effect, type TransactionRow } from '../../store/charger-effects.ts'
import { findTransaction } from '../../store/charger-state.ts'
import type { ChargerDeps } from './charger-deps.ts'
import { countTrait } from './count-deviation.ts'
import { allTransactions, keyOf, remember } from './resolve-transaction.ts'
import { evseOf, type StationState, type TransactionState } from './station-state.ts'
import { addReview, inStation, type StationWork } from './station-work.ts'

/** What names a start for ever: 1.6 by what it says, 2.x by its own name and first time. */
function startKey(fact: TransactionReported, evse: number): string {
  const at = fact.time.device?.toISOString() ?? (fact.name.by === 'station' ? fact.time.at.toISOString() : '')
  if (fact.name.by === 'station') return `${fact.name.ref}@${at}`
  return `${evse}|${fact.token?.value ?? ''}|${at}|${fact.registerWh ?? ''}`
}

/** The station did not say on which EVSE: the only one it has, else the first. */
function evseNumberOf(station: StationState, fact: TransactionReported): number {
  if (fact.evse !== undefined && fact.evse > 0) return fact.evse
  const numbers = [...station.evses.keys()].filter((n) => n > 0)
  return numbers.length === 1 ? (numbers[0] ?? 1) : 1
}

export interface Started {
  transaction: TransactionState
  repeat: boolean
}

export async function startTransaction(
  deps: ChargerDeps,
  station: StationState,
  work: StationWork,
  fact: TransactionReported,
): Promise<Started> {
  const evseNumber = evseNumberOf(station, fact)
  const key = startKey(fact, evseNumber)
  const known = await findStarted(deps, station, fact, key)
  if (known !== null) return known
  const number = fact.name.by === 'hub' ? takeNumber(deps, station, work) : null
  const row: TransactionRow = {
    ...inStation(station),
    transaction_id: deps.newId(),
    session_id: null,
    protocol: fact.name.by === 'hub' ? 'ocpp1.6' : 'ocpp2.x',
    number,
    station_ref: fact.name.by === 'station' ? fact.name.ref : null,
    start_key: key,
    evse_number: evseNumber,
    connector_number: fact.connector ?? 1,
    id_token: null,
    id_token_kind: null,
    authorization_status: null,
    account_id: null,
    vehicle_id: null,
    credential_id: null,
    state: 'open',
    started_at: fact.time.at,
    start_received_at: work.receivedAt,
    ended_at: null,
    end_received_at: null,
    meter_start_wh: fact.phase === 'started' ? (fact.registerWh ?? null) : null,
    meter_stop_wh: null,
    energy_wh: 0,
    last_register_wh: null,
    last_register_at: null,
    stop_reason: null,
    remote_start_id: fact.remoteStartId ?? null,
    highest_sequence: null,
    flags: fact.phase === 'started' ? [] : ['start_missing'],
    terms: null,
  }
  const earlier = hasEarlierReadings(station, evseNumber, fact)
  const transaction: TransactionState = {
    row,
    register: emptyRegister,
    states: [],
    lastSeenAt: fact.time.at,
    refold: earlier,
    readings: earlier ? null : [],
  }
  const evse = evseOf(station, evseNumber)
  evse.transactions.push(transaction)
  evse.transactions.sort((a, b) => a.row.started_at.getTime() - b.row.started_at.getTime())
  return { transaction, repeat: false }
}

/** A start behind the newest one, or from before the connection: readings of its time may be stored already (T5, T11). */
function hasEarlierReadings(station: StationState, evse: number, fact: TransactionReported): boolean {
  const { looseUntil, transactions } = evseOf(station, evse)
  return fact.offline || fact.time.at <= looseUntil || transactions.some((t) => t.row.started_at >= fact.time.at)
}

/** A self-named transaction that was placed by a later event keeps that event's key; name and first time tell it too. */
function isSameStart(row: TransactionRow, fact: TransactionReported, key: string): boolean {
  if (row.start_key === key) return true
  return (
    fact.name.by === 'station' &&
    row.station_ref === fact.name.ref &&
    !row.flags.includes('start_missing') &&
    row.started_at.getTime() === fact.time.at.getTime()
  )
}

async function findStarted(
  deps: ChargerDeps,
  station: StationState,
  fact: TransactionReported,
  key: string,
): Promise<Started | null> {
  const all = allTransactions(station)
  const same = all.find((t) => isSameStart(t.row, fact, key))
  if (same !== undefined) {
    // Its own later events may have placed it before; then this is its true beginning.
    fillStart(station, same, fact)
    return { transaction: same, repeat: true }
  }
  if (fact.name.by === 'station') {
    const ref = fact.name.ref
    const placed = all.find((t) => t.row.station_ref === ref && t.row.flags.includes('start_missing'))
    if (placed !== undefined) {
      fillStart(station, placed, fact)
      return { transaction: placed, repeat: false }
    }
  }
  const newest = all.reduce<Date | null>(
    (max, t) => (max === null || t.row.started_at > max ? t.row.started_at : max),
    null,
  )
  const mayBeOld =
    (newest !== null && fact.time.at <= newest) || [...station.evses.values()].some((e) => e.completeFrom !== null)
  if (!mayBeOld && newest !== null) return null
  if (newest === null && station.record.next_transaction_number === 1 && fact.name.by === 'hub') return null
  const rows = await findTransaction(deps.pool, {
    ...keyOf(station),
    startKey: key,
    ...(fact.name.by === 'station' ? { stationRef: fact.name.ref } : {}),
  })
  const stored = rows.find((r) => isSameStart(r, fact, key)) ?? rows.find((r) => r.flags.includes('start_missing'))
  if (stored === undefined) return null
  const transaction = remember(station, stored)
  const repeat = isSameStart(stored, fact, key)
  fillStart(station, transaction, fact)
  return { transaction, repeat }
}

/** The earliest event of a transaction is its beginning; a Started event settles it. */
export function fillStart(station: StationState, transaction: TransactionState, fact: TransactionReported): void {
  const { row } = transaction
  if (!row.flags.includes('start_missing')) return
  if (fact.evse !== undefined && fact.evse > 0 && fact.evse !== row.evse_number) moveTo(station, transaction, fact.evse)
  if (fact.phase !== 'started') {
    if (fact.time.at < row.started_at) {
      transaction.row = { ...transaction.row, started_at: fact.time.at }
      transaction.refold = true
      transaction.readings = null
    }
    return
  }
  transaction.row = {
    ...transaction.row,
    started_at: fact.time.at,
    meter_start_wh: fact.registerWh ?? row.meter_start_wh,
    remote_start_id: fact.remoteStartId ?? row.remote_start_id,
    flags: row.flags.filter((f) => f !== 'start_missing'),
  }
  transaction.row = endNotBeforeStart(transaction.row)
  transaction.refold = true
  transaction.readings = null
}

/** Clocks jump: an end told for before the start is taken as the start, whichever was heard first. */
export function endNotBeforeStart(row: TransactionRow): TransactionRow {
  if (row.ended_at === null || row.ended_at >= row.started_at) return row
  const flags = row.flags.includes(endBeforeStart) ? row.flags : [...row.flags, endBeforeStart]
  return { ...row, ended_at: row.started_at, flags }
}

const endBeforeStart = 'end_before_start'

/** Whether `at` is when the station says that it ended. */
export function endedAt(row: TransactionRow, at: Date): boolean {
  return row.ended_at?.getTime() === at.getTime() || (row.flags.includes(endBeforeStart) && at < row.started_at)
}

/** Durable, counted up per station, never used again (catalogue X11); the column keeps it inside 31 bits (T13). */
function takeNumber(deps: ChargerDeps, station: StationState, work: StationWork): number {
  const number = station.record.next_transaction_number
  const next = number + 1
  const { txIdMax } = station.record.traits
  if (txIdMax !== undefined && number > txIdMax) {
    countTrait(station, work, 'txIdMax')
    addReview(deps, station, work, {
      contentKey: 'transaction_numbers',
      kind: 'transaction_numbers_used_up',
      reason: `The station can hold transaction numbers up to ${txIdMax}, and all of them were given out: it may report ends under other numbers. They are matched by connector, card and time.`,
      data: { number, txIdMax },
      at: work.receivedAt,
    })
  }
  station.record = { ...station.record, next_transaction_number: next }
  work.effects.push(
    effect.transactionNumber({
      organization_id: station.record.organization_id,
      station_id: station.record.station_id,
      next_transaction_number: next,
    }),
  )
  return number
}

/** Later events may leave out the EVSE (catalogue T16); the first one that names it decides. */
function moveTo(station: StationState, transaction: TransactionState, evse: number): void {
  const from = evseOf(station, transaction.row.evse_number)
  from.transactions = from.transactions.filter((t) => t !== transaction)
  transaction.row = { ...transaction.row, evse_number: evse }
  const to = evseOf(station, evse)
  to.transactions.push(transaction)
  const session = transaction.row.session_id === null ? undefined : from.sessions.get(transaction.row.session_id)
  if (session === undefined) return
  from.sessions.delete(session.id)
  to.sessions.set(session.id, session)
}
