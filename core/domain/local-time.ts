// Owns the step between instants and a site's wall clock: local days, local windows, texts with offset.
// Must not measure durations: those are differences of instants, whatever the clocks on the wall did in between.
import { Temporal } from 'temporal-polyfill'

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
export type Weekday = (typeof weekdays)[number]

/**
 * A recurring stretch of the wall clock. `to` at or before `from` runs into the next day and belongs to the day it begins
 * on; "24:00" is the end of the day; both the same is a whole day.
 */
export interface LocalWindow {
  /** "HH:MM" */
  from: string
  to: string
  /** Days on which it begins; every day when absent. */
  days?: readonly Weekday[]
}

/** A piece of time in which one window holds (the first that does), or none: -1. Milliseconds since the epoch. */
export interface LocalSegment {
  from: number
  to: number
  window: number
}

function zoned(at: number, zone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone)
}

export function isTimeZone(zone: string): boolean {
  try {
    zoned(0, zone)
    return true
  } catch {
    return false
  }
}

/** The calendar day on the site's wall: "2019-03-10". */
export function localDate(at: Date, zone: string): string {
  return zoned(at.getTime(), zone).toPlainDate().toString()
}

/** The instant as the site's wall showed it, with its offset: "2019-03-10T03:00:00-07:00". */
export function withOffset(at: Date, zone: string): string {
  return zoned(at.getTime(), zone).toString({ timeZoneName: 'never', smallestUnit: 'second' })
}

/**
 * The instants at which the site's wall clock shows this date and time ("2019-10-27T02:30:00.5"): none in the hour that is
 * skipped, two (the earlier first) in the hour that comes twice, none for what is no date and time.
 */
export function instantsOfWallTime(text: string, zone: string): Date[] {
  const read = readWall(text, zone)
  if (!read) return []
  return [...new Set(read.times)]
    .filter((at) => zoned(at, zone).toPlainDateTime().equals(read.wall))
    .map((at) => new Date(at))
}

/** The instant at which a local day begins; not midnight where the clocks jump over it. */
export function startOfLocalDate(date: string, zone: string): Date {
  return new Date(Temporal.PlainDate.from(date).toZonedDateTime(zone).epochMilliseconds)
}

/**
 * The instant at which the wall showed a time ("2019-03-10T02:30:00.5"), null when no calendar has it. Of a time that the
 * wall shows twice the one closer to `near`; one that it skips is read with the offset of before the skip.
 */
export function instantOfWall(wall: string, zone: string, near: Date): Date | null {
  const read = readWall(wall, zone)
  if (!read) return null
  const [earlier, later] = read.times
  if (earlier === later) return new Date(earlier)
  const twice = zoned(earlier, zone).toPlainDateTime().equals(read.wall)
  // "compatible": of a skipped time the later reading is the one with the offset of before.
  if (!twice) return new Date(later)
  const distance = (at: number) => Math.abs(at - near.getTime())
  return new Date(distance(earlier) <= distance(later) ? earlier : later)
}

interface ReadWall {
  wall: Temporal.PlainDateTime
  /** Both readings: the same but in the hour that comes twice or never. */
  times: readonly [earlier: number, later: number]
}

function readWall(text: string, zone: string): ReadWall | null {
  let wall: Temporal.PlainDateTime
  try {
    wall = Temporal.PlainDateTime.from(text, { overflow: 'reject' })
  } catch {
    return null
  }
  const time = (disambiguation: 'earlier' | 'later') => wall.toZonedDateTime(zone, { disambiguation }).epochMilliseconds
  return { wall, times: [time('earlier'), time('later')] }
}

/** Beginnings of local days strictly between two instants. */
export function dayStartsBetween(from: number, to: number, zone: string): number[] {
  const starts: number[] = []
  let day = zoned(from, zone).toPlainDate()
  for (;;) {
    day = day.add({ days: 1 })
    const start = day.toZonedDateTime(zone).epochMilliseconds
    if (start >= to) return starts
    if (start > from) starts.push(start)
  }
}

/** Instants strictly between two others at which the wall comes to show "HH:MM", once each day: after a skip, what it then shows. */
export function timesOfDayBetween(from: number, to: number, zone: string, time: string): number[] {
  const at = Temporal.PlainTime.from(time)
  const times: number[] = []
  const last = zoned(to, zone).toPlainDate()
  for (
    let day = zoned(from, zone).toPlainDate();
    Temporal.PlainDate.compare(day, last) <= 0;
    day = day.add({ days: 1 })
  ) {
    const instant = day.toZonedDateTime({ timeZone: zone, plainTime: at }).epochMilliseconds
    if (instant > from && instant < to) times.push(instant)
  }
  return times
}

/** The local days of a year on which the clocks are changed. */
export function clockChangeDates(year: number, zone: string): string[] {
  const dates: string[] = []
  let at = Temporal.PlainDate.from({ year, month: 1, day: 1 }).toZonedDateTime(zone)
  for (;;) {
    const change = at.getTimeZoneTransition('next')
    if (change === null || change.year > year) return dates
    dates.push(change.toPlainDate().toString())
    at = change
  }
}

