// Owns writing single prices as OCPI rules of any edition, and saying what the edition has no word for.
// Must not decide what a price means.
import { Decimal } from '../money.ts'
import {
  beforeTaxes,
  fitting,
  type Lost,
  type NeutralPrice,
  type NeutralTariff,
  present,
  type Range,
  type WrittenTariff,
  withoutConditions,
} from './neutral-tariff.ts'
import { type Edition, type PriceComponent, type Restrictions, weekdayNames } from './ocpi-shape.ts'

const types = {
  energy: 'ENERGY',
  charging: 'TIME',
  idle: 'PARKING_TIME',
  fixed: 'FLAT',
  reservationTime: 'TIME',
  reservationFixed: 'FLAT',
} as const

/** OCPI numbers have four digits; more is allowed, and kept here as far as receivers can be expected to read it. */
const digits = 6

export function writeOcpi(tariff: NeutralTariff, edition: Edition): WrittenTariff {
  const lost: Lost[] = []
  const format = `OCPI ${edition}`
  const unknown = ['charging', 'idle', 'evseKind', 'paymentBrand', 'paymentRecognition'] as const
  const elements: { price_components: PriceComponent[]; restrictions?: Restrictions }[] = []
  for (const each of tariff.prices) {
    const price = withoutConditions(
      each,
      edition === '2.1.1' ? [...unknown, 'currentA', 'expired'] : unknown,
      format,
      lost,
    )
    if (price === null) continue
    if (edition === '2.1.1' && price.dimension.startsWith('reservation')) {
      lost.push({ pointer: price.pointer, reason: `${format} has no reservations: the price is left out.` })
      continue
    }
    const restrictions = restrictionsOf(price)
    const component = componentOf(price, tariff, edition, lost)
    const own = ({ price_components }: (typeof elements)[number]) =>
      price_components.some(({ type }) => type === component.type)
    const place = elements.findLastIndex(
      (each) => JSON.stringify(each.restrictions ?? {}) === JSON.stringify(restrictions),
    )
    const element = elements[place]
    // A second price of one kind under the same restrictions is never reached.
    if (element !== undefined && own(element)) continue
    // The order of prices of one kind counts: none may move before another.
    if (element !== undefined && !elements.slice(place).some(own)) element.price_components.push(component)
    else {
      const open = Object.keys(restrictions).length === 0
      elements.push({ price_components: [component], ...(open ? {} : { restrictions }) })
    }
  }
  if (elements.length === 0) elements.push({ price_components: [{ type: 'FLAT', price: 0, step_size: 0 }] })
  if (edition === '2.1.1' && elements.length > 1) {
    lost.push({ pointer: '', reason: `${format} takes the prices of the first element that matches only.` })
  }
  return {
    rules: {
      edition,
      tariff: {
        ...(tariff.id === undefined ? {} : { id: tariff.id.slice(0, 36) }),
        currency: tariff.currency,
        ...(edition === '2.3.0' ? { tax_included: tariff.taxIncluded ? 'YES' : 'NO' } : {}),
        ...limitOf('min_price', tariff.minimum, edition, lost),
        ...limitOf('max_price', tariff.maximum, edition, lost),
        elements,
      },
    },
    lost,
  }
}

function componentOf(price: NeutralPrice, tariff: NeutralTariff, edition: Edition, lost: Lost[]): PriceComponent {
  const amount = edition === '2.3.0' ? price.price : beforeTaxes(price, tariff, digits, lost)
  const [tax, ...more] = price.taxes
  if (more.length > 0) {
    lost.push({ pointer: price.pointer, reason: 'OCPI has one VAT for a price: the taxes are added up into it.' })
  }
  if (tax !== undefined && edition === '2.1.1') {
    lost.push({ pointer: price.pointer, reason: 'OCPI 2.1.1 has no VAT.' })
  }
  return {
    type: types[price.dimension],
    price: fitting(amount, digits, price.pointer, lost).toNumber(),
    ...(tax === undefined || edition === '2.1.1' ? {} : { vat: together(price.taxes).toNumber() }),
    step_size: price.step,
  }
}

/** Taxes of a higher stack are on those below, too. */
function together(taxes: NeutralPrice['taxes']): Decimal {
  const stacks = new Map<number, Decimal>()
  for (const { percent, stack = 0 } of taxes) {
    stacks.set(stack, (stacks.get(stack) ?? new Decimal(0)).plus(new Decimal(percent).div(100)))
  }
  const factor = [...stacks.values()].reduce((product, rate) => product.times(rate.plus(1)), new Decimal(1))
  return Decimal.min(factor.minus(1).times(100), 100).toDecimalPlaces(6)
}

function restrictionsOf({ when, dimension }: NeutralPrice): Restrictions {
  const bounds = (given: Range | undefined, by = 1) => ({
    min: given?.min === undefined ? undefined : new Decimal(given.min).div(by).toNumber(),
    max: given?.max === undefined ? undefined : new Decimal(given.max).div(by).toNumber(),
  })
  const [kwh, current, power, duration] = [
    bounds(when.energyWh, 1000),
    bounds(when.currentA),
    bounds(when.powerW, 1000),
    bounds(when.elapsed),
  ]
  const reservation = dimension.startsWith('reservation')
    ? when.expired
      ? ('RESERVATION_EXPIRES' as const)
      : ('RESERVATION' as const)
    : undefined
  return present({
    start_time: when.from,
    end_time: when.to,
    start_date: when.fromDate,
    end_date: when.toDate,
    min_kwh: kwh.min,
    max_kwh: kwh.max,
    min_current: current.min,
    max_current: current.max,
    min_power: power.min,
    max_power: power.max,
    min_duration: duration.min,
    max_duration: duration.max,
    day_of_week: when.days && weekdayNames.filter((day) => when.days?.includes(day.slice(0, 3).toLowerCase())),
    reservation,
  })
}

function limitOf(
  name: 'min_price' | 'max_price',
  limit: NeutralTariff['minimum'],
  edition: Edition,
  lost: Lost[],
): Record<string, object> {
  if (limit === undefined) return {}
  if (edition === '2.1.1') {
    lost.push({ pointer: limit.pointer, reason: 'OCPI 2.1.1 has neither a least nor a highest price.' })
    return {}
  }
  const [excl, incl] = edition === '2.3.0' ? ['before_taxes', 'after_taxes'] : ['excl_vat', 'incl_vat']
  if (limit.excl === undefined) {
    lost.push({ pointer: limit.pointer, reason: 'OCPI has to have the limit before taxes; it only has one after.' })
    return {}
  }
  return {
    [name]: {
      [excl]: new Decimal(limit.excl).toNumber(),
      ...(limit.incl === undefined ? {} : { [incl]: new Decimal(limit.incl).toNumber() }),
    },
  }
}
