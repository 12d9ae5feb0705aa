// Owns telling at once that sessions which have just ended are not billed yet, and when they will be looked at: what `bill.evaluate`
// would find for most of them, one by one.
// Must not bill, and must not judge sessions that have a link, a bill or a payment.
import { billingSettings, readiness, type SubjectKey } from '../../domain/bill/index.ts'
import { readBillingSite, readSessions } from '../../store/billing-facts.ts'
import {
  lockSessions,
  lockSubjects,
  type SubjectState,
  sessionsInBooks,
  setSubjects,
} from '../../store/billing-subjects.ts'
import type { Db } from '../../store/record-table.ts'

/** Returns the sessions that are left to `bill.evaluate`. `sessionIds` have no links; nobody else may give them some meanwhile. */
export async function deferBills(
  trx: Db,
  place: { organizationId: string; siteId: string },
  sessionIds: readonly string[],
  now: Date,
): Promise<string[]> {
  const { organizationId, siteId } = place
  if (sessionIds.length === 0) return []
  // As evaluate-bill.ts locks: sessions first, then subjects.
  await lockSessions(trx, organizationId, sessionIds)
  const site = await readBillingSite(trx, organizationId, siteId)
  if (site === undefined) return [...sessionIds]
  const settings = billingSettings(site.settings, site.code)
  const inBooks = new Set(await sessionsInBooks(trx, organizationId, sessionIds))
  const waiting = new Map<SubjectKey, SubjectState>()
  for (const row of await readSessions(trx, organizationId, sessionIds)) {
    if (row.siteId !== siteId || inBooks.has(row.session.sessionId)) continue
    const key: SubjectKey = `session:${row.session.sessionId}`
    const facts = { key, siteId, stay: null, sessions: [row.session], links: [] }
    const ready = readiness(facts, settings, now, { anything: false, sessionIds: new Set() })
    if (ready.kind === 'wait' && ready.dueAt !== null) {
      waiting.set(key, { state: ready.state, reason: ready.reason, dueAt: ready.dueAt })
    }
  }
  if (waiting.size > 0) await lockSubjects(trx, place, [...waiting.keys()], now)
  await setSubjects(trx, place, waiting, now)
  return sessionIds.filter((id) => !waiting.has(`session:${id}`))
}
