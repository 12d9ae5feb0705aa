// Owns the Wiegand bit layouts as data; bit 0 is the first on the wire.
// Must not guess a layout from a length: several share one, so the reader's profile has to name it.

export type WiegandFormat =
  | 'H10301'
  | 'Indala26'
  | 'H10306'
  | 'BQT34'
  | 'C1000-35'
  | 'H10320'
  | 'H10302'
  | 'H10304'
  | 'C1000-48'

/** First and last bit, both included. */
type BitRange = readonly [number, number]

export interface WiegandLayout {
  format: WiegandFormat
  bits: number
  facility: BitRange | null
  card: BitRange
  /** The card number is eight binary-coded decimal digits instead of binary. */
  bcd?: true
  /** In the order in which they are computed: a later one may cover an earlier one. */
  parity: readonly { bit: number; kind: 'even' | 'odd'; over: readonly number[] }[]
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i)
}

/** Every bit from..to whose distance from `from` leaves a remainder of `keep` modulo 3: the Corporate 1000 interleaving. */
function interleaved(from: number, to: number, keep: readonly number[]): number[] {
  return range(from, to).filter((bit) => keep.includes((bit - from) % 3))
}

// Positions: RfidResearchGroup/proxmark3 client/src/wiegand_formats.c, recomputed against the vectors in the tests.
export const wiegandLayouts = [
  {
    format: 'H10301',
    bits: 26,
    facility: [1, 8],
    card: [9, 24],
    parity: [
      { bit: 0, kind: 'even', over: range(1, 12) },
      { bit: 25, kind: 'odd', over: range(13, 24) },
    ],
  },
  {
    format: 'Indala26',
    bits: 26,
    facility: [1, 12],
    card: [13, 24],
    parity: [
      { bit: 0, kind: 'even', over: range(1, 12) },
      { bit: 25, kind: 'odd', over: range(13, 24) },
    ],
  },
  {
    format: 'H10306',
    bits: 34,
    facility: [1, 16],
    card: [17, 32],
    parity: [
      { bit: 0, kind: 'even', over: range(1, 16) },
      { bit: 33, kind: 'odd', over: range(17, 32) },
    ],
  },
  {
    format: 'BQT34',
    bits: 34,
    facility: [1, 8],
    card: [9, 32],
    parity: [
      { bit: 0, kind: 'even', over: range(1, 16) },
      { bit: 33, kind: 'odd', over: range(17, 32) },
    ],
  },
  {
    format: 'C1000-35',
    bits: 35,
    facility: [2, 13],
    card: [14, 33],
    parity: [
      { bit: 1, kind: 'even', over: interleaved(2, 33, [0, 1]) },
      { bit: 34, kind: 'odd', over: interleaved(1, 32, [0, 1]) },
      { bit: 0, kind: 'odd', over: range(1, 34) },
    ],
  },
  {
    format: 'H10320',
    bits: 36,
    facility: null,
    card: [0, 31],
    bcd: true,
    parity: [
      { bit: 32, kind: 'even', over: [0, 4, 8, 12, 16, 20, 24, 28] },
      { bit: 33, kind: 'odd', over: [1, 5, 9, 13, 17, 21, 25, 29] },
      // The last two really do cover 28, 30 and 29, 31 instead of continuing the pattern.
      { bit: 34, kind: 'even', over: [2, 6, 10, 14, 18, 22, 28, 30] },
      { bit: 35, kind: 'even', over: [3, 7, 11, 15, 19, 23, 29, 31] },
    ],
  },
  {
    format: 'H10302',
    bits: 37,
    facility: null,
    card: [1, 35],
    parity: [
      { bit: 0, kind: 'even', over: range(1, 18) },
      { bit: 36, kind: 'odd', over: range(18, 35) },
    ],
  },
  {
    format: 'H10304',
    bits: 37,
    facility: [1, 16],
    card: [17, 35],
    parity: [
      { bit: 0, kind: 'even', over: range(1, 18) },
      { bit: 36, kind: 'odd', over: range(18, 35) },
    ],
  },
  {
    format: 'C1000-48',
    bits: 48,
    facility: [2, 23],
    card: [24, 46],
    parity: [
      { bit: 1, kind: 'even', over: interleaved(3, 46, [0, 1]) },
      { bit: 47, kind: 'odd', over: interleaved(2, 45, [0, 1]) },
      { bit: 0, kind: 'odd', over: range(1, 47) },
    ],
  },
] as const satisfies readonly WiegandLayout[]

export function wiegandLayout(format: WiegandFormat): WiegandLayout {
  const found = wiegandLayouts.find((layout) => layout.format === format)
  if (!found) throw new RangeError(`no such Wiegand format: ${format}`)
  return found
}

export function isWiegandFormat(value: unknown): value is WiegandFormat {
  return wiegandLayouts.some((layout) => layout.format === value)
}
