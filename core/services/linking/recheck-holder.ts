// Owns a last look at whose a stay or session is, before its links are decided.
// Must not replace telling of changes (identity-changed.ts): it catches a fact that was stored while somebody was being enrolled,
// by a transaction that did not see the enrolment and was not seen by it. Each of the two looks after its own commit.

import { subjectSource } from '../../store/identity-changes.ts'
import type { LinkScope } from '../../store/links.ts'
import { rematchStays } from '../parking/rematch-stays.ts'
import { type RematchDeps, rematchSessions } from './rematch-sessions.ts'

export async function recheckHolder(
  deps: RematchDeps,
  { organizationId, siteId, stayId, sessionId }: LinkScope & { stayId?: string; sessionId?: string },
): Promise<void> {
  if (sessionId !== undefined) {
    const stationId = await subjectSource(deps.db, organizationId, 'session', sessionId)
    if (stationId !== null) await rematchSessions(deps, { organizationId, stationId }, [sessionId])
  }
  if (stayId !== undefined) {
    const connectionId = await subjectSource(deps.db, organizationId, 'stay', stayId)
    if (connectionId !== null) await rematchStays(deps, { organizationId, siteId, connectionId }, [stayId])
  }
}
