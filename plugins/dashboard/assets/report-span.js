// Owns which days of a site a report is about when a person names them by a word: this week, last month.
// Must not ask the hub.
import { addDays } from './local-time.js'

/** The first is meant when nobody has chosen. */
export const spans = [
  ['month', 'This month'],
  ['lastMonth', 'Last month'],
  ['week', 'This week'],
  ['lastWeek', 'Last week'],
  ['today', 'Today'],
  ['yesterday', 'Yesterday'],
  ['days', 'Days that I choose'],
]

/** First and last day; `today` is the day at the site. A week begins on Monday (ISO 8601). */
export function daysOfSpan({ span = 'month', from, to }, today) {
  const monday = addDays(today, -((new Date(`${today}T00:00:00Z`).getUTCDay() + 6) % 7))
  const first = `${today.slice(0, 7)}-01`
  const lastOfBefore = addDays(first, -1)
  switch (span) {
    case 'today':
      return { from: today, to: today }
    case 'yesterday':
      return { from: addDays(today, -1), to: addDays(today, -1) }
    case 'week':
      return { from: monday, to: today }
    case 'lastWeek':
      return { from: addDays(monday, -7), to: addDays(monday, -1) }
    case 'lastMonth':
      return { from: `${lastOfBefore.slice(0, 7)}-01`, to: lastOfBefore }
    case 'days':
      return { from: from ?? to ?? today, to: to ?? from ?? today }
    default:
      return { from: first, to: today }
  }
}
