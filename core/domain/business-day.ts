// Owns the business day of a site: a day of takings that may begin after midnight ("04:00"), in the site's zone.
// Must not be used for calendar rules of tariffs; those have days of their own.
import { addDays, instantOfWall, localDate, startOfLocalDate } from './local-time.ts'

export interface BusinessClock {
  /** IANA zone. */
  zone: string
  /** "HH:MM" at which a business day begins; it has the calendar date on which it does. */
  startsAt: string
}

const midnight = '00:00'

/** `business_day_start` of a site's settings; midnight when nothing or nonsense is set. */
export function businessClock(zone: string, settings: unknown): BusinessClock {
  const given: Record<string, unknown> = typeof settings === 'object' && settings !== null ? { ...settings } : {}
  const { business_day_start: startsAt } = given
  const valid = typeof startsAt === 'string' && /^([01]\d|2[0-3]):[0-5]\d$/.test(startsAt)
  return { zone, startsAt: valid ? startsAt : midnight }
}

/** When a business day begins. A time that the wall shows twice is taken the first time; one that it skips, after the skip. */
export function startOfBusinessDate(date: string, { zone, startsAt }: BusinessClock): Date {
  const calendar = startOfLocalDate(date, zone)
  if (startsAt === midnight) return calendar
  return instantOfWall(`${date}T${startsAt}`, zone, calendar) ?? calendar
}

/** By instants, so that no instant belongs to two days or to none, also on the nights when clocks change. */
export function businessDate(at: Date, clock: BusinessClock): string {
  const date = localDate(at, clock.zone)
  return at < startOfBusinessDate(date, clock) ? addDays(date, -1) : date
}

/** The days from one to another, both included, and the instants at which each begins and the last one ends. */
export function businessDays(from: string, to: string, clock: BusinessClock): { dates: string[]; starts: Date[] } {
  const dates: string[] = []
  for (let date = from; date <= to; date = addDays(date, 1)) dates.push(date)
  return { dates, starts: [...dates, addDays(to, 1)].map((date) => startOfBusinessDate(date, clock)) }
}
