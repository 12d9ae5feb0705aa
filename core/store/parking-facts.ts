// Owns the rows of parking facts: storing revisions, and loading the facts that belong together.
// Must not decide what a fact means; core/domain/stay does.

import { type Insertable, type Kysely, type Selectable, sql } from 'kysely'
import type { ParkingFact } from '../domain/parking-fact.ts'
import type { StayFact } from '../domain/stay/index.ts'
import { jsonText } from './json-text.ts'
import type { HubTables, ParkingFactTable } from './schema.ts'

export type ParkingFactRow = Selectable<ParkingFactTable>
export type NewParkingFact = Insertable<ParkingFactTable>

/** One configured parking system: whose facts these are. */
export interface ParkingSource {
  organizationId: string
  siteId: string
  connectionId: string
}

export interface SiteRules {
  currency: string
  country: string | null
  settings: unknown
}

/**
 * Until the transaction ends, nobody else stores facts or derives stays for this site; undefined when there is no such site. One row
 * lock per stay would do for named stays, but unnamed ones have no row before they are derived, and their credentials join them
 * in ways only the facts tell.
 */
export async function lockSiteParking(trx: Kysely<HubTables>, source: ParkingSource): Promise<SiteRules | undefined> {
  const { rows } = await sql<SiteRules>`
    with locked as materialized (
      select pg_advisory_xact_lock(hashtextextended(${`baywatt parking ${source.siteId}`}, 0)) as done
    )
    select currency, country, settings from locked, site
    where organization_id = ${source.organizationId} and site_id = ${source.siteId}`.execute(trx)
  return rows[0]
}

function ofSource(db: Kysely<HubTables>, { organizationId, connectionId }: ParkingSource) {
  return db
    .selectFrom('parking_fact')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('connection_id', '=', connectionId)
}

/** Every stored revision of these vendor events. */
export async function revisionsOf(
  db: Kysely<HubTables>,
  source: ParkingSource,
  ids: readonly string[],
): Promise<ParkingFactRow[]> {
  return ofSource(db, source).where('vendor_event_id', '=', sql<string>`any(${ids}::text[])`).execute()
}

export async function insertFacts(trx: Kysely<HubTables>, rows: readonly NewParkingFact[]): Promise<void> {
  if (rows.length > 0)
    await trx
      .insertInto('parking_fact')
      .values([...rows])
      .execute()
}

export async function supersedeFacts(
  trx: Kysely<HubTables>,
  source: ParkingSource,
  factIds: readonly string[],
): Promise<void> {
  if (factIds.length === 0) return
  await trx
    .updateTable('parking_fact')
    .set({ superseded: true })
    .where('organization_id', '=', source.organizationId)
    .where('connection_id', '=', source.connectionId)
    .where('fact_id', '=', sql<string>`any(${factIds}::uuid[])`)
    .execute()
}

/** Gate facts of these requests, each within `withinMs` of an instant at which the request is known to have been alive. */
export async function factsOfRequests(
  db: Kysely<HubTables>,
  source: ParkingSource,
  requests: readonly { requestId: string; at: Date }[],
  withinMs: number,
): Promise<ParkingFactRow[]> {
  if (requests.length === 0) return []
  const { rows } = await sql<ParkingFactRow>`
    select distinct f.* from json_to_recordset(${jsonText(requests)}::json) as r("requestId" text, at timestamptz)
    join parking_fact f on f.organization_id = ${source.organizationId} and f.connection_id = ${source.connectionId}
      and f.request_id = r."requestId" and not f.superseded
      and f.occurred_at between r.at - ${withinMs} * interval '1 millisecond' and r.at + ${withinMs} * interval '1 millisecond'
    `.execute(db)
  return rows
}

/** Facts that name these stays. */
export async function factsOfStayKeys(
  db: Kysely<HubTables>,
  source: ParkingSource,
  stayKeys: readonly string[],
): Promise<ParkingFactRow[]> {
  if (stayKeys.length === 0) return []
  return ofSource(db, source)
    .where('stay_key', '=', sql<string>`any(${stayKeys}::text[])`)
    .where('superseded', '=', false)
    .execute()
}

/** Facts that belong to these stays. */
export async function factsOfStays(
  db: Kysely<HubTables>,
  source: ParkingSource,
  stayIds: readonly string[],
): Promise<ParkingFactRow[]> {
  if (stayIds.length === 0) return []
  return ofSource(db, source)
    .where('stay_id', '=', sql<string>`any(${stayIds}::uuid[])`)
    .where('superseded', '=', false)
    .execute()
}

