// Owns the step from a camera's text to an instant: its pattern, its zone, both hours of the night the clocks go back.
// Must not look at a clock: when the message was received is given.
import { instantOfWall } from '../../../core/plugin/index.ts'

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

export const isoPatterns = [
  'yyyy-MM-ddTHH:mm:ss.SX',
  'yyyy-MM-ddTHH:mm:ssX',
  'yyyy-MM-ddTHH:mm:ss.S',
  'yyyy-MM-ddTHH:mm:ss',
  'yyyy-MM-dd HH:mm:ss.SX',
  'yyyy-MM-dd HH:mm:ssX',
  'yyyy-MM-dd HH:mm:ss.S',
  'yyyy-MM-dd HH:mm:ss',
] as const

/**
 * Undefined when the text fits no pattern, or needs a zone that is not known. A clock that is absurdly off (a camera that
 * lost its battery begins in 1970) gives way to the time of receipt, and says so.
 */
export function readTime(text: string, { patterns, zone, receivedAt }: TimeRules): ReadTime | undefined {
  for (const pattern of patterns) {
    const at = matched(text, pattern, zone, receivedAt)
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

const sizes: Readonly<Record<string, string>> = {
  yyyy: '(?<yyyy>\\d{4})',
  S: '(?<S>\\d{1,9})',
  X: '\\s?(?<X>Z|[+-]\\d\\d:?\\d\\d)',
}
const compiled = new Map<string, RegExp>()

function regExp(pattern: string): RegExp {
  const known = compiled.get(pattern)
  if (known) return known
  const tokens = [...pattern.matchAll(/yyyy|MM|dd|HH|mm|ss|S+|X|[\s\S]/g)].map(([token]) => token.replace(/^S+$/, 'S'))
  const source = tokens.map((token, i) => {
    const fixed = sizes[token]
    if (fixed !== undefined) return fixed
    if (!/^(MM|dd|HH|mm|ss)$/.test(token)) return token.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
    // Without a separator behind it a number cannot be shorter.
    const next = tokens[i + 1] ?? ' '
    return `(?<${token}>\\d${/^[a-zA-Z]/.test(next) && next !== 'T' && next !== 'X' ? '{2}' : '{1,2}'})`
  })
  const made = new RegExp(`^${source.join('')}$`, 'i')
  compiled.set(pattern, made)
  return made
}

/** A pattern that names a full local time and no part twice. */
export function isTimePattern(pattern: string): boolean {
  try {
    regExp(pattern)
  } catch {
    return false
  }
  return ['yyyy', 'MM', 'dd', 'HH', 'mm'].every((token) => pattern.includes(token))
}

function matched(text: string, pattern: string, zone: string | undefined, near: Date): Date | undefined {
  const { yyyy, MM = '', dd = '', HH = '', mm = '', ss = '0', S = '0', X } = regExp(pattern).exec(text)?.groups ?? {}
  if (yyyy === undefined) return undefined
  const two = (digits: string) => digits.padStart(2, '0')
  const wall = `${yyyy}-${two(MM)}-${two(dd)}T${two(HH)}:${two(mm)}:${two(ss)}.${S.slice(0, 3).padEnd(3, '0')}`
  if (X === undefined) return zone === undefined ? undefined : (instantOfWall(wall, zone, near) ?? undefined)
  const utc = instantOfWall(wall, 'UTC', near)
  return utc === null ? undefined : new Date(utc.getTime() - offsetMs(X))
}

function offsetMs(text: string): number {
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(text) ?? []
  return sign === undefined ? 0 : (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000
}
