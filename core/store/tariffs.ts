// Owns the rows of tariffs, their versions and where they hold. A version is added once and never changed.
// Must not read rules: only the engine that a tariff names knows what they mean.

import { type Kysely, sql } from 'kysely'
import type { PlanAssignment, PlanVersion, TariffPlan } from '../domain/bill/index.ts'
import type { ParkerKind } from '../domain/parking-fact.ts'
import { jsonText } from './json-text.ts'
import { type Stamped, stampColumns } from './places.ts'
import { is, recordTable } from './record-table.ts'
import type { HubTables } from './schema.ts'

type Db = Kysely<HubTables>

export interface Tariff extends Stamped {
  tariffId: string
  /** Null when any site may use it. */
  siteId: string | null
  code: string
  name: string
  scope: 'parking' | 'charging'
  engine: string
  currency: string
}

export const tariffs = recordTable<Tariff>()('tariff', {
  type: 'tariff',
  id: 'tariff_id',
  columns: {
    tariffId: 'tariff_id',
    siteId: 'site_id',
    code: 'code',
    name: 'name',
    scope: 'scope',
    engine: 'engine',
    currency: 'currency',
    ...stampColumns,
  },
  reach: 'site_or_all',
  archives: true,
  search: ['code', 'name'],
  sorts: {
    code: [
      { expression: 't.code', type: 'text' },
      { expression: 't.tariff_id', type: 'uuid' },
    ],
    name: [
      { expression: 't.name', type: 'text' },
      { expression: 't.tariff_id', type: 'uuid' },
    ],
    createdAt: [
      { expression: 't.created_at', type: 'timestamptz' },
      { expression: 't.tariff_id', type: 'uuid' },
    ],
  },
  filters: { siteId: is('site_id'), scope: is('scope') },
})

export interface TariffVersion {
  tariffId: string
  tariffVersion: number
  rules: unknown
  validFrom: Date
  createdAt: Date
  createdBy: string
}

export const tariffVersions = recordTable<TariffVersion>()('tariff_version', {
  type: 'tariff_version',
  columns: {
    tariffId: 'tariff_id',
    tariffVersion: 'tariff_version',
    rules: 'rules',
    validFrom: 'valid_from',
    createdAt: 'created_at',
    createdBy: 'created_by',
  },
  json: ['rules'],
  // The tariff was looked up, and with it the site, before its versions are read.
  reach: 'organization',
  sorts: { tariffVersion: [{ expression: 't.tariff_version', type: 'int8' }] },
  defaultSort: '-tariffVersion',
  filters: { tariffId: is('tariff_id') },
})

export interface TariffAssignment {
  assignmentId: string
  siteId: string
  tariffId: string
  groupId: string | null
  areaId: string | null
  parkerKind: ParkerKind | null
  priority: number
  validFrom: Date | null
  validUntil: Date | null
  createdAt: Date
}

export const tariffAssignments = recordTable<TariffAssignment>()('tariff_assignment', {
  type: 'tariff_assignment',
  id: 'assignment_id',
  columns: {
    assignmentId: 'assignment_id',
    siteId: 'site_id',
    tariffId: 'tariff_id',
    groupId: 'group_id',
    areaId: 'area_id',
    parkerKind: 'parker_kind',
    priority: 'priority',
    validFrom: 'valid_from',
    validUntil: 'valid_until',
    createdAt: 'created_at',
  },
  reach: 'site',
  sorts: {
    createdAt: [
      { expression: 't.created_at', type: 'timestamptz' },
      { expression: 't.assignment_id', type: 'uuid' },
    ],
  },
  filters: { siteId: is('site_id'), tariffId: is('tariff_id') },
})

/** Of each tariff the version that holds at an instant: of those begun, the one that began last. */
export async function versionsAt(
  db: Db,
  organizationId: string,
  tariffIds: readonly string[],
  at: Date,
): Promise<Map<string, TariffVersion>> {
  if (tariffIds.length === 0) return new Map()
  const { rows } = await sql<TariffVersion>`
    select distinct on (tariff_id) tariff_id as "tariffId", tariff_version as "tariffVersion", rules,
      valid_from as "validFrom", created_at as "createdAt", created_by as "createdBy"
    from tariff_version
    where organization_id = ${organizationId} and tariff_id = any(${tariffIds}::uuid[]) and valid_from <= ${at}
    order by tariff_id, valid_from desc, tariff_version desc`.execute(db)
  return new Map(rows.map((row) => [row.tariffId, row]))
}

