// Owns what the cameras of a site are known to mix up: counts from confirmed links, and what a swap costs in their light.
// Must not decide which links teach (confirmed-reads.ts does), nor what distance is near enough.
import { plateSwapCost } from '../credential/index.ts'

/** What one reader made of the characters that truly stood there; `between:a|b` counts two readers against each other. */
export interface ReaderCounts {
  /** True character → how often it was read at all, rightly or not. */
  reads: Readonly<Record<string, number>>
  /** True character and what it was read as, two letters → how often. */
  swaps: Readonly<Record<string, number>>
}

/** Versions are never changed once made, so that a decision can be made again as it was made then. */
export interface PlateModel {
  version: number
  readers: Readonly<Record<string, ReaderCounts>>
}

export const untaughtPlateModel: PlateModel = { version: 0, readers: {} }

/** One plate as a reader of the site gave it, and what it was. */
export interface ConfirmedRead {
  reader: string
  truth: string
  read: string
}

/**
 * The classes count as this many reads of the true character before the first own one: a Dirichlet prior. With it a swap outside
 * of all classes needs a handful of sightings, and a class some thousands of clean reads before it is doubted.
 */
const priorReads = 1_000
/** One sighting is an accident, two may be one car that comes every day. */
const leastSightings = 3
/**
 * How costs and shares of misreads go together: a swap within a class (0.25) happens in five of a thousand reads of its character,
 * one outside of all (1) in five of a million. Our own fit to the orders of magnitude in the published confusion tables.
 */
const shareAtZero = 0.05
const decay = 9.2
/** Costs stay on the grid that thresholds are written for; what is learned moves a swap by whole steps. */
const step = 0.25
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'

export function countReads(confirmed: readonly ConfirmedRead[]): Record<string, ReaderCounts> {
  const readers = new Map<string, { reads: Map<string, number>; swaps: Map<string, number> }>()
  for (const { reader, truth, read } of confirmed) {
    // A lost or added character shifts all that follow; which one it was cannot be told.
    if (truth.length !== read.length) continue
    const counts = readers.get(reader) ?? { reads: new Map(), swaps: new Map() }
    readers.set(reader, counts)
    for (let i = 0; i < truth.length; i++) {
      const [is, seen] = [truth.charAt(i), read.charAt(i)]
      add(counts.reads, is)
      if (is !== seen) add(counts.swaps, is + seen)
    }
  }
  const sorted = [...readers].sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(
    sorted.map(([reader, { reads, swaps }]) => [reader, { reads: inOrder(reads), swaps: inOrder(swaps) }]),
  )
}

/** Swaps that cost something else than usual, as `truth + read` → cost; what a new version has to differ in to be worth making. */
export function learnedCosts({ reads, swaps }: ReaderCounts): Record<string, number> {
  const costs = new Map<string, number>()
  for (const [truth, count] of Object.entries(reads)) {
    for (const read of alphabet) {
      const pair = truth + read
      const cost = truth === read ? 0 : costOf(pair, swaps[pair] ?? 0, count)
      if (cost !== plateSwapCost(truth, read)) costs.set(pair, cost)
    }
  }
  return inOrder(costs)
}

/**
 * What a swap costs between what two readers gave; undefined for whatever no reader of the site was asked about (a plate that a
 * person told). A swap is as cheap as the reader that makes it most often has it: any of them may have been the one.
 */
export function swapCostOf(
  { readers }: PlateModel,
  a: string | undefined,
  b: string | undefined,
): ((x: string, y: string) => number) | undefined {
  const own = (reader: string | undefined) => (reader === undefined ? undefined : readers[reader])
  const [ofA, ofB] = [own(a), own(b)]
  const between = a === undefined || b === undefined ? undefined : readers[betweenReaders(a, b)]
  if (!ofA && !ofB && !between) return undefined
  return (x, y) => {
    const usual = plateSwapCost(x, y)
    const learned = [
      // `x` stands in what `a` gave, so `y` would be the truth that `a` misread; and the other way round.
      ...(ofA ? [cost(ofA, y + x, usual)] : []),
      ...(ofB ? [cost(ofB, x + y, usual)] : []),
      ...(between ? [cost(between, x + y, usual), cost(between, y + x, usual)] : []),
    ]
    return Math.min(...learned)
  }
}

/** The name of two readers that were compared with each other because nobody knew the true plate. */
export function betweenReaders(a: string, b: string): string {
  return `between:${[a, b].sort().join('|')}`
}

function cost({ reads, swaps }: ReaderCounts, pair: string, usual: number): number {
  const seen = reads[pair.charAt(0)] ?? 0
  return seen === 0 ? usual : costOf(pair, swaps[pair] ?? 0, seen)
}

function costOf(pair: string, sightings: number, reads: number): number {
  const usual = plateSwapCost(pair.charAt(0), pair.charAt(1))
  const prior = shareAtZero * Math.exp(-decay * usual)
  const share = (sightings + priorReads * prior) / (reads + priorReads)
  const learned = Math.log(shareAtZero / share) / decay
  const onGrid = Math.min(1, Math.max(step, Math.round(learned / step) * step))
  return sightings < leastSightings ? Math.max(usual, onGrid) : onGrid
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

function inOrder(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)))
}
