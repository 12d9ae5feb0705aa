// Owns holding two sets of rows against each other: every row ends in exactly one item, whatever order the rows came in.
// Must not read or write anything; where rows come from and what is done about an item is elsewhere.
import type { InSteps } from '../in-steps.ts'
import {
  type BookRow,
  byRank,
  type Compared,
  type DifferenceClass,
  itemKey,
  type RowSort,
  referenceNames,
} from './book-row.ts'
import { amountText, judgePair, sumOf, type Tolerances, type Verdict } from './judge-pair.ts'
import { pairByLikeness } from './pair-by-likeness.ts'
import { type Paired, pairByReference, type Sides } from './pair-by-reference.ts'

export interface Comparison {
  ours: readonly BookRow[]
  theirs: readonly BookRow[]
  /** What a person said belongs together, by ids; a later one takes nothing that an earlier one has. */
  together: readonly { ours: readonly string[]; theirs: readonly string[] }[]
  /** What a person said does not. */
  apart: readonly { ours: readonly string[]; theirs: readonly string[] }[]
  tolerances: Tolerances
}

export function* compareRows({ ours, theirs, together, apart, tolerances }: Comparison): InSteps<Compared[]> {
  const open: Sides = { ours: new Set(ours), theirs: new Set(theirs) }
  const items: Compared[] = []
  const add = (verdict: Verdict, more: Partial<Compared> & Pick<Compared, 'ours' | 'theirs'>) => {
    const item = itemOf(verdict, more)
    if (item !== null) items.push(item)
  }
  for (const said of together) {
    const mine = ours.filter((row) => said.ours.includes(row.id) && open.ours.has(row))
    const other = theirs.filter((row) => said.theirs.includes(row.id) && open.theirs.has(row))
    // A side that is gone cannot be held against the other; when it comes back, what was said counts again.
    if (mine.length === 0 || other.length === 0) continue
    for (const row of mine) open.ours.delete(row)
    for (const row of other) open.theirs.delete(row)
    add(judgePair(mine, other, tolerances), { ours: mine, theirs: other, matchedBy: 'person' })
  }
  const separate = new Set(
    apart.flatMap((said) => said.ours.flatMap((mine) => said.theirs.map((other) => JSON.stringify([mine, other])))),
  )
  const isApart = (mine: BookRow, other: BookRow) =>
    separate.size > 0 && separate.has(JSON.stringify([mine.id, other.id]))
  function* tell({ pairs, doubles, unclear }: Paired, matchedBy: 'reference' | 'likeness'): InSteps<void> {
    for (const pair of pairs) {
      yield
      const sides = { ours: [pair.ours], theirs: [pair.theirs] }
      add(judgePair(sides.ours, sides.theirs, tolerances), { ...sides, matchedBy })
    }
    for (const { side, row, of } of doubles) {
      const verdict = single(side === 'ours' ? 'duplicate_here' : 'duplicate_there', row)
      add(verdict, { ...sideOf(side, row), candidates: [of.id] })
    }
    for (const { side, row, candidates } of unclear) add(single('ambiguous', row), { ...sideOf(side, row), candidates })
  }
  for (const name of referenceNames) yield* tell(yield* pairByReference(open, name, isApart), 'reference')
  yield* tell(yield* pairByLikeness(open, tolerances.timeMs, isApart), 'likeness')
  for (const side of ['ours', 'theirs'] as const) {
    for (const row of open[side]) {
      add(single(side === 'ours' ? 'missing_there' : 'missing_here', row), sideOf(side, row))
      yield
    }
  }
  return items.sort((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
}

const sideOf = (side: 'ours' | 'theirs', row: BookRow) => ({
  ours: side === 'ours' ? [row] : [],
  theirs: side === 'theirs' ? [row] : [],
})

const singleWords: Readonly<Partial<Record<DifferenceClass, string>>> = {
  missing_here: 'is there and not here.',
  missing_there: 'is here and not there.',
  duplicate_here: 'is here once more than there.',
  duplicate_there: 'is there once more than here.',
  ambiguous: 'could be one of several on the other side; a person has to say which.',
}

function single(name: DifferenceClass, row: BookRow): Verdict {
  const notes = row.notes ?? []
  const words = `${row.text}, ${amountText(row.amount, row.unit)}, ${singleWords[name]}`
  return {
    class: name,
    reasons: [...new Set(notes.map(({ reason }) => reason))],
    words: [words, ...notes.map((note) => note.words)].join(' '),
  }
}

/** Null when nothing of it is inside the compared days. */
function itemOf(
  { class: name, reasons, words }: Verdict,
  { ours, theirs, matchedBy = null, candidates = [] }: Partial<Compared> & Pick<Compared, 'ours' | 'theirs'>,
): Compared | null {
  const inside = [...ours, ...theirs].filter((row) => !row.outside).sort(byRank)
  const [first] = inside
  if (first === undefined) return null
  const amounts = [ours, theirs].map((rows) => sumOf(rows.filter((row) => !row.outside)))
  const [oursAmount = 0, theirsAmount = 0] = amounts
  return {
    key: itemKey(ours, theirs),
    class: name,
    reasons,
    words,
    matchedBy,
    candidates,
    sort: first.sort,
    unit: first.unit,
    day: first.day,
    ours: [...ours],
    theirs: [...theirs],
    oursAmount,
    theirsAmount,
    difference: oursAmount - theirsAmount,
  }
}

export interface SortTotal {
  sort: RowSort
  unit: string
  oursCount: number
  oursAmount: number
  theirsCount: number
  theirsAmount: number
  /** Ours less theirs. */
  difference: number
}

/** What both sides have of each sort and unit inside the compared days. */
export function totalsOf(items: readonly Compared[]): SortTotal[] {
  const found = new Map<string, SortTotal>()
  for (const { sort, unit, ours, theirs, oursAmount, theirsAmount, difference } of items) {
    const key = `${sort} ${unit}`
    const before = found.get(key) ?? {
      sort,
      unit,
      oursCount: 0,
      oursAmount: 0,
      theirsCount: 0,
      theirsAmount: 0,
      difference: 0,
    }
    const count = (rows: readonly BookRow[]) => rows.filter(({ outside }) => !outside).length
    found.set(key, {
      sort,
      unit,
      oursCount: before.oursCount + count(ours),
      oursAmount: before.oursAmount + oursAmount,
      theirsCount: before.theirsCount + count(theirs),
      theirsAmount: before.theirsAmount + theirsAmount,
      difference: before.difference + difference,
    })
  }
  return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, total]) => total)
}
