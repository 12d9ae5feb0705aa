// Owns the answer to "why is this session linked to that stay, or to none?", from the facts as they are now.
// Must not write: the answer may be ahead of what is stored, when an evaluation still waits.
import { explainDecision } from '../../domain/link/index.ts'
import { sessionSite } from '../../store/links.ts'
import { type Access, notFound, type Outcome, ok } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { decideNeighbourhood } from './decide-neighbourhood.ts'
import { stayName } from './link-rows.ts'
import { linkTermsOf } from './link-settings.ts'

export interface LinkExplanation {
  sessionId: string
  outcome: 'linked' | 'review' | 'none'
  /** The linked stay, or the candidates of a question, best first. */
  stayIds: readonly string[]
  /** Most important first. */
  sentences: readonly string[]
}

export function explainLink(deps: Pick<ServiceDeps, 'db'>) {
  return async (access: Access, sessionId: string): Promise<Outcome<LinkExplanation>> => {
    const siteId = await sessionSite(deps.db, access.organizationId, sessionId)
    if (siteId === null || (access.siteIds !== null && !access.siteIds.includes(siteId))) return notFound
    const scope = { organizationId: access.organizationId, siteId }
    const terms = await linkTermsOf(deps.db, scope)
    const { decisions, stays } = await decideNeighbourhood(deps.db, scope, [sessionId], terms)
    const decision = decisions.get(sessionId)
    if (!decision) return notFound
    const stayIds =
      decision.outcome === 'linked'
        ? [decision.stayId]
        : decision.outcome === 'review'
          ? decision.candidates.map(({ stayId }) => stayId)
          : []
    const sentences = explainDecision(decision, stayName(stays))
    return ok({ sessionId, outcome: decision.outcome, stayIds, sentences })
  }
}
