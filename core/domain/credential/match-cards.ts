// Owns whether two readings of cards can be the same card, and how surely.
// Must not look at anything but the two texts; who holds the card and where is link scoring's business.
import { concatDecimals, isBlank, reorderingBetween, reverseBytes } from './card-bytes.ts'
import type { CardReadings, Reading } from './card-readings.ts'
import type { Transform } from './transform.ts'

export interface PresentationMatch {
  /** `exact`: same number in the same form. `transformed`: no bit missing. `partial`: only some bits were there to compare. */
  equal: 'exact' | 'transformed' | 'partial' | 'no'
  /** What separates the two forms; it reads the same from either side. */
  transform: readonly Transform[]
  /** Bits that were compared and agree. */
  bitsMatched: number
  /** Bits the longer form has; more than `bitsMatched` only for `partial`. */
  bitsKnown: number
  /** 0..1: how far the forms alone support "one credential". */
  confidence: number
}

export const noMatch: PresentationMatch = { equal: 'no', transform: [], bitsMatched: 0, bitsKnown: 0, confidence: 0 }

export function matchCards(a: CardReadings, b: CardReadings): PresentationMatch {
  if (a.identity !== null && b.identity !== null) {
    return a.identity === b.identity ? exact(bitsOf(a), 1) : noMatch
  }
  const guessed = a.identity === null && b.identity === null
  const best = [...lossless(a, b), ...concatenations(a, b), ...concatenations(b, a)]
  if (best.length === 0) best.push(...facilityPairs(a, b))
  if (guessed && a.text !== '' && a.text === b.text) {
    // The same text with different stated encodings is two different numbers, unless a reading agrees.
    const bits = Math.max(
      0,
      ...best.filter(({ transform }) => transform.length === 0).map(({ bitsMatched }) => bitsMatched),
    )
    if (bits > 0) return exact(bits, bits < 32 ? 0.95 : 0.99)
    if (
      a.full.length === 0 &&
      b.full.length === 0 &&
      a.cut.length + b.cut.length === 0 &&
      a.text.length >= 3 &&
      !isBlank(a.text)
    ) {
      return exact(a.text.length * 5, 0.95)
    }
  }
  return pick(best) ?? pick([...pieces(a, b), ...pieces(b, a), ...cuts(a, b)]) ?? noMatch
}

function exact(bits: number, confidence: number): PresentationMatch {
  return { equal: 'exact', transform: [], bitsMatched: bits, bitsKnown: bits, confidence }
}

function bitsOf(card: CardReadings): number {
  return (card.full[0]?.hex.length ?? 0) * 4 || 32
}

function lossless(a: CardReadings, b: CardReadings): PresentationMatch[] {
  const found: PresentationMatch[] = []
  for (const one of a.full) {
    for (const other of b.full) {
      if (one.representative !== other.representative) continue
      const reordered = reorderingBetween(one.hex, other.hex)
      if (reordered) found.push(transformed(differences(one, other, reordered), one.hex.length * 4))
    }
  }
  return found
}

/** Facility and card number equal as numbers, where the layouts have no whole bytes to compare. */
function facilityPairs(a: CardReadings, b: CardReadings): PresentationMatch[] {
  const shared = a.pairs.find((pair) => b.pairs.includes(pair))
  if (shared === undefined) return []
  const framed = a.numbers.length > 0 !== b.numbers.length > 0
  return [transformed(framed ? ['facility-card', 'wiegand-frame'] : ['facility-card'], 24)]
}

/** Bytes of `a` printed one after another in decimal are the digits of `b`. Unpadded digits split in many ways, bytes join in one. */
function concatenations(a: CardReadings, b: CardReadings): PresentationMatch[] {
  if (b.identity !== null || !/^\d{5,30}$/.test(b.text)) return []
  return a.full.flatMap(({ hex, how }) => {
    if (![4, 7, 10].includes(hex.length / 2)) return []
    if (concatDecimals(hex) === b.text) return [transformed(sorted([...how, 'decimal-concat']), hex.length * 4)]
    if (concatDecimals(reverseBytes(hex)) !== b.text) return []
    return [transformed(sorted([...how, 'decimal-concat', 'byte-reversal']), hex.length * 4)]
  })
}

