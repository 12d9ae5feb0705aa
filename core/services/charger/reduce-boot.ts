// Owns what a boot report changes: the station's description, and the event that it came up.
// Must not admit a station: that was decided when its socket opened.
import type { BootOutcome, StationBooted } from '../../domain/charger-fact.ts'
import { effect } from '../../store/charger-effects.ts'
import { reconcileBootEffect } from '../../store/station-actual.ts'
import type { ChargerDeps } from './charger-deps.ts'
import type { StationState } from './station-state.ts'
import { addEvent, inStation, type StationWork } from './station-work.ts'

export function reduceBoot(
  deps: ChargerDeps,
  station: StationState,
  work: StationWork,
  fact: StationBooted,
): BootOutcome {
  station.record = {
    ...station.record,
    vendor: fact.vendor,
    model: fact.model,
    firmware: fact.firmware ?? null,
  }
  work.effects.push(
    effect.stationBoot({
      ...inStation(station),
      vendor: fact.vendor,
      model: fact.model,
      serial: fact.serial ?? null,
      firmware: fact.firmware ?? null,
      boot_reason: fact.reason ?? null,
      booted_at: work.receivedAt,
    }),
  )
  const stationId = station.record.station_id
  addEvent(deps, station, work, {
    type: 'station.booted',
    subject: { type: 'station', id: stationId },
    occurredAt: work.receivedAt,
    data: { stationId, vendor: fact.vendor, model: fact.model, firmware: fact.firmware ?? null },
  })
  if (station.record.admission === 'accepted') {
    work.effects.push(reconcileBootEffect({ organization_id: station.record.organization_id, station_id: stationId }))
  }
  return { admission: station.record.admission, intervalSeconds: deps.settings.heartbeatSeconds }
}
