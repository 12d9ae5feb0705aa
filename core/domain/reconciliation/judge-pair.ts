// Owns what two rows that belong together differ in, and the sentence that says so.
// Must not decide which rows belong together.
import { kwhText, type Wh } from '../energy.ts'
import { majorText, minor } from '../money.ts'
import type { BookRow, DifferenceClass, Reason } from './book-row.ts'

export interface Tolerances {
  /** Smallest units of money that rounding explains. */
  roundingMinor: number
  /** How far clocks may be apart for two rows without a shared reference. */
  timeMs: number
  /** A meter and the chargers behind it may differ by the greater of both. */
  energyPermille: number
  energyWh: number
}

const minuteMs = 60_000

/** A site's settings about reconciliation, with the defaults of the usual practice: 2 % or 5 kWh, five minutes. */
export function tolerancesOf(settings: unknown): Tolerances {
  const given: Record<string, unknown> = typeof settings === 'object' && settings !== null ? { ...settings } : {}
  const number = (name: string, standard: number, most: number) => {
    const value = given[name]
    return typeof value === 'number' && value >= 0 && value <= most ? value : standard
  }
  return {
    roundingMinor: Math.floor(number('reconcile_rounding_minor', 1, 1_000)),
    timeMs: number('reconcile_time_minutes', 5, 1_440) * minuteMs,
    energyPermille: number('reconcile_energy_permille', 20, 1_000),
    energyWh: Math.floor(number('reconcile_energy_wh', 5_000, 1_000_000_000)),
  }
}

export interface Verdict {
  class: DifferenceClass
  reasons: Reason[]
  words: string
}

export const sumOf = (rows: readonly BookRow[]): number => rows.reduce((sum, { amount }) => sum + amount, 0)

export function amountText(amount: number, unit: string): string {
  return unit === 'Wh' ? `${kwhText(amount as Wh)} kWh` : `${majorText(minor(amount), unit)} ${unit}`
}

export const reasonWords: Readonly<Record<Reason, string>> = {
  fee: 'The fee explains it: one side has the amount before it, the other after it.',
  rounding: 'Rounding explains it.',
  tax: 'The tax explains it: one side has it in the amount, the other has not.',
  discount: 'The discount explains it: one side has taken it off, the other has not.',
  step: 'It is billed in steps, which explains it.',
  loss: 'The meter counted more than the chargers behind it.',
  gain: 'The chargers counted more than the meter before them.',
  reset: 'The register went back to the beginning; what it counted before that is not known.',
  rollover: 'The register passed its last digit; that is reckoned in.',
  gap: 'The readings do not cover all of these days; only what they cover is compared.',
  over: 'The parking system counted more than was told here.',
  short: 'The parking system counted less than was told here.',
  under_billed: 'Less energy is billed than was metered.',
  over_billed: 'More energy is billed than was metered.',
  not_by_energy: 'It is billed, and its tariff has no price for energy.',
  pending: 'Its bill is not made yet.',
  held: 'Its bill is held.',
  dispute: 'The payer disputed it with the bank.',
  adjustment: 'The processor moved it of itself.',
  arithmetic: 'The line does not add up in itself.',
}

/** Rows of both sides that are one thing. */
export function judgePair(ours: readonly BookRow[], theirs: readonly BookRow[], tolerances: Tolerances): Verdict {
  const [mine, other] = [sumOf(ours), sumOf(theirs)]
  const unit = ours[0]?.unit ?? ''
  const both = [...ours, ...theirs]
  const notes = both.flatMap((row) => row.notes ?? [])
  const off = mine - other
  const days = [...new Set(both.map(({ day }) => day))].sort()
  const found = reasonOf(both, off, tolerances)
  const within = ours[0]?.sort === 'meter' && Math.abs(off) <= meterTolerance(other, tolerances)
  const all = [...new Set([...notes.map(({ reason }) => reason), ...(found === null || within ? [] : [found])])]
  const told = [
    ...notes.map(({ words }) => words),
    ...(found === null || within || notes.some(({ reason }) => reason === found) ? [] : [reasonWords[found]]),
  ]
  const facts = `${amountText(mine, unit)} here, ${amountText(other, unit)} there`
  if (off !== 0 && !within) {
    const more = `${amountText(Math.abs(off), unit)} ${off > 0 ? 'more here' : 'more there'}`
    return {
      class: 'amount_differs',
      reasons: all,
      words: [`${facts}: ${more}.`, ...shareOf(both, off, other), ...told].join(' '),
    }
  }
  if (days.length > 1) {
    const on = (rows: readonly BookRow[]) => [...new Set(rows.map(({ day }) => day))].sort().join(', ')
    return {
      class: 'day_differs',
      reasons: all,
      words: [`${facts}, on ${on(ours)} here and ${on(theirs)} there.`, ...told].join(' '),
    }
  }
  const words = off === 0 ? `Both have ${amountText(mine, unit)}.` : `${facts}, within what the site allows.`
  return { class: 'matched', reasons: all, words: [words, ...shareOf(both, off, other), ...told].join(' ') }
}

/** For meters: the difference as a share of what the meter counted. */
function shareOf(rows: readonly BookRow[], off: number, metered: number): string[] {
  if (rows[0]?.sort !== 'meter' || metered === 0) return []
  return [`That is ${permille(off, metered)} ‰ of the meter's.`]
}

function permille(off: number, metered: number): number {
  return metered === 0 ? 0 : Math.round((Math.abs(off) * 1_000) / metered)
}

function meterTolerance(metered: number, { energyPermille, energyWh }: Tolerances): number {
  return Math.max(energyWh, Math.floor((Math.abs(metered) * energyPermille) / 1_000))
}

/** Exactly, or not at all: a difference that a part explains but for a cent is no such difference. */
function reasonOf(rows: readonly BookRow[], off: number, { roundingMinor }: Tolerances): Reason | null {
  if (off === 0) return null
  const [first] = rows
  if (first?.sort === 'meter') return off > 0 ? 'gain' : 'loss'
  for (const name of ['fee', 'tax', 'discount', 'step'] as const) {
    if (rows.some(({ parts }) => parts?.[name] !== undefined && Math.abs(parts[name]) === Math.abs(off))) return name
  }
  if (first?.sort === 'energy') return off > 0 ? 'over_billed' : 'under_billed'
  if (Math.abs(off) <= roundingMinor) return 'rounding'
  if (first?.sort === 'total') return off > 0 ? 'short' : 'over'
  return null
}
