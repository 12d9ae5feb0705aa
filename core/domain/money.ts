// Owns money as integer minor units of one ISO 4217 currency, and the named rounding policies.
// Must not contain a floating-point amount: decimals go through decimal.js and are rounded exactly once.
import { Decimal as AnyDecimal } from 'decimal.js'
import type { Branded } from './ids.ts'

/**
 * Exact decimals with room: 60 significant digits, so that products and sums of prices, watt-hours and milliseconds never
 * lose one (the package's own default of 20 would), and never exponent notation in text.
 */
export const Decimal = AnyDecimal.clone({ precision: 60, toExpNeg: -60, toExpPos: 60, defaults: true })
export type Decimal = AnyDecimal

/** Integer count of the currency's minor unit (cents for USD, yen for JPY). */
export type Minor = Branded<number, 'Minor'>
/** ISO 4217 alphabetic code, upper case. */
export type Currency = Branded<string, 'Currency'>

/** Digits after the point, for the currencies that do not have two (ISO 4217 list one). */
const exponents: Readonly<Record<string, number>> = {
  BHD: 3,
  BIF: 0,
  CLP: 0,
  DJF: 0,
  GNF: 0,
  IQD: 3,
  ISK: 0,
  JOD: 3,
  JPY: 0,
  KMF: 0,
  KRW: 0,
  KWD: 3,
  LYD: 3,
  OMR: 3,
  PYG: 0,
  RWF: 0,
  TND: 3,
  UGX: 0,
  UYI: 0,
  VND: 0,
  VUV: 0,
  XAF: 0,
  XOF: 0,
  XPF: 0,
}

export const roundingModes = {
  half_up: Decimal.ROUND_HALF_UP,
  half_even: Decimal.ROUND_HALF_EVEN,
  down: Decimal.ROUND_DOWN,
  up: Decimal.ROUND_UP,
} as const
export type RoundingMode = keyof typeof roundingModes

export function isRoundingMode(value: unknown): value is RoundingMode {
  return typeof value === 'string' && Object.hasOwn(roundingModes, value)
}

export function currency(code: string): Currency {
  if (!/^[A-Z]{3}$/.test(code)) throw new RangeError(`not an ISO 4217 currency code: ${code}`)
  return code as Currency
}

export function currencyExponent(code: string): number {
  return exponents[code] ?? 2
}

/** An integer amount of minor units; throws on anything that a double cannot hold exactly. */
export function minor(amount: number): Minor {
  if (!Number.isSafeInteger(amount)) throw new RangeError(`not an integer amount of minor units: ${amount}`)
  return (amount === 0 ? 0 : amount) as Minor
}

/** Rounds a decimal amount in major units (for example euros) to minor units, once, by the named mode. */
export function toMinor(major: Decimal, code: string, mode: RoundingMode = 'half_up'): Minor {
  return minor(
    major
      .times(new Decimal(10).pow(currencyExponent(code)))
      .toDecimalPlaces(0, roundingModes[mode])
      .toNumber(),
  )
}

/** The exact major-unit decimal of a minor amount, as text with the currency's digits: 1234 EUR is "12.34". */
export function majorText(amount: Minor, code: string): string {
  const exponent = currencyExponent(code)
  // By the digits: an export of a month writes hundreds of thousands of amounts, and decimals took a third of its time.
  const digits = String(Math.abs(amount)).padStart(exponent + 1, '0')
  const sign = amount < 0 ? '-' : ''
  return exponent === 0 ? `${sign}${digits}` : `${sign}${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`
}

export function sumMinor(amounts: Iterable<Minor>): Minor {
  let total = 0
  for (const amount of amounts) total += amount
  return minor(total)
}
