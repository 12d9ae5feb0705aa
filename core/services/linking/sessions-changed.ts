// Owns the task `sessions.changed`: of all sessions of a site that the charger path wrote within moments, the index is brought up to
// date, and those that have anything to do with a stay, or with the books, are put to `link.evaluate` and `bill.evaluate`, each for itself.
// Must not decide a link or a bill. Most sessions of a site without gates end here: nobody to belong to, and one look for all of them.
import { contentText } from '../../domain/content-text.ts'
import { addJobs } from '../../store/event-log.ts'
import {
  type IndexPlace,
  indexRows,
  type LinkScope,
  linksOf,
  lockSiteLinks,
  takeSessionChanges,
  withPartners,
  writeIndexRows,
} from '../../store/links.ts'
import type { Db } from '../../store/record-table.ts'
import { transaction } from '../../store/transaction.ts'
import { deferBills } from '../billing/defer-bills.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { placeInIndex } from './index-place.ts'
import { historyFrom, linkSettingsOf, slackOf } from './link-settings.ts'
import { loadViews } from './load-views.ts'
import { sessionsOfOthers } from './rematch-sessions.ts'
import { billJob, linkJob } from './save-links.ts'

/** Changes in one transaction, which keeps others from deciding links of the site. */
const mostChanges = 500

export function sessionsChanged(deps: ServiceDeps): (scope: LinkScope) => Promise<void> {
  return async (scope) => {
    for (;;) {
      const taken = await transaction(deps.db, (trx) => lookTogether(deps, trx, scope)).catch((error: unknown) => {
        // One of them may be what fails. Each for itself, it cannot hold up the others; without a database this fails, too.
        deps.log.warn({ err: error, ...scope }, 'sessions could not be looked at together')
        return transaction(deps.db, (trx) => putAllToEvaluation(trx, scope))
      })
      if (taken < mostChanges) return
    }
  }
}

/** Returns how many changes were taken off the list. */
async function lookTogether(deps: ServiceDeps, trx: Db, scope: LinkScope): Promise<number> {
  await lockSiteLinks(trx, scope)
  const { taken, sessionIds, billable } = await takeSessionChanges(trx, scope, mostChanges)
  if (taken === 0) return 0
  const now = deps.clock.now()
  const asked = await withQuestions(trx, scope, sessionIds, now)
  const alone = billable.filter((id) => !asked.has(id))
  const toBill = new Set(await deferBills(trx, scope, alone, now))
  const bills = billable.filter((id) => asked.has(id) || toBill.has(id))
  await putToEvaluation(trx, scope, [...asked], bills)
  return taken
}

/** Sessions whose links may differ from what they were. Of the others the index is up to date. */
async function withQuestions(trx: Db, scope: LinkScope, sessionIds: string[], now: Date): Promise<Set<string>> {
  const settings = await linkSettingsOf(trx, scope)
  const ended = historyFrom(settings, now)
  const haveAnyPartner = (ids: readonly string[]) => withPartners(trx, scope, 'session', ids, slackOf(settings.policy))
  const views = new Map((await loadViews(trx, scope, [], sessionIds)).sessions.map((view) => [view.id, view]))
  const index = await indexRows(trx, scope, 'session', sessionIds)
  // Whose place in the index has partners, their links may move with it: only the evaluation may rewrite that.
  const asked = new Set([
    ...(await haveAnyPartner(sessionIds)),
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
  for (const id of await haveAnyPartner([...moved.keys()])) asked.add(id)
  return asked
}

async function putAllToEvaluation(trx: Db, scope: LinkScope): Promise<number> {
  const { taken, sessionIds, billable } = await takeSessionChanges(trx, scope, mostChanges)
  await putToEvaluation(trx, scope, sessionIds, billable)
  return taken
}

function putToEvaluation(
  trx: Db,
  scope: LinkScope,
  sessionIds: readonly string[],
  billable: readonly string[],
): Promise<void> {
  // One after the other: they would only wait for each other's lock on the site, each keeping a worker from other work.
  const queue = `link:${scope.siteId}`
  return addJobs(trx, [
    ...sessionIds.map((id) => ({ ...linkJob(scope, id), queue })),
    ...billable.map((id) => billJob(scope, `session:${id}`)),
  ])
}
