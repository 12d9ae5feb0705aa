// Owns reading the loose values of example rows: objects, texts, decimals; broken ones name their field.
// Must not know any kind of tariff.
import { Decimal } from '../../core/plugin/index.ts'

/** The row cannot be read; its message names the field. */
export class BrokenRow extends Error {}

export type Fields = Readonly<Record<string, unknown>>

export function fieldsOf(value: unknown, name: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  throw new BrokenRow(`${name} is not an object`)
}

export function listOf(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw new BrokenRow(`${name} is not a list`)
}

export function textOf(value: unknown, name: string): string {
  if (typeof value === 'string' && value !== '') return value
  throw new BrokenRow(`${name} is not a text`)
}

export function decimalOf(value: unknown, name: string): Decimal {
  const found = decimalIn(value)
  if (found === null) throw new BrokenRow(`${name} is not a decimal`)
  return found
}

/** Null for what is no decimal at all. */
export function decimalIn(value: unknown): Decimal | null {
  if (typeof value === 'number' && Number.isFinite(value)) return new Decimal(value)
  return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? new Decimal(value) : null
}

/** Milliseconds since the epoch. */
export function instantOf(value: unknown, name: string): number {
  const at = Date.parse(textOf(value, name))
  if (Number.isNaN(at)) throw new BrokenRow(`${name} is not an instant`)
  return at
}

export const iso = (at: number): string => new Date(at).toISOString()
