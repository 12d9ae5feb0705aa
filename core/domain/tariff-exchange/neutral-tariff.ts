// Owns the form in between two tariff formats: single prices in order, each with what it holds for, and what got lost.
// Must not price anything.
import { Decimal } from '../money.ts'
import type { TaxRate } from '../tariff/index.ts'

export interface Lost {
  /** JSON pointer into the rules that were converted. */
  pointer: string
  reason: string
}

export type NeutralDimension = 'energy' | 'charging' | 'idle' | 'fixed' | 'reservationTime' | 'reservationFixed'

export interface Range {
  min?: string
  max?: string
}

/** All of it has to hold. Ranges are from the minimum on, below the maximum. */
export interface NeutralWhen {
  from?: string
  to?: string
  /** "mon" … "sun", on the wall at that instant. */
  days?: readonly string[]
  fromDate?: string
  toDate?: string
  energyWh?: Range
  currentA?: Range
  powerW?: Range
  /** Seconds. */
  elapsed?: Range
  charging?: Range
  idle?: Range
  evseKind?: 'AC' | 'DC'
  paymentBrand?: string
  paymentRecognition?: string
  /** Only of a reservation that expired. */
  expired?: true
}

export interface NeutralPrice {
  dimension: NeutralDimension
  /** Per kWh, per hour, or once. */
  price: Decimal
  /** Wh or seconds; 1 when it is exact. */
  step: number
  taxes: readonly TaxRate[]
  when: NeutralWhen
  pointer: string
}

export interface NeutralTariff {
  id?: string
  currency: string
  /** Prices hold their taxes. */
  taxIncluded: boolean
  /** Of one dimension, the first whose conditions hold counts. */
  prices: readonly NeutralPrice[]
  minimum?: { excl?: string; incl?: string; pointer: string }
  maximum?: { excl?: string; incl?: string; pointer: string }
}

export interface ReadTariff {
  tariff: NeutralTariff
  lost: Lost[]
}

export interface WrittenTariff {
  rules: object
  lost: Lost[]
}

/** Undefined where neither bound is there. */
export function range(min: number | string | undefined, max: number | string | undefined, by = 1): Range | undefined {
  if (min === undefined && max === undefined) return undefined
  const scaled = (value: number | string) => new Decimal(value).times(by).toString()
  return {
    ...(min === undefined ? {} : { min: scaled(min) }),
    ...(max === undefined ? {} : { max: scaled(max) }),
  }
}

/** Without the members that are undefined. */
export function present<T extends object>(record: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as never
}

/** Tells once, for each price, what a format has no word for. */
export function withoutConditions(
  price: NeutralPrice,
  names: readonly (keyof NeutralWhen)[],
  format: string,
  lost: Lost[],
): NeutralPrice | null {
  const missing = names.filter((name) => price.when[name] !== undefined)
  if (missing.length === 0) return price
  lost.push({
    pointer: price.pointer,
    reason: `${format} has no condition for ${missing.join(', ')}: the price is left out.`,
  })
  return null
}

/** Prices before taxes; where the taxes inside are not known they cannot be taken out. */
export function beforeTaxes(price: NeutralPrice, tariff: NeutralTariff, digits: number, lost: Lost[]): Decimal {
  if (!tariff.taxIncluded) return price.price
  if (price.taxes.length === 0) {
    lost.push({
      pointer: price.pointer,
      reason: 'The price holds taxes that are not told: it is carried over with them.',
    })
    return price.price
  }
  const rate = price.taxes.reduce((sum, { percent }) => sum.plus(percent), new Decimal(0))
  return fitting(price.price.times(100).div(rate.plus(100)), digits, price.pointer, lost)
}

/** A price with no more digits than a format takes. */
export function fitting(price: Decimal, digits: number, pointer: string, lost: Lost[]): Decimal {
  const fit = price.toDecimalPlaces(digits, Decimal.ROUND_HALF_UP)
  if (!fit.eq(price)) {
    lost.push({ pointer, reason: `The price is ${price.toDecimalPlaces(12)}; it is rounded to ${fit}.` })
  }
  return fit
}
