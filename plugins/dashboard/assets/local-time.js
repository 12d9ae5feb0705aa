// Owns which instant a date and time on the wall of a site stand for.
// Must not depend on the zone of whoever looks.
import { siteTimes } from './formats.js'

const minuteMs = 60_000

function offsetMs(zone, at) {
  const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)$/.exec(siteTimes(zone).exact(at))
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * minuteMs
}

/** "2026-03-29", "01:45" → ISO text. An hour that a clock change leaves out counts from before it; of a double one the first. */
export function instantOfWall(date, time, zone) {
  const wall = Date.parse(`${date}T${time}Z`)
  if (Number.isNaN(wall)) return null
  const early = wall - offsetMs(zone, wall - 24 * 60 * minuteMs)
  const late = wall - offsetMs(zone, wall + 24 * 60 * minuteMs)
  const fits = [early, late].filter((at) => at + offsetMs(zone, at) === wall)
  return new Date(fits.length > 0 ? Math.min(...fits) : early).toISOString()
}

/** The day before or after, on the calendar. */
export function addDays(date, days) {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 24 * 60 * minuteMs).toISOString().slice(0, 10)
}

/** What a field of type datetime-local holds, as an instant; null when it is empty. */
export function instantOfField(text, zone) {
  const [date, time] = text.split('T')
  return time ? instantOfWall(date, time, zone) : null
}
