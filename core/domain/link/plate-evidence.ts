// Owns what plates say about a link: the gate's readings against the plates the session is known by.
// Must not look at bays; bay-evidence.ts compares what bay cameras read.
import { countriesConflict, normalisePlate, plateDistance, plateEquivalenceKey } from '../credential/index.ts'
import type { Evidence } from './evidence.ts'
import type { LinkPolicy } from './link-policy.ts'
import type { LinkPresentation, SessionView, StayView } from './link-view.ts'
import { linkWeights } from './link-weights.ts'

export interface KnownPlate {
  text: string
  country: string
  /** Characters were dropped that set it apart from others. */
  lossy: boolean
  /** undefined: whoever reported it gave none. */
  confidence: number | undefined
  from: 'read' | 'candidate' | 'session' | 'account'
}

export interface PlateFinding {
  evidence: Evidence | null
  /** Distance of the nearest pair without candidates of the camera; null when one side has no plate. */
  distance: number | null
  /** Both sides are surely read and are two cars. */
  contradiction: string | null
}

/** Below this a plate one character off is next to anything. */
const shortestFuzzy = 5

export function stayPlates(stay: StayView): KnownPlate[] {
  return [
    ...stay.plateReads.flatMap((read) => [
      ...known(read.text, 'read', read.country, read.confidence),
      ...(read.candidates ?? []).flatMap(({ text, confidence }) => known(text, 'candidate', read.country, confidence)),
    ]),
    ...presented(stay.presentations, 'read'),
  ]
}

export function sessionPlates(session: SessionView): KnownPlate[] {
  const { plate } = session
  return [
    ...(plate ? known(plate.text, 'session', plate.country, plate.confidence) : []),
    ...presented(session.presentations, 'session'),
  ]
}

export function accountPlates(plates: readonly string[] | undefined): KnownPlate[] {
  return (plates ?? []).flatMap((text) => known(text, 'account', undefined, undefined))
}

export function plateFinding(stay: StayView, session: SessionView, policy: LinkPolicy): PlateFinding {
  const gate = stayPlates(stay)
  const charger = sessionPlates(session)
  const pairs = [
    ...pairsOf(gate, charger),
    ...pairsOf(gate, accountPlates(session.accountPlates)),
    ...pairsOf(accountPlates(stay.accountPlates), charger),
  ]
  let evidence: Evidence | null = null
  let distance: number | null = null
  for (const pair of pairs) {
    const found = pairEvidence(pair, policy)
    if (
      found &&
      (!evidence ||
        found.weight > evidence.weight ||
        (found.weight === evidence.weight && found.detail < evidence.detail))
    ) {
      evidence = found
    }
    const candidate = pair.a.from === 'candidate' || pair.b.from === 'candidate'
    if (!candidate) distance = Math.min(distance ?? Number.POSITIVE_INFINITY, pair.distance)
  }
  return { evidence, distance, contradiction: contradiction(gate, charger, pairs, policy) }
}

interface PlatePair {
  a: KnownPlate
  b: KnownPlate
  distance: number
  /** Both name a country, and not the same. Cameras guess countries worse than characters, so it is doubt, not proof. */
  abroad: boolean
}

function known(
  raw: string,
  from: KnownPlate['from'],
  country: string | undefined,
  confidence: number | undefined,
): KnownPlate[] {
  const plate = normalisePlate(raw, country)
  if (plate.outcome !== 'plate') return []
  return [{ text: plate.text, country: plate.country, lossy: plate.lossy, confidence, from }]
}

function presented(presentations: readonly LinkPresentation[], from: 'read' | 'session'): KnownPlate[] {
  return presentations.flatMap((one) => (one.kind === 'plate' ? known(one.raw, from, one.country, undefined) : []))
}

function pairsOf(all: readonly KnownPlate[], others: readonly KnownPlate[]): PlatePair[] {
  return all.flatMap((a) =>
    others.map((b) => ({
      a,
      b,
      distance: plateDistance(a.text, b.text),
      abroad: countriesConflict(a.country, b.country),
    })),
  )
}

function pairEvidence({ a, b, distance, abroad }: PlatePair, policy: LinkPolicy): Evidence | null {
  if (abroad) {
    return distance === 0
      ? fuzzy(
          linkWeights.plateNear,
          `Plate ${a.text} agrees, but it is ${a.country} on one side and ${b.country} on the other.`,
        )
      : null
  }
  const owner = b.from === 'account' ? ', which is registered to the account that charged' : ''
  const parker = a.from === 'account' ? ', which is registered to the parker' : ''
  if (a.from === 'candidate') {
    return distance === 0 && !a.lossy && a.text.length >= shortestFuzzy
      ? fuzzy(linkWeights.plateCandidate, `The camera's second reading ${a.text} is the plate of the session${owner}.`)
      : null
  }
  if (distance === 0) {
    if (a.lossy || b.lossy) {
      return fuzzy(linkWeights.plateNear, `Plate ${a.text} agrees, but some of its characters have no Latin letter.`)
    }
    const long = a.text.length >= 4
    const detail = `Same plate ${a.text} at gate and charger${owner || parker}.`
    return { method: 'plate', weight: long ? linkWeights.plate : linkWeights.plateShort, detail, certain: long }
  }
  if (distance > policy.fuzzyReviewDistance || Math.min(a.text.length, b.text.length) < shortestFuzzy) return null
  return fuzzy(
    fuzzyWeight(a.text, b.text, distance),
    `Plate ${a.text} was read, ${b.text} is expected${owner}: easily confused.`,
  )
}

function fuzzy(weight: number, detail: string): Evidence {
  return { method: 'plate-fuzzy', weight, detail, certain: false }
}

function fuzzyWeight(a: string, b: string, distance: number): number {
  if (distance <= 0.25) return linkWeights.plateQuarter
  if (distance > 0.5) return linkWeights.plateFar
  return plateEquivalenceKey(a) === plateEquivalenceKey(b) ? linkWeights.plateTwoSwaps : linkWeights.plateNear
}

/**
 * A misread rarely goes as far as two unrelated characters: beyond that, surely read plates are two cars. A second car of the
 * same account is no contradiction, so its registered plates are asked too.
 */
function contradiction(
  gate: readonly KnownPlate[],
  charger: readonly KnownPlate[],
  pairs: readonly PlatePair[],
  policy: LinkPolicy,
): string | null {
  const sure = ({ from, confidence }: KnownPlate) =>
    from !== 'candidate' && (confidence === undefined || confidence >= policy.plateCertainConfidence)
  const [seen] = gate.filter(sure)
  const [expected] = charger.filter(sure)
  if (!seen || !expected || pairs.some(({ distance }) => distance < policy.contradictionDistance)) return null
  return `The gate read plate ${seen.text}, the session belongs to ${expected.text}.`
}
