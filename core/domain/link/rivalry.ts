// Owns what sessions take from each other: a car is not plugged in twice, and one cut reading is not two cards.
// Must not look at a session alone; decide-links.ts has done that.
import { matchPresentations } from '../credential/index.ts'
import { sessionPresentations } from './card-evidence.ts'
import { instant, minutesBetween } from './evidence.ts'
import type { ReviewReason } from './link-decision.ts'
import type { LinkPolicy } from './link-policy.ts'
import type { LinkTerms, SessionView } from './link-view.ts'
import { accountPlates, sessionPlates } from './plate-evidence.ts'
import type { LinkScore } from './score-link.ts'

/** A session with what would be decided if it were alone. */
export interface Tentative {
  session: SessionView
  scores: readonly LinkScore[]
  accepted: string | undefined
  /** What it would be decided under. */
  terms: LinkTerms
  verdict:
    | { kind: 'accepted'; stayId: string }
    | { kind: 'auto'; best: LinkScore }
    | { kind: 'review'; reason: ReviewReason }
    | { kind: 'none' }
}

interface Claim {
  session: SessionView
  stayId: string
  /** null for a link that a person made: nothing outweighs it. */
  score: LinkScore | null
}

/** For each session that may not keep its stay without a person: why. */
export function rivalries(tentative: readonly Tentative[], policy: LinkPolicy): ReadonlyMap<string, ReviewReason> {
  const demoted = new Map<string, ReviewReason>()
  for (const claims of claimsByStay(tentative).values()) {
    for (const claim of claims) {
      if (!claim.score) continue
      const reason = twoCables(claim, claims, policy) ?? sharedReading(claim, tentative)
      if (reason) demoted.set(claim.session.id, reason)
    }
  }
  return demoted
}

function claimsByStay(tentative: readonly Tentative[]): ReadonlyMap<string, Claim[]> {
  const byStay = new Map<string, Claim[]>()
  for (const { session, verdict } of tentative) {
    if (verdict.kind !== 'auto' && verdict.kind !== 'accepted') continue
    const [stayId, score] = verdict.kind === 'auto' ? [verdict.best.stayId, verdict.best] : [verdict.stayId, null]
    const claims = byStay.get(stayId)
    if (claims) claims.push({ session, stayId, score })
    else byStay.set(stayId, [{ session, stayId, score }])
  }
  return byStay
}

/** Sessions at two chargers at once keep one stay only when the driver's own card started both. */
function twoCables(claim: Claim, claims: readonly Claim[], policy: LinkPolicy): ReviewReason | null {
  for (const other of claims) {
    if (other.session.id === claim.session.id || other.session.evseId === claim.session.evseId) continue
    if (overlapMinutes(claim.session, other.session) <= policy.skewToleranceMinutes) continue
    if (startedByCard(claim) && startedByCard(other)) continue
    const lead = (claim.score?.logOdds ?? 0) - (other.score?.logOdds ?? Number.POSITIVE_INFINITY)
    if (lead < policy.margin) return 'two-cables'
  }
  return null
}

function startedByCard({ score }: Claim): boolean {
  // A person who linked two overlapping sessions knows more than we do; the hub adds a third only by card.
  if (!score) return true
  return score.evidence.some(({ method, certain }) => certain && /^(?:credential|card-form|ticket)$/.test(method))
}

function overlapMinutes(a: SessionView, b: SessionView): number {
  const end = (session: SessionView) => instant(session.unpluggedAt) ?? Number.POSITIVE_INFINITY
  const from = Math.max(instant(a.pluggedAt) ?? 0, instant(b.pluggedAt) ?? 0)
  return minutesBetween(from, Math.min(end(a), end(b)))
}

/**
 * A stay known only by part of a card, or by a misread plate, is not for two different cards or plates: when another session fits
 * it too, now or at another hour, neither is sure, unless certain evidence says so.
 */
function sharedReading({ session, stayId, score }: Claim, tentative: readonly Tentative[]): ReviewReason | null {
  if (!score || score.evidence.some(({ certain, weight }) => certain && weight > 0)) return null
  for (const other of tentative) {
    if (other.session.id === session.id) continue
    const rival = other.scores.find((candidate) => candidate.stayId === stayId && !candidate.excluded)
    if (!rival || other.verdict.kind === 'none') continue
    const method = (one: LinkScore, name: string) => one.evidence.some((found) => found.method === name)
    if (method(score, 'card-form') && method(rival, 'card-form') && !sameCard(session, other.session))
      return 'shared-partial'
    const plates = method(rival, 'plate') || method(rival, 'plate-fuzzy')
    if (method(score, 'plate-fuzzy') && plates && !samePlate(session, other.session)) return 'plate-not-unique'
  }
  return null
}

function sameCard(a: SessionView, b: SessionView): boolean {
  return sessionPresentations(a).some((one) =>
    sessionPresentations(b).some((other) => ['exact', 'transformed'].includes(matchPresentations(one, other).equal)),
  )
}

function samePlate(a: SessionView, b: SessionView): boolean {
  if (a.vehicleId !== null && a.vehicleId === b.vehicleId) return true
  const texts = (session: SessionView) =>
    [...sessionPlates(session), ...accountPlates(session.accountPlates)].map(({ text }) => text)
  const others = texts(b)
  return texts(a).some((text) => others.includes(text))
}
