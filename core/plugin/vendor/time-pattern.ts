// Owns the step from a vendor's written time to an instant: patterns, offsets, both hours of the night the clocks go back.
// Must not look at a clock nor judge whether a time is believable.
import { instantOfWall } from '../../domain/local-time.ts'

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

/**
 * Undefined for another text, for no time that a calendar has, and without a zone for a text that says none. `near` tells the two
 * hours apart that a night in autumn has twice.
 * @example timeByPattern('09.03.2026 08:30', 'dd.MM.yyyy HH:mm', 'Europe/Berlin', receivedAt)
 */
export function timeByPattern(text: string, pattern: string, zone: string | undefined, near: Date): Date | undefined {
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
