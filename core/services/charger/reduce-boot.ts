// Owns what a boot report changes: the station's description, its firmware history, and the event that it came up.
// Must not admit a station: that was decided when its socket opened.
import type { BootOutcome, StationBooted } from '../../domain/charger-fact.ts'
import { effect } from '../../store/charger-effects.ts'
import { firmwareHistoryEffect } from '../../store/firmware-effects.ts'
import { reconcileBootEffect } from '../../store/station-actual.ts'
import type { ChargerDeps } from './charger-deps.ts'
import { campaignJob } from './command-followers.ts'
import { type StationState, setTraits } from './station-state.ts'
import { addEvent, inStation, type StationWork } from './station-work.ts'

export function reduceBoot(
  deps: ChargerDeps,
  station: StationState,
  work: StationWork,
  fact: StationBooted,
): BootOutcome {
  const { firmware: before, organization_id } = station.record
  station.record = {
    ...station.record,
    vendor: fact.vendor,
    model: fact.model,
    firmware: fact.firmware ?? null,
  }
  const traits = fact.traits ?? {}
  setTraits(station, traits)
  work.effects.push(
    effect.stationBoot({
      ...inStation(station),
      vendor: fact.vendor,
      model: fact.model,
      serial: fact.serial ?? null,
      firmware: fact.firmware ?? null,
      boot_reason: fact.reason ?? null,
      booted_at: work.receivedAt,
      traits,
    }),
  )
  const stationId = station.record.station_id
  if (fact.firmware !== undefined && fact.firmware !== before) {
    work.effects.push(
      firmwareHistoryEffect({
        ...inStation(station),
        history_id: deps.newId(),
        from_firmware: before,
        to_firmware: fact.firmware,
        vendor: fact.vendor,
        model: fact.model,
        at: work.receivedAt,
      }),
      // The first version that is heard of a station is no update.
      ...(before === null ? [] : [effect.job(campaignJob(organization_id, stationId))]),
    )
  }
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
