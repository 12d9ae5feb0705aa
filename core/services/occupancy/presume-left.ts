// Owns taking stays to have left although nobody saw it, and taking that back. An exit that is told afterwards counts instead.
// Must not touch what the facts say: the presumption stands beside them (core/services/parking/stay-row.ts).
import { decodedFact } from '../../domain/stay/index.ts'
import { loadCardProfiles } from '../../store/decode-profiles.ts'
import { addJobs, appendEvents } from '../../store/event-log.ts'
import { sitesWithSettings } from '../../store/identity-changes.ts'
import { factOfRow, factsOfStays, lockSiteParking } from '../../store/parking-facts.ts'
import { setPresumedLeft, staysToMove } from '../../store/presence.ts'
import type { Db } from '../../store/record-table.ts'
import { transaction } from '../../store/transaction.ts'
import type { ParkingChange } from '../parking/parking-change.ts'
import { rederiveStays } from '../parking/rederive-stays.ts'
import { stayContext } from '../parking/stay-context.ts'
import type { ServiceDeps } from '../service-deps.ts'

interface OfSite {
  organizationId: string
  siteId: string
}

/** Returns how many stays were moved. Inside the caller's transaction. */
export async function presumeLeft(
  deps: ServiceDeps,
  trx: Db,
  of: OfSite,
  stays: readonly { stayId: string; connectionId: string }[],
  left: { at: Date; by: string } | null,
): Promise<number> {
  const connections = [...new Set(stays.map(({ connectionId }) => connectionId))].sort()
  for (const connectionId of connections) {
    const source = { ...of, connectionId }
    const site = await lockSiteParking(trx, source)
    if (!site) return 0
    const ids = stays.filter((stay) => stay.connectionId === connectionId).map(({ stayId }) => stayId)
    await setPresumedLeft(trx, of.organizationId, ids, left)
    const profiles = await loadCardProfiles(trx, of.organizationId)
    const change: ParkingChange = {
      trx,
      source,
      profiles,
      context: stayContext(of, site),
      now: deps.clock.now(),
      newId: deps.newId,
      log: deps.log,
      gained: (await factsOfStays(trx, source, ids)).map((row) => decodedFact(factOfRow(row), profiles, source)),
      lost: [],
      events: [],
      jobs: [],
    }
    await rederiveStays(change, new Map())
    await appendEvents(trx, change.events)
    await addJobs(trx, [...new Map(change.jobs.map((job) => [job.key, job])).values()])
  }
  return stays.length
}

const dayMs = 86_400_000
const standardDays = 92
const batch = 200

/** The hourly round: stays older than the site's `stay_age_out_days` are taken to have left. Zero keeps them for ever. */
export function ageOutStays(deps: ServiceDeps): (of: { organizationId: string }) => Promise<number> {
  return async ({ organizationId }) => {
    let total = 0
    for (const { siteId, settings } of await sitesWithSettings(deps.db, organizationId)) {
      const { stay_age_out_days: given } = (settings ?? {}) as Record<string, unknown>
      const days = typeof given === 'number' && given >= 0 ? given : standardDays
      if (days === 0) continue
      const of = { organizationId, siteId }
      const now = deps.clock.now()
      const enteredBefore = new Date(now.getTime() - days * dayMs)
      for (let moved = batch; moved === batch; total += moved) {
        moved = await transaction(deps.db, async (trx) =>
          presumeLeft(deps, trx, of, await staysToMove(trx, of, { enteredBefore }, batch), { at: now, by: 'age' }),
        )
      }
    }
    return total
  }
}
