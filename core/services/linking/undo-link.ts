// Owns taking back what a person decided about a link: what was before it is again, and the hub asks or decides as it would have.
// Must not rewrite history: taking back is one more step in it.
import { appendAudit } from '../../store/audit.ts'
import { linksOf, lockSiteLinks } from '../../store/links.ts'
import { type Link, type LinkHistoryItem, linkHistory, links } from '../../store/parking-read.ts'
import { getRecord } from '../../store/record-table.ts'
import { refusable } from '../manage/manage-record.ts'
import { type Access, notFound, type Outcome, ok } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { type LinkWord, rejectLink, takenBy } from './decide-link.ts'
import { isHub } from './decide-neighbourhood.ts'
import { followWord } from './learn-form.ts'
import { linkJob, saveLinks } from './save-links.ts'

/** How such a step begins in the history, which is read back to know what is left to undo. */
const undone = 'Decision undone.'

export function undoLink(deps: ServiceDeps) {
  return (access: Access, linkId: string, { reason = '' }: LinkWord = {}): Promise<Outcome<Link>> =>
    refusable(deps, async (trx) => {
      const seen = await getRecord(trx, links, access, linkId)
      if (!seen) return notFound
      const scope = { organizationId: access.organizationId, siteId: seen.siteId }
      await lockSiteLinks(trx, scope)
      const before = (await linksOf(trx, scope, { sessionIds: [seen.sessionId] })).find((row) => row.link_id === linkId)
      if (!before) return notFound
      if (isHub(before)) return { kind: 'conflict', message: 'There is no decision of a person to undo.' }
      const was = standBefore(await linkHistory(trx, access.organizationId, linkId))
      const refusal = was.state === 'linked' ? await takenBy(trx, access, before) : null
      if (refusal) return refusal
      const now = deps.clock.now()
      const row = {
        ...before,
        ...was,
        evidence: JSON.stringify(before.evidence),
        explanation: JSON.stringify(before.explanation),
        made_with: before.made_with === null ? null : JSON.stringify(before.made_with),
        decided_at: now,
        version: before.version + 1,
        updated_at: now,
      }
      const why = reason === '' ? undone : `${undone} ${reason}`
      const saving = { trx, scope, newId: deps.newId, now, actor: access.actor }
      // The hub looks at the session again, and puts the other candidates back beside this one.
      await saveLinks(saving, [{ row, before, reason: why }], [linkJob(scope, before.session_id)])
      await followWord({ trx, access, now, newId: deps.newId }, scope, row)
      await appendAudit(trx, access.organizationId, {
        auditId: deps.newId(),
        siteId: scope.siteId,
        at: now,
        actor: access.actor,
        action: 'link.undone',
        subjectType: 'link',
        subjectId: linkId,
        before: { state: before.state, decidedBy: before.decided_by },
        after: { ...was, reason },
        requestId: access.requestId,
      })
      const after = await getRecord(trx, links, access, linkId)
      return after ? ok(after) : notFound
    })
}

/** The state before the step that holds now, and whose that was. Steps that were undone are none. */
function standBefore(history: readonly LinkHistoryItem[]): { state: string; decided_by: string } {
  const steps: LinkHistoryItem[] = []
  for (const item of history) {
    if (item.reason?.startsWith(undone)) steps.pop()
    else steps.push(item)
  }
  const from = steps.pop()?.fromState ?? null
  // A pair that a person joined was nothing before.
  if (from === null) return { state: 'withdrawn', decided_by: 'hub' }
  return { state: from, decided_by: steps.findLast(({ toState }) => toState === from)?.actor ?? 'hub' }
}

export interface BulkResult {
  linkId: string
  outcome: 'rejected' | 'refused'
  message: string | null
}

/** Each by itself: one that cannot be rejected does not keep the others from it. */
export function rejectLinks(deps: ServiceDeps) {
  return async (access: Access, linkIds: readonly string[], word: LinkWord): Promise<BulkResult[]> => {
    const results: BulkResult[] = []
    for (const linkId of new Set(linkIds)) {
      const one = await rejectLink(deps)(access, linkId, word)
      const message =
        one.kind === 'ok' ? null : one.kind === 'conflict' || one.kind === 'forbidden' ? one.message : 'No such link.'
      results.push({ linkId, outcome: one.kind === 'ok' ? 'rejected' : 'refused', message })
    }
    return results
  }
}
