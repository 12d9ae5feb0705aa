// Owns the picture of a site's occupancy: by the stays, by the counters, the difference with its likely causes, and per hour.
// Must not write.
import { derivedFor, driftOf, reportedBy } from '../../domain/occupancy/counters.ts'
import {
  countersOf,
  evBayCounts,
  flows,
  halfSeen,
  insideAt,
  insideNow,
  lastCount,
  netFlowSince,
  oldestOpen,
  reportedAt,
  siteOf,
} from '../../store/presence.ts'
import { type Access, invalid, type Outcome, ok } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'

type Reading = Pick<ServiceDeps, 'db' | 'clock'>

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const mostListed = 100
const longestMs = 92 * dayMs
const unknownSite = invalid('/siteId', 'is not a site that this key reaches')

export function readDrift(deps: Reading) {
  return async (access: Access, { siteId }: { siteId: string }) => {
    const site = await siteOf(deps.db, access, siteId)
    if (site === undefined) return unknownSite
    const now = deps.clock.now()
    const of = { organizationId: access.organizationId, siteId }
    const inside = await insideNow(deps.db, of)
    const counters = (await countersOf(deps.db, of)).map(({ area_code, drift_told: _, ...counter }) => {
      const reading = { ...counter, area: area_code }
      return {
        counter: counter.counter,
        category: counter.category,
        area: area_code,
        capacity: counter.capacity,
        reported: reportedBy(reading),
        derived: derivedFor(reading, inside),
        drift: driftOf(reading, inside),
        at: counter.at,
      }
    })
    const sum = (groups: readonly { count: number }[]) => groups.reduce((total, group) => total + group.count, 0)
    const count = await lastCount(deps.db, of)
    const { ghost_after_hours: given } = site.settings
    const ghostMs = (typeof given === 'number' && given > 0 ? given : 24) * hourMs
    const since = new Date(now.getTime() - 7 * dayMs)
    const total = counters.find(({ category, area }) => category === '' && area === null)
    const bays = await evBayCounts(deps.db, of)
    return ok({
      siteId,
      at: now,
      derived: sum(inside),
      reported: total?.reported ?? null,
      drift: total?.drift ?? null,
      capacity: total?.capacity ?? null,
      corrected: count === undefined ? null : count.counted + (await netFlowSince(deps.db, of, count.at)),
      countedAt: count?.at ?? null,
      inside,
      counters,
      evBays: { total: sum(bays), states: Object.fromEntries(bays.map((bay) => [bay.state, bay.count])) },
      causes: {
        ghosts: await oldestOpen(deps.db, of, new Date(now.getTime() - ghostMs), mostListed),
        missedExits: await halfSeen(deps.db, of, 'exit', since, mostListed),
        missedEntries: await halfSeen(deps.db, of, 'entry', since, mostListed),
      },
    })
  }
}

export interface HistoryHour {
  at: Date
  /** At the end of the hour. */
  derived: number
  reported: number | null
  entries: number
  exits: number
}

export function readOccupancyHistory(deps: Reading) {
  return async (
    access: Access,
    query: {
      siteId: string
      from?: string | undefined
      to?: string | undefined
      counter?: string | undefined
      category?: string | undefined
    },
  ): Promise<Outcome<{ items: HistoryHour[] }>> => {
    const { siteId, counter, category = '' } = query
    if ((await siteOf(deps.db, access, siteId)) === undefined) return unknownSite
    const now = deps.clock.now()
    const to = query.to === undefined || new Date(query.to) > now ? now : new Date(query.to)
    const wanted = query.from === undefined ? to.getTime() - dayMs : new Date(query.from).getTime()
    const from = new Date(Math.floor(wanted / hourMs) * hourMs)
    if (from >= to) return invalid('/from', 'must lie before the end')
    if (to.getTime() - from.getTime() > longestMs) return invalid('/from', 'must be at most 92 days before the end')
    const of = { organizationId: access.organizationId, siteId }
    const known = await countersOf(deps.db, of)
    const shown = counter ?? known.find((one) => one.category === category && one.area_code === null)?.counter
    const moved = new Map((await flows(deps.db, of, from, to)).map((flow) => [flow.at.getTime(), flow]))
    // A passage on the stroke of the hour belongs to the hour that begins.
    let derived = await insideAt(deps.db, of, new Date(from.getTime() - 1))
    const items: HistoryHour[] = []
    for (let at = from.getTime(); at < to.getTime(); at += hourMs) {
      const { entries = 0, exits = 0 } = moved.get(at) ?? {}
      derived += entries - exits
      items.push({ at: new Date(at), derived, reported: null, entries, exits })
    }
    const ends = items.map(({ at }) => new Date(Math.min(at.getTime() + hourMs, to.getTime())))
    const reported = shown === undefined ? [] : await reportedAt(deps.db, of, JSON.stringify([shown, category]), ends)
    return ok({ items: items.map((item, i) => ({ ...item, reported: reported[i] ?? null })) })
  }
}
