// Owns the step from a camera's text to an instant: its pattern, its zone, both hours of the night the clocks go back.
// Must not look at a clock: when the message was received is given.
import { timeByPattern } from '../../../core/plugin/index.ts'

export { isoPatterns, isTimePattern } from '../../../core/plugin/index.ts'

export interface ReadTime {
  takenAt: Date
  /** Why it is not the camera's time. */
  note?: string
}

export interface TimeRules {
  /** `yyyy MM dd HH mm ss`, `S` for fractions, `X` for an offset; anything else stands for itself. */
  patterns: readonly string[]
  /** For times without an offset. */
  zone: string | undefined
  receivedAt: Date
}

/**
 * Undefined when the text fits no pattern, or needs a zone that is not known. A clock that is absurdly off (a camera that
 * lost its battery begins in 1970) gives way to the time of receipt, and says so.
 */
export function readTime(text: string, { patterns, zone, receivedAt }: TimeRules): ReadTime | undefined {
  for (const pattern of patterns) {
    const at = timeByPattern(text, pattern, zone, receivedAt)
    if (at !== undefined) return believable(at, receivedAt)
  }
  return undefined
}

/** `perSecond`: 1, 1,000 or 1,000,000 units. */
export function readEpoch(value: number, perSecond: number, receivedAt: Date): ReadTime | undefined {
  const at = new Date(Math.round((value / perSecond) * 1_000))
  return Number.isNaN(at.getTime()) ? undefined : believable(at, receivedAt)
}

const year2000 = Date.UTC(2000, 0)
const dayMs = 86_400_000

function believable(at: Date, receivedAt: Date): ReadTime {
  const off = at.getTime() < year2000 || at.getTime() > receivedAt.getTime() + dayMs
  return off
    ? { takenAt: receivedAt, note: `the camera's clock says ${at.toISOString()}; the time of receipt stands` }
    : { takenAt: at }
}
