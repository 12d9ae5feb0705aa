// Owns the two rows that count a departure, or the use of a profile flag: one for the model, one for the station.
// Must not write them.
import { effect } from '../../store/charger-effects.ts'
import type { Effect } from '../../store/group-commit.ts'
import type { StationState } from './station-state.ts'
import type { StationWork } from './station-work.ts'

interface Counted {
  station: { organizationId: string; siteId: string | null; stationId: string }
  kind: { vendor: string; model: string; firmware: string }
  code: string
  sample: string | undefined
  at: Date
}

export function deviationRows({ station, kind, code, sample, at }: Counted): [Effect, Effect] {
  const { vendor, model, firmware } = kind
  const counted = { code, vendor, model, count: 1, first_at: at, last_at: at }
  return [
    effect.deviation({
      ...counted,
      organization_id: station.organizationId,
      firmware,
      last_station_id: station.stationId,
      sample: sample?.slice(0, 500) ?? null,
    }),
    effect.stationDeviation({
      ...counted,
      organization_id: station.organizationId,
      site_id: station.siteId,
      station_id: station.stationId,
    }),
  ]
}

/** For what the core itself does differently because of a trait. */
export function countTrait(
  station: StationState,
  work: StationWork,
  trait: keyof StationState['record']['traits'],
): void {
  const { organization_id, site_id, station_id, vendor, model, firmware } = station.record
  work.effects.push(
    ...deviationRows({
      station: { organizationId: organization_id, siteId: site_id, stationId: station_id },
      kind: { vendor: vendor ?? '', model: model ?? '', firmware: firmware ?? '' },
      code: `flag:${trait}`,
      sample: undefined,
      at: work.receivedAt,
    }),
  )
}
