// Owns the decision for a whole neighbourhood of stays and sessions: at most one stay per session, people's word first.
// Must not depend on the order of its input, on earlier decisions of the hub, or on a clock.
import type { Evidence } from './evidence.ts'
import { impliedExits } from './implied-exit.ts'
import type { LinkCandidate, LinkDecision, ReviewReason } from './link-decision.ts'
import { linkIndexKeys } from './link-index-keys.ts'
import { defaultLinkPolicy, type LinkPolicy } from './link-policy.ts'
import type { ExistingLink, LinkTerms, SessionView, StayView } from './link-view.ts'
import { scoreOf } from './link-weights.ts'
import { type PersonsWord, personsWord } from './persons-word.ts'
import { type PlateModel, untaughtPlateModel } from './plate-model.ts'
import { rivalries, type Tentative } from './rivalry.ts'
import { type LinkScore, scoreLink } from './score-link.ts'

/** Stays named in a `none` decision; more help nobody. */
const mostExcluded = 5

/**
 * Decides every session given. Ids are unique. A decision is right when the neighbourhood holds all stays that share an index key
 * with the session (T1), all sessions that share one with those stays or were joined to them by a person (S2), and all stays that
 * share one with S2. So after a change: load the sessions concerned, T1, S2 and their stays, decide, and keep the decisions of the
 * sessions concerned. A larger neighbourhood gives the same decisions. Replayable: a function of the facts, of what people said and
 * of the terms, which are stored on the link.
 */
export function decideLinks(
  stays: readonly StayView[],
  sessions: readonly SessionView[],
  existing: readonly ExistingLink[],
  policy: LinkPolicy = defaultLinkPolicy,
  model: PlateModel = untaughtPlateModel,
): LinkDecision[] {
  const said = personsWord(existing)
  const near = nearStays(stays, said)
  const terms: LinkTerms = { policy, model }
  const standing = standingLinks(existing)
  const ordered = [...sessions].sort((a, b) => (a.id < b.id ? -1 : 1))
  const tentative = ordered.map((session): Tentative => {
    const tentativeUnder = (under: LinkTerms) => {
      const one = consider(session, near(session), said, under)
      return { ...one, terms: under, verdict: verdictOf(one, said, under.policy) }
    }
    // What was linked keeps to the terms it was made under: thresholds and learned confusions say when to ask, not what is true.
    const stands = standing.get(session.id)
    const before = stands && tentativeUnder(stands.terms)
    return before?.verdict.kind === 'auto' && before.verdict.best.stayId === stands?.stayId
      ? before
      : tentativeUnder(terms)
  })
  const rivals = rivalries(tentative, policy)
  return tentative.map((one) => decisionOf(one, rivals.get(one.session.id), said, policy))
}

/** Every stay that shares a key with the session, impossible ones with their reason: what a person is shown who asks "why not?". */
export function weighCandidates(
  stays: readonly StayView[],
  session: SessionView,
  existing: readonly ExistingLink[],
  { policy, model }: LinkTerms,
): readonly LinkScore[] {
  const said = personsWord(existing)
  return consider(session, nearStays(stays, said)(session), said, { policy, model }).scores
}

interface Considered {
  session: SessionView
  /** Every stay that shares a key, best first, excluded ones last. */
  scores: readonly LinkScore[]
  accepted: string | undefined
}

function consider(session: SessionView, near: readonly StayView[], said: PersonsWord, terms: LinkTerms): Considered {
  const { policy, model } = terms
  // From this session's own candidates only: otherwise the answer would depend on what else happened to be loaded.
  const implied = impliedExits(near)
  const scores = near.map((stay) => scoreLink(stay, session, policy, { impliedExit: implied.get(stay.id), model }))
  scores.sort((a, b) => b.logOdds - a.logOdds || (a.stayId < b.stayId ? -1 : 1))
  return { session, scores: sharedOut(scores, session.id, said), accepted: said.accepted.get(session.id) }
}

/** A session has one stay: what one candidate gains the others lose. What is left over is that it is none of them. */
function sharedOut(scores: readonly LinkScore[], sessionId: string, said: PersonsWord): LinkScore[] {
  const odds = (one: LinkScore) => (one.excluded || said.refused(sessionId, one.stayId) ? 0 : Math.exp(one.logOdds))
  const all = scores.reduce((sum, one) => sum + odds(one), 1)
  return scores.map((one) => ({ ...one, score: odds(one) / all }))
}

