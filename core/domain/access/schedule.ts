// Owns when a schedule lets in: weekly windows on the site's wall clock, dates it is valid in, and what holidays do to it.
// Must not read a clock, nor measure time by the wall: the nights when clocks change are a matter of local-time.ts.
import { dayBefore, type LocalWindow, localEdges, minutesOf, type Weekday, wallClock, weekdays } from '../local-time.ts'

/** What a holiday does: nothing, or the day counts as a Sunday, or nothing begins on it, or it is open from midnight to midnight. */
export const holidayRules = ['as_days', 'sunday', 'closed', 'open'] as const
export type HolidayRule = (typeof holidayRules)[number]

/** Local calendar days, both included; an end left out is open. */
export interface Period {
  from?: string
  until?: string
}

export interface Schedule {
  scheduleId: string
  code: string
  name: string
  /** None: every hour of every day. */
  windows: readonly LocalWindow[]
  /** None: always. */
  periods: readonly Period[]
  onHolidays: HolidayRule
}

export interface Holiday {
  /** "2019-12-25" */
  date: string
  name?: string
}

/** The wall that a schedule is read by. */
export interface SiteTime {
  zone: string
  holidays: readonly Holiday[]
}

export interface ScheduleAnswer {
  open: boolean
  /** In plain words, with what the wall showed. */
  because: string
}

const dayNames: Readonly<Record<Weekday, string>> = {
  mon: 'Monday',
  tue: 'Tuesday',
  wed: 'Wednesday',
  thu: 'Thursday',
  fri: 'Friday',
  sat: 'Saturday',
  sun: 'Sunday',
}

interface Day {
  weekday: Weekday
  holiday: Holiday | undefined
}

/**
 * A window that runs over midnight belongs to the day it begins on: its tail is open on a closed holiday that follows, and the
 * day's own windows are those of the day it counts as.
 */
export function scheduleAt(schedule: Schedule, at: number, { zone, holidays }: SiteTime): ScheduleAnswer {
  const { date, weekday, minute } = wallClock(at, zone)
  const today = dayOf(date, weekday, holidays)
  const yesterday = dayOf(dayBefore(date), before(weekday), holidays)
  const shown = `${dayNames[weekday]} ${date} ${clockText(minute)}${holidayText(today, schedule.onHolidays)}`
  if (!inPeriods(schedule.periods, date)) return { open: false, because: `${shown}: not in its dates` }
  if (today.holiday && schedule.onHolidays === 'open') return { open: true, because: shown }
  const windows = schedule.windows.length > 0 ? schedule.windows : wholeDays
  const inside = windows.find((window) => holds(window, schedule.onHolidays, today, yesterday, minute))
  if (!inside) return { open: false, because: shown }
  return { open: true, because: `${shown}, inside ${inside.from} to ${inside.to}` }
}

const wholeDays: readonly LocalWindow[] = [{ from: '00:00', to: '24:00' }]
const dayMs = 86_400_000

/**
 * How long an answer of now stays true: the instant at which the schedule closes, or a day from now. Null for one that never
 * closes. A charger's memory of a card ends with it.
 */
export function openUntil(schedule: Schedule, at: number, site: SiteTime): number | null {
  const { windows, periods, onHolidays } = schedule
  if (windows.length === 0 && periods.length === 0 && onHolidays !== 'closed') return null
  const end = at + dayMs
  for (const edge of localEdges(at, end, site.zone, windows)) {
    if (!scheduleAt(schedule, edge, site).open) return edge
  }
  return end
}

function dayOf(date: string, weekday: Weekday, holidays: readonly Holiday[]): Day {
  return { weekday, holiday: holidays.find((one) => one.date === date) }
}

function before(weekday: Weekday): Weekday {
  return weekdays[(weekdays.indexOf(weekday) + 6) % 7] ?? 'sun'
}

function inPeriods(periods: readonly Period[], date: string): boolean {
  return (
    periods.length === 0 ||
    periods.some(({ from, until }) => (from === undefined || from <= date) && (until === undefined || date <= until))
  )
}

function holds(window: LocalWindow, rule: HolidayRule, today: Day, yesterday: Day, minute: number): boolean {
  const from = minutesOf(window.from)
  const to = minutesOf(window.to)
  if (from < to) return minute >= from && minute < to && beginsOn(window, rule, today)
  return (minute >= from && beginsOn(window, rule, today)) || (minute < to && beginsOn(window, rule, yesterday))
}

function beginsOn({ days }: LocalWindow, rule: HolidayRule, { weekday, holiday }: Day): boolean {
  if (holiday && rule === 'closed') return false
  const counted = holiday && rule === 'sunday' ? 'sun' : weekday
  return days === undefined || days.includes(counted)
}

function holidayText({ holiday }: Day, rule: HolidayRule): string {
  if (!holiday || rule === 'as_days') return ''
  const name = holiday.name ? `holiday (${holiday.name})` : 'holiday'
  return rule === 'sunday' ? `, ${name} that counts as Sunday` : `, ${name}`
}

function clockText(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
}
