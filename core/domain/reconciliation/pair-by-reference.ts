// Owns pairing rows that carry the same reference: one with one, doubles told, what stays open between several left to a person.
// Must not look at time or place.
import type { InSteps } from '../in-steps.ts'
import { type BookRow, byRank, plainReference, type ReferenceName, referenceNames } from './book-row.ts'

export interface Sides {
  ours: Set<BookRow>
  theirs: Set<BookRow>
}

export interface Pair {
  ours: BookRow
  theirs: BookRow
}

export interface Paired {
  pairs: Pair[]
  /** There once more than on the other side; `of`: the row that stands for it. */
  doubles: { side: 'ours' | 'theirs'; row: BookRow; of: BookRow }[]
  /** Several on each side under one reference, no two of them of the same amount. */
  unclear: { side: 'ours' | 'theirs'; row: BookRow; candidates: string[] }[]
}

/** Rows that a person has said are not the same. */
export type Apart = (ours: BookRow, theirs: BookRow) => boolean

/** More rows than this under one reference are none of its: a column was mistaken for it. */
const mostOfOne = 500

/** Takes what it settles out of `open`. */
export function* pairByReference(open: Sides, name: ReferenceName, apart: Apart): InSteps<Paired> {
  const found: Paired = { pairs: [], doubles: [], unclear: [] }
  const stronger = referenceNames.slice(0, referenceNames.indexOf(name))
  const buckets = new Map<string, { ours: BookRow[]; theirs: BookRow[] }>()
  for (const side of ['ours', 'theirs'] as const) {
    for (const row of open[side]) {
      yield
      const reference = row.references[name]
      if (reference === undefined) continue
      const key = JSON.stringify([row.sort, row.unit, plainReference(reference)])
      const bucket = buckets.get(key) ?? { ours: [], theirs: [] }
      bucket[side].push(row)
      buckets.set(key, bucket)
    }
  }
  for (const { ours, theirs } of buckets.values()) {
    yield
    if (ours.length + theirs.length < 2) continue
    if (ours.length > mostOfOne || theirs.length > mostOfOne) {
      if (ours.length > 0 && theirs.length > 0) settle(open, found, ours.sort(byRank), theirs.sort(byRank))
      continue
    }
    pairBucket(
      open,
      found,
      ours.sort(byRank),
      theirs.sort(byRank),
      (a, b) => apart(a, b) || contradicts(a, b, stronger),
    )
    for (const side of ['ours', 'theirs'] as const) {
      tellDoubles(open, found, side, side === 'ours' ? ours : theirs, stronger)
    }
    const [mine, other] = [ours.filter((row) => open.ours.has(row)), theirs.filter((row) => open.theirs.has(row))]
    const [a, b] = [mine[0], other[0]]
    if (a === undefined || b === undefined) continue
    const free = (x: BookRow, y: BookRow) => !apart(x, y) && !contradicts(x, y, stronger)
    if (mine.length === 1 && other.length === 1) {
      if (free(a, b)) take(open, found, a, b)
    } else if (mine.some((x) => other.some((y) => free(x, y)))) settle(open, found, mine, other)
  }
  return found
}

/** Rows that both have a stronger reference, and not the same one, are two things. */
function contradicts(a: BookRow, b: BookRow, stronger: readonly ReferenceName[]): boolean {
  return stronger.some((name) => {
    const [mine, other] = [a.references[name], b.references[name]]
    return mine !== undefined && other !== undefined && plainReference(mine) !== plainReference(other)
  })
}

/** Of the same amount: those of the same day first. */
function pairBucket(open: Sides, found: Paired, ours: BookRow[], theirs: BookRow[], apart: Apart): void {
  for (const sameDay of [true, false]) {
    for (const mine of ours) {
      if (!open.ours.has(mine)) continue
      const other = theirs.find(
        (row) =>
          open.theirs.has(row) && row.amount === mine.amount && (!sameDay || row.day === mine.day) && !apart(mine, row),
      )
      if (other !== undefined) take(open, found, mine, other)
    }
  }
}

function take(open: Sides, found: Paired, ours: BookRow, theirs: BookRow): void {
  open.ours.delete(ours)
  open.theirs.delete(theirs)
  found.pairs.push({ ours, theirs })
}

/** The same reference and amount as a row of its own side that is kept. */
function tellDoubles(
  open: Sides,
  found: Paired,
  side: 'ours' | 'theirs',
  rows: readonly BookRow[],
  stronger: readonly ReferenceName[],
): void {
  const kept = rows.filter((row) => !open[side].has(row))
  for (const row of rows) {
    if (!open[side].has(row)) continue
    const of = kept.find((other) => other.amount === row.amount && !contradicts(other, row, stronger))
    if (of === undefined) kept.push(row)
    else {
      open[side].delete(row)
      found.doubles.push({ side, row, of })
    }
  }
}

const mostCandidates = 10

function settle(open: Sides, found: Paired, ours: readonly BookRow[], theirs: readonly BookRow[]): void {
  for (const [side, rows, others] of [
    ['ours', ours, theirs],
    ['theirs', theirs, ours],
  ] as const) {
    for (const row of rows) {
      open[side].delete(row)
      found.unclear.push({ side, row, candidates: others.slice(0, mostCandidates).map(({ id }) => id) })
    }
  }
}
