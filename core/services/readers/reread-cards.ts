// Owns the task `cards.reread`: after it changed how a reader or a charger writes cards, what it read is read anew.
// Must not change what was reported, nor reach into history (link-settings.ts says how far back that begins).
import { addJobs } from '../../store/event-log.ts'
import { sitesWithSettings } from '../../store/identity-changes.ts'
import type { Db } from '../../store/record-table.ts'
import { cardFactsOfReaders, type RereadTarget, sessionsOfStations } from '../../store/reread.ts'
import { historyFrom, linkSettings } from '../linking/link-settings.ts'
import { type RematchDeps, rematchSessions } from '../linking/rematch-sessions.ts'
import { linkJob } from '../linking/save-links.ts'
import { rereadFacts } from '../parking/reread-facts.ts'

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
      for (let i = 0; i < own.length; i += perRound) await rereadFacts(deps, own.slice(i, i + perRound))
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