/** Gate facts that name no stay, share a key, and happened at `since` or later. */
export async function unnamedGateFacts(
  db: Kysely<HubTables>,
  source: ParkingSource,
  keys: readonly string[],
  since: Date,
): Promise<ParkingFactRow[]> {
  return ofSource(db, source)
    .where(sql<boolean>`search_keys && ${keys}::text[]`)
    .where('stay_key', 'is', null)
    .where('superseded', '=', false)
    .where('type', 'like', 'gate.%')
    .where('occurred_at', '>=', since)
    .execute()
}

/** What counts at these lanes around these instants. */
export async function factsNearAtLanes(
  db: Kysely<HubTables>,
  source: ParkingSource,
  near: readonly { lane: string; at: Date }[],
  withinMs: number,
): Promise<ParkingFactRow[]> {
  if (near.length === 0) return []
  const { rows } = await sql<ParkingFactRow>`
    select distinct on (f.fact_id) f.* from json_to_recordset(${jsonText(near)}::json) as n(lane text, at timestamptz)
    join parking_fact f on f.organization_id = ${source.organizationId} and f.site_id = ${source.siteId}
      and f.occurred_at between n.at - ${withinMs} * interval '1 millisecond' and n.at + ${withinMs} * interval '1 millisecond'
      and f.connection_id = ${source.connectionId} and f.lane_code = n.lane and not f.superseded
    order by f.fact_id`.execute(db)
  return rows
}

/** Writes which stay each fact belongs to. */
export async function assignFacts(
  trx: Kysely<HubTables>,
  source: ParkingSource,
  assigned: readonly { factId: string; stayId: string | null }[],
): Promise<void> {
  if (assigned.length === 0) return
  await sql`
    update parking_fact f set stay_id = a."stayId"
    from json_to_recordset(${jsonText(assigned)}::json) as a("factId" uuid, "stayId" uuid)
    where f.organization_id = ${source.organizationId} and f.connection_id = ${source.connectionId}
      and f.fact_id = a."factId" and f.stay_id is distinct from a."stayId"`.execute(trx)
}

/** The facts of one kind of place at this site that count, whichever connection reported them, oldest first. */
export async function factsOfPlaces(
  db: Kysely<HubTables>,
  source: Pick<ParkingSource, 'organizationId' | 'siteId'>,
  type: ParkingFact['type'],
  places: readonly string[],
  limitPerPlace: number,
): Promise<ParkingFactRow[]> {
  if (places.length === 0) return []
  const { rows } = await sql<ParkingFactRow>`
    select f.* from unnest(${places}::text[]) as place(code)
    cross join lateral (
      select * from parking_fact
      where organization_id = ${source.organizationId} and site_id = ${source.siteId} and type = ${type}
        and place_code = place.code and not superseded
      order by occurred_at desc, vendor_event_id desc limit ${limitPerPlace}
    ) f order by f.occurred_at, f.vendor_event_id`.execute(db)
  return rows
}

/** The facts that count of these stays, oldest first. */
export async function countingFactsOfStays(
  db: Kysely<HubTables>,
  organizationId: string,
  stayIds: readonly string[],
): Promise<ParkingFactRow[]> {
  if (stayIds.length === 0) return []
  const { rows } = await sql<ParkingFactRow>`
    select f.* from stay s
    join parking_fact f on f.organization_id = s.organization_id and f.connection_id = s.connection_id
      and f.stay_id = s.stay_id and not f.superseded
    where s.organization_id = ${organizationId} and s.stay_id = any(${stayIds}::uuid[])
    order by f.occurred_at, f.vendor_event_id`.execute(db)
  return rows
}

/** What was observed at these places between two instants. */
export async function observationsAt(
  db: Kysely<HubTables>,
  source: Pick<ParkingSource, 'organizationId' | 'siteId'>,
  places: readonly { code: string; from: Date; to: Date }[],
): Promise<ParkingFactRow[]> {
  if (places.length === 0) return []
  const { rows } = await sql<ParkingFactRow>`
    select distinct f.* from json_to_recordset(${jsonText(places)}::json) as p(code text, "from" timestamptz, "to" timestamptz)
    join parking_fact f on f.organization_id = ${source.organizationId} and f.site_id = ${source.siteId}
      and f.type in ('credential.observed', 'bay.changed') and f.place_code = p.code
      and f.occurred_at between p."from" and p."to" and not f.superseded
    order by f.occurred_at, f.vendor_event_id`.execute(db)
  return rows
}

export function factOfRow(row: ParkingFactRow): StayFact {
  return {
    factId: row.fact_id,
    id: row.vendor_event_id,
    revision: row.revision,
    type: row.type,
    occurredAt: row.occurred_at,
    backfilled: row.backfilled,
    ...(row.stay_ref === null ? {} : { stayRef: row.stay_ref }),
    ...(row.lane_code === null ? {} : { lane: row.lane_code }),
    ...(row.device_code === null ? {} : { device: row.device_code }),
    data: row.data,
  } as StayFact
}
