// Owns reading a date and time as a pattern says, with the site's zone for those that name none.
// Must not look at a clock: a file says the same whenever it is read.
import { instantsOfWallTime } from '../../../core/plugin/index.ts'

export type ReadInstant = { kind: 'ok'; at: Date; twice?: readonly [Date, Date] } | { kind: 'bad'; message: string }

const parts: Readonly<Record<string, string>> = {
  yyyy: '(?<year>\\d{4})',
  yy: '(?<short>\\d{2})',
  MM: '(?<month>\\d{2})',
  M: '(?<month>\\d{1,2})',
  dd: '(?<day>\\d{2})',
  d: '(?<day>\\d{1,2})',
  HH: '(?<hour>\\d{2})',
  H: '(?<hour>\\d{1,2})',
  hh: '(?<half>\\d{2})',
  h: '(?<half>\\d{1,2})',
  mm: '(?<minute>\\d{2})',
  ss: '(?<second>\\d{2})',
  SSS: '(?<fraction>\\d{1,9})',
  a: '(?<noon>[AaPp]\\.?[Mm]\\.?)',
  X: '(?<offset>[Zz]|[+-]\\d{2}:?\\d{2})',
}
const tokens = /yyyy|yy|MM|M|dd|d|HH|H|hh|h|mm|ss|SSS|a|X|[\s\S]/g

const isoShape =
  /^(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})[T ](?<hour>\d{2}):(?<minute>\d{2})(?::(?<second>\d{2})(?:[.,](?<fraction>\d{1,9}))?)?\s?(?<offset>[Zz]|[+-]\d{2}:?\d{2})?$/

const compiled = new Map<string, RegExp | null>()

function shapeOf(pattern: string): RegExp | null {
  if (pattern === 'iso') return isoShape
  const known = compiled.get(pattern)
  if (known !== undefined) return known
  const pieces = (pattern.match(tokens) ?? []).map(
    (token) => parts[token] ?? token.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&'),
  )
  const groups = pieces.flatMap((piece) => /^\(\?<(\w+)>/.exec(piece)?.[1] ?? [])
  const has = (...names: string[]) => names.filter((name) => groups.includes(name)).length === 1
  const whole = has('year', 'short') && has('month') && has('day') && has('hour', 'half')
  const once = new Set(groups).size === groups.length && groups.includes('half') === groups.includes('noon')
  const made = whole && once ? new RegExp(`^${pieces.join('')}$`) : null
  compiled.set(pattern, made)
  return made
}

export const isTimePattern = (pattern: string): boolean =>
  pattern === 'epoch' || pattern === 'epochMs' || shapeOf(pattern) !== null

export function readInstant(text: string, patterns: readonly string[], zone: string): ReadInstant {
  let skipped = false
  for (const pattern of patterns) {
    if (pattern === 'epoch' || pattern === 'epochMs') {
      if (/^\d{9,14}(\.\d{1,9})?$/.test(text)) {
        const at = new Date(Math.round(Number(text) * (pattern === 'epoch' ? 1_000 : 1)))
        if (!Number.isNaN(at.getTime())) return { kind: 'ok', at }
      }
      continue
    }
    const found = shapeOf(pattern)?.exec(text)?.groups
    if (!found) continue
    const wall = wallOf(found)
    const { offset } = found
    if (offset !== undefined) {
      const [at] = instantsOfWallTime(wall, 'UTC')
      if (at) return { kind: 'ok', at: new Date(at.getTime() - offsetMs(offset)) }
      continue
    }
    const [first, second] = instantsOfWallTime(wall, zone)
    if (first && second) return { kind: 'ok', at: first, twice: [first, second] }
    if (first) return { kind: 'ok', at: first }
    skipped = instantsOfWallTime(wall, 'UTC').length > 0
  }
  return {
    kind: 'bad',
    message: skipped
      ? `is a time that the clocks in ${zone} skipped`
      : `is no date and time written as ${patterns.join(' or ')}`,
  }
}

function wallOf(found: Readonly<Record<string, string | undefined>>): string {
  const two = (text = '0') => text.padStart(2, '0')
  // 1970 to 2069, as POSIX reads two digits.
  const year = found.year ?? String(Number(found.short) + (Number(found.short) < 70 ? 2000 : 1900))
  const afternoon = /^p/i.test(found.noon ?? '') ? 12 : 0
  // Hours of 12 run 12, 1 … 11; any other number stays what it is and is then no time.
  const half = Number(found.half)
  const hour = found.hour ?? String(half >= 1 && half <= 12 ? (half % 12) + afternoon : 99)
  const fraction = (found.fraction ?? '0').slice(0, 3).padEnd(3, '0')
  return `${year}-${two(found.month)}-${two(found.day)}T${two(hour)}:${two(found.minute)}:${two(found.second)}.${fraction}`
}

function offsetMs(text: string): number {
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(text) ?? []
  return sign === undefined ? 0 : (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000
}
