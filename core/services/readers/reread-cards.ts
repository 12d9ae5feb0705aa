// Owns the task `cards.reread`: after it changed how a reader or a charger writes cards, what it read is read anew.
// Must not change what was reported, nor reach into history (link-settings.ts says how far back that begins).

import { credentialsOf, decodedFact, searchKeysOf } from '../../domain/stay/index.ts'
import { loadCardProfiles } from '../../store/decode-profiles.ts'
import { addJobs, appendEvents } from '../../store/event-log.ts'
import { sitesWithSettings } from '../../store/identity-changes.ts'
import { factOfRow, factsOfStays, lockSiteParking } from '../../store/parking-facts.ts'
import type { Db } from '../../store/record-table.ts'
import { cardFactsOfReaders, type RereadTarget, sessionsOfStations, writeSearchKeys } from '../../store/reread.ts'
import { transaction } from '../../store/transaction.ts'
import { historyFrom, linkSettings } from '../linking/link-settings.ts'
import { type RematchDeps, rematchSessions } from '../linking/rematch-sessions.ts'
import { linkJob, stayLinkJob } from '../linking/save-links.ts'
import type { ParkingChange } from '../parking/parking-change.ts'
import { rederiveStays } from '../parking/rederive-stays.ts'

/** Facts of one transaction, which holds up the site's gates for as long as it lasts. */
const perRound = 50

export function tellReread(trx: Db, target: RereadTarget): Promise<void> {
  const name = `cards:${target.readerId ?? target.stationId ?? `${target.scope} ${target.vendor} ${target.model}`}`
  return addJobs(trx, [{ task: 'cards.reread', payload: { ...target }, key: name, queue: name }])
}

export function rereadCards(deps: RematchDeps) {
  return async (target: RereadTarget): Promise<void> => {
    const { organizationId } = target
    const now = deps.clock.now()
    const starts = (await sitesWithSettings(deps.db, organizationId)).map(({ siteId, settings }) => ({
      siteId,
      from: historyFrom(linkSettings(settings), now),
    }))
    const facts = await cardFactsOfReaders(deps.db, target, starts)
    const sources = new Map<string, typeof facts>()
    for (const fact of facts) {
      const name = `${fact.site_id} ${fact.connection_id}`
      sources.set(name, [...(sources.get(name) ?? []), fact])
    }
    for (const own of sources.values())
      for (let i = 0; i < own.length; i += perRound) await reread(deps, organizationId, own.slice(i, i + perRound))
    for (const { stationId, siteId, sessionIds } of await sessionsOfStations(deps.db, target, starts)) {
      await rematchSessions(deps, { organizationId, stationId }, sessionIds)
      // The keys by which stays are looked for follow from the profile, too.
      await addJobs(
        deps.db,
        sessionIds.map((id) => linkJob({ organizationId, siteId }, id)),
      )
    }
  }
}

async function reread(
  deps: RematchDeps,
  organizationId: string,
  rows: Awaited<ReturnType<typeof cardFactsOfReaders>>,
): Promise<void> {
  const [first] = rows
  if (!first) return
  const source = { organizationId, siteId: first.site_id, connectionId: first.connection_id }
  await transaction(deps.db, async (trx) => {
    const site = await lockSiteParking(trx, source)
    if (!site) return
    const profiles = await loadCardProfiles(trx, organizationId)
    const decoded = rows.map((row) => decodedFact(factOfRow(row), profiles, source))
    await writeSearchKeys(
      trx,
      organizationId,
      decoded.map((fact) => ({ factId: fact.factId, searchKeys: searchKeysOf(credentialsOf(fact)) })),
    )
    const stayIds = [...new Set(rows.flatMap(({ stay_id }) => stay_id ?? []))]
    const mates = await factsOfStays(trx, source, stayIds)
    const change: ParkingChange = {
      trx,
      source,
      context: { siteId: source.siteId, currency: site.currency, country: site.country ?? undefined },
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
