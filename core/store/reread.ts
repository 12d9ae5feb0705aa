// Owns finding what a reader or charger read, to read it anew, and writing the keys it is found by then.
// Must not read profiles; decode-profiles.ts does.
import { sql } from 'kysely'
import { jsonText } from './json-text.ts'
import type { ParkingFactRow } from './parking-facts.ts'
import type { Db } from './record-table.ts'

/** A reader, a station, or a model of either. */
export interface RereadTarget {
  organizationId: string
  readerId?: string
  scope?: 'station' | 'station_model' | 'reader_model'
  stationId?: string | null
  vendor?: string
  model?: string
}

type Starts = readonly { siteId: string; from: Date }[]

/** Facts that count, with cards, of the readers meant: named by the fact or by the credential. */
export async function cardFactsOfReaders(db: Db, target: RereadTarget, starts: Starts): Promise<ParkingFactRow[]> {
  if (target.readerId === undefined && target.scope !== 'reader_model') return []
  const { rows } = await sql<ParkingFactRow>`
    with start as materialized (
      select * from json_to_recordset(${jsonText(starts)}::json) as s("siteId" uuid, "from" timestamptz)
    )
    select distinct f.* from reader r
    join start on start."siteId" = r.site_id
    join parking_fact f on f.organization_id = r.organization_id and f.site_id = r.site_id
      and f.occurred_at >= start."from" and not f.superseded
      and (r.connection_id is null or f.connection_id in (r.connection_id, r.stays_connection_id))
      and (f.device_code = r.name or f.data @> any(array[
          jsonb_build_object('credentials', jsonb_build_array(jsonb_build_object('reader', r.name))),
          jsonb_build_object('changed', jsonb_build_object('credentials', jsonb_build_array(jsonb_build_object('reader', r.name))))]))
    where r.organization_id = ${target.organizationId}
      and case when ${target.readerId ?? null}::uuid is null then r.model = ${target.model ?? ''}
        else r.reader_id = ${target.readerId ?? null}::uuid end
    order by f.occurred_at, f.fact_id`.execute(db)
  return rows
}

export async function writeSearchKeys(
  trx: Db,
  organizationId: string,
  rows: readonly { factId: string; searchKeys: readonly string[] }[],
): Promise<void> {
  for (const { factId, searchKeys } of rows)
    await sql`update parking_fact set search_keys = ${searchKeys}::text[]
      where organization_id = ${organizationId} and fact_id = ${factId} and search_keys is distinct from ${searchKeys}::text[]`.execute(
      trx,
    )
}

/** Sessions in which a card was shown, of the stations meant. */
export async function sessionsOfStations(
  db: Db,
  { organizationId, scope, stationId, vendor, model }: RereadTarget,
  starts: Starts,
): Promise<{ stationId: string; siteId: string; sessionIds: string[] }[]> {
  if (scope !== 'station' && scope !== 'station_model') return []
  const { rows } = await sql<{ stationId: string; siteId: string; sessionIds: string[] }>`
    select c.station_id as "stationId", c.site_id as "siteId", array_agg(c.session_id order by c.session_id) as "sessionIds"
    from json_to_recordset(${jsonText(starts)}::json) as s("siteId" uuid, "from" timestamptz)
    join station t on t.organization_id = ${organizationId} and t.site_id = s."siteId"
      and case when ${stationId ?? null}::uuid is null then t.vendor = ${vendor ?? ''} and t.model = ${model ?? ''}
        else t.station_id = ${stationId ?? null}::uuid end
    join charging_session c on c.organization_id = t.organization_id and c.station_id = t.station_id
      and c.site_id = t.site_id and c.id_token is not null and c.state <> 'void'
      and coalesce(c.unplugged_at, 'infinity') >= s."from"
    group by 1, 2`.execute(db)
  return rows
}
