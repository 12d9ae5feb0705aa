// Owns energy as integer watt-hours and the parsing of register texts into it.
// Must not know any meter, protocol or vendor.
import { Decimal } from 'decimal.js'
import type { Branded } from './ids.ts'

/** Integer watt-hours. */
export type Wh = Branded<number, 'Wh'>

export function wh(value: number): Wh {
  if (!Number.isSafeInteger(value)) throw new RangeError(`not an integer number of watt-hours: ${value}`)
  return (value === 0 ? 0 : value) as Wh
}

/** Kilowatt-hours as exact text: 12345 Wh is "12.345". */
export function kwhText(value: Wh): string {
  return new Decimal(value).div(1000).toFixed(3)
}
