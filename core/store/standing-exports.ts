// Owns the rows of standing exports: which there are, which closed periods they have not made, and why not.
// Must not make an export.
import { sql } from 'kysely'
import type { ExportProblem } from '../domain/closed-period.ts'
import { addJobs } from './event-log.ts'
import { jsonText } from './json-text.ts'
import { type Stamped, stampColumns } from './places.ts'
import { type Db, is, recordTable } from './record-table.ts'

export interface StandingExport extends Stamped {
  standingExportId: string
  /** Null: every site of the organization. */
  siteId: string | null
  format: string
  mappingId: string
  options: Record<string, unknown>
  /** The last periods of each site that it could not make. */
  refused: { periodId: string; siteId: string; at: string; problems: ExportProblem[] }[]
}

export const standingExports = recordTable<StandingExport>()('standing_export', {
  type: 'standing_export',
  id: 'standing_export_id',
  columns: {
    standingExportId: 'standing_export_id',
    siteId: 'site_id',
    format: 'format',
    mappingId: 'mapping_id',
    options: 'options',
    ...stampColumns,
  },
  expressions: {
    refused: `(select coalesce(json_agg(json_build_object('periodId', r.period_id, 'siteId', r.site_id,
        'at', to_char(r.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'problems', r.problems) order by r.at desc, r.period_id), '[]')
      from (select x.*, row_number() over (partition by x.site_id order by x.at desc, x.period_id) as n
        from standing_export_refusal x where x.organization_id = t.organization_id
        and x.standing_export_id = t.standing_export_id) r where r.n <= 10)`,
  },
  json: ['options'],
  reach: 'site_or_all',
  archives: true,
  sorts: {
    createdAt: [
      { expression: 't.created_at', type: 'timestamptz' },
      { expression: 't.standing_export_id', type: 'uuid' },
    ],
  },
  filters: { siteId: is('site_id'), format: is('format') },
})

/** Lets those that this concerns look for what they have not made yet, once the transaction is committed. */
export async function wakeStandingExports(
  trx: Db,
  organizationId: string,
  of: { siteId: string } | { mappingId: string } | { standingExportId: string },
): Promise<void> {
  const condition =
    'siteId' in of
      ? sql<boolean>`(site_id is null or site_id = ${of.siteId})`
      : 'mappingId' in of
        ? sql<boolean>`mapping_id = ${of.mappingId}`
        : sql<boolean>`standing_export_id = ${of.standingExportId}`
  const rows = await trx
    .selectFrom('standing_export')
    .select('standing_export_id')
    .where('organization_id', '=', organizationId)
    .where('archived_at', 'is', null)
    .where(condition)
    .execute()
  await addJobs(
    trx,
    rows.map(({ standing_export_id: standingExportId }) => {
      const key = `ledger_export:${standingExportId}`
      return { task: 'ledger.export', payload: { organizationId, standingExportId }, queue: key, key }
    }),
  )
}

/** Periods with entries that were closed since it stands and were never exported for its target, oldest first. */
export async function periodsToExport(
  db: Db,
  { organizationId, standingExportId, target }: { organizationId: string; standingExportId: string; target: string },
): Promise<{ periodId: string; siteId: string }[]> {
  const { rows } = await sql<{ periodId: string; siteId: string }>`
    select p.period_id as "periodId", p.site_id as "siteId"
    from standing_export s
    join ledger_period p on p.organization_id = s.organization_id and (s.site_id is null or p.site_id = s.site_id)
      and p.closed_at >= s.created_at and p.entry_count > 0
    where s.organization_id = ${organizationId} and s.standing_export_id = ${standingExportId}
      and not exists (select from ledger_export e where e.organization_id = p.organization_id
        and e.period_id = p.period_id and e.target = ${target})
    order by p.closed_at, p.site_id, p.number`.execute(db)
  return rows
}

interface Refused {
  organizationId: string
  siteId: string
  standingExportId: string
  periodId: string
}

/** True when it was not refused for the same before. */
export async function keepRefusal(
  trx: Db,
  { organizationId, siteId, standingExportId, periodId }: Refused,
  problems: readonly ExportProblem[],
  at: Date,
): Promise<boolean> {
  const { rows } = await sql`
    insert into standing_export_refusal as r (organization_id, site_id, standing_export_id, period_id, at, problems)
    values (${organizationId}, ${siteId}, ${standingExportId}, ${periodId}, ${at}, ${jsonText(problems)}::jsonb)
    on conflict (organization_id, standing_export_id, period_id)
      do update set at = excluded.at, problems = excluded.problems where r.problems <> excluded.problems
    returning 1`.execute(trx)
  return rows.length > 0
}

/** Of periods that were exported since, by it or by somebody. */
export async function forgetRefusals(
  db: Db,
  { organizationId, standingExportId, target }: { organizationId: string; standingExportId: string; target: string },
): Promise<void> {
  await sql`delete from standing_export_refusal r
    where r.organization_id = ${organizationId} and r.standing_export_id = ${standingExportId}
      and exists (select from ledger_export e where e.organization_id = r.organization_id
        and e.period_id = r.period_id and e.target = ${target})`.execute(db)
}
