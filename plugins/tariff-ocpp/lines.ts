// Owns turning the use of a price into a priced and explained line.
// Must not decide what was used.
import { Decimal, type LineKind, type PricedLine, taxedLine } from '../../core/plugin/index.ts'
import type { Amount, Conditions, Dimension, OcppTax, Tariff } from './tariff.ts'
import { conditionWords } from './words.ts'

const shapes = {
  energy: { key: 'ENERGY', kind: 'ENERGY', description: 'Energy', unit: 'kWh' },
  chargingTime: { key: 'CHARGING_TIME', kind: 'CHARGE_TIME', description: 'Time charging', unit: 'minute' },
  idleTime: { key: 'IDLE_TIME', kind: 'IDLE', description: 'Time plugged in without charging', unit: 'minute' },
  fixedFee: { key: 'FIXED', kind: 'SESSION', description: 'Session fee', unit: 'session' },
  reservationTime: { key: 'RESERVATION_TIME', kind: 'SESSION', description: 'Time reserved', unit: 'minute' },
  reservationFixed: { key: 'RESERVATION_FIXED', kind: 'SESSION', description: 'Reservation fee', unit: 'session' },
} as const satisfies Record<Dimension, { key: string; kind: LineKind; description: string; unit: PricedLine['unit'] }>

export function lineOf(tariff: Tariff, dimension: Dimension, index: number, quantity: Decimal): PricedLine {
  const { key, kind, description, unit } = shapes[dimension]
  const { price, conditions } = priceOf(tariff, dimension, index)
  const rates = (tariff[dimension]?.taxRates ?? []).map(taxRate)
  const amount = price.times(quantity)
  const text = quantity.toDecimalPlaces(10).toString()
  const words = conditionWords(conditions)
  const prices = tariff[dimension]?.prices.length ?? 1
  return taxedLine({
    key: `${key}:${index}`,
    kind,
    description,
    quantity: text,
    billedQuantity: text,
    unit,
    unitPrice: price.toString(),
    amount,
    taxes: { rates, included: false },
    rulePath: `/tariff/${dimension}/prices/${index}`,
    explanation: [
      words === ''
        ? `Price ${index + 1} of ${prices} holds at any time.`
        : `Price ${index + 1} of ${prices} holds ${words}.`,
      unit === 'session'
        ? `Once: ${price}.`
        : `${text} ${unit} × ${price} = ${amount.toDecimalPlaces(10)}, without steps.`,
      ...rates.map(({ code, percent, stack }) =>
        stack > 0
          ? `${percent} % ${code} is added, on the taxes of the stacks below too.`
          : `${percent} % ${code} is added.`,
      ),
    ],
  })
}

function priceOf(tariff: Tariff, dimension: Dimension, index: number): { price: Decimal; conditions: Conditions } {
  const found: { priceKwh?: Amount; priceMinute?: Amount; priceFixed?: Amount; conditions?: Conditions } =
    tariff[dimension]?.prices[index] ?? {}
  const price = found.priceKwh ?? found.priceMinute ?? found.priceFixed ?? 0
  return { price: new Decimal(price), conditions: found.conditions ?? {} }
}

function taxRate({ type, tax, stack = 0 }: OcppTax) {
  return { code: type, percent: new Decimal(tax).toString(), stack }
}

/** Every watt-hour is on a line, also where no price holds: what was delivered is counted from bills. */
export function freeEnergyLine(kwh: Decimal): PricedLine {
  return taxedLine({
    key: 'ENERGY:free',
    kind: 'ENERGY',
    description: 'Energy',
    quantity: kwh.toDecimalPlaces(10).toString(),
    billedQuantity: kwh.toDecimalPlaces(10).toString(),
    unit: 'kWh',
    unitPrice: '0',
    amount: new Decimal(0),
    taxes: { rates: [], included: false },
    rulePath: '/tariff/energy',
    explanation: ['No price that holds is for energy: it is free.'],
  })
}
