// Owns the picture of one site at this moment: bays, cars, chargers, stays, sessions, links that wait, the day's revenue.
// Must not write.
import { localDate } from '../../domain/local-time.ts'
import { revenueByDay } from '../../store/journal.ts'
import { linksWaiting, openStays, type RunningSession, runningSessions } from '../../store/overview.ts'
import { links } from '../../store/parking-read.ts'
import { bays, baysNow, occupancy, sites } from '../../store/places.ts'
import { getRecord, listRecords } from '../../store/record-table.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { type Access, notFound, ok } from './outcome.ts'

/** A garage has more bays than a page; a screen shows them all. */
const mostBays = 5_000
const shownStays = 50
const shownSessions = 50
const shownLinks = 20

export function siteOverview(deps: Pick<ServiceDeps, 'db' | 'clock'>) {
  return async (access: Access, siteId: string, withMoney: boolean) => {
    const { db } = deps
    const { organizationId } = access
    const site = await getRecord(db, sites, access, siteId)
    if (!site) return notFound
    const at = deps.clock.now()
    const day = localDate(at, site.timeZone)
    const [allBays, stays, sessions, waiting, review, counters, revenue] = await Promise.all([
      listRecords(db, bays, access, { siteId, limit: mostBays }),
      openStays(db, organizationId, siteId, shownStays),
      runningSessions(db, organizationId, siteId),
      linksWaiting(db, organizationId, siteId),
      listRecords(db, links, access, { siteId, state: 'review', limit: shownLinks }),
      listRecords(db, occupancy, access, { siteId, limit: 200 }),
      withMoney ? revenueByDay(db, access, { siteId, from: day, to: day }) : [],
    ])
    const now = await baysNow(
      db,
      organizationId,
      allBays.items.map((bay) => bay.bayId),
    )
    const atBay = new Map(sessions.items.map((session) => [session.bayId, session]))
    const nothing = { siteId, day, currency: site.currency, ...noRevenue }
    return ok({
      site,
      at,
      bays: allBays.items.map(({ bayId, areaId, code, name, kind }) => {
        const session = atBay.get(bayId)
        const state = now.get(bayId) ?? { car: null, evses: [] }
        return { bayId, areaId, code, name, kind, ...state, session: session ? shownSession(session) : null }
      }),
      openStays: stays,
      runningSessions: { count: sessions.count, items: sessions.items.slice(0, shownSessions).map(shownSession) },
      linksToReview: { count: waiting, items: review.items },
      occupancy: counters.items,
      // Bills in an earlier currency of the site, if there are any, are in the summary by day.
      revenueToday: withMoney ? (revenue.find((row) => row.currency === site.currency) ?? nothing) : null,
    })
  }
}

const noRevenue = {
  parkingNetMinor: 0,
  chargingNetMinor: 0,
  otherNetMinor: 0,
  netMinor: 0,
  taxMinor: 0,
  totalMinor: 0,
  parkingTotalMinor: 0,
  chargingTotalMinor: 0,
  earnedNetMinor: 0,
  bills: 0,
  energyWh: 0,
}

function shownSession({ bayId: _, ...session }: RunningSession) {
  return session
}
