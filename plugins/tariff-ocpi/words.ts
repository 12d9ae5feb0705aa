// Owns OCPI tariffs in plain words: restrictions, prices, limits, as they are shown before anybody starts.
// Must not compute a price.
import { Decimal } from '../../core/plugin/index.ts'
import { limitOf } from './limits.ts'
import type { Amount, OcpiRules, PriceComponent, Restrictions, Tariff } from './tariff.ts'

const dayNames = (days: readonly string[]) => days.map((day) => day.charAt(0) + day.slice(1).toLowerCase()).join(', ')

/** "from 17:00 to 20:00, on Monday, from 5 kWh on"; empty without restrictions. */
export function restrictionWords(r: Restrictions): string {
  return [
    r.reservation === 'RESERVATION' ? 'for a reservation' : '',
    r.reservation === 'RESERVATION_EXPIRES' ? 'for a reservation that expires' : '',
    clockWords(r),
    r.day_of_week?.length ? `on ${dayNames(r.day_of_week)}` : '',
    r.start_date === undefined ? '' : `from ${r.start_date} on`,
    r.end_date === undefined ? '' : `before ${r.end_date}`,
    rangeWords(r.min_kwh, r.max_kwh, 'kWh of the session'),
    rangeWords(r.min_current, r.max_current, 'A'),
    rangeWords(r.min_power, r.max_power, 'kW'),
    rangeWords(minutes(r.min_duration), minutes(r.max_duration), 'minutes of the session'),
  ]
    .filter((text) => text !== '')
    .join(', ')
}

const minutes = (seconds: Amount | undefined) =>
  seconds === undefined ? undefined : new Decimal(seconds).div(60).toDecimalPlaces(2).toString()

function clockWords({ start_time, end_time }: Restrictions): string {
  if (start_time !== undefined && end_time !== undefined) return `from ${start_time} to ${end_time}`
  if (start_time !== undefined) return `from ${start_time} on`
  return end_time === undefined ? '' : `until ${end_time}`
}

function rangeWords(min: Amount | undefined, max: Amount | undefined, unit: string): string {
  if (min !== undefined && max !== undefined) return `from ${min} up to ${max} ${unit}`
  if (min !== undefined) return `from ${min} ${unit} on`
  return max === undefined ? '' : `up to ${max} ${unit}`
}

export function describeRules(rules: OcpiRules): string[] {
  const { edition, tariff, tax } = rules
  const first = tariff.elements.findIndex(({ restrictions }) => Object.keys(restrictions ?? {}).length === 0)
  const elements = edition === '2.1.1' && first !== -1 ? tariff.elements.slice(0, first + 1) : tariff.elements
  const lines = elements.flatMap(({ price_components, restrictions = {} }) => {
    const when = restrictionWords(restrictions)
    return price_components.map(
      (each) => `${componentWords(each, tariff.currency, restrictions)}${when === '' ? '' : ` (${when})`}.`,
    )
  })
  if (elements.length > 1) lines.push('Of several that fit, the first one counts. What none of them prices is free.')
  lines.push(...limitWords(tariff))
  if (tariff.tax_included === 'YES') lines.push('Prices include taxes.')
  else if (tax !== undefined) lines.push(`${tax.percent} % tax (${tax.code}) is added where no other rate is said.`)
  lines.push('Nothing is charged for time in which the charging station itself holds the energy back.')
  return lines
}

function componentWords(component: PriceComponent, currency: string, { reservation }: Restrictions): string {
  const price = `${currency} ${component.price}`
  const vat = component.vat === undefined ? '' : ` plus ${component.vat} % VAT`
  const step = component.step_size ?? 1
  switch (component.type) {
    case 'FLAT':
      return `${reservation === undefined ? 'Session fee' : 'Reservation fee'}: ${price}${vat}`
    case 'ENERGY':
      return `Energy: ${price} per kWh${vat}${step > 1 ? `, in steps of ${step} Wh` : ''}`
    case 'TIME': {
      const what = reservation === undefined ? 'Time charging' : 'Time reserved'
      return `${what}: ${price} per hour${vat}${stepWords(step)}`
    }
    case 'PARKING_TIME':
      return `Time plugged in without charging: ${price} per hour${vat}${stepWords(step)}`
  }
}

function stepWords(step: number): string {
  if (step <= 1) return ''
  return step % 60 === 0 ? `, in steps of ${step / 60} min` : `, in steps of ${step} s`
}

function limitWords({ min_price, max_price, currency }: Tariff): string[] {
  const words = (name: string, given: Tariff['min_price']) => {
    const limit = limitOf(given, '')
    if (limit === undefined) return []
    const sides = [
      ...(limit.excl === undefined ? [] : [`${currency} ${limit.excl} before taxes`]),
      ...(limit.incl === undefined ? [] : [`${currency} ${limit.incl} with taxes`]),
    ]
    return [`${name} ${sides.join(', ')} per session.`]
  }
  return [...words('At least', min_price), ...words('At most', max_price)]
}
