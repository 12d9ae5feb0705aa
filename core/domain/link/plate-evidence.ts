// Owns what plates say about a link: the gate's readings against the plates the session is known by.
// Must not look at bays; bay-evidence.ts compares what bay cameras read.
import { countriesConflict, normalisePlate, plateDistance, plateEquivalenceKey } from '../credential/index.ts'
import type { Evidence } from './evidence.ts'
import type { LinkPolicy } from './link-policy.ts'
import type { LinkPresentation, PlateRead, SessionView, StayView } from './link-view.ts'
import { linkWeights } from './link-weights.ts'
import { type PlateModel, swapCostOf, untaughtPlateModel } from './plate-model.ts'

export interface KnownPlate {
  text: string
  country: string
  /** Characters were dropped that set it apart from others. */
  lossy: boolean
  /** undefined: whoever reported it gave none. */
  confidence: number | undefined
  charConfidence: readonly number[] | undefined
  /** The lane, bay or charger whose camera read it; undefined for what was told or is on record. */
  reader: string | undefined
  from: 'read' | 'candidate' | 'session' | 'account'
}

export interface PlateFinding {
  evidence: Evidence | null
  /** Distance of the nearest pair without candidates of the camera; null when one side has no plate. */
  distance: number | null
  /** The nearest pair is that near only because the camera doubted the character, not because the two look alike. */
  doubted: boolean
  /** Both sides are surely read and are two cars. */
  contradiction: string | null
}

/** Below this a plate one character off is next to anything. */
const shortestFuzzy = 5
/** Genetec's defaults. */
const leastCommon = 5
const leastRun = 4

export function stayPlates(stay: StayView): KnownPlate[] {
  return [...stay.plateReads.flatMap(readOf), ...presented(stay.presentations, 'read')]
}

function readOf(read: PlateRead): KnownPlate[] {
  return [
    ...known({ ...read, confidenceOfChars: doubts(read) }, 'read', read.lane),
    ...(read.candidates ?? []).flatMap(({ text, confidence }) =>
      known({ text, confidence, country: read.country }, 'candidate', read.lane),
    ),
  ]
}

export function sessionPlates(session: SessionView): KnownPlate[] {
  const { plate } = session
  return [
    ...(plate ? known({ ...plate, confidenceOfChars: plate.charConfidence }, 'session', plate.reader) : []),
    ...presented(session.presentations, 'session'),
  ]
}

export function accountPlates(plates: readonly string[] | undefined): KnownPlate[] {
  return (plates ?? []).flatMap((text) => known({ text }, 'account', undefined))
}

/** How near two cars' machine-read plates are to each other. */
export interface NearReads {
  /** The nearest that each was read as, without other guesses of the cameras. */
  a: string
  b: string
  distance: number
  /** Near enough to be taken for one plate, as far as these two are concerned. */
  surely: boolean
  /** With every other guess of the cameras: how near it may be. */
  atMost: number
}

/** Null when one of them was not read. */
export function nearReads(
  some: readonly PlateRead[],
  others: readonly PlateRead[],
  policy: LinkPolicy,
  model: PlateModel,
): NearReads | null {
  const pairs = pairsOf(some.flatMap(readOf), others.flatMap(readOf), model)
  let nearest: PlatePair | null = null
  for (const pair of pairs) {
    if (pair.a.from === 'candidate' || pair.b.from === 'candidate') continue
    if (!nearest || pair.distance < nearest.distance) nearest = pair
  }
  if (!nearest) return null
  const { a, b, distance, undoubted, abroad } = nearest
  const legible = !a.lossy && !b.lossy && Math.min(a.text.length, b.text.length) >= shortestFuzzy
  return {
    a: a.text,
    b: b.text,
    distance,
    surely: legible && !abroad && distance <= policy.fuzzyAutoDistance && undoubted <= policy.fuzzyReviewDistance,
    atMost: Math.min(...pairs.map((pair) => pair.distance)),
  }
}

export function plateFinding(
  stay: StayView,
  session: SessionView,
  policy: LinkPolicy,
  model: PlateModel = untaughtPlateModel,
): PlateFinding {
  const gate = stayPlates(stay)
  const charger = sessionPlates(session)
  const pairs = [
    ...pairsOf(gate, charger, model),
    ...pairsOf(gate, accountPlates(session.accountPlates), model),
    ...pairsOf(accountPlates(stay.accountPlates), charger, model),
  ]
  let evidence: Evidence | null = null
  let nearest: PlatePair | null = null
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
    if (!candidate && (!nearest || pair.distance < nearest.distance)) nearest = pair
  }
  return {
    evidence,
    distance: nearest?.distance ?? null,
    doubted: nearest !== null && nearest.undoubted > policy.fuzzyReviewDistance,
    contradiction: contradiction(gate, charger, pairs, policy),
  }
}

