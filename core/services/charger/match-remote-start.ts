// Owns the second half of a remote start: "accepted" becomes "started" when its transaction appears.
// Must not wait: the timer of the command decides when it is too late.
import { effect } from '../../store/charger-effects.ts'
import type { ChargerDeps } from './charger-deps.ts'
import type { StationState, TransactionState } from './station-state.ts'
import { addEvent, type StationWork } from './station-work.ts'

/** 2.x names the remote start in the transaction; 1.6 only shows the same card, on the asked connector or any. */
export function matchRemoteStart(
  deps: ChargerDeps,
  station: StationState,
  work: StationWork,
  transaction: TransactionState,
): void {
  const { row } = transaction
  const index = station.pendingStarts.findIndex((start) =>
    row.remote_start_id !== null
      ? start.remote_start_id === row.remote_start_id
      : start.token.toLowerCase() === row.id_token?.toLowerCase() &&
        (start.evse === null || start.evse === row.evse_number) &&
        row.started_at.getTime() >= start.sent_at.getTime() - 60_000,
  )
  const start = station.pendingStarts[index]
  if (start === undefined) return
  station.pendingStarts.splice(index, 1)
  work.effects.push(
    effect.remoteStart({
      organization_id: station.record.organization_id,
      command_id: start.command_id,
      outcome: 'started',
      outcome_at: work.receivedAt,
      session_id: row.session_id,
    }),
  )
  addEvent(deps, station, work, {
    type: 'command.finished',
    subject: { type: 'command', id: start.command_id },
    occurredAt: row.started_at,
    data: {
      commandId: start.command_id,
      stationId: station.record.station_id,
      name: 'start',
      state: 'answered',
      outcome: 'started',
    },
  })
}
