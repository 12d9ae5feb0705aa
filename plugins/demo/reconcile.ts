// Owns the reckoning after a played month: what was true beside what the hub says, every difference explained or listed. Pure.
// Must not fetch, and must not excuse: a class of explained differences names the planted fault that causes it.
import type { HubAnswers } from './hub-answers.ts'
import { reconcileLinks } from './reconcile-links.ts'
import { reconcileMoney } from './reconcile-money.ts'
import { matchSessions, reconcileSessions } from './reconcile-sessions.ts'
import { reconcileStays } from './reconcile-stays.ts'
import type { Difference, PlayedMoney, Reconciliation } from './reconciliation.ts'
import type { Truth } from './scenario/index.ts'

export function reconcile(truth: Truth, hub: HubAnswers, played?: PlayedMoney): Reconciliation {
  const differences: Difference[] = []
  const note = (difference: Difference) => differences.push(difference)
  const parts = matchSessions(truth, hub)
  const stays = reconcileStays(truth, hub, note)
  const sessions = reconcileSessions(truth, hub, parts, note)
  const links = reconcileLinks(truth, hub, parts, note)
  const { energy, money } = reconcileMoney(truth, hub, parts, played, note)
  const openReviews = new Map<string, number>()
  for (const review of hub.reviews) openReviews.set(review.kind, (openReviews.get(review.kind) ?? 0) + 1)
  return {
    stays,
    sessions,
    links,
    energy,
    money,
    openReviews,
    differences,
    clean: differences.every((one) => one.explained),
  }
}
