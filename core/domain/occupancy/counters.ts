// Owns comparing what a parking system's counter says with what the stays say: which stays a counter is about, and the difference.
// Must not touch a table.
import type { ParkerKind } from '../parking-fact.ts'

export interface CounterReading {
  counter: string
  category: string
  area: string | null
  occupied: number | null
  free: number | null
  capacity: number | null
}

export interface InsideOf {
  category: string
  area: string | null
  count: number
}

/** Counting categories (section 1.6 of the research: short-term, contract, total, pre-booked) in the words vendors use. */
const kinds: Readonly<Record<string, ParkerKind>> = {
  transient: 'transient',
  shortterm: 'transient',
  short: 'transient',
  contract: 'contract',
  longterm: 'contract',
  monthly: 'contract',
  season: 'contract',
  member: 'member',
  reservation: 'reservation',
  prebooked: 'reservation',
  booked: 'reservation',
}
const totals: ReadonlySet<string> = new Set(['', 'total', 'all'])

export function reportedBy({ occupied, free, capacity }: CounterReading): number | null {
  return occupied ?? (free !== null && capacity !== null ? capacity - free : null)
}

/** How many of the cars inside this counter should show; null when it counts something that stays do not tell apart. */
export function derivedFor(
  { category, area }: Pick<CounterReading, 'category' | 'area'>,
  inside: readonly InsideOf[],
): number | null {
  const word = category.toLowerCase().replace(/[^a-z]/g, '')
  const kind = kinds[word]
  if (kind === undefined && !totals.has(word)) return null
  return inside
    .filter((group) => (kind === undefined || group.category === kind) && (area === null || group.area === area))
    .reduce((sum, group) => sum + group.count, 0)
}

/** Reported less derived. Below zero: stays here whose exit was missed, or a counter that missed entries. */
export function driftOf(reading: CounterReading, inside: readonly InsideOf[]): number | null {
  const reported = reportedBy(reading)
  const derived = derivedFor(reading, inside)
  return reported === null || derived === null ? null : reported - derived
}
