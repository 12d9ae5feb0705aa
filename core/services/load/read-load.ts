// Owns the load of a circuit as it is shown: what counts, what was measured, who has which share and why, what is wrong.
// Must not change anything.
import { type Guarded, type GuardedEvse, guardSite } from '../../domain/load/index.ts'
import { circuits } from '../../store/circuits.ts'
import type { LoadEvseRow } from '../../store/load-sites.ts'
import { getRecord } from '../../store/record-table.ts'
import { type Access, notFound, type Outcome, ok } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { measuredAmps, readLoadSite, type StoredSite, settings } from './load-site.ts'

export interface EvseLoad {
  circuitEvseId: string
  circuitId: string
  evseId: string
  stationId: string
  evseNumber: number
  shareA: number
  reservedA: number
  measuredA: number | null
  measuredAt: Date | null
  why: GuardedEvse['why']
}

export interface LoadAlarm {
  kind: 'over_limit' | 'meter_stale' | 'reserve_exceeded' | 'no_failsafe' | 'refuses_limits' | 'ignores_limit'
  circuitId: string | null
  evseId: string | null
  since: Date | null
}

export interface CircuitLoad {
  circuitId: string
  at: Date
  limitA: number
  reservedA: number
  otherA: number
  measuredA: number | null
  meter: 'none' | 'fresh' | 'stale'
  over: boolean
  evses: EvseLoad[]
  alarms: LoadAlarm[]
}

export function circuitLoad(deps: ServiceDeps) {
  return async (access: Access, circuitId: string): Promise<Outcome<CircuitLoad>> => {
    const circuit = await getRecord(deps.db, circuits, access, circuitId)
    if (!circuit || circuit.archivedAt !== null) return notFound
    const now = deps.clock.now()
    const place = { organizationId: access.organizationId, siteId: circuit.siteId }
    const stored = await readLoadSite(deps.db, place, now)
    const guarded = guardSite(stored.site, now, settings)
    const below = belowOf(stored, circuitId)
    const own = guarded.circuits.find((one) => one.circuitId === circuitId)
    if (own === undefined) return notFound
    const evses = guarded.evses.flatMap((one): EvseLoad[] => {
      const row = stored.rows.get(one.evseId)
      return row === undefined || !below.has(row.circuitId) ? [] : [shown(one, row)]
    })
    return ok({
      circuitId,
      at: now,
      limitA: circuit.limitA,
      reservedA: rounded(own.reservedA),
      otherA: rounded(own.otherA),
      measuredA: measured(stored, guarded, evses, below),
      meter: own.meter,
      over: own.over,
      evses,
      alarms: alarmsOf(stored, guarded, evses, below),
    })
  }
}

const rounded = (amps: number) => Math.round(amps * 10) / 10

function belowOf({ circuits: tree }: StoredSite, circuitId: string): Set<string> {
  const below = new Set([circuitId])
  // Set iteration takes in what is added on the way.
  for (const above of below) for (const one of tree) if (one.parentId === above) below.add(one.circuitId)
  return below
}

function shown({ evseId, shareA, reservedA, why }: GuardedEvse, row: LoadEvseRow): EvseLoad {
  const { circuitEvseId, circuitId, stationId, evseNumber, measuredAt } = row
  const amps = measuredAmps(row)
  return {
    ...{ circuitEvseId, circuitId, evseId, stationId, evseNumber, shareA, reservedA, why, measuredAt },
    measuredA: amps === null ? null : rounded(amps),
  }
}

function measured(
  { site }: StoredSite,
  { circuits: guarded }: Guarded,
  evses: readonly EvseLoad[],
  below: ReadonlySet<string>,
): number | null {
  const fresh = guarded.filter(({ circuitId, meter }) => below.has(circuitId) && meter === 'fresh')
  const others = site.circuits.filter((one) => fresh.some(({ circuitId }) => circuitId === one.circuitId))
  const parts = [
    ...evses.map(({ measuredA }) => measuredA),
    ...others.map(({ otherLoad }) => otherLoad?.reading?.amps ?? null),
  ].filter((amps) => amps !== null)
  return parts.length === 0 ? null : rounded(parts.reduce((sum, amps) => sum + amps, 0))
}

function alarmsOf(
  { site, rows }: StoredSite,
  { circuits: guarded }: Guarded,
  evses: readonly EvseLoad[],
  below: ReadonlySet<string>,
): LoadAlarm[] {
  const alarms: LoadAlarm[] = []
  for (const { circuitId, over, meter } of guarded) {
    if (!below.has(circuitId)) continue
    const { otherLoad = null } = site.circuits.find((one) => one.circuitId === circuitId) ?? {}
    const reading = otherLoad?.reading ?? null
    if (over) alarms.push({ kind: 'over_limit', circuitId, evseId: null, since: null })
    if (meter === 'stale') alarms.push({ kind: 'meter_stale', circuitId, evseId: null, since: reading?.readAt ?? null })
    if (otherLoad !== null && reading !== null && reading.amps > otherLoad.reserveA)
      alarms.push({ kind: 'reserve_exceeded', circuitId, evseId: null, since: reading.readAt })
  }
  for (const { evseId, why } of evses) {
    const row = rows.get(evseId)
    const alarm = (kind: LoadAlarm['kind'], since: Date | null) =>
      alarms.push({ kind, circuitId: row?.circuitId ?? null, evseId, since })
    if (why === 'no_failsafe') alarm(why, null)
    if (why === 'refuses_limits') alarm(why, row?.refusingSince ?? null)
    if (why === 'ignores_limit') alarm(why, row?.ignoringSince ?? null)
  }
  return alarms
}
