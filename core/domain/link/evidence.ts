// Owns the shape of one piece of evidence and the words that times are told in.
// Must not weigh anything.

export const linkMethods = [
  'credential',
  'card-form',
  'account',
  'vehicle',
  'plate',
  'plate-fuzzy',
  'bay',
  'bay-plate',
  'ticket',
  'time',
] as const
export type LinkMethod = (typeof linkMethods)[number]

export interface Evidence {
  method: LinkMethod
  /** Natural-log likelihood ratio; negative speaks against the link. */
  weight: number
  /** One sentence a clerk understands. */
  detail: string
  /** Enough by itself to say who it is, unless something contradicts it. */
  certain: boolean
  /** Bytes are missing and more than one enrolled card fits: a person has to choose. */
  ambiguous?: true
  /** Bytes are missing, but exactly one enrolled card fits: it may link by itself. */
  unique?: true
}

export type ExclusionReason =
  | 'other-site'
  | 'voided'
  | 'no-time'
  | 'before-entry'
  | 'after-exit'
  | 'other-account'
  | 'other-vehicle'
  | 'other-plate'

export interface Exclusion {
  reason: ExclusionReason
  detail: string
}

const minuteMs = 60_000

export function minutesBetween(from: number, to: number): number {
  return (to - from) / minuteMs
}

/** Milliseconds, or null for a missing or impossible date. */
export function instant(date: Date | null | undefined): number | null {
  const ms = date?.getTime()
  return ms === undefined || Number.isNaN(ms) ? null : ms
}

/** "40 minutes", "2 hours 10 minutes", "3 days". */
export function durationText(minutes: number): string {
  const whole = Math.max(0, Math.round(minutes))
  if (whole < 1) return 'less than a minute'
  if (whole < 120) return count(whole, 'minute')
  const hours = Math.floor(whole / 60)
  if (hours >= 48) return count(Math.round(hours / 24), 'day')
  const rest = whole % 60
  return rest === 0 ? count(hours, 'hour') : `${count(hours, 'hour')} ${count(rest, 'minute')}`
}

function count(amount: number, unit: string): string {
  return `${amount} ${unit}${amount === 1 ? '' : 's'}`
}
