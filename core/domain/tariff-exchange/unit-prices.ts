// Owns the prices of a charging tariff as a display can reckon on with: one for each kWh, each hour, once, and each idle hour.
// Must not shorten what is not that simple; then there are none.
import { Decimal } from '../money.ts'
import type { UnitPrices } from '../station-command.ts'
import { type ExchangeEngine, readTariff } from './convert-tariff.ts'
import type { NeutralPrice, NeutralTariff } from './neutral-tariff.ts'

/** More than a price has, and few enough for a number in JSON. */
const digits = 6

/** What other formats lose here and a display does not: the hub says itself from when a car is idle, and when a fee is due. */
const harmless: readonly string[] = ['/session', '/idle/counts']

/** Null where one price of each kind does not say it all: other hours, other powers, a least or a highest cost. */
export function unitPrices(source: { engine: ExchangeEngine; rules: unknown; currency: string }): UnitPrices | null {
  const { tariff, lost } = readTariff(source)
  if (tariff.minimum !== undefined || tariff.maximum !== undefined) return null
  if (lost.some(({ pointer }) => !harmless.includes(pointer))) return null
  const prices: UnitPrices = {}
  for (const price of tariff.prices) {
    const whole = withTaxes(price, tariff)
    if (whole.decimalPlaces() > digits) return null
    const amount = whole.toFixed()
    if (price.dimension === 'idle') {
      const { idle, ...others } = price.when
      if (prices.idle !== undefined || idle?.max !== undefined || Object.keys(others).length > 0) return null
      prices.idle = { hour: amount, graceMinutes: Math.floor(Number(idle?.min ?? 0) / 60) }
      continue
    }
    if (price.dimension === 'reservationTime' || price.dimension === 'reservationFixed') continue
    const name = names[price.dimension]
    if (prices[name] !== undefined || Object.keys(price.when).length > 0) return null
    prices[name] = amount
  }
  return prices
}

const names = { energy: 'kwh', charging: 'hour', fixed: 'flat' } as const

/** Who stands before it pays with taxes. */
function withTaxes({ price, taxes }: NeutralPrice, { taxIncluded }: NeutralTariff): Decimal {
  if (taxIncluded) return price
  const percent = taxes.reduce((sum, tax) => sum.plus(tax.percent), new Decimal(0))
  return price.times(percent.plus(100)).div(100)
}
