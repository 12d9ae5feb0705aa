// Owns the rows of links, their history, and the index by which stays and sessions find each other.
// Must not weigh anything, and must not list links for people (core/store/parking-read.ts does).
import { type Insertable, type Kysely, type Selectable, sql } from 'kysely'
import type { ChargingSessionTable, HubTables, LinkHistoryTable, LinkIndexTable, LinkTable } from './schema.ts'

export type LinkRow = Selectable<LinkTable>
export type NewLink = Insertable<LinkTable>
export type SessionRow = Selectable<ChargingSessionTable>
export type IndexRow = Selectable<LinkIndexTable>
type Db = Kysely<HubTables>

export interface LinkScope {
  organizationId: string
  siteId: string
}

/**
 * Until the transaction ends, nobody else decides links of this site. A session may be linked once, and which stay it gets depends
 * on its rivals: row locks would have to be taken on all of them before they are known.
 */
export async function lockSiteLinks(trx: Db, { siteId }: LinkScope): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`baywatt links ${siteId}`}, 0))`.execute(trx)
}

/** By subject; those that stand nowhere in the index are left out. */
export async function indexRows(
  db: Db,
  { organizationId }: LinkScope,
  kind: 'stay' | 'session',
  ids: readonly string[],
): Promise<ReadonlyMap<string, IndexRow>> {
  const rows = await db
    .selectFrom('link_index')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('kind', '=', kind)
    .where('subject_id', '=', sql<string>`any(${ids}::uuid[])`)
    .execute()
  return new Map(rows.map((row) => [row.subject_id, row]))
}

export type IndexPlace = Pick<IndexRow, 'keys' | 'from_at' | 'to_at'>

/** Null takes a subject out of the index. */
export async function writeIndexRows(
  trx: Db,
  { organizationId, siteId }: LinkScope,
  kind: 'stay' | 'session',
  places: ReadonlyMap<string, IndexPlace | null>,
): Promise<void> {
  const gone = [...places].filter(([, place]) => place === null).map(([id]) => id)
  if (gone.length > 0)
    await trx
      .deleteFrom('link_index')
      .where('organization_id', '=', organizationId)
      .where('kind', '=', kind)
      .where('subject_id', '=', sql<string>`any(${gone}::uuid[])`)
      .execute()
  const rows = [...places].flatMap(([subject_id, place]) => {
    if (place === null) return []
    const { keys, from_at, to_at } = place
    return [{ organization_id: organizationId, site_id: siteId, kind, subject_id, keys, from_at, to_at }]
  })
  if (rows.length > 0)
    await trx
      .insertInto('link_index')
      .values(rows)
      .onConflict((conflict) =>
        conflict.columns(['organization_id', 'kind', 'subject_id']).doUpdateSet((set) => ({
          keys: set.ref('excluded.keys'),
          from_at: set.ref('excluded.from_at'),
          to_at: set.ref('excluded.to_at'),
        })),
      )
      .execute()
}

/**
 * Subjects of the other kind that share a key with one of these, by what the index holds, and fit in time: a session's cable went
 * in (from = to) while the stay lasted, give or take `slackMs`.
 */
export async function partnersById(
  db: Db,
  scope: LinkScope,
  kind: 'stay' | 'session',
  ids: readonly string[],
  slackMs: number,
): Promise<string[]> {
  if (ids.length === 0) return []
  const { rows } = await sql<{ subject_id: string }>`
    select distinct p.subject_id from link_index a cross join lateral (
      select i.subject_id from link_index i where ${isPartner(scope, slackMs)}
    ) p
    where a.organization_id = ${scope.organizationId} and a.kind = ${kind} and a.subject_id = any(${ids}::uuid[])
    order by 1`.execute(db)
  return rows.map(({ subject_id }) => subject_id)
}

/** Which of these have partners at all. */
export async function withPartners(
  db: Db,
  scope: LinkScope,
  kind: 'stay' | 'session',
  ids: readonly string[],
  slackMs: number,
): Promise<string[]> {
  if (ids.length === 0) return []
  const { rows } = await sql<{ subject_id: string }>`
    select a.subject_id from link_index a
    where a.organization_id = ${scope.organizationId} and a.kind = ${kind} and a.subject_id = any(${ids}::uuid[])
      and exists (select from link_index i where ${isPartner(scope, slackMs)})`.execute(db)
  return rows.map(({ subject_id }) => subject_id)
}

/** Of the index rows `a` and `i`. */
function isPartner({ organizationId, siteId }: LinkScope, slackMs: number) {
  return sql`i.organization_id = ${organizationId} and i.site_id = ${siteId} and i.keys && a.keys and i.kind <> a.kind
    and i.from_at <= coalesce(a.to_at, 'infinity') + ${slackMs} * interval '1 millisecond'
    and coalesce(i.to_at, 'infinity') >= a.from_at - ${slackMs} * interval '1 millisecond'`
}

/**
 * Stays that share a key with one of these, which have no known end, and began after it: the same car coming in again tells when
 * it must have left. Only those that began before the last of the sessions matter.
 */
export async function laterStays(
  db: Db,
  { organizationId, siteId }: LinkScope,
  stayIds: readonly string[],
  sessionIds: readonly string[],
  slackMs: number,
): Promise<string[]> {
  if (stayIds.length === 0) return []
  const { rows } = await sql<{ subject_id: string }>`
    select distinct l.subject_id from link_index g cross join lateral (
      select i.subject_id from link_index i
      where i.organization_id = ${organizationId} and i.site_id = ${siteId} and i.kind = 'stay' and i.keys && g.keys
        and i.from_at > g.from_at and i.from_at <= (
          select max(from_at) + ${slackMs} * interval '1 millisecond' from link_index
          where organization_id = ${organizationId} and kind = 'session' and subject_id = any(${sessionIds}::uuid[]))
    ) l
    where g.organization_id = ${organizationId} and g.kind = 'stay' and g.subject_id = any(${stayIds}::uuid[])
      and g.to_at is null`.execute(db)
  return rows.map(({ subject_id }) => subject_id)
}

export async function linksOf(
  db: Db,
  { organizationId }: Pick<LinkScope, 'organizationId'>,
  of: { sessionIds?: readonly string[]; stayIds?: readonly string[] },
): Promise<LinkRow[]> {
  const { sessionIds = [], stayIds = [] } = of
  return db
    .selectFrom('link')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where((on) =>
      on.or([
        on('session_id', '=', sql<string>`any(${sessionIds}::uuid[])`),
        on('stay_id', '=', sql<string>`any(${stayIds}::uuid[])`),
      ]),
    )
    .orderBy('link_id')
    .execute()
}

export async function sessionsById(
  db: Db,
  { organizationId, siteId }: LinkScope,
  ids: readonly string[],
): Promise<SessionRow[]> {
  if (ids.length === 0) return []
  return db
    .selectFrom('charging_session')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('site_id', '=', siteId)
    .where('session_id', '=', sql<string>`any(${ids}::uuid[])`)
    .where('state', '<>', 'void')
    .orderBy('session_id')
    .execute()
}

export interface SessionChanges {
  /** How many were taken. */
  taken: number
  /** Each once, however often it changed. */
  sessionIds: string[]
  /** Those of them that may be billed. */
  billable: string[]
}

/** Takes sessions off the list of those that changed. */
export async function takeSessionChanges(
  trx: Db,
  { organizationId, siteId }: LinkScope,
  limit: number,
): Promise<SessionChanges> {
  const { rows } = await sql<{ session_id: string; billable: boolean }>`
    with taken as materialized (
      select change_id from session_change where organization_id = ${organizationId} and site_id = ${siteId}
      order by change_id limit ${limit} for update skip locked
    )
    delete from session_change c using taken t
    where c.organization_id = ${organizationId} and c.change_id = t.change_id
    returning c.session_id, c.billable`.execute(trx)
  const ids = (some: typeof rows) => [...new Set(some.map(({ session_id }) => session_id))].sort()
  return { taken: rows.length, sessionIds: ids(rows), billable: ids(rows.filter(({ billable }) => billable)) }
}

export async function siteSettings(db: Db, { organizationId, siteId }: LinkScope): Promise<unknown> {
  const row = await db
    .selectFrom('site')
    .select('settings')
    .where('organization_id', '=', organizationId)
    .where('site_id', '=', siteId)
    .executeTakeFirst()
  return row?.settings
}

/** Sessions about which a question to a person is open. */
export async function openQuestions(db: Db, { organizationId, siteId }: LinkScope): Promise<string[]> {
  const rows = await db
    .selectFrom('link')
    .select('session_id')
    .distinct()
    .where('organization_id', '=', organizationId)
    .where('site_id', '=', siteId)
    .where('state', '=', 'review')
    .orderBy('session_id')
    .execute()
  return rows.map(({ session_id }) => session_id)
}

/** Index rows of subjects that are history, a limited number; open stays by when they began. Returns how many went. */
export async function pruneIndex(
  db: Db,
  { organizationId, siteId }: LinkScope,
  before: { ended: Date; open: Date },
  limit: number,
): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    with old as materialized (
      select kind, subject_id from link_index
      where organization_id = ${organizationId} and site_id = ${siteId}
        and (to_at < ${before.ended} or (to_at is null and from_at < ${before.open}))
      limit ${limit} for update skip locked
    ), gone as (
      delete from link_index i using old
      where i.organization_id = ${organizationId} and i.kind = old.kind and i.subject_id = old.subject_id
      returning 1
    )
    select count(*)::int as n from gone`.execute(db)
  return rows[0]?.n ?? 0
}

