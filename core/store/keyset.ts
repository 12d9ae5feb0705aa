// Owns walking a sorted list in pages: the order, the place in it, and the checks on a place that a caller hands back.
// Must not know a table; record-table.ts and the read files name their columns.
import { type RawBuilder, sql } from 'kysely'
import { HubError } from '../domain/hub-error.ts'

export type KeyType = 'uuid' | 'text' | 'int8' | 'timestamptz' | 'date'

/** One column of an order. The last one of an order must tell any two rows apart. */
export interface KeyColumn {
  expression: string
  type: KeyType
}

export interface Order {
  /** How the caller named it; a place in one order means nothing in another. */
  name: string
  columns: readonly KeyColumn[]
  descending: boolean
}

/** The place after the last row of a page: the order's name, then its values as PostgreSQL prints them (so that no digit is lost). */
export type Place = readonly string[]

export interface Page<T> {
  items: T[]
  /** Null at the end. */
  next: Place | null
}

const shapes: Record<KeyType, RegExp> = {
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  // biome-ignore lint/suspicious/noControlCharactersInRegex: PostgreSQL cannot hold NUL in text
  text: /^[^\u0000]{0,1000}$/su,
  int8: /^-?\d{1,15}$/,
  timestamptz: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?\+00$/,
  date: /^\d{4}-\d\d-\d\d$/,
}

/** A shape can still be no day of any calendar. */
function isReal(type: KeyType, value = ''): boolean {
  if (type !== 'timestamptz' && type !== 'date') return true
  const instant = new Date(type === 'date' ? value : `${value.slice(0, -3).replace(' ', 'T')}Z`)
  return !Number.isNaN(instant.getTime()) && instant.toISOString().startsWith(value.slice(0, 10))
}

/** Selects the row's place under `key`, beside the row's own columns. */
export function keyOf(order: Order): RawBuilder<string[]> {
  return sql<string[]>`array[${sql.raw(order.columns.map((column) => `(${column.expression})::text`).join(', '))}]`
}

/** The condition for rows after `place`; undefined at the beginning. */
export function after(order: Order, place: Place | undefined): RawBuilder<boolean> | undefined {
  if (place === undefined) return undefined
  const [name, ...values] = place
  const fits =
    name === order.name &&
    values.length === order.columns.length &&
    order.columns.every(
      (column, i) => shapes[column.type].test(values[i] ?? '\u0000') && isReal(column.type, values[i]),
    )
  if (!fits) {
    throw new HubError('invalid_cursor', 'This cursor does not belong to this list in this order.', {
      level: 'info',
      status: 422,
      pointer: '/cursor',
    })
  }
  const columns = sql.raw(order.columns.map((column) => column.expression).join(', '))
  const marks = sql.join(order.columns.map((column, i) => sql`${values[i]}::${sql.raw(column.type)}`))
  return sql<boolean>`(${columns}) ${sql.raw(order.descending ? '<' : '>')} (${marks})`
}

export function orderBy(order: Order): RawBuilder<unknown> {
  const direction = order.descending ? ' desc' : ''
  return sql.raw(order.columns.map((column) => column.expression + direction).join(', '))
}

/** Cuts the page out of limit + 1 rows that were read with `keyOf` under the name `key`. */
export function page<T extends { key: string[] }, U>(
  rows: readonly T[],
  limit: number,
  order: Order,
  map: (row: T) => U,
): Page<U> {
  const last = rows.length > limit ? rows[limit - 1] : undefined
  return { items: rows.slice(0, limit).map(map), next: last ? [order.name, ...last.key] : null }
}
