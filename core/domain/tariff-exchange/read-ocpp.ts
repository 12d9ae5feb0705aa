// Owns reading OCPP 2.1 rules into single prices.
// Must not check the rules; the engine has.
import { Decimal } from '../money.ts'
import { type NeutralDimension, type NeutralPrice, present, type ReadTariff, range } from './neutral-tariff.ts'
import type { Amount, Conditions, Cost, Dimension, OcppRules } from './ocpp-shape.ts'

const dimensions = {
  fixedFee: 'fixed',
  energy: 'energy',
  chargingTime: 'charging',
  idleTime: 'idle',
  reservationFixed: 'reservationFixed',
  reservationTime: 'reservationTime',
} as const satisfies Record<Dimension, NeutralDimension>

export function readOcpp({ tariff }: OcppRules): ReadTariff {
  const prices = (Object.keys(dimensions) as Dimension[]).flatMap((name) => {
    const { prices: list = [], taxRates = [] } = tariff[name] ?? {}
    const taxes = taxRates.map(({ type, tax, stack = 0 }) => ({
      code: type,
      percent: new Decimal(tax).toString(),
      stack,
    }))
    return list.map(
      (each: { priceKwh?: Amount; priceMinute?: Amount; priceFixed?: Amount; conditions?: Conditions }, i) => {
        const perHour = each.priceMinute === undefined ? undefined : new Decimal(each.priceMinute).times(60)
        return {
          dimension: dimensions[name],
          price: perHour ?? new Decimal(each.priceKwh ?? each.priceFixed ?? 0),
          step: 1,
          taxes,
          when: whenOf(each.conditions ?? {}),
          pointer: `/tariff/${name}/prices/${i}`,
        } satisfies NeutralPrice
      },
    )
  })
  return {
    tariff: {
      ...(tariff.tariffId === undefined ? {} : { id: tariff.tariffId }),
      currency: tariff.currency,
      taxIncluded: false,
      prices,
      ...limit('minimum', tariff.minCost, '/tariff/minCost'),
      ...limit('maximum', tariff.maxCost, '/tariff/maxCost'),
    },
    lost: [],
  }
}

function whenOf(c: Conditions): NeutralPrice['when'] {
  return present({
    from: c.startTimeOfDay,
    to: c.endTimeOfDay,
    days: c.dayOfWeek?.length ? c.dayOfWeek.map((day) => day.slice(0, 3).toLowerCase()) : undefined,
    fromDate: c.validFromDate,
    toDate: c.validToDate,
    energyWh: range(c.minEnergy, c.maxEnergy),
    currentA: range(c.minCurrent, c.maxCurrent),
    powerW: range(c.minPower, c.maxPower),
    elapsed: range(c.minTime, c.maxTime),
    charging: range(c.minChargingTime, c.maxChargingTime),
    idle: range(c.minIdleTime, c.maxIdleTime),
    evseKind: c.evseKind,
    paymentBrand: c.paymentBrand,
    paymentRecognition: c.paymentRecognition,
  })
}

function limit(name: 'minimum' | 'maximum', cost: Cost | undefined, pointer: string) {
  if (cost === undefined) return {}
  const text = (amount: Amount | undefined) => (amount === undefined ? undefined : new Decimal(amount).toString())
  return { [name]: { ...present({ excl: text(cost.exclTax), incl: text(cost.inclTax) }), pointer } }
}