interface PlatePair {
  a: KnownPlate
  b: KnownPlate
  distance: number
  /** As it would be had no camera doubted a character. */
  undoubted: number
  /** Both name a country, and not the same. Cameras guess countries worse than characters, so it is doubt, not proof. */
  abroad: boolean
}

interface Told {
  text: string
  country?: string | undefined
  confidence?: number | undefined
  confidenceOfChars?: readonly number[] | undefined
}

function known(told: Told, from: KnownPlate['from'], reader: string | undefined): KnownPlate[] {
  const { text: raw, country, confidence, confidenceOfChars: chars } = told
  const plate = normalisePlate(raw, country)
  if (plate.outcome !== 'plate') return []
  const { text, lossy } = plate
  // Confidences belong to the characters as they came; with a separator or an accent among them nobody can say to which.
  const charConfidence = chars?.length === text.length ? chars : undefined
  return [{ text, country: plate.country, lossy, confidence, charConfidence, reader, from }]
}

/** Where a camera gives no confidence by character, its other guesses say which characters it doubts. */
function doubts({
  text,
  charConfidence,
  candidates = [],
}: StayView['plateReads'][number]): readonly number[] | undefined {
  if (charConfidence !== undefined || candidates.length === 0) return charConfidence
  const guesses = candidates.filter((guess) => guess.text.length === text.length)
  return [...text].map((char, i) =>
    Math.min(1, ...guesses.map((guess) => (guess.text.charAt(i) === char ? 1 : 1 - (guess.confidence ?? 0.5)))),
  )
}

function presented(presentations: readonly LinkPresentation[], from: 'read' | 'session'): KnownPlate[] {
  return presentations.flatMap((one) =>
    one.kind === 'plate' ? known({ text: one.raw, country: one.country }, from, undefined) : [],
  )
}

function pairsOf(all: readonly KnownPlate[], others: readonly KnownPlate[], model: PlateModel): PlatePair[] {
  return all.flatMap((a) =>
    others.map((b) => {
      const swapCost = swapCostOf(model, a.reader, b.reader)
      const undoubted = plateDistance(a.text, b.text, { swapCost })
      const doubts = a.charConfidence ?? b.charConfidence
      const distance = doubts
        ? plateDistance(a.text, b.text, { swapCost, confidenceA: a.charConfidence, confidenceB: b.charConfidence })
        : undoubted
      return { a, b, distance, undoubted, abroad: countriesConflict(a.country, b.country) }
    }),
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
  if (Math.min(a.text.length, b.text.length) < shortestFuzzy) return null
  if (distance > policy.fuzzyReviewDistance) {
    return a.reader !== undefined && b.reader !== undefined && sharesRun(a.text, b.text)
      ? fuzzy(linkWeights.plateRun, `Both cameras read much of one plate: ${a.text} and ${b.text}.`)
      : null
  }
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
 * Genetec's technique for two machine reads of which either may be cut short: so many characters in the same order, so many of them in
 * a row. A plate that a person told is whole, and such a likeness to it is chance.
 */
function sharesRun(a: string, b: string): boolean {
  const row = Array.from({ length: b.length + 1 }, () => ({ common: 0, run: 0 }))
  let [common, run] = [0, 0]
  for (const char of a) {
    let diagonal = { common: 0, run: 0 }
    for (let j = 1; j <= b.length; j++) {
      const [above, left] = [row[j] ?? diagonal, row[j - 1] ?? diagonal]
      const same = char === b.charAt(j - 1)
      const next = {
        common: same ? diagonal.common + 1 : Math.max(above.common, left.common),
        run: same ? diagonal.run + 1 : 0,
      }
      diagonal = above
      row[j] = next
      common = Math.max(common, next.common)
      run = Math.max(run, next.run)
    }
  }
  return common >= leastCommon && run >= leastRun
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
  if (seen.reader !== undefined && expected.reader !== undefined && sharesRun(seen.text, expected.text)) return null
  return `The gate read plate ${seen.text}, the session belongs to ${expected.text}.`
}