export async function sessionSite(db: Db, organizationId: string, sessionId: string): Promise<string | null> {
  const row = await db
    .selectFrom('charging_session')
    .select('site_id')
    .where('organization_id', '=', organizationId)
    .where('session_id', '=', sessionId)
    .executeTakeFirst()
  return row?.site_id ?? null
}

/** Writes links one way or the other; a withdrawn one has to be written before another of the same session is linked. */
export async function writeLinks(trx: Db, rows: readonly NewLink[]): Promise<void> {
  for (const linked of [false, true]) {
    const some = rows.filter(({ state }) => (state === 'linked') === linked)
    if (some.length === 0) continue
    await trx
      .insertInto('link')
      .values(some)
      .onConflict((conflict) =>
        conflict.columns(['organization_id', 'link_id']).doUpdateSet((set) => ({
          state: set.ref('excluded.state'),
          method: set.ref('excluded.method'),
          score: set.ref('excluded.score'),
          evidence: set.ref('excluded.evidence'),
          explanation: set.ref('excluded.explanation'),
          decided_by: set.ref('excluded.decided_by'),
          decided_at: set.ref('excluded.decided_at'),
          made_with: set.ref('excluded.made_with'),
          version: set.ref('excluded.version'),
          updated_at: set.ref('excluded.updated_at'),
        })),
      )
      .execute()
  }
}