/** The ends of a longer number that a shorter one may be. */
export function endsOf(hex: string): { hex: string; transform: Transform }[] {
  const bytes = hex.length / 2
  const ends: { hex: string; transform: Transform }[] = []
  if (bytes >= 4) ends.push({ hex: hex.slice(0, 6), transform: 'first-3' }, { hex: hex.slice(-6), transform: 'last-3' })
  if (bytes >= 5) ends.push({ hex: hex.slice(0, 8), transform: 'first-4' }, { hex: hex.slice(-8), transform: 'last-4' })
  if (bytes === 7) ends.push({ hex: hex.slice(0, 12), transform: 'first-6' })
  return ends
}

/** Something of `b` is one end of something of `a`. */
function pieces(a: CardReadings, b: CardReadings): PresentationMatch[] {
  const found: PresentationMatch[] = []
  for (const whole of a.full) {
    for (const end of endsOf(whole.hex)) {
      for (const part of [...b.full, ...b.cut]) {
        const reordered = reorderingBetween(end.hex, part.hex)
        if (!reordered) continue
        const transform = differences(whole, part, [...reordered, end.transform])
        found.push(partial(transform, part.hex.length * 4, whole.hex.length * 4))
      }
    }
  }
  return found
}

/** Two incomplete readings, or an incomplete one and a number of the same length, agree in all they have. */
function cuts(a: CardReadings, b: CardReadings): PresentationMatch[] {
  const found: PresentationMatch[] = []
  for (const one of [...a.full, ...a.cut]) {
    for (const other of [...b.full, ...b.cut]) {
      const reordered = reorderingBetween(one.hex, other.hex)
      if (reordered) found.push(partial(differences(one, other, reordered), one.hex.length * 4, one.hex.length * 4 + 8))
    }
  }
  return found
}

/** A transform on one side only separates the forms; the same one on both sides does not. */
function differences(a: Reading, b: Reading, extra: readonly Transform[]): Transform[] {
  const oneSided = [...a.how.filter((how) => !b.how.includes(how)), ...b.how.filter((how) => !a.how.includes(how))]
  return sorted([...oneSided, ...extra])
}

function sorted(transforms: readonly Transform[]): Transform[] {
  return [...new Set(transforms)].sort()
}

// How much of the confidence a transform costs: byte order and decimal print are everyday, the others need a miswired or
// unusual reader, and each form tried gives a stranger's card one more chance to fit. Our own estimates.
const doubts: Partial<Record<Transform, number>> = {
  complement: 0.03,
  'bit-reversal': 0.03,
  'trailing-zeros': 0.02,
  'leading-zeros': 0.01,
  bcc: 0.01,
}

function doubtOf(transform: readonly Transform[]): number {
  return transform.reduce((sum, one) => sum + (doubts[one] ?? 0), 0)
}

function transformed(transform: readonly Transform[], bits: number): PresentationMatch {
  // 24 bits are 16 million numbers: among a few thousand cards and eight reorderings an accident is no longer unthinkable.
  const base = bits >= 56 ? 0.995 : bits >= 32 ? 0.985 : 0.85
  return {
    equal: 'transformed',
    transform,
    bitsMatched: bits,
    bitsKnown: bits,
    confidence: round(base - doubtOf(transform)),
  }
}

function partial(transform: readonly Transform[], bits: number, of: number): PresentationMatch {
  // The leading bytes of a UID are the maker's and the batch's, so 24 bits tell fewer cards apart than they could.
  const base = bits >= 48 ? 0.85 : bits >= 32 ? 0.7 : 0.5
  return { equal: 'partial', transform, bitsMatched: bits, bitsKnown: of, confidence: round(base - doubtOf(transform)) }
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}

/** The most complete match, then the plainest, then by name, so that the choice does not depend on which side came first. */
function pick(found: readonly PresentationMatch[]): PresentationMatch | null {
  let best: PresentationMatch | null = null
  for (const match of found) if (!best || isBetter(match, best)) best = match
  return best
}

function isBetter(a: PresentationMatch, b: PresentationMatch): boolean {
  if (a.bitsMatched !== b.bitsMatched) return a.bitsMatched > b.bitsMatched
  if (a.transform.length !== b.transform.length) return a.transform.length < b.transform.length
  if (a.confidence !== b.confidence) return a.confidence > b.confidence
  if (a.bitsKnown !== b.bitsKnown) return a.bitsKnown > b.bitsKnown
  return a.transform.join() < b.transform.join()
}
