// Owns reading all that one question about access needs, in one round trip: who it is, where it is, and what is booked.
// Must not decide: a shared key only proposes.
import { type Kysely, sql } from 'kysely'
import type { Holiday } from '../domain/access/index.ts'
import type { ReportedCredential } from '../domain/parking-fact.ts'
import { type Enrolled, enrolledJson, withDates } from './credentials.ts'
import { prepared } from './pool.ts'
import type { HubTables } from './schema.ts'

export interface AccessLookup {
  organizationId: string
  searchKeys: readonly string[]
  siteIds: readonly string[]
  stationIds: readonly string[]
  laneCodes: readonly string[]
  /** Local days around which holidays are wanted. */
  days: readonly string[]
  /** Set at gates: whose stays and bookings are wanted. */
  gateSiteId: string | null
}

export interface SiteFacts {
  settings: Record<string, unknown>
  timeZone: string
  holidays: Holiday[]
}

export interface StationFacts {
  stationId: string
  tags: string[]
  evses: { number: number; evseId: string; areaId: string | null }[]
}

export interface Booking {
  reservationId: string
  siteId: string
  kind: 'reservation' | 'visitor'
  state: string
  name: string | null
  accountId: string | null
  from: Date
  until: Date
  rights: string[]
  uses: 'single' | 'multiple'
  credentials: ReportedCredential[]
  searchKeys: string[]
}

export interface AccessFound {
  enrolled: Enrolled[]
  sites: Readonly<Record<string, SiteFacts>>
  stations: StationFacts[]
  lanes: { siteId: string; code: string; laneId: string; areaId: string | null }[]
  bookings: Booking[]
}

export async function findAccess(db: Kysely<HubTables>, lookup: AccessLookup): Promise<AccessFound> {
  const { organizationId, searchKeys, siteIds, stationIds, laneCodes, days, gateSiteId } = lookup
  const { rows } = await sql<AccessFound>`${prepared('find-access')}
    select
      ${enrolledJson(organizationId, searchKeys, gateSiteId)} as enrolled,
      (select coalesce(json_object_agg(site_id, json_build_object('settings', settings, 'timeZone', time_zone, 'holidays', (
          select coalesce(json_agg(day), '[]'::json) from holiday_calendar h, jsonb_array_elements(h.days) day
          where h.organization_id = site.organization_id and (h.site_id is null or h.site_id = site.site_id)
            and h.archived_at is null and day ->> 'date' = any(${days}::text[])))), '{}'::json) from site
        where organization_id = ${organizationId} and site_id = any(${siteIds}::uuid[])) as sites,
      (select coalesce(json_agg(json_build_object('stationId', t.station_id, 'tags', t.tags, 'evses', (
          select coalesce(json_agg(json_build_object('number', e.number, 'evseId', e.evse_id, 'areaId', b.area_id)), '[]'::json)
          from evse e left join bay b on b.organization_id = e.organization_id and b.bay_id = e.bay_id
          where e.organization_id = t.organization_id and e.station_id = t.station_id and e.archived_at is null))), '[]'::json)
        from station t
        where t.organization_id = ${organizationId} and t.station_id = any(${stationIds}::uuid[])) as stations,
      (select coalesce(json_agg(json_build_object('siteId', site_id, 'code', code, 'laneId', lane_id, 'areaId', area_id)),
          '[]'::json) from lane
        where organization_id = ${organizationId} and site_id = any(${siteIds}::uuid[]) and code = any(${laneCodes}::text[])
          and archived_at is null) as lanes,
      (select coalesce(json_agg(json_build_object('reservationId', r.reservation_id, 'siteId', r.site_id, 'kind', r.kind,
          'state', r.state, 'name', r.name, 'accountId', r.account_id, 'from', r.from_at, 'until', r.until_at,
          'rights', r.rights, 'uses', r.uses, 'credentials', r.credentials, 'searchKeys', r.search_keys)
          order by r.from_at, r.reservation_id), '[]'::json)
        from parking_reservation r
        where r.organization_id = ${organizationId} and r.site_id = any(${siteIds}::uuid[])
          and r.until_at > (select min(day)::date - 60 from unnest(${days}::text[]) day)
          and r.search_keys && ${searchKeys}::text[]) as bookings`.execute(db)
  const [row] = rows
  if (!row) return { enrolled: [], sites: {}, stations: [], lanes: [], bookings: [] }
  return {
    ...row,
    enrolled: row.enrolled.map(withDates),
    bookings: row.bookings.map((one) => ({ ...one, from: new Date(one.from), until: new Date(one.until) })),
  }
}
