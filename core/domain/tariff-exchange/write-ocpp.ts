// Owns writing single prices as an OCPP 2.1 tariff, and saying what it has no word for.
// Must not decide what a price means.
import { Decimal } from '../money.ts'
import {
  beforeTaxes,
  fitting,
  type Lost,
  type NeutralDimension,
  type NeutralPrice,
  type NeutralTariff,
  present,
  type WrittenTariff,
  withoutConditions,
} from './neutral-tariff.ts'
import { type Conditions, type Dimension, weekdayNames } from './ocpp-shape.ts'

const lists: Record<NeutralDimension, { name: Dimension; price: string; by: number }> = {
  fixed: { name: 'fixedFee', price: 'priceFixed', by: 1 },
  energy: { name: 'energy', price: 'priceKwh', by: 1 },
  charging: { name: 'chargingTime', price: 'priceMinute', by: 60 },
  idle: { name: 'idleTime', price: 'priceMinute', by: 60 },
  reservationFixed: { name: 'reservationFixed', price: 'priceFixed', by: 1 },
  reservationTime: { name: 'reservationTime', price: 'priceMinute', by: 60 },
}
const digits = 6

export function writeOcpp(tariff: NeutralTariff): WrittenTariff {
  const lost: Lost[] = []
  const written: Record<string, { prices: object[]; taxRates?: object[] }> = {}
  const taxes = new Map<NeutralDimension, string>()
  for (const each of tariff.prices) {
    const fixed = each.dimension === 'fixed' || each.dimension === 'reservationFixed'
    const metered = ['energyWh', 'currentA', 'powerW', 'elapsed', 'charging', 'idle'] as const
    const price = withoutConditions(each, fixed ? [...metered, 'expired'] : ['expired'], 'OCPP 2.1', lost)
    if (price === null) continue
    const { name, price: word, by } = lists[price.dimension]
    if (price.step > 1) lost.push({ pointer: price.pointer, reason: `OCPP 2.1 has no steps (of ${price.step}).` })
    const amount = fitting(beforeTaxes(price, tariff, 20, []).div(by), digits, price.pointer, lost)
    if (tariff.taxIncluded && price.taxes.length === 0) beforeTaxes(price, tariff, digits, lost)
    const list = written[name] ?? { prices: [], ...taxRates(price) }
    written[name] = list
    const rates = JSON.stringify(price.taxes)
    if ((taxes.get(price.dimension) ?? rates) !== rates) {
      lost.push({
        pointer: price.pointer,
        reason: 'OCPP 2.1 has the taxes of a list, not of each price: the first count.',
      })
    }
    taxes.set(price.dimension, taxes.get(price.dimension) ?? rates)
    const conditions = conditionsOf(price)
    list.prices.push({
      [word]: amount.toNumber(),
      ...(Object.keys(conditions).length === 0 ? {} : { conditions }),
    })
  }
  if (Object.keys(written).length === 0) written.fixedFee = { prices: [{ priceFixed: 0 }] }
  const limit = (given: NeutralTariff['minimum']) =>
    given === undefined
      ? undefined
      : present({
          exclTax: given.excl === undefined ? undefined : new Decimal(given.excl).toNumber(),
          inclTax: given.incl === undefined ? undefined : new Decimal(given.incl).toNumber(),
        })
  return {
    rules: {
      edition: '2.1',
      tariff: {
        tariffId: tariff.id?.slice(0, 60) ?? 'tariff',
        currency: tariff.currency,
        ...written,
        ...present({ minCost: limit(tariff.minimum), maxCost: limit(tariff.maximum) }),
      },
    },
    lost,
  }
}

function taxRates({ taxes }: NeutralPrice): { taxRates?: object[] } {
  if (taxes.length === 0) return {}
  return {
    taxRates: taxes.map(({ code, percent, stack = 0 }) => ({
      type: code.slice(0, 20),
      tax: new Decimal(percent).toNumber(),
      stack,
    })),
  }
}

function conditionsOf({ when }: NeutralPrice): Conditions {
  const number = (text: string | undefined) => (text === undefined ? undefined : new Decimal(text).toNumber())
  return present({
    startTimeOfDay: when.from,
    endTimeOfDay: when.to,
    dayOfWeek: when.days && weekdayNames.filter((day) => when.days?.includes(day.slice(0, 3).toLowerCase())),
    validFromDate: when.fromDate,
    validToDate: when.toDate,
    evseKind: when.evseKind,
    paymentBrand: when.paymentBrand,
    paymentRecognition: when.paymentRecognition,
    minEnergy: number(when.energyWh?.min),
    maxEnergy: number(when.energyWh?.max),
    minCurrent: number(when.currentA?.min),
    maxCurrent: number(when.currentA?.max),
    minPower: number(when.powerW?.min),
    maxPower: number(when.powerW?.max),
    minTime: number(when.elapsed?.min),
    maxTime: number(when.elapsed?.max),
    minChargingTime: number(when.charging?.min),
    maxChargingTime: number(when.charging?.max),
    minIdleTime: number(when.idle?.min),
    maxIdleTime: number(when.idle?.max),
  })
}
