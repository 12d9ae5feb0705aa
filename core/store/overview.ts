// Owns what is going on at a site at this moment: running sessions and open stays, newest first, with their counts.
// Must not write.
import { sql } from 'kysely'
import type { LinkState } from './parking-read.ts'
import type { Db } from './record-table.ts'

export interface RunningSession {
  sessionId: string
  stationId: string
  evseNumber: number
  bayId: string | null
  pluggedAt: Date
  energyWh: number
  powerW: number | null
  stayId: string | null
  linkState: LinkState | null
}

export interface OpenStay {
  stayId: string
  enteredAt: Date | null
  parkerKind: 'transient' | 'contract' | 'member' | 'reservation'
  plate: string | null
  accountId: string | null
  sessionId: string | null
}

interface Counted<T> {
  count: number
  items: T[]
}

/** Sessions whose cable is in. The link that counts is the standing one, else one that waits for a person. */
export async function runningSessions(
  db: Db,
  organizationId: string,
  siteId: string,
): Promise<Counted<RunningSession>> {
  const { rows } = await sql<RunningSession & { count: number }>`
    select s.session_id as "sessionId", s.station_id as "stationId", s.evse_number as "evseNumber", s.bay_id as "bayId",
      s.plugged_at as "pluggedAt", s.energy_wh as "energyWh", m.power_w as "powerW",
      case when l.state = 'linked' then l.stay_id end as "stayId", l.state as "linkState", count(*) over ()::int as count
    from charging_session s
    left join lateral (
      select k.stay_id, k.state from link k
      where k.organization_id = s.organization_id and k.session_id = s.session_id and k.state in ('linked', 'review')
      order by k.state limit 1
    ) l on true
    left join lateral (
      select v.power_w from meter_value v
      where v.organization_id = s.organization_id and v.station_id = s.station_id and v.evse_number = s.evse_number
        and v.at >= s.plugged_at and v.power_w is not null and v.suspect is null
      order by v.at desc limit 1
    ) m on s.state = 'active'
    where s.organization_id = ${organizationId} and s.site_id = ${siteId} and s.state in ('active', 'ended')
    order by s.plugged_at desc, s.session_id desc limit 500`.execute(db)
  return counted(rows)
}

export async function openStays(
  db: Db,
  organizationId: string,
  siteId: string,
  limit: number,
): Promise<Counted<OpenStay>> {
  const { rows } = await sql<OpenStay & { count: number }>`
    select t.stay_id as "stayId", t.entered_at as "enteredAt", t.parker_kind as "parkerKind", t.plate,
      t.account_id as "accountId", (select l.session_id from link l
        where l.organization_id = t.organization_id and l.stay_id = t.stay_id and l.state = 'linked'
        order by l.decided_at desc limit 1) as "sessionId", count(*) over ()::int as count
    from stay t
    where t.organization_id = ${organizationId} and t.site_id = ${siteId} and t.state = 'open'
    order by t.entered_at desc nulls last, t.stay_id desc limit ${limit}`.execute(db)
  return counted(rows)
}

export async function linksWaiting(db: Db, organizationId: string, siteId: string): Promise<number> {
  const row = await db
    .selectFrom('link')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('organization_id', '=', organizationId)
    .where('site_id', '=', siteId)
    .where('state', '=', 'review')
    .executeTakeFirst()
  return row?.count ?? 0
}

function counted<T>(rows: readonly (T & { count: number })[]): Counted<T> {
  return { count: rows[0]?.count ?? 0, items: rows.map(({ count: _, ...item }) => item as T) }
}
