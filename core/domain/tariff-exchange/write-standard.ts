// Owns writing single prices as the hub's own charging rules, and saying what these have no word for.
// Must not decide what a price means.
import type { Decimal } from '../money.ts'
import type { TaxRate } from '../tariff/index.ts'
import {
  fitting,
  type Lost,
  type NeutralDimension,
  type NeutralPrice,
  type NeutralTariff,
  type NeutralWhen,
  present,
  type WrittenTariff,
} from './neutral-tariff.ts'
import type { StandardRules } from './read-standard.ts'

const digits = 6

export function writeStandard(tariff: NeutralTariff): WrittenTariff {
  const lost: Lost[] = []
  const lose = (pointer: string, reason: string) => lost.push({ pointer, reason })
  const main = tariff.prices.map(({ taxes }) => taxes[0]).find((tax) => tax !== undefined)
  const of = (dimension: NeutralDimension) => tariff.prices.filter((price) => price.dimension === dimension)
  const own = (price: NeutralPrice) => ownTax(price, main, lost)
  for (const dimension of ['reservationTime', 'reservationFixed'] as const) {
    for (const { pointer } of of(dimension)) lose(pointer, 'The standard rules have no price for reservations.')
  }
  /** The first that holds always; the ones before it need a condition that the rules do not know. */
  const single = (dimension: NeutralDimension, allowed: (when: NeutralWhen) => boolean): NeutralPrice | undefined => {
    const all = of(dimension)
    const found = all.find(({ when }) => allowed(when))
    for (const price of all) {
      if (price !== found) lose(price.pointer, 'The standard rules have one price for this, without such conditions.')
    }
    return found
  }
  const always = (when: NeutralWhen) => Object.keys(when).length === 0
  const time = single('charging', always)
  const session = single('fixed', always)
  const idle = single('idle', (when) => always(when) || graceOf(when) !== null)
  const rules: StandardRules = {
    scope: 'charging',
    ...(main === undefined
      ? {}
      : { tax: { code: taxCode(main), percent: main.percent, included: tariff.taxIncluded } }),
    ...energyOf(of('energy'), own, lost),
    ...(time === undefined ? {} : { time: { ...perMinute(time, lost), counts: 'charging' as const, ...own(time) } }),
    ...(session === undefined
      ? {}
      : { session: { price: priceText(session.price, session, lost), withoutEnergy: true, ...own(session) } }),
    ...(idle === undefined
      ? {}
      : {
          idle: {
            ...perMinute(idle, lost),
            counts: 'everyPause' as const,
            ...present({ graceMinutes: graceOf(idle.when) ?? undefined }),
            ...own(idle),
          },
        }),
    ...limitOf('minimum', tariff, lost),
    ...limitOf('maximum', tariff, lost),
  }
  return { rules, lost }
}

function energyOf(
  prices: readonly NeutralPrice[],
  own: (price: NeutralPrice) => { tax?: { code: string; percent: string } },
  lost: Lost[],
): Pick<StandardRules, 'energy'> {
  const windows: NonNullable<NonNullable<StandardRules['energy']>['windows']>[number][] = []
  let main: NeutralPrice | undefined
  for (const price of prices) {
    const { from, to, days, ...other } = price.when
    if (main !== undefined) continue
    if (price.step > 1) lost.push({ pointer: price.pointer, reason: 'The standard rules have no steps of energy.' })
    if (Object.keys(other).length > 0) {
      const names = Object.keys(other).join(', ')
      lost.push({
        pointer: price.pointer,
        reason: `The standard rules have no condition for ${names}: the price is left out.`,
      })
    } else if (from === undefined && to === undefined && days === undefined) main = price
    else {
      const [start, end] = [from === '24:00' ? '00:00' : (from ?? '00:00'), to ?? '24:00']
      if (days !== undefined && end <= start) {
        lost.push({
          pointer: price.pointer,
          reason: 'There its days are those on the wall; here they are those on which it begins.',
        })
      }
      windows.push({
        from: start,
        to: end,
        ...(days === undefined ? {} : { days }),
        price: priceText(price.price, price, lost),
      })
    }
  }
  if (main === undefined && windows.length === 0) return {}
  const tax = main ?? prices.find(({ when }) => when.energyWh === undefined)
  return {
    energy: {
      price: main === undefined ? '0' : priceText(main.price, main, lost),
      ...(windows.length > 0 ? { windows } : {}),
      ...(tax === undefined ? {} : own(tax)),
    },
  }
}

function graceOf(when: NeutralWhen): number | null {
  const { idle, ...other } = when
  if (idle?.min === undefined || idle.max !== undefined || Object.keys(other).length > 0) return null
  const minutes = Number(idle.min) / 60
  return Number.isInteger(minutes) ? minutes : null
}

function perMinute(price: NeutralPrice, lost: Lost[]) {
  if (price.step !== 1 && price.step !== 60) {
    lost.push({
      pointer: price.pointer,
      reason: `The standard rules count minutes or seconds, not steps of ${price.step} s.`,
    })
  }
  const step = price.step > 1 ? ('minute' as const) : ('second' as const)
  return { price: priceText(price.price.div(60), price, lost), step }
}

function priceText(price: Decimal, { pointer }: NeutralPrice, lost: Lost[]): string {
  return fitting(price, digits, pointer, lost).toString()
}

const taxCode = ({ code }: TaxRate) => code.replace(/[^A-Za-z0-9._-]/g, '_').slice(0, 32)

function ownTax(
  { taxes, pointer }: NeutralPrice,
  main: TaxRate | undefined,
  lost: Lost[],
): { tax?: { code: string; percent: string } } {
  const [tax, ...more] = taxes
  if (more.length > 0) lost.push({ pointer, reason: 'The standard rules have one tax for a price: the first counts.' })
  if (main === undefined || (tax?.code === main.code && tax.percent === main.percent)) return {}
  return { tax: tax === undefined ? { code: 'none', percent: '0' } : { code: taxCode(tax), percent: tax.percent } }
}

function limitOf(
  name: 'minimum' | 'maximum',
  tariff: NeutralTariff,
  lost: Lost[],
): { minimum?: string; maximum?: string } {
  const limit = tariff[name]
  if (limit === undefined) return {}
  const [kept, other] = tariff.taxIncluded ? [limit.incl, limit.excl] : [limit.excl, limit.incl]
  if (other !== undefined) {
    lost.push({
      pointer: limit.pointer,
      reason: 'The standard rules have one limit, before or after taxes as their prices are.',
    })
  }
  if (kept === undefined) return {}
  if (name === 'minimum')
    lost.push({ pointer: limit.pointer, reason: 'Here the minimum is due only when energy flowed.' })
  return { [name]: kept }
}
