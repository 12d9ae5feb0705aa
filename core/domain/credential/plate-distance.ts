// Owns how far two plate texts are apart in the errors that cameras make, and the index keys that find near plates.
// Must not decide what distance is near enough; link policy does.

// Equivalent and near classes: Genetec's OCR equivalence defaults and the OPS-COM fuzzy table; L beside 1 and I, and the
// pairs in the last line, are our own from the shapes of common plate fonts. Costs: our own, kept on a quarter grid.
const equivalents = ['0ODQ', '1IL', '2Z', '5S', '8B', '6G']
const near = ['38B', 'EF', 'FP', 'HKMR', 'TY', 'VY', 'VT', 'UV', 'CG', '4A', '17', '7T', 'MN', 'C0', 'CO', 'PR', 'KX']

const plateCosts = { equivalent: 0.25, near: 0.5, other: 1, indel: 0.8, split: 0.5 } as const

const costs: ReadonlyMap<string, number> = new Map([
  ...near.flatMap((chars) => pairs(chars, plateCosts.near)),
  ...equivalents.flatMap((chars) => pairs(chars, plateCosts.equivalent)),
])

/** One letter a camera may read as two, and the two. */
const splits: ReadonlyMap<string, string> = new Map([['W', 'VV']])

const folds: ReadonlyMap<string, string> = new Map(
  equivalents.flatMap((chars) => [...chars].map((char) => [char, chars.charAt(0)] as const)),
)

export interface PlateDistanceOptions {
  /** Confidence 0..1 per character, as the camera gave it: an uncertain character costs less to be wrong about. */
  confidenceA?: readonly number[] | undefined
  confidenceB?: readonly number[] | undefined
  /** What it costs to take one character for another, where more is known than the usual classes. Has to be symmetric. */
  swapCost?: ((a: string, b: string) => number) | undefined
}

/**
 * Weighted edit distance between two normalised plates; 0 only for equal texts, symmetric. 0.25 is one swap within an OCR
 * class (8 for B), 0.5 one near look-alike or two swaps, 0.8 a lost or added character, 1 an unrelated character.
 * Texts longer than a plate can be are not compared: their distance is their length.
 */
export function plateDistance(a: string, b: string, options: PlateDistanceOptions = {}): number {
  if (a === b) return 0
  const rows = a.length
  const columns = b.length
  if (rows > 24 || columns > 24) return Math.max(rows, columns)
  const width = columns + 1
  const cell = new Float64Array((rows + 1) * width)
  const at = (i: number, j: number) => cell[i * width + j] ?? 0
  const { swapCost = plateSwapCost } = options
  for (let i = 0; i <= rows; i++) {
    for (let j = 0; j <= columns; j++) {
      if (i === 0 && j === 0) continue
      let best = Number.POSITIVE_INFINITY
      if (i > 0) best = Math.min(best, at(i - 1, j) + plateCosts.indel)
      if (j > 0) best = Math.min(best, at(i, j - 1) + plateCosts.indel)
      if (i > 0 && j > 0) {
        const [x, y] = [a.charAt(i - 1), b.charAt(j - 1)]
        const swap = x === y ? 0 : swapCost(x, y)
        const doubt = Math.max(doubtAt(options.confidenceA, i - 1), doubtAt(options.confidenceB, j - 1))
        best = Math.min(best, at(i - 1, j - 1) + swap * (1 - 0.8 * doubt))
      }
      if (i > 0 && j > 1 && splits.get(a.charAt(i - 1)) === b.slice(j - 2, j)) {
        best = Math.min(best, at(i - 1, j - 2) + plateCosts.split)
      }
      if (i > 1 && j > 0 && splits.get(b.charAt(j - 1)) === a.slice(i - 2, i)) {
        best = Math.min(best, at(i - 2, j - 1) + plateCosts.split)
      }
      cell[i * width + j] = best
    }
  }
  // Sums of quarters and fifths pick up binary dust; thresholds are compared with <=.
  return Math.round(at(rows, columns) * 1e6) / 1e6
}

/** Every character by the first of its OCR class, VV as W: plates that differ only by such swaps share this key. */
export function plateEquivalenceKey(text: string): string {
  return folded(text.replaceAll('VV', 'W'))
}

/**
 * Keys under which a plate is found by any other that is one further error away (one swap outside the class, one character
 * more or less): the equivalence key, and that key with each single character left out. At most length + 1 of them, and as
 * many again for the rare plate with VV, which is indexed as it stands too.
 */
export function plateNeighbourKeys(text: string): string[] {
  const keys = new Set<string>()
  for (const key of [plateEquivalenceKey(text), folded(text)]) {
    keys.add(key)
    // Below four characters a plate without one of them is next to anything.
    if (key.length >= 4) for (let i = 0; i < key.length; i++) keys.add(key.slice(0, i) + key.slice(i + 1))
  }
  return [...keys]
}

function folded(text: string): string {
  let key = ''
  for (const char of text) key += folds.get(char) ?? char
  return key
}

/** The usual cost of taking one character for another: by the classes alone, whichever camera it was. */
export function plateSwapCost(a: string, b: string): number {
  return a === b ? 0 : (costs.get(a + b) ?? plateCosts.other)
}

function doubtAt(confidence: readonly number[] | undefined, index: number): number {
  const value = confidence?.[index]
  return value === undefined || !(value >= 0 && value <= 1) ? 0 : 1 - value
}

function pairs(chars: string, cost: number): [string, number][] {
  return [...chars].flatMap((a) => [...chars].filter((b) => b !== a).map((b) => [a + b, cost] as [string, number]))
}
