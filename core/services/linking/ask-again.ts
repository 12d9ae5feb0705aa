// Owns what a change of a site's thresholds does: the questions that are open are put to the hub again.
// Must not take apart or make anything that was decided: thresholds say when to ask, not what is true.
import { contentText } from '../../domain/content-text.ts'
import { addJobs } from '../../store/event-log.ts'
import { type LinkScope, openQuestions } from '../../store/links.ts'
import type { Db } from '../../store/record-table.ts'
import { linkSettings } from './link-settings.ts'
import { questionJob } from './save-links.ts'

/** In the transaction that changes the settings. */
export async function askAgain(trx: Db, scope: LinkScope, before: unknown, after: unknown): Promise<void> {
  const [was, is] = [linkSettings(before).policy, linkSettings(after).policy]
  if (contentText(was) === contentText(is)) return
  await askAll(trx, scope)
}

/** After whatever else decisions depend on changed: thresholds, or what the cameras are known to mix up. */
export async function askAll(trx: Db, scope: LinkScope): Promise<void> {
  const sessionIds = await openQuestions(trx, scope)
  await addJobs(
    trx,
    sessionIds.map((sessionId) => questionJob(scope, sessionId)),
  )
}
