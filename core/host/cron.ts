// Owns when a cron expression is due next, by the clock on the wall of a zone and after any instant.
// Must not hold a timer nor look at the time: the hub's clock may be one that a demo moves.
import { createTask, parse, validateDetailed } from 'node-cron'
import { Temporal } from 'temporal-polyfill'

export interface Cron {
  /** The first instant after the given one; undefined when there is none within eight years (29 February at the longest). */
  next(after: Date): Date | undefined
}

/**
 * An expression of five or six fields (node-cron 4: names, steps, lists, `L`, `W`, `#`). node-cron reads it and decides which
 * days it means; its own scheduling runs on the machine's time only, so the instants are worked out here.
 *
 * On the night that an hour is left out a time within it is due as much later, so that a nightly run is never lost; in the hour
 * that comes twice everything is due once, in the first.
 * @throws Error naming the field that is wrong
 */
export function parseCron(expression: string, zone: string): Cron {
  const { valid, errors } = validateDetailed(expression)
  if (!valid) throw new Error(`"${expression}" is no schedule: ${errors.map(({ message }) => message).join('; ')}`)
  const { hour, minute, second } = parse(expression)
  const times = { hours: sorted(hour), minutes: sorted(minute), seconds: sorted(second) }
  const matches = dayMatcher(expression)
  return {
    next(after) {
      const from = Temporal.Instant.fromEpochMilliseconds(after.getTime()).toZonedDateTimeISO(zone)
      const last = from.toPlainDate().add({ years: 8, days: 1 })
      // The day before: where an hour is left out at midnight, a time of the old day is due on the new one.
      let day = from.toPlainDate().subtract({ days: 1 })
      for (; Temporal.PlainDate.compare(day, last) < 0; day = day.add({ days: 1 })) {
        if (!matches(day)) continue
        const due = firstOf(day, times, zone, after)
        if (due) return due
      }
      return undefined
    },
  }
}

interface Times {
  hours: readonly number[]
  minutes: readonly number[]
  seconds: readonly number[]
}

function firstOf(day: Temporal.PlainDate, times: Times, zone: string, after: Date): Date | undefined {
  for (const hour of times.hours) {
    // An hour that is over is passed in one step.
    if (instant(day, hour, 59, 59, zone) <= after.getTime()) continue
    // Where half an hour is left out (Lord Howe Island), a shifted minute may come after a later one: the earliest counts.
    const due = times.minutes.flatMap((minute) => {
      if (instant(day, hour, minute, 59, zone) <= after.getTime()) return []
      const second = times.seconds.find((each) => instant(day, hour, minute, each, zone) > after.getTime())
      return second === undefined ? [] : [instant(day, hour, minute, second, zone)]
    })
    if (due.length > 0) return new Date(Math.min(...due))
  }
  return undefined
}

function instant(day: Temporal.PlainDate, hour: number, minute: number, second: number, zone: string): number {
  return day.toPlainDateTime({ hour, minute, second }).toZonedDateTime(zone, { disambiguation: 'compatible' })
    .epochMilliseconds
}

/** node-cron's own reading of the three day fields, asked at noon UTC of a day whose time always fits. */
function dayMatcher(expression: string): (day: Temporal.PlainDate) => boolean {
  const days = expression.trim().split(/\s+/).slice(-3).join(' ')
  const task = createTask(`* * * ${days}`, () => undefined, { timezone: 'UTC' })
  // Created tasks are kept in node-cron's registry until destroyed; matching needs none of that.
  void task.destroy()
  return (day) => task.match(new Date(Date.UTC(day.year, day.month - 1, day.day, 12)))
}

function sorted(values: readonly number[]): readonly number[] {
  return [...values].sort((a, b) => a - b)
}