export async function appendLinkHistory(trx: Db, rows: readonly Insertable<LinkHistoryTable>[]): Promise<void> {
  if (rows.length > 0)
    await trx
      .insertInto('link_history')
      .values([...rows])
      .execute()
}

export interface PlaceCodes {
  bayIdByCode: ReadonlyMap<string, string>
  bayCodeById: ReadonlyMap<string, string>
  /** By id and by code; an EVSE without a bay has none. */
  evses: ReadonlyMap<string, { code: string; bayId: string | null }>
}

/** Bays and EVSEs of the site by id or code, with the bays that those EVSEs serve. */
export async function placeCodes(
  db: Db,
  { organizationId, siteId }: LinkScope,
  ids: readonly string[],
  codes: readonly string[],
): Promise<PlaceCodes> {
  if (ids.length + codes.length === 0) return { bayIdByCode: new Map(), bayCodeById: new Map(), evses: new Map() }
  const { rows } = await sql<{ kind: 'bay' | 'evse'; id: string; code: string; bay_id: string | null }>`
    with evses as (
      select evse_id, code, bay_id from evse
      where organization_id = ${organizationId} and site_id = ${siteId}
        and (evse_id = any(${ids}::uuid[]) or code = any(${codes}::text[]))
    )
    select 'evse' as kind, evse_id as id, code, bay_id from evses
    union all
    select 'bay', b.bay_id, b.code, null from bay b
    where b.organization_id = ${organizationId} and b.site_id = ${siteId}
      and (b.bay_id = any(${ids}::uuid[]) or b.code = any(${codes}::text[]) or b.bay_id in (select bay_id from evses))
    `.execute(db)
  const bays = rows.filter(({ kind }) => kind === 'bay')
  const evses = rows.filter(({ kind }) => kind === 'evse')
  return {
    bayIdByCode: new Map(bays.map(({ id, code }) => [code, id])),
    bayCodeById: new Map(bays.map(({ id, code }) => [id, code])),
    evses: new Map(
      evses.flatMap(({ id, code, bay_id: bayId }) => [
        [id, { code, bayId }],
        [code, { code, bayId }],
      ]),
    ),
  }
}
