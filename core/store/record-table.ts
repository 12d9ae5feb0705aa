// Owns reading lists of records and writing configuration records, for any table that is described by a RecordTable.
// Must not decide who may do it nor whether a change makes sense; core/services/manage does.

import { type Kysely, type RawBuilder, sql } from 'kysely'
import { jsonText } from './json-text.ts'
import { after, type KeyColumn, keyOf, type Order, orderBy, type Page, type Place, page } from './keyset.ts'
import type { HubTables } from './schema.ts'

export type Db = Kysely<HubTables>
type TableName = keyof HubTables & string

/** How far a caller limited to sites can see: by the record's site, by its list of sites, site or none at all, or all of it. */
export type Reach = 'site' | 'sites' | 'site_or_all' | 'organization' | 'none'

export interface RecordTable<R> {
  /** Names the record in the audit log. */
  type: string
  table: TableName
  /** Column of the identity; null for lists that nobody asks for one by one. */
  id: string | null
  /** Field by field the column, or an SQL expression over the alias `t`. */
  fields: Readonly<Record<keyof R & string, string>>
  /** jsonb columns, written as text. */
  json: readonly string[]
  reach: Reach
  /** True when it can be archived; such lists show live records unless asked. */
  archives: boolean
  /** Columns that `search` looks into. */
  search: readonly string[]
  sorts: Readonly<Record<string, readonly KeyColumn[]>>
  /** Used when the caller names no sort. A leading minus turns it round. */
  defaultSort: string
  filters: Readonly<Record<string, (value: never) => RawBuilder<boolean>>>
}

interface Description<R, T extends TableName> {
  type: string
  id?: keyof HubTables[T] & string
  columns: Partial<Record<keyof R & string, keyof HubTables[T] & string>>
  /** Fields that are no column of the table. */
  expressions?: Partial<Record<keyof R & string, string>>
  json?: readonly (keyof HubTables[T] & string)[]
  reach: Reach
  archives?: boolean
  search?: readonly (keyof HubTables[T] & string)[]
  sorts: Readonly<Record<string, readonly KeyColumn[]>>
  defaultSort?: string
  filters?: Readonly<Record<string, (value: never) => RawBuilder<boolean>>>
}

/** Describes how records of type R lie in one table. Every field needs a column or an expression. */
export function recordTable<R>() {
  return <T extends TableName>(table: T, description: Description<R, T>): RecordTable<R> => {
    const columns = Object.entries(description.columns).map(([field, column]) => [field, `t.${column as string}`])
    const fields = { ...Object.fromEntries(columns), ...description.expressions } as Record<keyof R & string, string>
    return {
      type: description.type,
      table,
      id: description.id ?? null,
      fields,
      json: description.json ?? [],
      reach: description.reach,
      archives: description.archives ?? false,
      search: (description.search ?? []) as readonly string[],
      sorts: description.sorts,
      defaultSort: description.defaultSort ?? Object.keys(description.sorts)[0] ?? '',
      filters: { ...updatedSince(fields), ...description.filters },
    }
  }
}

function updatedSince(fields: Record<string, string>): Description<unknown, 'site'>['filters'] {
  const column = fields.updatedAt
  return column === undefined ? {} : { updatedSince: (value: string) => sql<boolean>`${sql.raw(column)} >= ${value}` }
}

/** The filter "this column is this value". */
export function is(column: string): (value: never) => RawBuilder<boolean> {
  return (value) => sql<boolean>`t.${sql.raw(column)} = ${value}`
}

export const from =
  (expression: string) =>
  (value: string): RawBuilder<boolean> =>
    sql<boolean>`${sql.raw(expression)} >= ${value}`
export const before =
  (expression: string) =>
  (value: string): RawBuilder<boolean> =>
    sql<boolean>`${sql.raw(expression)} < ${value}`

/** Whose records: the organization, and the sites the caller is limited to (null for no limit). */
export interface Sight {
  organizationId: string
  siteIds: readonly string[] | null
}

export interface ListQuery {
  limit?: number
  after?: Place | undefined
  sort?: string
  search?: string
  archived?: boolean
  /** Any further key is a filter of the table; undefined ones are left out. */
  [filter: string]: unknown
}

export async function listRecords<R>(db: Db, table: RecordTable<R>, sight: Sight, query: ListQuery): Promise<Page<R>> {
  const { limit = 50, sort = table.defaultSort } = query
  const columns = table.sorts[sort.replace(/^-/, '')]
  if (!columns) throw new TypeError(`${table.type} has no order ${sort}`)
  const order: Order = { name: sort, columns, descending: sort.startsWith('-') }
  const conditions = [...chosenBy(table, sight, query), after(order, query.after)]
  // A name that no field has: some records have a key of their own.
  const { rows } = await sql<R & { placeInOrder: string[] }>`
    select ${selection(table)}, ${keyOf(order)} as "placeInOrder" from ${sql.table(table.table)} t
    where ${all(conditions)} order by ${orderBy(order)} limit ${limit + 1}`.execute(db)
  const placed = rows.map(({ placeInOrder, ...record }) => ({ key: placeInOrder, record: record as R }))
  return page(placed, limit, order, ({ record }) => record)
}

