// Owns the reading of times as devices write them, the rule which instant counts, and the form in which times are answered.
// Must not read a clock: the receive time is given.
import type { DeviceTime } from '../../core/plugin/index.ts'
import type { DeviationCode, Noter } from './deviations.ts'
import type { AppliedProfile } from './profile.ts'

const strict = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/
const loose =
  /^(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T\s]+(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?(?:[.,](\d+))?)?\s*(Z|UTC|GMT|([+-])(\d{1,2})(?::?(\d{2}))?)?$/i
const compact = /^(\d{4})(\d\d)(\d\d)T?(\d\d)(\d\d)(\d\d)?(?:\.\d+)?(Z|([+-])(\d\d):?(\d\d)?)?$/i
const epoch = /^\d{9,10}$|^\d{12,13}$/

/** 2015 is before any OCPP 1.6 station; a clock before it has not been set (C3). */
const plausibleFrom = Date.UTC(2015, 0, 1)
const day = 86_400_000

/** PostgreSQL and every consumer can hold years 1 to 9999. */
const earliest = new Date('0001-01-01T00:00:00Z').getTime()
const latest = Date.UTC(9999, 11, 31)

function instant(
  year: number,
  month: number,
  dayOfMonth: number,
  hour: number,
  minute: number,
  second: number,
  fraction: string | undefined,
): number {
  if (month < 1 || month > 12 || dayOfMonth < 1 || dayOfMonth > 31 || hour > 24 || minute > 59 || second > 60)
    return Number.NaN
  const ms = fraction === undefined ? 0 : Number(fraction.slice(0, 3).padEnd(3, '0'))
  if (year < 100)
    return new Date(0).setUTCFullYear(year, month - 1, dayOfMonth) + ((hour * 60 + minute) * 60 + second) * 1000 + ms
  return Date.UTC(year, month - 1, dayOfMonth, hour, minute, second, ms)
}

function offset(sign: string | undefined, hours: string | undefined, minutes: string | undefined): number {
  const size = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000
  return sign === '-' ? -size : size
}

const zones = new Map<string, Intl.DateTimeFormat | null>()

function zoneFormat(zone: string): Intl.DateTimeFormat | null {
  let format = zones.get(zone)
  if (format === undefined) {
    try {
      format = new Intl.DateTimeFormat('en-US', {
        timeZone: zone,
        hourCycle: 'h23',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      })
    } catch {
      format = null
    }
    zones.set(zone, format)
  }
  return format
}

export function isTimeZone(text: string): boolean {
  // Intl also takes offsets ("+01:00"), which have no clock changes and are no zone of the IANA list.
  return /^[A-Za-z]/.test(text) && zoneFormat(text) !== null
}

/** How far the zone's wall clock is ahead of UTC at an instant. */
function aheadBy(format: Intl.DateTimeFormat, at: number): number {
  const parts: Record<string, number> = {}
  for (const { type, value } of format.formatToParts(at)) parts[type] = Number(value)
  const wall = Date.UTC(
    parts.year ?? 0,
    (parts.month ?? 1) - 1,
    parts.day ?? 1,
    parts.hour ?? 0,
    parts.minute ?? 0,
    parts.second ?? 0,
  )
  return wall - Math.floor(at / 1000) * 1000
}

/** A wall-clock reading of a zone as an instant; in the doubled hour of autumn the first of the two. */
function inZone(wall: number, zone: string | null): number {
  const format = zone === null ? null : zoneFormat(zone)
  if (format === null || !Number.isFinite(wall)) return wall
  const guess = wall - aheadBy(format, wall)
  return wall - aheadBy(format, guess)
}

interface Parsed {
  ms: number
  code: DeviationCode | null
}

function parse(text: string, zone: string | null): Parsed {
  const exact = strict.exec(text)
  if (exact !== null) {
    const [, y, mo, d, h, mi, s, fraction, sign, oh, om] = exact
    const ms = instant(Number(y), Number(mo), Number(d), Number(h), Number(mi), Number(s), fraction)
    return { ms: ms - offset(sign, oh, om), code: null }
  }
  const trimmed = text.trim()
  const roughly = loose.exec(trimmed)
  if (roughly !== null) {
    const [, y, mo, d, h, mi, s, fraction, mark, sign, oh, om] = roughly
    const wall = instant(Number(y), Number(mo), Number(d), Number(h ?? 0), Number(mi ?? 0), Number(s ?? 0), fraction)
    if (mark === undefined) return { ms: inZone(wall, zone), code: 'C1' }
    return { ms: wall - offset(sign, oh, om), code: 'C2' }
  }
  if (epoch.test(trimmed)) return { ms: Number(trimmed) * (trimmed.length <= 10 ? 1000 : 1), code: 'C7' }
  const squeezed = compact.exec(trimmed)
  if (squeezed !== null) {
    const [, y, mo, d, h, mi, s, mark, sign, oh, om] = squeezed
    const wall = instant(Number(y), Number(mo), Number(d), Number(h), Number(mi), Number(s ?? 0), undefined)
    if (mark === undefined) return { ms: inZone(wall, zone), code: 'C1' }
    return { ms: wall - offset(sign, oh, om), code: 'C2' }
  }
  return { ms: Number.NaN, code: 'C8' }
}

/**
 * What a device said and which instant counts. A device clock before 2015 or more than a day ahead of the receive time is
 * unusable: the receive time counts, and what the device said is kept beside it.
 * @param zone IANA zone for times without one; null means UTC (C1)
 */
export function deviceTime(text: string | undefined, receivedAt: Date, zone: string | null, noter: Noter): DeviceTime {
  if (text === undefined) return { at: receivedAt, device: null }
  const { ms, code } = parse(text, zone)
  if (code !== null) noter.note(code, text.slice(0, 60))
  if (code === 'C1' && zone !== null) noter.profile?.used('clockZone')
  if (!(ms >= earliest && ms <= latest)) {
    if (code !== 'C8') noter.note('C8', text.slice(0, 60))
    return { at: receivedAt, device: null }
  }
  const device = new Date(ms)
  const ahead = ms - receivedAt.getTime()
  if (ms < plausibleFrom || ahead > day) {
    noter.note('C3', text.slice(0, 60))
    return { at: receivedAt, device }
  }
  if (ahead > 60_000) noter.note('C4', text.slice(0, 60))
  return { at: device, device }
}

/** A time for an answer, as this station can read it. */
export function replyTime(at: Date, profile: AppliedProfile): string {
  if (profile.replyTimePrecision === 'seconds') profile.used('replyTimePrecision')
  return timeText(at, profile.replyTimePrecision)
}

/** Always UTC with Z; some stations refuse fractions of a second (C5). */
export function timeText(at: Date, precision: 'milliseconds' | 'seconds'): string {
  const text = at.toISOString()
  return precision === 'seconds' ? `${text.slice(0, 19)}Z` : text
}
