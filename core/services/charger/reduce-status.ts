// Owns what a connector status report changes: the connector's live state, its history, the sessions of its EVSE.
// Must not close transactions by itself: a free connector with a running transaction sets a timer.
import type { ConnectorStatusReported, StatusOutcome } from '../../domain/charger-fact.ts'
import { effect } from '../../store/charger-effects.ts'
import type { ChargerDeps } from './charger-deps.ts'
import { settleSessions } from './settle-sessions.ts'
import { evseOf, type StationState } from './station-state.ts'
import { addBayJob, addEvent, inStation, type StationWork } from './station-work.ts'

export async function reduceStatus(
  deps: ChargerDeps,
  station: StationState,
  work: StationWork,
  fact: ConnectorStatusReported,
): Promise<StatusOutcome> {
  const { organization_id, site_id, station_id } = station.record
  const at = fact.time.at
  const evse = evseOf(station, fact.evse)
  const known = evse.connectors.get(fact.connector)
  work.effects.push(
    effect.connectorStatus({
      organization_id,
      site_id,
      station_id,
      evse_number: fact.evse,
      connector_number: fact.connector,
      at,
      status: fact.status,
      error_code: fact.errorCode ?? '',
      raw_status: fact.rawStatus,
      error_info: fact.errorInfo ?? null,
      device_at: fact.time.device,
      received_at: work.receivedAt,
    }),
  )
  const newest = known?.at == null || at >= known.at
  const repeat = known?.at?.getTime() === at.getTime() && known.status === fact.status
  if (newest && !repeat) {
    work.effects.push(
      effect.connector({
        organization_id,
        site_id,
        station_id,
        evse_number: fact.evse,
        number: fact.connector,
        status: fact.status,
        raw_status: fact.rawStatus,
        error_code: fact.errorCode ?? null,
        error_info: fact.errorInfo ?? null,
        status_at: at,
        received_at: work.receivedAt,
      }),
    )
    const previous = known?.status ?? null
    if (previous !== fact.status || (known?.errorCode ?? null) !== (fact.errorCode ?? null)) {
      addEvent(deps, station, work, {
        type: 'connector.status_changed',
        subject: { type: 'station', id: station_id },
        occurredAt: at,
        data: {
          stationId: station_id,
          evse: fact.evse,
          connector: fact.connector,
          status: fact.status,
          previous,
          errorCode: fact.errorCode ?? null,
        },
      })
    }
    if (previous !== fact.status) addBayJob(deps, station, work, evse.bayId)
    evse.connectors.set(fact.connector, { status: fact.status, errorCode: fact.errorCode ?? null, at })
  }
  if (fact.evse < 1) return { disposition: repeat ? 'repeat' : 'new' }
  const stored = evse.statuses.some((s) => s.at.getTime() === at.getTime() && s.status === fact.status)
  if (stored) return { disposition: 'repeat' }
  evse.statuses.push({ at, status: fact.status })
  evse.statuses.sort((a, b) => a.at.getTime() - b.at.getTime())
  if (evse.evseId === null) addEvse(deps, station, work, fact.evse)
  await settleSessions(deps, station, evse, work, new Set(), new Set())
  const running = evse.transactions.find((t) => t.row.state === 'open' && t.row.started_at <= at)
  if (fact.status === 'available' && newest && running !== undefined) {
    work.effects.push(
      effect.timer({
        organization_id,
        site_id,
        kind: 'charger.orphan',
        key: running.row.transaction_id,
        due_at: new Date(deps.clock.now().getTime() + deps.settings.orphanMs),
        data: {
          organizationId: organization_id,
          stationId: station_id,
          transactionId: running.row.transaction_id,
          freeAt: at,
        },
      }),
    )
  }
  return { disposition: 'new' }
}

/** A station that reports an EVSE nobody entered gets it: charging must not wait for paperwork. */
export function addEvse(deps: ChargerDeps, station: StationState, work: StationWork, number: number): void {
  const evse = evseOf(station, number)
  evse.evseId = deps.newId()
  work.effects.push(
    effect.evse({
      ...inStation(station),
      evse_id: evse.evseId,
      number,
      code: `${station.record.code}-${number}`,
      created_at: work.receivedAt,
    }),
  )
}
