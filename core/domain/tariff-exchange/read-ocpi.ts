// Owns reading OCPI rules into single prices.
// Must not check the rules; the engine has.
import { Decimal } from '../money.ts'
import type { TaxRate } from '../tariff/index.ts'
import {
  type Lost,
  type NeutralDimension,
  type NeutralPrice,
  present,
  type ReadTariff,
  range,
} from './neutral-tariff.ts'
import type { Amount, Limit, OcpiRules, PriceComponent, Restrictions } from './ocpi-shape.ts'

const dimensions = { ENERGY: 'energy', FLAT: 'fixed', PARKING_TIME: 'idle', TIME: 'charging' } as const
const reserved = { FLAT: 'reservationFixed', TIME: 'reservationTime' } as const

export function readOcpi({ edition, tariff, alternatives, tax }: OcpiRules): ReadTariff {
  const lost: Lost[] = []
  const lose = (pointer: string, reason: string) => lost.push({ pointer, reason })
  if (alternatives?.length) lose('/alternatives', 'Only the main tariff is converted.')
  const open = tariff.elements.findIndex(({ restrictions }) => Object.keys(restrictions ?? {}).length === 0)
  if (edition === '2.1.1' && tariff.elements.length > 1) {
    lose('/tariff/elements', '2.1.1 takes all of the first element that matches; here each price stands for itself.')
  }
  const elements = edition === '2.1.1' && open !== -1 ? tariff.elements.slice(0, open + 1) : tariff.elements
  const prices = elements.flatMap(({ price_components, restrictions = {} }, i) =>
    price_components.map((component, j): NeutralPrice => {
      const pointer = `/tariff/elements/${i}/price_components/${j}`
      if (component.step_round ?? component.price_round) lose(pointer, 'Roundings of a roaming platform are left out.')
      return {
        dimension: dimensionOf(component, restrictions),
        price: new Decimal(component.price),
        step: component.type === 'FLAT' ? 1 : Math.max(component.step_size ?? 1, 1),
        taxes: taxesOf(component, tax),
        when: whenOf(restrictions),
        pointer,
      }
    }),
  )
  return {
    tariff: {
      ...(tariff.id === undefined ? {} : { id: tariff.id }),
      currency: tariff.currency,
      taxIncluded: tariff.tax_included === 'YES',
      prices,
      ...limit('minimum', tariff.min_price, '/tariff/min_price'),
      ...limit('maximum', tariff.max_price, '/tariff/max_price'),
    },
    lost,
  }
}

function dimensionOf({ type }: PriceComponent, { reservation }: Restrictions): NeutralDimension {
  if (reservation !== undefined && (type === 'FLAT' || type === 'TIME')) return reserved[type]
  return dimensions[type]
}

function taxesOf({ vat }: PriceComponent, tax: OcpiRules['tax']): TaxRate[] {
  if (vat !== undefined) return [{ code: 'VAT', percent: new Decimal(vat).toString() }]
  return tax === undefined ? [] : [tax]
}

function whenOf(r: Restrictions): NeutralPrice['when'] {
  return present({
    from: r.start_time,
    to: r.end_time,
    days: r.day_of_week?.length ? r.day_of_week.map((day) => day.slice(0, 3).toLowerCase()) : undefined,
    fromDate: r.start_date,
    toDate: r.end_date,
    energyWh: range(r.min_kwh, r.max_kwh, 1000),
    currentA: range(r.min_current, r.max_current),
    powerW: range(r.min_power, r.max_power, 1000),
    elapsed: range(r.min_duration, r.max_duration),
    expired: r.reservation === 'RESERVATION_EXPIRES' ? (true as const) : undefined,
  })
}

function limit(name: 'minimum' | 'maximum', given: Amount | Limit | undefined, pointer: string) {
  if (given === undefined) return {}
  if (typeof given !== 'object') return { [name]: { excl: new Decimal(given).toString(), pointer } }
  const excl = given.before_taxes ?? given.excl_vat
  const taxes = given.taxes?.length ? Decimal.sum(excl ?? 0, ...given.taxes.map(({ amount }) => amount)) : undefined
  const incl = given.after_taxes ?? given.incl_vat ?? taxes?.toString()
  const text = (amount: Amount | undefined) => (amount === undefined ? undefined : new Decimal(amount).toString())
  return { [name]: { ...present({ excl: text(excl), incl: text(incl) }), pointer } }
}
