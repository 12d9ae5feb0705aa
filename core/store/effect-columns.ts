// Owns what the effects of chargers share: whose their rows are, and how rows become one insert.
// Must not know a table.

export interface InOrganization {
  organization_id: string
  site_id: string | null
}

export interface OfStation extends InOrganization {
  station_id: string
}

export const columnList = (columns: readonly string[]) => columns.join(', ')

export const takeNew = (columns: readonly string[]) => columns.map((c) => `${c} = excluded.${c}`).join(', ')

/** Insert into `table` the given columns of each object; `tail` is the conflict clause. */
export function insertAll(table: string, columns: readonly string[], tail: string): string {
  return `insert into ${table} (${columnList(columns)})
    select ${columnList(columns)} from json_populate_recordset(null::${table}, $1::json) ${tail}`
}
