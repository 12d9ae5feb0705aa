// Owns the task `identity.changed`: after people, vehicles or credentials changed, the stays and sessions that they may touch are
// matched to their holders anew, and the links around them looked at.
// Must not reach into history (link-settings.ts), nor undo what people decided; evaluate-links.ts keeps to that.
import { addJobs } from '../../store/event-log.ts'
import {
  forgetChanges,
  identityJob,
  sitesWithSettings,
  type TouchedSubject,
  touchedSubjects,
  waitingChanges,
} from '../../store/identity-changes.ts'
import { rematchStays } from '../parking/rematch-stays.ts'
import { historyFrom, linkSettings } from './link-settings.ts'
import { type RematchDeps, rematchSessions } from './rematch-sessions.ts'
import { linkJob, stayLinkJob } from './save-links.ts'

/** Changes looked at in one run: found in 0.12 s among 40,000 stays (measured, a site). The next ones are another run, so that no worker is kept for the whole of an import. */
const mostChanges = 200
/** Of one transaction, which holds up the site's gates or the station for as long as it lasts. */
const mostSubjects = 50

export function identityChanged(deps: RematchDeps): (task: { organizationId: string }) => Promise<void> {
  return async ({ organizationId }) => {
    const waiting = await waitingChanges(deps.db, organizationId, mostChanges)
    if (waiting.changeIds.length === 0) return
    const now = deps.clock.now()
    const sites = (await sitesWithSettings(deps.db, organizationId)).map(({ siteId, settings }) => ({
      siteId,
      historyFrom: historyFrom(linkSettings(settings), now),
    }))
    const touched = await touchedSubjects(deps.db, organizationId, waiting, sites)
    await rematch(deps, organizationId, touched)
    // Evidence may have changed where the holder has not: another plate of the account, a second card that fits.
    await addJobs(
      deps.db,
      touched.map(({ kind, id, siteId }) => (kind === 'stay' ? stayLinkJob : linkJob)({ organizationId, siteId }, id)),
    )
    await forgetChanges(deps.db, organizationId, waiting.changeIds)
    if (waiting.changeIds.length === mostChanges) await addJobs(deps.db, [identityJob(organizationId)])
  }
}

async function rematch(deps: RematchDeps, organizationId: string, touched: readonly TouchedSubject[]): Promise<void> {
  const sources = new Map<string, TouchedSubject[]>()
  for (const one of touched) {
    const source = `${one.kind} ${one.siteId} ${one.sourceId}`
    const some = sources.get(source)
    if (some) some.push(one)
    else sources.set(source, [one])
  }
  for (const some of sources.values()) {
    const [first] = some
    if (!first) continue
    const { kind, siteId, sourceId } = first
    const ids = some.map(({ id }) => id)
    for (let i = 0; i < ids.length; i += mostSubjects) {
      const part = ids.slice(i, i + mostSubjects)
      if (kind === 'session') await rematchSessions(deps, { organizationId, stationId: sourceId }, part)
      else await rematchStays(deps, { organizationId, siteId, connectionId: sourceId }, part)
    }
  }
}
