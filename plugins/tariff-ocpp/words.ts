// Owns OCPP tariffs in plain words, as they are shown before anybody starts.
// Must not compute a price.
import { Decimal } from '../../core/plugin/index.ts'
import { dimensions } from './read-rules.ts'
import type { Amount, Conditions, Cost, Dimension, OcppRules } from './tariff.ts'

/** "from 17:00 to 20:00, on Monday"; empty without conditions. */
export function conditionWords(c: Conditions): string {
  return [
    clockWords(c),
    c.dayOfWeek?.length ? `on ${c.dayOfWeek.join(', ')}` : '',
    c.validFromDate === undefined ? '' : `from ${c.validFromDate} on`,
    c.validToDate === undefined ? '' : `before ${c.validToDate}`,
    c.evseKind === undefined ? '' : `at ${c.evseKind} chargers`,
    c.paymentBrand === undefined ? '' : `with ${c.paymentBrand}`,
    c.paymentRecognition === undefined ? '' : `recognised as ${c.paymentRecognition}`,
    rangeWords(kilo(c.minEnergy), kilo(c.maxEnergy), 'kWh of the session'),
    rangeWords(c.minCurrent, c.maxCurrent, 'A'),
    rangeWords(kilo(c.minPower), kilo(c.maxPower), 'kW'),
    rangeWords(minutes(c.minTime), minutes(c.maxTime), 'minutes of the session'),
    rangeWords(minutes(c.minChargingTime), minutes(c.maxChargingTime), 'minutes of charging'),
    rangeWords(minutes(c.minIdleTime), minutes(c.maxIdleTime), 'minutes of idling'),
  ]
    .filter((text) => text !== '')
    .join(', ')
}

const divided = (by: number) => (value: Amount | undefined) =>
  value === undefined ? undefined : new Decimal(value).div(by).toDecimalPlaces(4).toString()
const kilo = divided(1000)
const minutes = divided(60)

function clockWords({ startTimeOfDay, endTimeOfDay }: Conditions): string {
  if (startTimeOfDay !== undefined && endTimeOfDay !== undefined) return `from ${startTimeOfDay} to ${endTimeOfDay}`
  if (startTimeOfDay !== undefined) return `from ${startTimeOfDay} on`
  return endTimeOfDay === undefined ? '' : `until ${endTimeOfDay}`
}

function rangeWords(min: string | Amount | undefined, max: string | Amount | undefined, unit: string): string {
  if (min !== undefined && max !== undefined) return `from ${min} up to ${max} ${unit}`
  if (min !== undefined) return `from ${min} ${unit} on`
  return max === undefined ? '' : `up to ${max} ${unit}`
}

const names: Record<Dimension, string> = {
  fixedFee: 'Session fee',
  energy: 'Energy',
  chargingTime: 'Time charging',
  idleTime: 'Time plugged in without charging',
  reservationFixed: 'Reservation fee',
  reservationTime: 'Time reserved',
}
const per: Record<Dimension, string> = {
  fixedFee: '',
  energy: ' per kWh',
  chargingTime: ' per minute',
  idleTime: ' per minute',
  reservationFixed: '',
  reservationTime: ' per minute',
}

export function describeRules({ tariff }: OcppRules): string[] {
  const lines: string[] = []
  for (const dimension of dimensions) {
    const priced = tariff[dimension]
    if (priced === undefined) continue
    const taxes = (priced.taxRates ?? []).map(({ type, tax }) => `${tax} % ${type}`).join(' and ')
    for (const price of priced.prices) {
      const amount = Object.entries(price).find(([name]) => name.startsWith('price'))?.[1] as Amount
      const when = conditionWords(price.conditions ?? {})
      const plus = taxes === '' ? '' : ` plus ${taxes}`
      lines.push(
        `${names[dimension]}: ${tariff.currency} ${amount}${per[dimension]}${plus}${when === '' ? '' : ` (${when})`}.`,
      )
    }
  }
  lines.push('Of several that fit, the first one counts. What none of them prices is free.')
  const limit = (name: string, { exclTax, inclTax }: Cost) => {
    const sides = [
      ...(exclTax === undefined ? [] : [`${tariff.currency} ${exclTax} before taxes`]),
      ...(inclTax === undefined ? [] : [`${tariff.currency} ${inclTax} with taxes`]),
    ]
    lines.push(`${name} ${sides.join(', ')} per session.`)
  }
  if (tariff.minCost !== undefined) limit('At least', tariff.minCost)
  if (tariff.maxCost !== undefined) limit('At most', tariff.maxCost)
  lines.push('Nothing is charged for time in which the charging station itself holds the energy back.')
  return lines
}
