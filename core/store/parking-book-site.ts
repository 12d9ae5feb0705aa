// Owns what stands still at a site, as a parking system may read it: places, chargers beside bays, counters, tariffs.
// Must not show another site's rows.
import { sql } from 'kysely'
import type { BookedCounter, BookedSite, BookedTariff } from '../domain/parking-book.ts'
import type { BookScope } from './parking-book.ts'
import type { Db } from './record-table.ts'

type SiteRow = Omit<BookedSite, 'bays'> & {
  bays: (Omit<BookedSite['bays'][number], 'since'> & { since: string | null })[]
}

/** Undefined when the site is gone. Free means that no connector of the charger says otherwise; one that is broken alone breaks nothing. */
export async function bookedSite(db: Db, { organizationId, siteId }: BookScope): Promise<BookedSite | undefined> {
  const { rows } = await sql<SiteRow>`
    with places as (
      select organization_id, site_id, version, updated_at from site where site_id = ${siteId}
      union all select organization_id, site_id, version, updated_at from area where site_id = ${siteId}
      union all select organization_id, site_id, version, updated_at from bay where site_id = ${siteId}
      union all select organization_id, site_id, version, updated_at from lane where site_id = ${siteId}
      union all select organization_id, site_id, version, updated_at from evse where site_id = ${siteId}
    )
    select s.site_id as "siteId", s.name, s.time_zone as zone, s.currency, s.address,
      (s.settings #>> '{location,latitude}')::float8 as latitude, (s.settings #>> '{location,longitude}')::float8 as longitude,
      (select sum(p.version)::int from places p where p.organization_id = s.organization_id) as version,
      (select max(p.updated_at) from places p where p.organization_id = s.organization_id) as "updatedAt",
      (select coalesce(json_agg(json_build_object('areaId', a.area_id, 'code', a.code, 'name', a.name) order by a.code), '[]'::json)
        from area a
        where a.organization_id = s.organization_id and a.site_id = s.site_id and a.archived_at is null) as areas,
      (select coalesce(json_agg(json_build_object(
            'laneId', l.lane_id, 'code', l.code, 'name', l.name, 'direction', l.direction) order by l.code), '[]'::json)
        from lane l
        where l.organization_id = s.organization_id and l.site_id = s.site_id and l.archived_at is null) as lanes,
      (select coalesce(json_agg(json_build_object('bayId', b.bay_id, 'code', b.code, 'areaId', b.area_id,
            'occupied', y.occupied, 'since', y.since, 'evse', e.evse) order by b.code), '[]'::json)
        from bay b
        left join bay_state y on y.organization_id = b.organization_id and y.bay_id = b.bay_id
        left join lateral (
          select json_build_object('stationIdentity', n.identity, 'evse', e.number,
              'maxPowerW', coalesce(e.max_power_w, t.max_power_w), 'connectors', coalesce(c.connectors, '[]'::json),
              'state', case when c.states is null then 'unknown'
                when c.states && array['preparing', 'charging', 'suspended_vehicle', 'suspended_station', 'finishing',
                  'occupied', 'reserved'] then 'in_use'
                when 'available' = any(c.states) then 'free'
                when c.states <@ array['unavailable', 'faulted'] then 'out_of_order' else 'unknown' end) as evse
          from evse e
          join station t on t.organization_id = e.organization_id and t.station_id = e.station_id and t.archived_at is null
          join station_identity n on n.organization_id = e.organization_id and n.station_id = e.station_id
          left join lateral (
            select json_agg(json_build_object('connector', c.number, 'kind', c.standard) order by c.number) as connectors,
              array_agg(c.status) as states
            from connector c
            where c.organization_id = e.organization_id and c.station_id = e.station_id and c.evse_number = e.number
          ) c on true
          where e.organization_id = b.organization_id and e.bay_id = b.bay_id and e.archived_at is null
          order by n.identity, e.number limit 1
        ) e on true
        where b.organization_id = s.organization_id and b.site_id = s.site_id and b.archived_at is null) as bays
    from site s where s.organization_id = ${organizationId} and s.site_id = ${siteId}`.execute(db)
  return (
    rows[0] && {
      ...rows[0],
      bays: rows[0].bays.map((bay) => ({ ...bay, since: bay.since === null ? null : new Date(bay.since) })),
    }
  )
}

export async function bookedCounters(db: Db, { organizationId, siteId }: BookScope): Promise<BookedCounter[]> {
  const { rows } = await sql<BookedCounter>`
    select counter, category, area_code as area, free, occupied, capacity, at from occupancy
    where organization_id = ${organizationId} and site_id = ${siteId} order by counter, category`.execute(db)
  return rows
}

/** Versions that hold now or will, of tariffs assigned to the site. A version ends where the next one begins. */
export async function bookedTariffs(db: Db, { organizationId, siteId }: BookScope, now: Date): Promise<BookedTariff[]> {
  const { rows } = await sql<BookedTariff>`
    select * from (
      select t.tariff_id as "tariffId", v.tariff_version as version, t.name, t.scope as kind, t.currency, v.valid_from as "validFrom",
        coalesce(lead(v.valid_from) over (partition by t.tariff_id order by v.valid_from, v.tariff_version), t.archived_at) as "validUntil",
        v.rules
      from tariff t
      join tariff_version v on v.organization_id = t.organization_id and v.tariff_id = t.tariff_id
      where t.organization_id = ${organizationId} and exists (
        select from tariff_assignment a
        where a.organization_id = t.organization_id and a.tariff_id = t.tariff_id and a.site_id = ${siteId}
          and (a.valid_until is null or a.valid_until > ${now}))
    ) held
    where "validUntil" is null or "validUntil" > ${now}
    order by name, "tariffId", "validFrom", version`.execute(db)
  return rows
}
