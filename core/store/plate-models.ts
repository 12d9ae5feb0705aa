// Owns the versions of what the cameras of a site are known to mix up, and which links may teach more.
// Must not count; core/domain/link/plate-model.ts does. A version that is stored is never changed.
import { type Kysely, sql } from 'kysely'
import { type PlateModel, type ReaderCounts, untaughtPlateModel } from '../domain/link/index.ts'
import type { LinkScope } from './links.ts'
import type { HubTables } from './schema.ts'

type Db = Kysely<HubTables>

export async function currentPlateModel(db: Db, { organizationId, siteId }: LinkScope): Promise<PlateModel> {
  const row = await db
    .selectFrom('plate_model')
    .select(['version', 'readers'])
    .where('organization_id', '=', organizationId)
    .where('site_id', '=', siteId)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row ? modelOf(row) : untaughtPlateModel
}

/** These versions by number; `known` need not be read again. */
export async function plateModels(
  db: Db,
  { organizationId, siteId }: LinkScope,
  versions: readonly number[],
  known: PlateModel,
): Promise<ReadonlyMap<number, PlateModel>> {
  const models = new Map([untaughtPlateModel, known].map((model) => [model.version, model]))
  const missing = [...new Set(versions)].filter((version) => !models.has(version))
  if (missing.length === 0) return models
  const rows = await db
    .selectFrom('plate_model')
    .select(['version', 'readers'])
    .where('organization_id', '=', organizationId)
    .where('site_id', '=', siteId)
    .where('version', 'in', missing)
    .execute()
  for (const row of rows) models.set(row.version, modelOf(row))
  return models
}

export interface ModelInForce {
  since: Date
  model: PlateModel
}

/** The versions that were in force at these instants, the latest first. */
export async function plateModelsAt(
  db: Db,
  { organizationId, siteId }: LinkScope,
  instants: readonly Date[],
): Promise<ModelInForce[]> {
  if (instants.length === 0) return []
  const { rows } = await sql<{ version: number; readers: unknown; made_at: Date }>`
    select distinct m.version, m.readers, m.made_at from unnest(${instants}::timestamptz[]) as at
    cross join lateral (
      select version, readers, made_at from plate_model
      where organization_id = ${organizationId} and site_id = ${siteId} and made_at <= at
      order by version desc limit 1
    ) m order by m.made_at desc, m.version desc`.execute(db)
  return rows.map((row) => ({ since: row.made_at, model: modelOf(row) }))
}

/** When the links were last looked at for what they teach; null when never. */
export async function lastTaught(db: Db, { organizationId, siteId }: LinkScope): Promise<Date | null> {
  const row = await db
    .selectFrom('plate_model')
    .select((on) => on.fn.max('checked_at').as('at'))
    .where('organization_id', '=', organizationId)
    .where('site_id', '=', siteId)
    .executeTakeFirst()
  return row?.at ?? null
}

export async function writePlateModel(
  trx: Db,
  { organizationId, siteId }: LinkScope,
  { version, readers }: PlateModel,
  { links, at }: { links: number; at: Date },
): Promise<void> {
  await trx
    .insertInto('plate_model')
    .values({
      organization_id: organizationId,
      site_id: siteId,
      version,
      links,
      readers: JSON.stringify(readers),
      made_at: at,
      checked_at: at,
    })
    .onConflict((conflict) =>
      conflict.columns(['organization_id', 'site_id', 'version']).doUpdateSet({ checked_at: at }),
    )
    .execute()
}

export interface TeachingLink {
  stayId: string
  sessionId: string
  decidedBy: string
  evidence: unknown
}

/** Links that stand, the latest first. */
export async function standingLinks(
  db: Db,
  { organizationId, siteId }: LinkScope,
  since: Date,
  limit: number,
): Promise<TeachingLink[]> {
  const { rows } = await sql<TeachingLink>`
    select stay_id as "stayId", session_id as "sessionId", decided_by as "decidedBy", evidence from link
    where organization_id = ${organizationId} and site_id = ${siteId} and state = 'linked' and decided_at >= ${since}
    order by decided_at desc, link_id limit ${limit}`.execute(db)
  return rows
}

function modelOf({ version, readers }: { version: number; readers: unknown }): PlateModel {
  return { version, readers: readers as Readonly<Record<string, ReaderCounts>> }
}
