// Owns the decision for a whole neighbourhood of stays and sessions: at most one stay per session, people's word first.
// Must not depend on the order of its input, on earlier decisions of the hub, or on a clock.
import type { Evidence } from './evidence.ts'
import { impliedExits } from './implied-exit.ts'
import type { LinkCandidate, LinkDecision, ReviewReason } from './link-decision.ts'
import { linkIndexKeys } from './link-index-keys.ts'
import { defaultLinkPolicy, type LinkPolicy } from './link-policy.ts'
import type { ExistingLink, SessionView, StayView } from './link-view.ts'
import { type PersonsWord, personsWord } from './persons-word.ts'
import { rivalries, type Tentative } from './rivalry.ts'
import { type LinkScore, scoreLink } from './score-link.ts'

/** Stays named in a `none` decision; more help nobody. */
const mostExcluded = 5

/**
 * Decides every session given. Ids are unique. A decision is right when the neighbourhood holds all stays that share an index key
 * with the session (T1), all sessions that share one with those stays or were joined to them by a person (S2), and all stays that
 * share one with S2. So after a change: load the sessions concerned, T1, S2 and their stays, decide, and keep the decisions of the
 * sessions concerned. A larger neighbourhood gives the same decisions.
 */
export function decideLinks(
  stays: readonly StayView[],
  sessions: readonly SessionView[],
  existing: readonly ExistingLink[],
  policy: LinkPolicy = defaultLinkPolicy,
): LinkDecision[] {
  const said = personsWord(existing)
  const stayById = new Map(stays.map((stay) => [stay.id, stay]))
  const index = indexOf(stays)
  const ordered = [...sessions].sort((a, b) => (a.id < b.id ? -1 : 1))

  const considered = ordered.map((session): Considered => {
    const accepted = said.accepted.get(session.id)
    const ids = new Set(linkIndexKeys(session).flatMap((key) => index.get(key) ?? []))
    if (accepted !== undefined) ids.add(accepted)
    const near = [...ids].flatMap((id) => stayById.get(id) ?? [])
    // From this session's own candidates only: otherwise the answer would depend on what else happened to be loaded.
    const implied = impliedExits(near)
    const scores = near.map((stay) => scoreLink(stay, session, policy, { impliedExit: implied.get(stay.id) }))
    scores.sort((a, b) => b.logOdds - a.logOdds || (a.stayId < b.stayId ? -1 : 1))
    return { session, scores, accepted }
  })

  const madeUnder = new Map(
    existing.flatMap(({ sessionId, stayId, state, decidedBy, madeUnder: score }) =>
      state === 'linked' && decidedBy === 'hub' && score != null ? [[`${sessionId}/${stayId}`, score]] : [],
    ),
  )
  const policyOf = (one: Considered): LinkPolicy => {
    const best = possible(one, said)[0]
    const score = best && madeUnder.get(`${one.session.id}/${best.stayId}`)
    return score === undefined || score >= policy.autoThreshold ? policy : { ...policy, autoThreshold: score }
  }
  const tentative = considered.map((one): Tentative => ({ ...one, verdict: verdictOf(one, said, policyOf(one)) }))
  const rivals = rivalries(tentative, policy)
  return tentative.map((one) => decisionOf(one, rivals.get(one.session.id), said, policy))
}

interface Considered {
  session: SessionView
  /** Every stay that shares a key, best first, excluded ones last. */
  scores: readonly LinkScore[]
  accepted: string | undefined
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
  if (!best || best.score < policy.reviewThreshold || !identity(best).some(({ weight }) => weight > 0)) {
    // A bay alone is worth a look; times alone are not.
    const place = best?.evidence.some(({ method, weight }) => method === 'bay' && weight > 0)
    return best && place && best.score >= policy.reviewThreshold
      ? { kind: 'review', reason: 'weak-identity' }
      : { kind: 'none' }
  }
  const reason = doubtOf(best, next, open, policy)
  return reason ? { kind: 'review', reason } : { kind: 'auto', best }
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
  if (distance === null || distance > policy.fuzzyAutoDistance) return false
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
  const worth = open.filter(({ score }) => score >= policy.reviewThreshold).map(candidateOf)
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
    return { outcome: 'linked', sessionId, stayId, decidedBy: 'hub', method, score, evidence, others }
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
