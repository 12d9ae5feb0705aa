// Owns pairing rows without a shared reference: the same amount, place and time, where nothing else could be meant.
// Must not guess: a row with two candidates, or whose candidate has two, stays with a person.
import type { InSteps } from '../in-steps.ts'
import { type BookRow, byRank, referenceNames } from './book-row.ts'
import type { Apart, Paired, Sides } from './pair-by-reference.ts'

/** Only money that moved at a place is recognised by it. */
const likeable: ReadonlySet<BookRow['sort']> = new Set(['payment'])

const mostCandidates = 10

/** Rows of one side by amount and place, then by their references, in the order of time. */
interface Shelf {
  names: string
  timed: { at: number; row: BookRow }[]
  byDay: Map<string, BookRow[]>
  untimedByDay: Map<string, BookRow[]>
}
type Index = Map<string, Map<string, Shelf>>

/** Takes what it pairs out of `open`; what is unclear, too. */
export function* pairByLikeness(open: Sides, timeMs: number, apart: Apart): InSteps<Paired> {
  const found: Paired = { pairs: [], doubles: [], unclear: [] }
  const ours = [...open.ours].filter(({ sort }) => likeable.has(sort)).sort(byRank)
  const theirs = [...open.theirs].filter(({ sort }) => likeable.has(sort)).sort(byRank)
  const index = { ours: yield* indexOf(ours), theirs: yield* indexOf(theirs) }
  const like = { ours: new Map<BookRow, BookRow[]>(), theirs: new Map<BookRow, BookRow[]>() }
  for (const row of ours) {
    like.ours.set(
      row,
      candidatesOf(row, index.theirs, timeMs, (other) => apart(row, other)),
    )
    yield
  }
  for (const row of theirs) {
    like.theirs.set(
      row,
      candidatesOf(row, index.ours, timeMs, (other) => apart(other, row)),
    )
    yield
  }
  for (const mine of ours) {
    const [other, ...more] = like.ours.get(mine) ?? []
    if (other === undefined || more.length > 0 || like.theirs.get(other)?.length !== 1) continue
    open.ours.delete(mine)
    open.theirs.delete(other)
    found.pairs.push({ ours: mine, theirs: other })
  }
  for (const side of ['ours', 'theirs'] as const) {
    for (const [row, candidates] of like[side]) {
      if (candidates.length === 0 || !open[side].delete(row)) continue
      found.unclear.push({ side, row, candidates: candidates.map(({ id }) => id) })
    }
  }
  return found
}

/** Which references it has: two rows with the same kind of reference were compared by it before and are not the same. */
const namesOf = (row: BookRow): string => referenceNames.filter((name) => row.references[name] !== undefined).join(' ')

const apartByNames = (a: string, b: string): boolean =>
  a !== '' && b !== '' && a.split(' ').some((name) => b.split(' ').includes(name))

/** `undefined` stands for every place, null for none told. */
const shelfKey = ({ sort, unit, amount }: BookRow, place: string | null | undefined): string =>
  JSON.stringify([sort, unit, amount, place === undefined ? 'every' : [place]])
const placeOf = ({ place }: BookRow): string | null => place?.trim().toUpperCase() ?? null

function* indexOf(rows: readonly BookRow[]): InSteps<Index> {
  const index: Index = new Map()
  for (const row of rows) {
    yield
    for (const key of [shelfKey(row, placeOf(row)), shelfKey(row, undefined)]) {
      const shelves = index.get(key) ?? new Map<string, Shelf>()
      index.set(key, shelves)
      const names = namesOf(row)
      const shelf: Shelf = shelves.get(names) ?? { names, timed: [], byDay: new Map(), untimedByDay: new Map() }
      shelves.set(names, shelf)
      if (row.at === null) add(shelf.untimedByDay, row)
      else shelf.timed.push({ at: Date.parse(row.at), row })
      add(shelf.byDay, row)
    }
  }
  for (const shelves of index.values()) {
    for (const { timed } of shelves.values()) timed.sort((a, b) => a.at - b.at || byRank(a.row, b.row))
  }
  return index
}

function add(days: Map<string, BookRow[]>, row: BookRow): void {
  const rows = days.get(row.day)
  if (rows === undefined) days.set(row.day, [row])
  else rows.push(row)
}

/** At most so many as a person can look through; with more than one it is unclear already. */
function candidatesOf(row: BookRow, index: Index, timeMs: number, apart: (other: BookRow) => boolean): BookRow[] {
  const found: BookRow[] = []
  const [place, names] = [placeOf(row), namesOf(row)]
  const keys = place === null ? [shelfKey(row, undefined)] : [shelfKey(row, place), shelfKey(row, null)]
  for (const shelf of keys.flatMap((key) => [...(index.get(key)?.values() ?? [])])) {
    if (apartByNames(shelf.names, names)) continue
    for (const other of row.at === null ? (shelf.byDay.get(row.day) ?? []) : nearby(shelf, row.day, row.at, timeMs)) {
      if (apart(other)) continue
      found.push(other)
      if (found.length === mostCandidates) return found
    }
  }
  return found
}

/** Within the time; of rows without one, those of the same day. */
function* nearby(shelf: Shelf, day: string, told: string, timeMs: number): Generator<BookRow> {
  const at = Date.parse(told)
  let [low, high] = [0, shelf.timed.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((shelf.timed[middle]?.at ?? 0) < at - timeMs) low = middle + 1
    else high = middle
  }
  for (let i = low; i < shelf.timed.length; i++) {
    const entry = shelf.timed[i]
    if (entry === undefined || entry.at > at + timeMs) break
    yield entry.row
  }
  yield* shelf.untimedByDay.get(day) ?? []
}
