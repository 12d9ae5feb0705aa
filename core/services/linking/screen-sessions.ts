// Owns the task `link.sessions`: of all sessions of a site that the charger path wrote within moments, the index is brought up to date,
// and those that have anything to do with a stay are put to `link.evaluate`, each for itself.
// Must not decide a link. Most sessions of a site without gates end here: nobody to belong to, and one look for all of them.
import { addJobs } from '../../store/event-log.ts'
import {
  type IndexPlace,
  indexRows,
  type LinkScope,
  linksOf,
  lockSiteLinks,
  takeSessionChanges,
  writeIndexRows,
} from '../../store/links.ts'
import type { Db } from '../../store/record-table.ts'
import { transaction } from '../../store/transaction.ts'
import { contentText } from '../parking/same-content.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { haveAnyPartner } from './decide-neighbourhood.ts'
import { placeInIndex } from './index-place.ts'
import { historyFrom, linkSettingsOf } from './link-settings.ts'
import { loadViews } from './load-views.ts'
import { sessionsOfOthers } from './rematch-sessions.ts'
import { linkJob } from './save-links.ts'

/** Changes in one transaction, which keeps others from deciding links of the site. */
const mostChanges = 500

export function screenSessions(deps: ServiceDeps): (scope: LinkScope) => Promise<void> {
  return async (scope) => {
    for (;;) {
      const changes = await transaction(deps.db, (trx) => screen(deps, trx, scope)).catch((error: unknown) => {
        // One of them may be what fails. Each for itself, it cannot hold up the others; without a database this fails, too.
        deps.log.warn({ err: error, ...scope }, 'sessions could not be looked at together')
        return transaction(deps.db, (trx) => putAllToEvaluation(trx, scope))
      })
      if (changes < mostChanges) return
    }
  }
}

/** Returns how many changes were taken off the list. */
async function screen(deps: ServiceDeps, trx: Db, scope: LinkScope): Promise<number> {
  await lockSiteLinks(trx, scope)
  const { changes, sessionIds } = await takeSessionChanges(trx, scope, mostChanges)
  if (changes === 0) return 0
  const ended = historyFrom(await linkSettingsOf(trx, scope), deps.clock.now())
  const views = new Map((await loadViews(trx, scope, [], sessionIds)).sessions.map((view) => [view.id, view]))
  const index = await indexRows(trx, scope, 'session', sessionIds)
  // Whose place in the index has partners, their links may move with it: only the evaluation may rewrite that.
  const asked = new Set([
    ...(await haveAnyPartner(trx, scope, 'session', sessionIds)),
    ...(await linksOf(trx, scope, { sessionIds })).map((link) => link.session_id),
    ...(await sessionsOfOthers(trx, scope.organizationId, sessionIds)),
  ])
  const moved = new Map<string, IndexPlace | null>()
  for (const id of sessionIds) {
    if (asked.has(id)) continue
    const place = placeInIndex(views.get(id), ended)
    const row = index.get(id)
    const before = row ? { keys: row.keys, from_at: row.from_at, to_at: row.to_at } : null
    if (contentText(place) !== contentText(before)) moved.set(id, place)
  }
  await writeIndexRows(trx, scope, 'session', moved)
  for (const id of await haveAnyPartner(trx, scope, 'session', [...moved.keys()])) asked.add(id)
  await putToEvaluation(trx, scope, [...asked])
  return changes
}

async function putAllToEvaluation(trx: Db, scope: LinkScope): Promise<number> {
  const { changes, sessionIds } = await takeSessionChanges(trx, scope, mostChanges)
  await putToEvaluation(trx, scope, sessionIds)
  return changes
}

/** One after the other: they would only wait for each other's lock on the site, each keeping a worker from other work. */
function putToEvaluation(trx: Db, scope: LinkScope, sessionIds: readonly string[]): Promise<void> {
  const queue = `link:${scope.siteId}`
  return addJobs(
    trx,
    sessionIds.map((id) => ({ ...linkJob(scope, id), queue })),
  )
}