function nearStays(stays: readonly StayView[], said: PersonsWord): (session: SessionView) => StayView[] {
  const stayById = new Map(stays.map((stay) => [stay.id, stay]))
  const index = indexOf(stays)
  return (session) => {
    const accepted = said.accepted.get(session.id)
    const ids = new Set(linkIndexKeys(session).flatMap((key) => index.get(key) ?? []))
    if (accepted !== undefined) ids.add(accepted)
    return [...ids].flatMap((id) => stayById.get(id) ?? [])
  }
}

function standingLinks(existing: readonly ExistingLink[]): ReadonlyMap<string, { stayId: string; terms: LinkTerms }> {
  return new Map(
    existing.flatMap(({ sessionId, stayId, state, decidedBy, madeUnder }) =>
      state === 'linked' && decidedBy === 'hub' && madeUnder
        ? [[sessionId, { stayId, terms: madeUnder }] as const]
        : [],
    ),
  )
}

function indexOf(stays: readonly StayView[]): ReadonlyMap<string, readonly string[]> {
  const index = new Map<string, string[]>()
  for (const stay of stays) {
    for (const key of linkIndexKeys(stay)) {
      const ids = index.get(key)
      if (ids) ids.push(stay.id)
      else index.set(key, [stay.id])
    }
  }
  return index
}

/** Still possible: neither excluded by facts nor refused by a person. */
function possible({ session, scores }: Considered, said: PersonsWord): LinkScore[] {
  return scores.filter(({ excluded, stayId }) => !excluded && !said.refused(session.id, stayId))
}

function verdictOf(one: Considered, said: PersonsWord, policy: LinkPolicy): Tentative['verdict'] {
  if (one.accepted !== undefined) return { kind: 'accepted', stayId: one.accepted }
  const open = possible(one, said)
  const [best, next] = open
  if (!best || !isWorthALook(best, policy) || !identity(best).some(({ weight }) => weight > 0)) {
    // A bay alone is worth a look; times alone are not.
    const place = best?.evidence.some(({ method, weight }) => method === 'bay' && weight > 0)
    return best && place && isWorthALook(best, policy) ? { kind: 'review', reason: 'weak-identity' } : { kind: 'none' }
  }
  const reason = doubtOf(best, next, open, policy)
  return reason ? { kind: 'review', reason } : { kind: 'auto', best }
}

/** By itself: five stays that fit equally well are each unlikely, and a question all the same. */
function isWorthALook({ logOdds }: LinkScore, policy: LinkPolicy): boolean {
  return scoreOf(logOdds) >= policy.reviewThreshold
}

/** Evidence of who it is, as opposed to where and when. */
function identity({ evidence }: LinkScore): Evidence[] {
  return evidence.filter(({ method }) => method !== 'time' && method !== 'bay')
}

/** The first reason why the best candidate may not be linked without asking, or null. */
function doubtOf(
  best: LinkScore,
  next: LinkScore | undefined,
  open: readonly LinkScore[],
  policy: LinkPolicy,
): ReviewReason | null {
  if (best.contradiction !== undefined) return 'contradiction'
  const who = identity(best)
  const certain = who.some((one) => one.certain)
  if (!certain && who.some((one) => one.ambiguous)) return 'ambiguous-card'
  if (next && best.logOdds - next.logOdds < policy.margin) return 'near-tie'
  if (!certain) {
    const place = best.evidence.some(({ method, weight }) => method === 'bay' && weight > 0)
    const [only] = who
    const alone = who.length === 1 && !place
    if (alone && only?.method === 'plate-fuzzy' && !nearestByFar(best, open, policy)) return 'plate-not-unique'
    if (alone && only?.method !== 'plate-fuzzy' && !only?.unique) return 'weak-identity'
  }
  return best.score >= policy.autoThreshold ? null : 'below-threshold'
}

/** A plate that was not read as expected may link by itself only when no other stay's plate comes near. */
function nearestByFar(best: LinkScore, open: readonly LinkScore[], policy: LinkPolicy): boolean {
  const { plateDistance: distance } = best
  if (distance === null || best.plateDoubted || distance > policy.fuzzyAutoDistance) return false
  return open.every(
    (other) => other === best || other.plateDistance === null || other.plateDistance >= distance + policy.fuzzyMargin,
  )
}

