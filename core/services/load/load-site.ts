// Owns turning what is stored of a site into what the load guard's rules take.
// Must not write.
import { type Circuit, guardSettings, type LoadEvse, type LoadSite, type Told } from '../../domain/load/index.ts'
import {
  type CircuitMeterRecord,
  type CircuitRecord,
  circuitMeters,
  liveCircuits,
  type SitePlace,
} from '../../store/circuits.ts'
import { type LoadEvseRow, loadEvses, type ToldRow } from '../../store/load-sites.ts'
import type { Db } from '../../store/record-table.ts'

/** Samples that are older say nothing of what is drawn now. */
const measuredMs = 15 * 60_000
/** What amps are reckoned by where a meter tells watts only. */
const volts = 230
/** A limit without an end. */
const never = new Date('9999-12-31T00:00:00Z')

export interface StoredSite {
  site: LoadSite
  rows: ReadonlyMap<string, LoadEvseRow>
  circuits: readonly CircuitRecord[]
}

export async function readLoadSite(db: Db, place: SitePlace, now: Date): Promise<StoredSite> {
  const circuits = await liveCircuits(db, place)
  const meters = new Map((await circuitMeters(db, place)).map((meter) => [meter.circuitId, meter]))
  const rows = await loadEvses(db, place, { now, measuredAfter: new Date(now.getTime() - measuredMs) })
  return {
    site: {
      circuits: circuits.map((circuit) => circuitOf(circuit, meters.get(circuit.circuitId))),
      evses: rows.map(evseOf),
    },
    rows: new Map(rows.map((row) => [row.evseId, row])),
    circuits,
  }
}

export function circuitOf(
  { circuitId, parentId, limitA, otherLoad }: Pick<CircuitRecord, 'circuitId' | 'parentId' | 'limitA' | 'otherLoad'>,
  meter?: CircuitMeterRecord,
): Circuit {
  if (otherLoad === null) return { circuitId, parentId, limitA, otherLoad }
  const { reserveA, riseA, staleAfterSeconds } = otherLoad
  const reading = meter === undefined ? null : { amps: meter.amps, readAt: meter.readAt }
  return {
    circuitId,
    parentId,
    limitA,
    otherLoad: { reserveA, riseA, staleAfterMs: staleAfterSeconds * 1000, reading },
  }
}

function evseOf(row: LoadEvseRow): LoadEvse {
  const { evseId, circuitId, phases, phase, minA, maxA, failsafeA, connected, bootedAt, charging } = row
  const { overSince, ignoringSince, measuredAt } = row
  const amps = measuredAmps(row)
  return {
    ...{ evseId, circuitId, phases, phase, minA, maxA, failsafeA, connected, bootedAt, charging },
    ...{ overSince, ignoringSince },
    installedA: installedA(row),
    told: row.told.map((told) => toldOf(told, maxA)),
    measured: measuredAt === null || amps === null ? null : { amps, at: measuredAt },
  }
}

export function measuredAmps({ measuredMa, measuredW, phases }: LoadEvseRow): number | null {
  if (measuredMa !== null) return measuredMa / 1000
  return measuredW === null ? null : measuredW / volts / phases
}

function toldOf(row: ToldRow, maxA: number): Told {
  return {
    amps: row.amps ?? maxA,
    queuedAt: new Date(row.queuedAt),
    until: row.until === null ? never : new Date(row.until),
    state: stateOf(row),
    endedAt: row.answeredAt === null ? null : new Date(row.answeredAt),
  }
}

function stateOf({ state, outcome }: ToldRow): Told['state'] {
  if (state === 'queued' || state === 'sent') return 'open'
  if (outcome === 'accepted') return 'accepted'
  return outcome === 'refused' ? 'refused' : 'unknown'
}

/** What the failsafe profile that stands at the station allows; null where none is known to stand. */
function installedA({ failsafe, told }: LoadEvseRow): number | null {
  if (failsafe === null || failsafe.writtenHash === null || failsafe.writtenAt === null) return null
  const writtenAt = Date.parse(failsafe.writtenAt)
  // A station with one level only has put the limit in its place.
  const replaced = told.some(
    (one) => one.stackLevel === failsafeLevel && one.answeredAt !== null && Date.parse(one.answeredAt) > writtenAt,
  )
  const stands = failsafe.state === 'in_line' || failsafe.writtenHash !== failsafe.desiredHash
  return replaced || !stands ? null : allowedBy(failsafe.writtenValue)
}

function allowedBy(value: unknown): number | null {
  const { profile } = (value ?? {}) as { profile?: { schedules?: { periods?: { limit?: unknown }[] }[] } }
  const limit = profile?.schedules?.[0]?.periods?.[0]?.limit
  return typeof limit === 'number' ? limit : null
}

/** Limits lie over it. */
export const failsafeLevel = 0
export const settings = guardSettings
