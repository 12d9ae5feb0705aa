// Owns what is compared when books are held against each other: one row of either side, and what a comparison can end in.
// Must not know where a row came from.

export const reconciliationKinds = [
  'parcs_stays',
  'parcs_report',
  'session_energy',
  'meter_readings',
  'processor_settlement',
] as const
export type ReconciliationKind = (typeof reconciliationKinds)[number]

/** What both sides may know a thing by, the strongest first. `id`: a name that only this comparison has. */
export const referenceNames = ['id', 'transaction', 'bill', 'stay', 'ticket'] as const
export type ReferenceName = (typeof referenceNames)[number]

/** Rows of different sorts are never compared. */
export const rowSorts = ['payment', 'price', 'total', 'net', 'fee', 'payout', 'energy', 'meter'] as const
export type RowSort = (typeof rowSorts)[number]

export interface BookRow {
  /** Unique on its side. */
  id: string
  sort: RowSort
  /** Whole units; what went back is negative. */
  amount: number
  /** ISO 4217 currency, or Wh. */
  unit: string
  /** Business day. */
  day: string
  /** Of a day beside those compared: it is there only to find a partner on another day. */
  outside: boolean
  /** RFC 3339; null when only the day is known. */
  at: string | null
  /** Device or lane. */
  place: string | null
  references: Readonly<Partial<Record<ReferenceName, string>>>
  /** For people. */
  text: string
  /** Parts of the amount that one side may have left out. */
  parts?: Readonly<Partial<Record<'fee' | 'tax' | 'discount' | 'step', number>>>
  /** What is known about it beforehand. */
  notes?: readonly { reason: Reason; words: string }[]
}

export const differenceClasses = [
  'matched',
  'amount_differs',
  'day_differs',
  'missing_here',
  'missing_there',
  'duplicate_here',
  'duplicate_there',
  'ambiguous',
] as const
export type DifferenceClass = (typeof differenceClasses)[number]

export const reasons = [
  'fee',
  'rounding',
  'tax',
  'discount',
  'step',
  'loss',
  'gain',
  'reset',
  'rollover',
  'gap',
  'over',
  'short',
  'under_billed',
  'over_billed',
  'not_by_energy',
  'pending',
  'held',
  'dispute',
  'adjustment',
  'arithmetic',
] as const
export type Reason = (typeof reasons)[number]

/** With one of these the hub can say exactly why; nobody has to look, and the next run may close it. */
export const explaining: ReadonlySet<Reason> = new Set([
  ...(['fee', 'rounding', 'tax', 'discount', 'step', 'pending', 'held', 'not_by_energy'] as const),
])

export interface Compared {
  /** The same rows of both sides are the same item, whatever became of them. */
  key: string
  class: DifferenceClass
  reasons: Reason[]
  words: string
  matchedBy: 'reference' | 'likeness' | 'person' | null
  sort: RowSort
  unit: string
  day: string
  ours: BookRow[]
  theirs: BookRow[]
  /** Ids of the rows that it may belong to, where that is not certain. */
  candidates: string[]
  /** Of the rows inside the compared days. */
  oursAmount: number
  theirsAmount: number
  /** Ours less theirs. */
  difference: number
}

/** Whether a person has to look. */
export function isExplained(item: Pick<Compared, 'class' | 'reasons'>): boolean {
  if (item.class === 'day_differs') return true
  const explainable = item.class === 'amount_differs' || item.class === 'missing_here'
  return explainable && item.reasons.some((reason) => explaining.has(reason))
}

export function itemKey(ours: readonly { id: string }[], theirs: readonly { id: string }[]): string {
  const side = (rows: readonly { id: string }[]) => rows.map(({ id }) => id).sort()
  return JSON.stringify([side(ours), side(theirs)])
}

/** As it is compared: systems disagree about capitals and blanks, not about digits. */
export function plainReference(text: string): string {
  return text.replace(/\s+/g, '').toUpperCase()
}

/** The order in which rows are looked at, whatever order they came in: inside rows first, then by time. */
export function byRank(a: BookRow, b: BookRow): number {
  return (
    Number(a.outside) - Number(b.outside) ||
    compare(a.day, b.day) ||
    compare(a.at ?? '', b.at ?? '') ||
    a.amount - b.amount ||
    compare(a.id, b.id)
  )
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
