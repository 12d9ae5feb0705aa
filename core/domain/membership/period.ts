// Owns the calendar of a membership: when each of its periods begins and ends, in local dates.
// Must not count from the period before: 31 January, 28 February, 31 March.
import { addDays, dayOfMonthAfter } from '../local-time.ts'

export const rhythms = ['four_weeks', 'month', 'quarter', 'year'] as const
export type Rhythm = (typeof rhythms)[number]

const months: Readonly<Record<Exclude<Rhythm, 'four_weeks'>, number>> = { month: 1, quarter: 3, year: 12 }

export interface MembershipCalendar {
  /** First day that is served. */
  startsOn: string
  every: Rhythm
  /** Day of the month on which periods begin; the month's last where it is shorter. Four weeks are counted from the start. */
  anchorDay: number
}

export interface DateSpan {
  from: string
  /** The first day that is not in it any more. */
  to: string
}

/** The whole period of that number, from 1; the first one may have begun before the membership did. */
export function membershipPeriod({ startsOn, every, anchorDay }: MembershipCalendar, number: number): DateSpan {
  if (every === 'four_weeks') {
    return { from: addDays(startsOn, 28 * (number - 1)), to: addDays(startsOn, 28 * number) }
  }
  const first = dayOfMonthAfter(startsOn, 0, anchorDay) <= startsOn ? 0 : -1
  const edge = (count: number) => dayOfMonthAfter(startsOn, first + count * months[every], anchorDay)
  return { from: edge(number - 1), to: edge(number) }
}
