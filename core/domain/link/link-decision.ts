// Owns what can be decided about a session: its stay, a question for a person, or none, each with its grounds.
// Must not decide; decide-links.ts does.
import type { Evidence, Exclusion, LinkMethod } from './evidence.ts'
import type { LinkTerms } from './link-view.ts'

export interface LinkCandidate {
  stayId: string
  score: number
  evidence: readonly Evidence[]
  contradiction?: string
}

export type ReviewReason =
  | 'contradiction'
  | 'near-tie'
  | 'ambiguous-card'
  | 'shared-partial'
  | 'plate-not-unique'
  | 'weak-identity'
  | 'below-threshold'
  | 'two-cables'

export type NoLinkReason = 'no-candidate' | 'excluded' | 'too-weak' | 'no-identity' | 'refused-by-person'

export type LinkDecision =
  | {
      outcome: 'linked'
      sessionId: string
      stayId: string
      decidedBy: 'hub' | 'person'
      /** The strongest evidence; `person` where somebody accepted the link without any. */
      method: LinkMethod | 'person'
      score: number
      evidence: readonly Evidence[]
      /** What the hub decided under, beside the facts. */
      terms?: LinkTerms
      /** What speaks against a link that a person made. */
      warning?: string
      /** The other stays that came into question, best first. */
      others: readonly LinkCandidate[]
    }
  | {
      outcome: 'review'
      sessionId: string
      reason: ReviewReason
      detail: string
      /** Best first, at least one. */
      candidates: readonly LinkCandidate[]
    }
  | {
      outcome: 'none'
      sessionId: string
      reason: NoLinkReason
      detail: string
      /** Stays that had something in common with the session and why they are out. */
      excluded: readonly ({ stayId: string } & Exclusion)[]
    }
