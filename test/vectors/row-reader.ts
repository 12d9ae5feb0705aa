// Owns reading the loosely typed fields of worked examples, and adding up the lines that the engine gave.
// Must not price, and must not let a field pass unread.
import { Decimal, type PricedLine, type PriceInput } from '../../core/plugin/index.ts'
import { standardEngine } from '../../plugins/tariff-standard/index.ts'
import type { PricedVector, Vector, VectorEngine, VectorLine } from './vector.ts'

/** Why a row cannot be priced; becomes `refused`. */
class RowProblem extends Error {}

export function refuse(reason: string): never {
  throw new RowProblem(reason)
}

export function refusable(engine: VectorEngine): VectorEngine {
  return (vector) => {
    try {
      return engine(vector)
    } catch (error) {
      if (error instanceof RowProblem) return { kind: 'refused', reason: error.message }
      throw error
    }
  }
}

export interface Fields {
  text(name: string): string | undefined
  number(name: string): number | undefined
  flag(name: string): boolean
  object(name: string): Fields | undefined
  list(name: string): readonly unknown[] | undefined
  has(name: string): boolean
  /** Read, but of no meaning for a price. */
  ignore(...names: string[]): void
  /** Refuses the row if it says something that nobody asked for. */
  done(): void
}

export function fieldsOf(value: unknown, at: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(`${at} is not an object`)
  const record = value as Record<string, unknown>
  const unread = new Set(Object.keys(record))
  const children: Fields[] = []
  const take = (name: string) => {
    unread.delete(name)
    return record[name] ?? undefined
  }
  return {
    text(name) {
      const found = take(name)
      if (found === undefined) return undefined
      if (typeof found !== 'string' && typeof found !== 'number') refuse(`${at}.${name} is not a text`)
      return `${found}`
    },
    number(name) {
      const found = take(name)
      if (found === undefined) return undefined
      const number = typeof found === 'string' ? Number(found) : found
      if (typeof number !== 'number' || !Number.isFinite(number)) refuse(`${at}.${name} is not a number`)
      return number
    },
    flag: (name) => take(name) === true,
    object(name) {
      const found = take(name)
      if (found === undefined) return undefined
      const child = fieldsOf(found, `${at}.${name}`)
      children.push(child)
      return child
    },
    list(name) {
      const found = take(name)
      if (found === undefined) return undefined
      if (!Array.isArray(found)) refuse(`${at}.${name} is not a list`)
      return found
    },
    has: (name) => record[name] !== undefined,
    ignore(...names) {
      for (const name of names) unread.delete(name)
    },
    done() {
      if (unread.size > 0) refuse(`${at} says something unknown: ${[...unread].join(', ')}`)
      for (const child of children) child.done()
    },
  }
}

const engine = standardEngine()

export function quoteRow(input: Omit<PriceInput, 'groups'>): readonly PricedLine[] {
  const checked = engine.check(input.rules, { scope: input.scope, currency: input.currency })
  if (checked.kind === 'invalid') {
    refuse(checked.problems.map(({ pointer, message }) => `${pointer}: ${message}`).join(' '))
  }
  const result = engine.quote({ groups: [], ...input })
  return result.kind === 'priced' ? result.lines : refuse(result.reason)
}

export function pricedRow(lines: readonly PricedLine[], more?: Record<string, unknown>): PricedVector {
  const all = lines.map(vectorLine)
  const sum = (name: 'excl' | 'incl') => Decimal.sum(0, ...all.map((line) => line[name])).toString()
  const totalExcl = sum('excl')
  return {
    kind: 'priced',
    totalExcl,
    totalIncl: sum('incl'),
    lines: all,
    more: { exact_excl: totalExcl, ...more },
    explanation: lines.flatMap(({ description, explanation, rulePath }) =>
      explanation.map((text) => `${description} (${rulePath}): ${text}`),
    ),
  }
}

export function inclOf(line: PricedLine): Decimal {
  return line.gross === undefined
    ? new Decimal(line.net).times(new Decimal(line.taxRate).plus(100)).div(100)
    : new Decimal(line.gross)
}

/** Whole hours are what the rows count parking in; the hub counts minutes. */
function vectorLine(line: PricedLine): VectorLine {
  const hourly = line.unit === 'minute' && line.per === '60'
  const dimensions: Partial<Record<PricedLine['kind'], string>> = { CHARGE_TIME: 'TIME', SESSION: 'FLAT' }
  return {
    dimension: dimensions[line.kind] ?? line.kind,
    billed_quantity: hourly ? new Decimal(line.billedQuantity).div(60).toString() : line.billedQuantity,
    unit: hourly ? 'h' : line.unit === 'minute' ? 'min' : line.unit === 'second' ? 's' : line.unit,
    unit_price: line.unitPrice,
    tax_percent: line.taxRate,
    excl: line.net,
    incl: inclOf(line).toString(),
  }
}

export function taxRule(percent: string | undefined): { tax?: { code: string; percent: string; included: false } } {
  return percent === undefined ? {} : { tax: { code: 'row', percent, included: false } }
}

export function currencyOf(fields: Fields, vector: Vector): string {
  return fields.text('currency') ?? refuse(`${vector.name} names no currency`)
}

export const minutesLater = (at: number, minutes: number) => at + minutes * 60_000
export const iso = (at: number) => new Date(at).toISOString()
/** Where a row gives lengths only: a Monday. */
export const someMorning = Date.UTC(2024, 0, 15, 8)
