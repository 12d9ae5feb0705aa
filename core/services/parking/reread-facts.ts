// Owns reading stored facts of one connection anew: the keys they are found by, and the stays that they are part of.
// Must not change what was reported.
import { decodedFact, factKeysOf } from '../../domain/stay/index.ts'
import { loadCardProfiles } from '../../store/decode-profiles.ts'
import { addJobs, appendEvents } from '../../store/event-log.ts'
import { factOfRow, factsOfStays, lockSiteParking, type ParkingFactRow } from '../../store/parking-facts.ts'
import { writeSearchKeys } from '../../store/reread.ts'
import { transaction } from '../../store/transaction.ts'
import { stayLinkJob } from '../linking/save-links.ts'
import type { ServiceDeps } from '../service-deps.ts'
import type { ParkingChange } from './parking-change.ts'
import { rederiveStays } from './rederive-stays.ts'
import { stayContext } from './stay-context.ts'

/** One transaction, which holds up the site's gates for as long as it lasts. */
export async function rereadFacts(deps: ServiceDeps, rows: readonly ParkingFactRow[]): Promise<void> {
  const [first] = rows
  if (!first) return
  const { organization_id: organizationId, site_id: siteId, connection_id: connectionId } = first
  const source = { organizationId, siteId, connectionId }
  await transaction(deps.db, async (trx) => {
    const site = await lockSiteParking(trx, source)
    if (!site) return
    const profiles = await loadCardProfiles(trx, organizationId)
    const decoded = rows.map((row) => decodedFact(factOfRow(row), profiles, source))
    await writeSearchKeys(
      trx,
      organizationId,
      decoded.map((fact) => ({ factId: fact.factId, searchKeys: factKeysOf(fact) })),
    )
    const stayIds = [...new Set(rows.flatMap(({ stay_id }) => stay_id ?? []))]
    const mates = await factsOfStays(trx, source, stayIds)
    const change: ParkingChange = {
      trx,
      source,
      context: stayContext(source, site),
      profiles,
      now: deps.clock.now(),
      newId: deps.newId,
      log: deps.log,
      gained: [
        ...new Map(
          [...decoded, ...mates.map((row) => decodedFact(factOfRow(row), profiles, source))].map((fact) => [
            fact.factId,
            fact,
          ]),
        ).values(),
      ],
      lost: [],
      events: [],
      jobs: stayIds.map((id) => stayLinkJob(source, id)),
    }
    await rederiveStays(change, new Map())
    await appendEvents(trx, change.events)
    await addJobs(trx, [...new Map(change.jobs.map((job) => [job.key, job])).values()])
  })
}