/** The latest version by number; the tariff's row must be locked when another is to follow. */
export async function latestVersion(
  db: Db,
  organizationId: string,
  tariffId: string,
): Promise<TariffVersion | undefined> {
  const { rows } = await sql<TariffVersion>`
    select tariff_id as "tariffId", tariff_version as "tariffVersion", rules, valid_from as "validFrom",
      created_at as "createdAt", created_by as "createdBy"
    from tariff_version where organization_id = ${organizationId} and tariff_id = ${tariffId}
    order by tariff_version desc limit 1`.execute(db)
  return rows[0]
}

export async function insertVersion(trx: Db, organizationId: string, version: TariffVersion): Promise<void> {
  await trx
    .insertInto('tariff_version')
    .values({
      organization_id: organizationId,
      tariff_id: version.tariffId,
      tariff_version: version.tariffVersion,
      rules: jsonText(version.rules),
      valid_from: version.validFrom,
      created_at: version.createdAt,
      created_by: version.createdBy,
    })
    .execute()
}

/** Sites at which a tariff was ever assigned. */
export async function sitesOfTariff(db: Db, organizationId: string, tariffId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('tariff_assignment')
    .select('site_id')
    .distinct()
    .where('organization_id', '=', organizationId)
    .where('tariff_id', '=', tariffId)
    .orderBy('site_id')
    .execute()
  return rows.map((row) => row.site_id)
}

/** An assignment ends; what began under it keeps it. */
export async function endAssignment(trx: Db, organizationId: string, assignmentId: string, at: Date): Promise<void> {
  await trx
    .updateTable('tariff_assignment')
    .set({ valid_until: at })
    .where('organization_id', '=', organizationId)
    .where('assignment_id', '=', assignmentId)
    .where((row) => row.or([row('valid_until', 'is', null), row('valid_until', '>', at)]))
    .execute()
}

/** Everything that may decide which tariff holds at a site. */
export async function readTariffPlan(db: Db, organizationId: string, siteId: string): Promise<TariffPlan> {
  const assignments = sql<PlanAssignment>`
    select a.assignment_id as "assignmentId", a.tariff_id as "tariffId", t.scope, a.group_id as "groupId", a.area_id as "areaId",
      a.parker_kind as "parkerKind", a.priority, a.valid_from as "validFrom", a.valid_until as "validUntil",
      a.created_at as "createdAt", t.archived_at as "archivedAt"
    from tariff_assignment a
    join tariff t on t.organization_id = a.organization_id and t.tariff_id = a.tariff_id
    where a.organization_id = ${organizationId} and a.site_id = ${siteId}`
  const versions = sql<PlanVersion>`
    select tariff_id as "tariffId", tariff_version as version, valid_from as "validFrom", created_at as "createdAt"
    from tariff_version v
    where organization_id = ${organizationId} and tariff_id in (
      select a.tariff_id from tariff_assignment a where a.organization_id = ${organizationId} and a.site_id = ${siteId})`
  const [assigned, published] = await Promise.all([assignments.execute(db), versions.execute(db)])
  return { assignments: assigned.rows, versions: published.rows }
}

export interface TariffWithRules {
  tariffId: string
  code: string
  name: string
  scope: 'parking' | 'charging'
  engine: string
  version: number
  rules: unknown
}

export async function readRules(
  db: Db,
  organizationId: string,
  tariffId: string,
  version: number,
): Promise<TariffWithRules | undefined> {
  const row = await db
    .selectFrom('tariff as t')
    .innerJoin('tariff_version as v', (on) =>
      on.onRef('v.organization_id', '=', 't.organization_id').onRef('v.tariff_id', '=', 't.tariff_id'),
    )
    .select([
      't.tariff_id as tariffId',
      't.code',
      't.name',
      't.scope',
      't.engine',
      'v.tariff_version as version',
      'v.rules',
    ])
    .where('t.organization_id', '=', organizationId)
    .where('t.tariff_id', '=', tariffId)
    .where('v.tariff_version', '=', version)
    .executeTakeFirst()
  return row && { ...row, scope: row.scope as TariffWithRules['scope'] }
}

/** What a session is charged by stays with it. Its version does not change: no fact did. */
export async function freezeSessionTariff(
  trx: Db,
  organizationId: string,
  sessionId: string,
  chosen: { tariffId: string; version: number },
): Promise<void> {
  await trx
    .updateTable('charging_session')
    .set({ tariff_id: chosen.tariffId, tariff_version: chosen.version })
    .where('organization_id', '=', organizationId)
    .where('session_id', '=', sessionId)
    .where('tariff_id', 'is', null)
    .execute()
}