/** Every quarter of an hour of a local day: 96, or 92 and 100 where the clocks change by an hour. */
export function quarterHours(date: string, zone: string): number[] {
  const day = Temporal.PlainDate.from(date)
  const end = day.add({ days: 1 }).toZonedDateTime(zone).epochMilliseconds
  const quarters: number[] = []
  for (let at = day.toZonedDateTime(zone).epochMilliseconds; at < end; at += 900_000) quarters.push(at)
  return quarters
}

/** Of "HH:MM". */
export const minutesOf = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5))

/** What the wall shows at an instant: the calendar day, its weekday and the minutes since 00:00. */
export function wallClock(at: number, zone: string): { date: string; weekday: Weekday; minute: number } {
  const wall = zoned(at, zone)
  const weekday = weekdays[(wall.dayOfWeek + 6) % 7] ?? 'mon'
  return { date: wall.toPlainDate().toString(), weekday, minute: wall.hour * 60 + wall.minute }
}

/** The calendar day before "2019-03-10". */
export function dayBefore(date: string): string {
  return Temporal.PlainDate.from(date).subtract({ days: 1 }).toString()
}

/** The calendar day so many days after "2019-03-10". */
export function addDays(date: string, days: number): string {
  return Temporal.PlainDate.from(date).add({ days }).toString()
}

/** Calendar days from one date to another, negative when that is earlier. Nights with a clock change count like all others. */
export function daysBetween(from: string, to: string): number {
  return Temporal.PlainDate.from(from).until(Temporal.PlainDate.from(to), { largestUnit: 'days' }).days
}

/** The given day of the month that is so many months after the month of `date`; its last day where the month is shorter. */
export function dayOfMonthAfter(date: string, months: number, day: number): string {
  const first = Temporal.PlainDate.from(date).with({ day: 1 }).add({ months })
  return first.with({ day: Math.min(day, first.daysInMonth) }).toString()
}

/** Whether the wall clock at `at` shows a time inside the window. */
function holds(window: LocalWindow, wall: Temporal.ZonedDateTime): boolean {
  const from = minutesOf(window.from)
  const to = minutesOf(window.to)
  const minute = wall.hour * 60 + wall.minute
  const on = (dayOfWeek: number) => {
    const day = weekdays[(dayOfWeek + 6) % 7]
    return window.days === undefined || (day !== undefined && window.days.includes(day))
  }
  if (from < to) return on(wall.dayOfWeek) && minute >= from && minute < to
  return (minute >= from && on(wall.dayOfWeek)) || (minute < to && on(wall.dayOfWeek - 1))
}

/** Every instant in (from, to) at which the answer of some window may change: its edges, day starts, clock changes. */
export function localEdges(from: number, to: number, zone: string, windows: readonly LocalWindow[]): number[] {
  const found = new Set<number>()
  const add = (at: number) => {
    if (at > from && at < to) found.add(at)
  }
  const minutes = new Set([0])
  for (const window of windows) for (const text of [window.from, window.to]) minutes.add(minutesOf(text) % 1440)
  const last = zoned(to, zone).toPlainDate()
  for (
    let day = zoned(from, zone).toPlainDate();
    Temporal.PlainDate.compare(day, last) <= 0;
    day = day.add({ days: 1 })
  ) {
    for (const minute of minutes) {
      const wall = day.toPlainDateTime({ hour: Math.floor(minute / 60), minute: minute % 60 })
      // A time that the wall shows twice is an edge both times.
      add(wall.toZonedDateTime(zone, { disambiguation: 'earlier' }).epochMilliseconds)
      add(wall.toZonedDateTime(zone, { disambiguation: 'later' }).epochMilliseconds)
    }
  }
  for (let change = zoned(from, zone).getTimeZoneTransition('next'); change !== null; ) {
    if (change.epochMilliseconds >= to) break
    add(change.epochMilliseconds)
    change = change.getTimeZoneTransition('next')
  }
  return [...found].sort((a, b) => a - b)
}

/**
 * Cuts [from, to) by what the wall clock shows. Exact on the nights when clocks change: an hour that the wall shows twice
 * is inside a window twice, one that it skips never.
 */
export function localSegments(from: number, to: number, zone: string, windows: readonly LocalWindow[]): LocalSegment[] {
  if (to <= from) return []
  const segments: LocalSegment[] = []
  const cuts = windows.length === 0 ? [] : localEdges(from, to, zone, windows)
  for (const [i, start] of [from, ...cuts].entries()) {
    const end = cuts[i] ?? to
    const wall = zoned(start, zone)
    const window = windows.findIndex((each) => holds(each, wall))
    const last = segments.at(-1)
    if (last?.window === window) last.to = end
    else segments.push({ from: start, to: end, window })
  }
  return segments
}

/** The window in force at one instant, -1 for none. */
export function windowAt(at: number, zone: string, windows: readonly LocalWindow[]): number {
  const wall = zoned(at, zone)
  return windows.findIndex((each) => holds(each, wall))
}
