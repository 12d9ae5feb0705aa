// Owns how amounts, energies, times and lengths of time are written for people, in the forms of their own locale.
// Must not calculate with money: an amount is an integer of minor units and becomes text exactly.

const made = new Map()
function cached(name, make) {
  if (!made.has(name)) made.set(name, make())
  return made.get(name)
}

/** Exact: the integer is cut as text, never divided. */
export function majorText(minor, currency) {
  const { maximumFractionDigits: digits } = currencyFormat(currency).resolvedOptions()
  const text = String(Math.abs(minor)).padStart(digits + 1, '0')
  const whole = digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`
  return minor < 0 ? `-${whole}` : whole
}

function currencyFormat(currency) {
  return cached(`money ${currency}`, () => new Intl.NumberFormat(undefined, { style: 'currency', currency }))
}

export function money(minor, currency) {
  return currencyFormat(currency).format(majorText(minor, currency))
}

function decimal(value, digits) {
  const format = cached(
    `decimal ${digits}`,
    () => new Intl.NumberFormat(undefined, { minimumFractionDigits: digits, maximumFractionDigits: digits }),
  )
  return format.format(value)
}

export function count(value) {
  return cached('count', () => new Intl.NumberFormat()).format(value)
}

export function energy(wh) {
  const kwh = wh / 1000
  return `${decimal(kwh, Math.abs(kwh) < 10 ? 2 : 1)} kWh`
}

export function power(watts) {
  return `${decimal(watts / 1000, 1)} kW`
}

/** Exact text of watt-hours in kWh, for files. */
export function kwhText(wh) {
  const text = String(Math.abs(wh)).padStart(4, '0')
  return `${wh < 0 ? '-' : ''}${text.slice(0, -3)}.${text.slice(-3)}`
}

/** "45 s", "42 min", "2 h 05 min", "3 d 4 h" */
export function span(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const minutes = Math.floor(seconds / 60)
  if (minutes < 1) return `${seconds} s`
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, '0')} min`
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** For places with little room: "0:42", "2:05", "3 d 4 h" */
export function shortSpan(ms) {
  const minutes = Math.max(0, Math.floor(ms / 60_000))
  const hours = Math.floor(minutes / 60)
  if (hours >= 48) return `${Math.floor(hours / 24)} d ${hours % 24} h`
  return `${hours}:${String(minutes % 60).padStart(2, '0')}`
}

function timeFormat(zone, options) {
  return cached(
    `time ${zone} ${JSON.stringify(options)}`,
    () => new Intl.DateTimeFormat(undefined, { timeZone: zone, ...options }),
  )
}

/** The times of one site: always in its zone, whoever looks from wherever. */
export function siteTimes(zone) {
  const clock = { hour: '2-digit', minute: '2-digit' }
  const dayOf = (at) =>
    cached(`day ${zone}`, () => new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short' })).format(at)
  const instant = (at) => (typeof at === 'string' ? Date.parse(at) : at)
  return {
    zone,
    day: (at) => dayOf(instant(at)),
    clock: (at) => timeFormat(zone, clock).format(instant(at)),
    clockWithSeconds: (at) => timeFormat(zone, { ...clock, second: '2-digit' }).format(instant(at)),
    longDay: (at) => timeFormat(zone, { weekday: 'long', day: 'numeric', month: 'long' }).format(instant(at)),
    /** The clock alone on the present day, else with the day. */
    near: (at, now) =>
      dayOf(instant(at)) === dayOf(now)
        ? timeFormat(zone, clock).format(instant(at))
        : timeFormat(zone, { day: 'numeric', month: 'short', ...clock }).format(instant(at)),
    full: (at) => timeFormat(zone, { dateStyle: 'medium', timeStyle: 'long' }).format(instant(at)),
    /** "2026-03-10 09:15:00+01:00", for files. */
    exact(at) {
      const ms = instant(at)
      const parts = Object.fromEntries(
        cached(
          `exact ${zone}`,
          () =>
            new Intl.DateTimeFormat('en-CA', {
              timeZone: zone,
              hourCycle: 'h23',
              year: 'numeric',
              month: '2-digit',
              day: '2-digit',
              hour: '2-digit',
              minute: '2-digit',
              second: '2-digit',
              timeZoneName: 'longOffset',
            }),
        )
          .formatToParts(ms)
          .map(({ type, value }) => [type, value]),
      )
      const offset = parts.timeZoneName.replace('GMT', '') || '+00:00'
      return `${parts.year}-${parts.month}-${parts.day} ${parts.hour}:${parts.minute}:${parts.second}${offset}`
    },
  }
}

const collator = new Intl.Collator(undefined, { numeric: true })

/** "B-2" before "B-10". */
export function byNumber(a, b) {
  return collator.compare(a, b)
}

/** "1 stay", "3 stays" */
export function counted(amount, one, many = `${one}s`) {
  return `${count(amount)} ${amount === 1 ? one : many}`
}