/** The conditions of a list: what the caller may see of what it asked for. */
export function chosenBy<R>(table: RecordTable<R>, sight: Sight, query: ListQuery): RawBuilder<boolean>[] {
  const conditions = visible(table, sight)
  if (table.archives) conditions.push(sql<boolean>`t.archived_at is ${sql.raw(query.archived ? 'not null' : 'null')}`)
  if (query.search !== undefined && table.search.length > 0) conditions.push(contains(table.search, query.search))
  for (const [name, filter] of Object.entries(table.filters)) {
    const value = query[name]
    if (value !== undefined) conditions.push(filter(value as never))
  }
  return conditions
}

export async function getRecord<R>(
  db: Db,
  table: RecordTable<R>,
  sight: Sight,
  id: string,
  lock: 'lock' | 'look' = 'look',
): Promise<R | undefined> {
  const { rows } = await sql<R>`
    select ${selection(table)} from ${sql.table(table.table)} t
    where ${all([...visible(table, sight), sql<boolean>`t.${sql.raw(idOf(table))} = ${id}`])}
    ${sql.raw(lock === 'lock' ? 'for update of t' : '')}`.execute(db)
  return rows[0]
}

/** Of these, the ones that the caller may see. */
export async function visibleIds(
  db: Db,
  table: Pick<RecordTable<unknown>, 'table' | 'id' | 'type' | 'reach'>,
  sight: Sight,
  ids: readonly string[],
): Promise<Set<string>> {
  const column = sql.raw(`t.${idOf(table)}`)
  const { rows } = await sql<{ id: string }>`
    select ${column} as id from ${sql.table(table.table)} t
    where ${all([...visible(table, sight), sql<boolean>`${column} = any(${ids}::uuid[])`])}`.execute(db)
  return new Set(rows.map(({ id }) => id))
}

export async function insertRecord<R>(
  db: Db,
  table: RecordTable<R>,
  values: Readonly<Record<string, unknown>>,
): Promise<R> {
  const columns = Object.keys(values)
  const { rows } = await sql<R>`
    insert into ${sql.table(table.table)} as t (${sql.raw(columns.join(', '))})
    values (${sql.join(columns.map((column) => written(table, column, values[column])))})
    returning ${selection(table)}`.execute(db)
  const row = rows[0]
  if (!row) throw new Error(`${table.type} was not inserted`)
  return row
}

/** Changes columns and counts the version up. The row must have been locked and found before. */
export async function updateRecord<R>(
  db: Db,
  table: RecordTable<R>,
  organizationId: string,
  id: string,
  changes: Readonly<Record<string, unknown>>,
): Promise<R> {
  const sets = Object.entries(changes).map(
    ([column, value]) => sql`${sql.raw(column)} = ${written(table, column, value)}`,
  )
  const { rows } = await sql<R>`
    update ${sql.table(table.table)} as t set ${sql.join([...sets, sql`version = t.version + 1`])}
    where t.organization_id = ${organizationId} and t.${sql.raw(idOf(table))} = ${id}
    returning ${selection(table)}`.execute(db)
  const row = rows[0]
  if (!row) throw new Error(`${table.type} ${id} was not there to update`)
  return row
}

export function all(conditions: readonly (RawBuilder<boolean> | undefined)[]): RawBuilder<unknown> {
  return sql.join(
    conditions.filter((condition) => condition !== undefined),
    sql` and `,
  )
}

/** The conditions that keep a caller inside its organization and sites. */
export function visible(table: Pick<RecordTable<unknown>, 'reach'>, sight: Sight, alias = 't'): RawBuilder<boolean>[] {
  const t = sql.raw(alias)
  const own = sql<boolean>`${t}.organization_id = ${sight.organizationId}`
  const { siteIds } = sight
  if (siteIds === null || table.reach === 'organization') return [own]
  switch (table.reach) {
    case 'site':
      return [own, sql<boolean>`${t}.site_id = any(${siteIds}::uuid[])`]
    case 'site_or_all':
      return [own, sql<boolean>`(${t}.site_id is null or ${t}.site_id = any(${siteIds}::uuid[]))`]
    case 'sites':
      return [own, sql<boolean>`(${t}.site_ids is null or ${t}.site_ids && ${siteIds}::uuid[])`]
    case 'none':
      return [own, sql<boolean>`false`]
  }
}

/** `%` and `_` of the caller stand for themselves. */
function contains(columns: readonly string[], text: string): RawBuilder<boolean> {
  const pattern = `%${text.replace(/[\\%_]/g, '\\$&')}%`
  return sql<boolean>`(${sql.join(
    columns.map((column) => sql`t.${sql.raw(column)} ilike ${pattern}`),
    sql` or `,
  )})`
}

function selection(table: RecordTable<unknown>): RawBuilder<unknown> {
  const fields: Readonly<Record<string, string>> = table.fields
  return sql.raw(
    Object.entries(fields)
      .map(([field, expression]) => `${expression} as "${field}"`)
      .join(', '),
  )
}

function idOf(table: Pick<RecordTable<unknown>, 'id' | 'type'>): string {
  if (table.id === null) throw new TypeError(`${table.type} has no single identity`)
  return table.id
}

function written(table: RecordTable<unknown>, column: string, value: unknown): unknown {
  return table.json.includes(column) && value !== null ? jsonText(value) : value
}
