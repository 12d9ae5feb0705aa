// Owns finding the transaction that a message means, by number, by the station's own text, or by what else it could be.
// Must not create one.
import type { TransactionName } from '../../domain/charger-fact.ts'
import { emptyRegister } from '../../domain/session/index.ts'
import type { TransactionRow } from '../../store/charger-effects.ts'
import { findTransaction } from '../../store/charger-state.ts'
import type { ChargerDeps } from './charger-deps.ts'
import { evseOf, type StationState, type TransactionState } from './station-state.ts'

export function allTransactions(station: StationState): TransactionState[] {
  return [...station.evses.values()].flatMap((e) => e.transactions)
}

/** Puts a stored transaction that memory had let go back into it. */
export function remember(station: StationState, row: TransactionRow): TransactionState {
  const evse = evseOf(station, row.evse_number)
  const known = evse.transactions.find((t) => t.row.transaction_id === row.transaction_id)
  if (known !== undefined) return known
  const state: TransactionState = {
    row,
    register: emptyRegister,
    states: [],
    lastSeenAt: row.ended_at ?? row.last_register_at ?? row.started_at,
    refold: true,
    readings: null,
  }
  evse.transactions.push(state)
  evse.transactions.sort((a, b) => a.row.started_at.getTime() - b.row.started_at.getTime())
  return state
}

/**
 * @param evse the connector named beside it, 0 when none was
 * @returns null when nothing fits
 */
export async function resolveTransaction(
  deps: ChargerDeps,
  station: StationState,
  name: TransactionName,
  at: Date,
  evse: number,
): Promise<TransactionState | null> {
  if (name.by === 'station') return resolveByRef(deps, station, name.ref, at)
  if (name.number !== null && name.number > 0) {
    const known = allTransactions(station).find((t) => t.row.number === name.number)
    if (known !== undefined) return known
    if (name.number < station.record.next_transaction_number) {
      const [row] = await findTransaction(deps.pool, { ...keyOf(station), number: name.number })
      if (row !== undefined) return remember(station, row)
    }
  }
  // -1, 0 or a number of the station's own making (T1-T3): the one that is open on that connector.
  const open = allTransactions(station).filter(
    (t) => t.row.state === 'open' && t.row.started_at <= at && (evse < 1 || t.row.evse_number === evse),
  )
  return open.length === 1 ? (open[0] ?? null) : null
}

/** A station may use an id again after a boot (T14): the latest of that name that had begun by then. */
async function resolveByRef(
  deps: ChargerDeps,
  station: StationState,
  ref: string,
  at: Date,
): Promise<TransactionState | null> {
  const known = allTransactions(station).filter((t) => t.row.station_ref === ref)
  const rows = known.length > 0 ? [] : await findTransaction(deps.pool, { ...keyOf(station), stationRef: ref })
  const candidates = [...known, ...rows.map((row) => remember(station, row))]
  candidates.sort((a, b) => a.row.started_at.getTime() - b.row.started_at.getTime())
  const begun = candidates.filter((t) => t.row.started_at <= at)
  return begun.at(-1) ?? candidates[0] ?? null
}

export function keyOf(station: StationState) {
  return { organizationId: station.record.organization_id, stationId: station.record.station_id }
}
