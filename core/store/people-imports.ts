// Owns imports of people as rows with their progress, and the list of people as it goes out.
// Must not write people; the service of the import does.
import { sql } from 'kysely'
import type { CellProblem } from '../domain/imports/people-columns.ts'
import { type Db, recordTable } from './record-table.ts'

export interface PeopleImport {
  importId: string
  state: 'queued' | 'running' | 'done' | 'failed'
  dryRun: boolean
  fileName: string | null
  rowsTotal: number
  rowsDone: number
  created: number
  updated: number
  unchanged: number
  failed: number
  problems: CellProblem[]
  createdAt: Date
  finishedAt: Date | null
}

export const peopleImports = recordTable<PeopleImport>()('people_import', {
  type: 'people_import',
  id: 'import_id',
  columns: {
    importId: 'import_id',
    state: 'state',
    dryRun: 'dry_run',
    fileName: 'file_name',
    rowsTotal: 'rows_total',
    rowsDone: 'rows_done',
    created: 'created_count',
    updated: 'updated_count',
    unchanged: 'unchanged_count',
    failed: 'failed_count',
    problems: 'problems',
    createdAt: 'created_at',
    finishedAt: 'finished_at',
  },
  json: ['problems'],
  reach: 'none',
  sorts: {
    createdAt: [
      { expression: 't.created_at', type: 'timestamptz' },
      { expression: 't.import_id', type: 'uuid' },
    ],
  },
  defaultSort: '-createdAt',
})

export type RowOutcome = 'created' | 'updated' | 'unchanged' | 'failed'

/** What is left of an import: its text is gone once it is through. */
export async function importText(
  db: Db,
  organizationId: string,
  importId: string,
): Promise<{ content: string | null; rowsDone: number; dryRun: boolean; actor: string } | undefined> {
  const row = await db
    .selectFrom('people_import')
    .select(['content', 'rows_done', 'dry_run', 'actor'])
    .where('organization_id', '=', organizationId)
    .where('import_id', '=', importId)
    .executeTakeFirst()
  return row && { content: row.content, rowsDone: row.rows_done, dryRun: row.dry_run, actor: row.actor }
}

/** Problems kept of one import; the counts go on. */
const mostProblems = 1_000

/** In the transaction of the row, so that a row is counted if and only if it is done. */
export async function noteRow(
  trx: Db,
  organizationId: string,
  importId: string,
  row: { done: number; outcome: RowOutcome; problems: readonly CellProblem[] },
): Promise<void> {
  const { done, outcome, problems } = row
  const counted = sql.raw(`${outcome}_count`)
  await sql`update people_import set state = 'running', rows_done = ${done}, ${counted} = ${counted} + 1,
      problems = case when jsonb_array_length(problems) < ${mostProblems} then problems || ${JSON.stringify(problems)}::jsonb
        else problems end
    where organization_id = ${organizationId} and import_id = ${importId}`.execute(trx)
}

export async function finishImport(db: Db, organizationId: string, importId: string, now: Date): Promise<void> {
  await db
    .updateTable('people_import')
    .set({ state: 'done', content: null, finished_at: now })
    .where('organization_id', '=', organizationId)
    .where('import_id', '=', importId)
    .execute()
}

export async function accountIdByNumber(db: Db, organizationId: string, number: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('account')
    .select('account_id')
    .where('organization_id', '=', organizationId)
    .where('number', '=', number)
    .executeTakeFirst()
  return row?.account_id
}

export async function groupIdsByCode(
  db: Db,
  organizationId: string,
  codes: readonly string[],
): Promise<Map<string, string>> {
  const rows = await db
    .selectFrom('account_group')
    .select(['code', 'group_id'])
    .where('organization_id', '=', organizationId)
    .where('archived_at', 'is', null)
    .where('code', '=', sql<string>`any(${codes}::text[])`)
    .execute()
  return new Map(rows.map((row) => [row.code, row.group_id]))
}

/** One line of the list, by the columns of core/domain/imports/people-columns.ts. */
export type PeopleLine = Record<string, string | Date | null>

/** A line for each form of each credential, one for each plate, and one for an account that has neither. */
export async function peopleLines(
  db: Db,
  organizationId: string,
  after: string,
  accounts: number,
): Promise<PeopleLine[]> {
  const { rows } = await sql<PeopleLine>`
    select a.number as account_number, a.name as account_name, a.kind as account_kind, a.status as account_status,
      a.parker_kind, a.email, a.phone, a.valid_from, a.valid_until,
      (select string_agg(g.code, '|' order by g.code) from account_group_member m
        join account_group g on g.organization_id = m.organization_id and g.group_id = m.group_id
        where m.organization_id = a.organization_id and m.account_id = a.account_id and g.archived_at is null) as groups,
      h.plate, h.plate_country, h.credential_kind, h.credential_value, h.credential_encoding, h.credential_label,
      h.credential_status
    from (select * from account where organization_id = ${organizationId} and archived_at is null and number > ${after}
      order by number limit ${accounts}) a
    left join lateral (
      select v.vehicle_id as id, v.plate, v.plate_country, null as credential_kind, null as credential_value,
        null as credential_encoding, null as credential_label, null as credential_status
      from vehicle v where v.organization_id = a.organization_id and v.account_id = a.account_id and v.archived_at is null
        and v.plate is not null
      union all
      select p.presentation_id, null, null, p.kind, p.raw, p.encoding, c.label, c.status
      from credential c join presentation p on p.organization_id = c.organization_id and p.credential_id = c.credential_id
      where c.organization_id = a.organization_id and c.account_id = a.account_id and c.archived_at is null
        and p.removed_at is null and p.source <> 'learned'
    ) h on true
    order by a.number, h.id`.execute(db)
  return rows
}
