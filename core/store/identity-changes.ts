// Owns what people, vehicles and credentials were before they changed, and the list of changes that stays and sessions have not been
// looked at for yet.
// Must not decide who holds anything; core/domain/credential/holding.ts does.
import { type Kysely, sql } from 'kysely'
import { addJobs } from './event-log.ts'
import type { FormerHoldingTable, HubTables } from './schema.ts'

type Db = Kysely<HubTables>
type Held = Partial<
  Pick<FormerHoldingTable, 'account_id' | 'vehicle_id' | 'plate' | 'plate_country' | 'plate_key' | 'parker_kind'>
>

export interface HoldingSubject {
  organizationId: string
  kind: 'account' | 'vehicle' | 'credential'
  subjectId: string
}

/**
 * Notes that what is now held is held since `since` only. What was noted for later gives way: it was wrong. `before` is what held
 * until this change; null when the change told nothing but the time.
 */
export async function endHolding(trx: Db, subject: HoldingSubject, since: Date, before: Held | null): Promise<void> {
  const { organizationId: organization_id, kind, subjectId: subject_id } = subject
  const later = await trx
    .deleteFrom('former_holding')
    .where('organization_id', '=', organization_id)
    .where('kind', '=', kind)
    .where('subject_id', '=', subject_id)
    .where('until_at', '>', since)
    .returningAll()
    .execute()
  const [then] = later.sort((a, b) => a.until_at.getTime() - b.until_at.getTime())
  const held = then ?? before
  if (held === null) return
  const { account_id, vehicle_id, plate, plate_country, plate_key, parker_kind } = held
  const content = {
    account_id: account_id ?? null,
    vehicle_id: vehicle_id ?? null,
    plate: plate ?? null,
    plate_country: plate_country ?? null,
    plate_key: plate_key ?? null,
    parker_kind: parker_kind ?? null,
  }
  await trx
    .insertInto('former_holding')
    .values({ organization_id, kind, subject_id, until_at: since, ...content })
    .onConflict((conflict) => conflict.columns(['organization_id', 'kind', 'subject_id', 'until_at']).doNothing())
    .execute()
}

export interface IdentityChange {
  /** Keys of stays, as facts carry them. */
  searchKeys: readonly string[]
  /** Keys of the link index, without the site. */
  indexKeys: readonly string[]
}

/** In the transaction of the change. However many changes gather, one job waits for them. */
export async function addIdentityChange(
  trx: Db,
  organizationId: string,
  changeId: string,
  change: IdentityChange,
  at: Date,
): Promise<void> {
  await trx
    .insertInto('identity_change')
    .values({
      organization_id: organizationId,
      change_id: changeId,
      search_keys: [...new Set(change.searchKeys)],
      index_keys: [...new Set(change.indexKeys)],
      at,
    })
    .execute()
  await addJobs(trx, [identityJob(organizationId)])
}

export function identityJob(organizationId: string) {
  const name = `identity:${organizationId}`
  return { task: 'identity.changed', payload: { organizationId }, key: name, queue: name }
}

export interface WaitingChanges {
  changeIds: string[]
  searchKeys: string[]
  indexKeys: string[]
}

export async function waitingChanges(db: Db, organizationId: string, limit: number): Promise<WaitingChanges> {
  const rows = await db
    .selectFrom('identity_change')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .orderBy('change_id')
    .limit(limit)
    .execute()
  return {
    changeIds: rows.map(({ change_id }) => change_id),
    searchKeys: [...new Set(rows.flatMap(({ search_keys }) => search_keys))],
    indexKeys: [...new Set(rows.flatMap(({ index_keys }) => index_keys))],
  }
}

export async function forgetChanges(db: Db, organizationId: string, changeIds: readonly string[]): Promise<void> {
  await db
    .deleteFrom('identity_change')
    .where('organization_id', '=', organizationId)
    .where('change_id', '=', sql<string>`any(${changeIds}::uuid[])`)
    .execute()
}

export interface TouchedSubject {
  kind: 'stay' | 'session'
  id: string
  siteId: string
  /** Of a stay its connection, of a session its station. */
  sourceId: string
}

/** Stays and sessions that any of the keys leads to and that are not history at their site yet. */
export async function touchedSubjects(
  db: Db,
  organizationId: string,
  { searchKeys, indexKeys }: IdentityChange,
  sites: readonly { siteId: string; historyFrom: Date }[],
): Promise<TouchedSubject[]> {
  if (sites.length === 0) return []
  const { rows } = await sql<TouchedSubject>`
    with at_site as materialized (
      select * from unnest(${sites.map(({ siteId }) => siteId)}::uuid[], ${sites.map(({ historyFrom }) => historyFrom)}::timestamptz[])
        as s(site_id, history_from)
    ), indexed as materialized (
      select i.kind, i.subject_id from at_site s cross join lateral (
        select kind, subject_id from link_index
        where organization_id = ${organizationId} and site_id = s.site_id
          and keys && array(select s.site_id || '|' || key from unnest(${indexKeys}::text[]) as key)
          and coalesce(to_at, 'infinity') >= s.history_from
      ) i
    )
    select 'stay' as kind, t.stay_id as id, t.site_id as "siteId", t.connection_id as "sourceId"
    from at_site s join stay t on t.organization_id = ${organizationId} and t.site_id = s.site_id
    where t.search_keys && ${searchKeys}::text[]
      and coalesce(t.exited_at, t.exit_before, 'infinity') >= s.history_from
    union
    select 'stay', t.stay_id, t.site_id, t.connection_id
    from indexed i join stay t on t.organization_id = ${organizationId} and t.stay_id = i.subject_id where i.kind = 'stay'
    union
    select 'session', c.session_id, c.site_id, c.station_id
    from indexed i join charging_session c on c.organization_id = ${organizationId} and c.session_id = i.subject_id
    where i.kind = 'session'
    order by 1, 2`.execute(db)
  return rows
}

/** Sites with their settings, archived ones too: what happened there is still billed. */
export async function sitesWithSettings(
  db: Db,
  organizationId: string,
): Promise<{ siteId: string; settings: unknown }[]> {
  return db
    .selectFrom('site')
    .select(['site_id as siteId', 'settings'])
    .where('organization_id', '=', organizationId)
    .orderBy('site_id')
    .execute()
}

/** The connection of a stay, the station of a session; null when there is none. */
export async function subjectSource(
  db: Db,
  organizationId: string,
  kind: 'stay' | 'session',
  id: string,
): Promise<string | null> {
  const { rows } =
    kind === 'stay'
      ? await sql<{ id: string }>`select connection_id as id from stay
          where organization_id = ${organizationId} and stay_id = ${id}`.execute(db)
      : await sql<{ id: string }>`select station_id as id from charging_session
          where organization_id = ${organizationId} and session_id = ${id} and state <> 'void'`.execute(db)
  return rows[0]?.id ?? null
}