function candidateOf({ stayId, score, evidence, contradiction }: LinkScore): LinkCandidate {
  return { stayId, score, evidence, ...(contradiction === undefined ? {} : { contradiction }) }
}

function decisionOf(
  one: Tentative,
  rival: ReviewReason | undefined,
  said: PersonsWord,
  policy: LinkPolicy,
): LinkDecision {
  const { session, scores, verdict } = one
  const sessionId = session.id
  const open = possible(one, said)
  const worth = open.filter((score) => isWorthALook(score, policy)).map(candidateOf)
  if (verdict.kind === 'accepted') {
    const { stayId } = verdict
    const score = scores.find((candidate) => candidate.stayId === stayId)
    const warning = score?.excluded?.detail ?? score?.contradiction
    return {
      outcome: 'linked',
      sessionId,
      stayId,
      decidedBy: 'person',
      method: score?.evidence.find(({ weight }) => weight > 0)?.method ?? 'person',
      score: score?.score ?? 0,
      evidence: score?.evidence ?? [],
      ...(warning === undefined ? {} : { warning }),
      others: worth.filter((candidate) => candidate.stayId !== stayId),
    }
  }
  if (verdict.kind === 'auto' && rival === undefined) {
    const { best } = verdict
    const { stayId, score, evidence } = candidateOf(best)
    const others = worth.filter((candidate) => candidate.stayId !== stayId)
    const method = identity(best)[0]?.method ?? 'time'
    return { outcome: 'linked', sessionId, stayId, decidedBy: 'hub', method, score, evidence, terms: one.terms, others }
  }
  if (verdict.kind !== 'none') {
    const reason = verdict.kind === 'review' ? verdict.reason : (rival ?? 'below-threshold')
    return { outcome: 'review', sessionId, reason, detail: reviewDetail[reason], candidates: worth }
  }
  return noLink(one, open, said)
}

const reviewDetail: Readonly<Record<ReviewReason, string>> = {
  contradiction: 'Some facts say it is the same car, others say it is not.',
  'near-tie': 'More than one stay fits about equally well.',
  'ambiguous-card': 'One reader sees only a part of the card, and that part fits more than one enrolled card.',
  'shared-partial': 'Sessions with different cards fit what was read of this stay.',
  'plate-not-unique': 'The plate was not read as expected, and that alone is not enough to be sure.',
  'weak-identity': 'There is a hint, but nothing that says for sure whose car it is.',
  'below-threshold': 'It fits, but not well enough to link without asking.',
  'two-cables': 'Another session at a different charger overlaps in time, and a car cannot be plugged in twice.',
}

function noLink(one: Tentative, open: readonly LinkScore[], said: PersonsWord): LinkDecision {
  const { session, scores } = one
  const sessionId = session.id
  // Stays that merely stood at the bay on another day are no news; those of the same car are.
  const related = scores.filter(({ evidence }) => evidence.some(({ weight, method }) => weight > 0 && method !== 'bay'))
  const strength = ({ evidence }: LinkScore) => evidence[0]?.weight ?? 0
  const excluded = related
    .filter((score) => score.excluded)
    .sort((a, b) => strength(b) - strength(a) || (a.stayId < b.stayId ? -1 : 1))
    .flatMap(({ stayId, excluded }) => (excluded ? [{ stayId, ...excluded }] : []))
    .slice(0, mostExcluded)
  const none = (reason: (LinkDecision & { outcome: 'none' })['reason'], detail: string): LinkDecision => ({
    outcome: 'none',
    sessionId,
    reason,
    detail,
    excluded,
  })
  if (scores.some(({ stayId }) => said.refused(sessionId, stayId))) {
    return none(
      'refused-by-person',
      'A person decided that the stay that fits does not belong to this session, and no other fits.',
    )
  }
  const [best] = open
  if (best) {
    return identity(best).some(({ weight }) => weight > 0)
      ? none('too-weak', 'No stay fits well enough to be worth a look.')
      : none('no-identity', 'Only place or time agree with any stay, and they do not say whose car it is.')
  }
  if (excluded.length > 0) return none('excluded', 'The same driver or car has a stay, but it cannot be this one.')
  return none('no-candidate', 'No stay has a card, plate, account, vehicle or bay in common with this session.')
}
