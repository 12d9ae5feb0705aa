// Owns the shape of an effect (one row for one statement) and gathering the effects of many units into few statements.
// Must not run anything.
import { jsonText } from './json-text.ts'
import type { Statement } from './statement-batch.ts'

/** A statement for any number of rows, run as a prepared statement with one parameter. */
export interface EffectTemplate<Row extends object = object> {
  /** Unique among the templates of a hub: it names the prepared statement. */
  readonly name: string
  /**
   * Takes `$1`, the text of a JSON array with one object per row (`json_populate_recordset(null::t, $1::json)` and the
   * like; Dates are in it as ISO text). Running it again with the same rows must change nothing.
   */
  readonly sql: string
  /** Statements of one flush run from the lowest to the highest. */
  readonly order: number
  /** Rows with the same key in one flush become one; required wherever the statement could not take both. */
  key?(row: Row): string
  /**
   * Rows of one key may come from several partitions (a counter per model, say). They are then written in the order of
   * their keys, so that two commits never wait for each other in a circle: a deadlock costs a second before it is seen.
   */
  readonly shared?: boolean
  /** What the one row is; default the later. */
  merge?(old: Row, next: Row): Row
}

export interface Effect {
  readonly template: EffectTemplate
  readonly row: object
}

/**
 * @example
 * const seen = defineEffect<{ station_id: string; at: Date }>({
 *   name: 'seen', order: 10, key: (row) => row.station_id,
 *   sql: `update station s set last_seen_at = r.at from json_to_recordset($1::json) as r(station_id uuid, at timestamptz)
 *     where s.station_id = r.station_id`,
 * })
 * await commits.commit({ effects: [{ template: seen, row: { station_id, at } }] })
 */
export function defineEffect<Row extends object>(template: EffectTemplate<Row>): EffectTemplate<Row> {
  return Object.freeze(template)
}

interface Group {
  template: EffectTemplate
  rows: object[]
  /** Where the row of a key stands in `rows`. */
  byKey: Map<string, number> | undefined
}

/** The effects as statements, in order; rows keep the order in which their key was first seen. */
export function gather(units: Iterable<{ readonly effects: readonly Effect[] }>): Statement[] {
  const groups = new Map<EffectTemplate, Group>()
  for (const { effects } of units) {
    for (const { template, row } of effects) {
      let group = groups.get(template)
      if (!group) {
        group = { template, rows: [], byKey: template.key ? new Map() : undefined }
        groups.set(template, group)
      }
      add(group, row)
    }
  }
  return [...groups.values()]
    .sort((a, b) => a.template.order - b.template.order || (a.template.name < b.template.name ? -1 : 1))
    .map((group) => ({
      name: group.template.name,
      text: group.template.sql,
      value: jsonText(inLockOrder(group).map(withTimesAsText)),
    }))
}

/** JSON.stringify asks each Date for its text, at twice the price of the whole rest of a row; most rows of a flush share their times. */
function withTimesAsText(row: object): object {
  let changed: Record<string, unknown> | undefined
  for (const name in row) {
    const value = (row as Record<string, unknown>)[name]
    if (!(value instanceof Date)) continue
    changed ??= { ...row }
    changed[name] = timeText(value)
  }
  return changed ?? row
}

const mostTimes = 1_000
const timeTexts = new Map<number, string | null>()

function timeText(at: Date): string | null {
  const ms = at.getTime()
  const known = timeTexts.get(ms)
  if (known !== undefined) return known
  if (timeTexts.size >= mostTimes) timeTexts.clear()
  const text = at.toJSON()
  timeTexts.set(ms, text)
  return text
}

function inLockOrder({ template, rows, byKey }: Group): readonly object[] {
  if (!template.shared || !byKey) return rows
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, at]) => rows[at] ?? {})
}

function add({ template, rows, byKey }: Group, row: object): void {
  if (!byKey || !template.key) {
    rows.push(row)
    return
  }
  const key = template.key(row)
  const at = byKey.get(key)
  const old = at === undefined ? undefined : rows[at]
  if (at === undefined || old === undefined) {
    byKey.set(key, rows.push(row) - 1)
    return
  }
  rows[at] = template.merge ? template.merge(old, row) : row
}
