// Owns comparing the database with what is read of it: which columns each view has, and what is missing.
// Must not read a row of anybody's parking.
import type { RowSource } from './row-source.ts'
import { selectColumns, type ViewName, viewNames, views } from './views.ts'

export interface FoundSchema {
  /** The columns to read of each view. */
  columns: Readonly<Record<ViewName, readonly string[]>>
  /** In plain words, each naming the view or column. */
  missing: readonly string[]
}

export async function findSchema(source: RowSource, schema: string, signal?: AbortSignal): Promise<FoundSchema> {
  const rows = await source.query(selectColumns, { schema }, signal)
  const found = new Map<string, Set<string>>()
  for (const { TABLE_NAME: view, COLUMN_NAME: column } of rows) {
    if (!view || !column) continue
    // Names are told apart by case only where the server's collation does.
    const of = found.get(view.toLowerCase()) ?? new Set()
    found.set(view.toLowerCase(), of.add(column.toLowerCase()))
  }
  const missing: string[] = []
  const columns = {} as Record<ViewName, readonly string[]>
  for (const name of viewNames) {
    const spec = views[name]
    const there = found.get(name.toLowerCase())
    if (!there) missing.push(`The view ${schema}.${name} is missing, or the login may not see it.`)
    const lacks = spec.columns.filter((column) => there && !there.has(column.toLowerCase()))
    if (lacks.length > 0) missing.push(`The view ${schema}.${name} lacks ${lacks.join(', ')}.`)
    columns[name] = [...spec.columns, ...spec.optional.filter((column) => there?.has(column.toLowerCase()))]
  }
  return { columns, missing }
}
