// Owns the limits of whole numbers that records can hold.
// Must not convert; the schema or its mending has made the value a number.
import type { Noter } from './deviations.ts'

const largest32 = 2 ** 31 - 1

/** Whether a column of 32 bits holds it. */
export const fits32 = (value: number): boolean => Math.abs(value) <= largest32

/** Numbers of EVSEs, connectors, events and reservations: 0 to 2^31-1. JSON knows integers like 1e308; those are none. */
export function smallNumber(value: number | undefined, field: string, noter: Noter): number | undefined {
  if (value === undefined || (value >= 0 && value <= largest32)) return value
  noter.note('J20', `${field} ${value}`)
  return undefined
}

/** The same, where 0 means "none". */
export function positiveNumber(value: number | undefined, field: string, noter: Noter): number | undefined {
  const number = smallNumber(value, field, noter)
  return number === 0 ? undefined : number
}
