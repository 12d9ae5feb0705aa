// Owns the score of one stay with one session: evidence for and against, and what rules the pair out.
// Must not decide; decide-links.ts compares candidates and listens to people.
import { bayEvidence } from './bay-evidence.ts'
import { cardEvidence, sessionPresentations } from './card-evidence.ts'
import { type Evidence, type Exclusion, instant } from './evidence.ts'
import { defaultLinkPolicy, type LinkPolicy } from './link-policy.ts'
import type { SessionView, StayView } from './link-view.ts'
import { linkWeights, priorLogOdds, scoreOf } from './link-weights.ts'
import { plateFinding } from './plate-evidence.ts'
import type { PlateModel } from './plate-model.ts'
import { timeEvidence, timeExclusion } from './time-evidence.ts'

export interface LinkScore {
  stayId: string
  sessionId: string
  /** 0..1, the probability that they belong together; 0 when excluded. */
  score: number
  /** The same on the scale evidence adds up on; margins are measured here. */
  logOdds: number
  /** Strongest first. */
  evidence: readonly Evidence[]
  /** Present when the pair is impossible. */
  excluded?: Exclusion
  /** Certain evidence for and certain evidence against: facts are wrong somewhere, so a person has to look. */
  contradiction?: string
  /** Distance of the nearest plates; null when one side has none. */
  plateDistance: number | null
  /** The nearest plates are near only because a camera doubted a character. */
  plateDoubted: boolean
}

export interface ScoreContext {
  /** What the site's cameras are known to mix up. */
  model?: PlateModel | undefined
  /** For a stay without exit: when its car was seen entering again. */
  impliedExit?: Date | null | undefined
}

/**
 * Scores one pair. Evidence adds up as log-odds on top of the prior that any of the usual open stays is as likely; what follows
 * from other evidence counts little, so that one fact is not counted twice.
 */
export function scoreLink(
  stay: StayView,
  session: SessionView,
  policy: LinkPolicy = defaultLinkPolicy,
  context: ScoreContext = {},
): LinkScore {
  const base = { stayId: stay.id, sessionId: session.id }
  if (stay.siteId !== session.siteId)
    return none(base, { reason: 'other-site', detail: 'They are at different sites.' })

  const card = cardEvidence(stay, session)
  const plates = plateFinding(stay, session, policy, context.model)
  const identity = [card, plates.evidence, vehicleEvidence(stay, session), accountEvidence(stay, session)].filter(
    isPresent,
  )
  const kept = discountImplied(identity)
  const barred = voided(stay) ?? timeExclusion(stay, session, policy)
  if (barred) return none({ ...base, plateDistance: plates.distance, plateDoubted: plates.doubted }, barred, kept)

  const against = contradictionOf(stay, session, plates.contradiction)
  // Facts that contradict each other with certainty are wrong somewhere; ruling the pair out silently would hide that.
  const overruled = against && kept.some((one) => one.certain && outweighs(one, against))
  if (against && !overruled)
    return none({ ...base, plateDistance: plates.distance, plateDoubted: plates.doubted }, against, kept)

  const evidence = [...kept, bayEvidence(stay, session, policy), timeOf(stay, session, policy, context)].filter(
    isPresent,
  )
  evidence.sort((a, b) => b.weight - a.weight || (a.method < b.method ? -1 : 1))
  const logOdds = evidence.reduce((sum, { weight }) => sum + weight, priorLogOdds(policy.usualOpenStays))
  return {
    ...base,
    score: scoreOf(logOdds),
    logOdds,
    evidence,
    plateDistance: plates.distance,
    plateDoubted: plates.doubted,
    ...(against ? { contradiction: against.detail } : {}),
  }
}

function none(
  base: Pick<LinkScore, 'stayId' | 'sessionId'> & Partial<Pick<LinkScore, 'plateDistance' | 'plateDoubted'>>,
  excluded: Exclusion,
  evidence: readonly Evidence[] = [],
): LinkScore {
  const apart = { plateDistance: null, plateDoubted: false, ...base }
  return { ...apart, score: 0, logOdds: Number.NEGATIVE_INFINITY, evidence, excluded }
}

function isPresent<T>(value: T | null): value is T {
  return value !== null
}

function voided(stay: StayView): Exclusion | null {
  return stay.state === 'voided' ? { reason: 'voided', detail: 'The stay was voided.' } : null
}

function timeOf(
  stay: StayView,
  session: SessionView,
  policy: LinkPolicy,
  { impliedExit }: ScoreContext,
): Evidence | null {
  return timeEvidence(stay, session, policy, instant(impliedExit))
}

function vehicleEvidence(stay: StayView, session: SessionView): Evidence | null {
  if (stay.vehicleId === null || stay.vehicleId !== session.vehicleId) return null
  return {
    method: 'vehicle',
    weight: linkWeights.vehicle,
    // Autocharge and Plug & Charge: the car told its own address or contract, and that is on record with the plate.
    detail: sessionPresentations(session).some(({ kind }) => kind === 'mac' || kind === 'emaid')
      ? 'The car told the charger who it is, and the gate knows the same vehicle.'
      : 'Gate and charger know the same vehicle.',
    certain: true,
  }
}

function accountEvidence(stay: StayView, session: SessionView): Evidence | null {
  if (stay.accountId === null || stay.accountId !== session.accountId) return null
  return {
    method: 'account',
    weight: linkWeights.account,
    detail: 'Gate and charger know the same account.',
    certain: true,
  }
}

/** A card names its account and a plate its vehicle: beside them, account and vehicle are no second witness. */
function discountImplied(identity: readonly Evidence[]): Evidence[] {
  const named = identity.some(({ method, certain }) => certain && method !== 'account' && method !== 'vehicle')
  const vehicle = identity.some(({ method }) => method === 'vehicle')
  return identity.map((one) =>
    (named && (one.method === 'account' || one.method === 'vehicle')) || (vehicle && one.method === 'account')
      ? { ...one, weight: linkWeights.implied }
      : one,
  )
}

function contradictionOf(stay: StayView, session: SessionView, plates: string | null): Exclusion | null {
  if (stay.vehicleId !== null && session.vehicleId !== null && stay.vehicleId !== session.vehicleId) {
    return { reason: 'other-vehicle', detail: 'Gate and charger know two different vehicles.' }
  }
  if (plates !== null) return { reason: 'other-plate', detail: plates }
  if (stay.accountId !== null && session.accountId !== null && stay.accountId !== session.accountId) {
    return { reason: 'other-account', detail: 'Gate and charger know two different accounts.' }
  }
  return null
}

/** Which certain evidence stands up to which contradiction. The same account says nothing about which of its cars it is. */
function outweighs({ method }: Evidence, against: Exclusion): boolean {
  if (method === 'account') return false
  return (
    !(method === 'plate' && against.reason === 'other-plate') &&
    !(method === 'vehicle' && against.reason === 'other-vehicle')
  )
}
