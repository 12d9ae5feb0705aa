// Owns the public face of linking: which stay does a charging session belong to, and why.
// Must not export how single pieces of evidence are weighed; that stays inside this folder.
export { confirmedReads, isConfirmed } from './confirmed-reads.ts'
export { decideLinks, weighCandidates } from './decide-links.ts'
export { type Evidence, type Exclusion, type ExclusionReason, type LinkMethod, linkMethods } from './evidence.ts'
export { explainDecision, type StayName } from './explain-decision.ts'
export type { LinkCandidate, LinkDecision, NoLinkReason, ReviewReason } from './link-decision.ts'
export { linkIndexKeys } from './link-index-keys.ts'
export { defaultLinkPolicy, type LinkPolicy } from './link-policy.ts'
export type {
  BayInterval,
  ExistingLink,
  LinkPresentation,
  LinkTerms,
  PlateRead,
  SessionPlate,
  SessionView,
  StayView,
} from './link-view.ts'
export { type NearReads, nearReads } from './plate-evidence.ts'
export {
  type ConfirmedRead,
  countReads,
  learnedCosts,
  type PlateModel,
  type ReaderCounts,
  untaughtPlateModel,
} from './plate-model.ts'
export { type LinkScore, type ScoreContext, scoreLink } from './score-link.ts'
