// Owns how organization, sites, areas, bays, lanes, devices and counters are read and written.
// Must not change live state: bay_state, device state and occupancy are written by the parking facts.
import { sql } from 'kysely'
import type { ConnectorStatus } from '../domain/charger-fact.ts'
import type { KeyColumn } from './keyset.ts'
import { type Db, is, recordTable } from './record-table.ts'

/** What every configuration record carries. */
export interface Stamped {
  version: number
  createdAt: Date
  updatedAt: Date
  archivedAt: Date | null
}

export const stampColumns = {
  version: 'version',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
  archivedAt: 'archived_at',
} as const

export interface Site extends Stamped {
  siteId: string
  code: string
  name: string
  timeZone: string
  currency: string
  country: string | null
  address: string | null
  settings: Record<string, unknown>
}

export interface Area extends Stamped {
  areaId: string
  siteId: string
  code: string
  name: string
  level: string | null
}

export interface Bay extends Stamped {
  bayId: string
  siteId: string
  areaId: string | null
  code: string
  name: string
  kind: 'ev' | 'standard' | 'accessible' | 'ev_accessible'
}

export interface Lane extends Stamped {
  laneId: string
  siteId: string
  code: string
  name: string
  direction: 'entry' | 'exit' | 'both' | 'internal'
  areaId: string | null
}

export interface Device extends Stamped {
  deviceId: string
  siteId: string
  laneId: string | null
  code: string
  name: string
  kind: string
  state: 'unknown' | 'ok' | 'warning' | 'fault' | 'offline'
  stateCode: string | null
  stateText: string | null
  stateAt: Date | null
}

export interface Occupancy {
  siteId: string
  counter: string
  category: string
  areaCode: string | null
  free: number | null
  occupied: number | null
  capacity: number | null
  at: Date
}

/** The orders of a record with a code, a name and a time of creation; `id` breaks ties. */
export function usualSorts(id: string, first: 'code' | 'number' = 'code'): Record<string, readonly KeyColumn[]> {
  const tie: KeyColumn = { expression: `t.${id}`, type: 'uuid' }
  return {
    [first]: [{ expression: `t.${first}`, type: 'text' }, tie],
    name: [{ expression: 't.name', type: 'text' }, tie],
    createdAt: [{ expression: 't.created_at', type: 'timestamptz' }, tie],
  }
}

export const sites = recordTable<Site>()('site', {
  type: 'site',
  id: 'site_id',
  columns: {
    siteId: 'site_id',
    code: 'code',
    name: 'name',
    timeZone: 'time_zone',
    currency: 'currency',
    country: 'country',
    address: 'address',
    settings: 'settings',
    ...stampColumns,
  },
  json: ['settings'],
  reach: 'site',
  archives: true,
  search: ['code', 'name'],
  sorts: usualSorts('site_id'),
})

export const areas = recordTable<Area>()('area', {
  type: 'area',
  id: 'area_id',
  columns: { areaId: 'area_id', siteId: 'site_id', code: 'code', name: 'name', level: 'level', ...stampColumns },
  reach: 'site',
  archives: true,
  search: ['code', 'name'],
  sorts: usualSorts('area_id'),
  filters: { siteId: is('site_id') },
})

export const bays = recordTable<Bay>()('bay', {
  type: 'bay',
  id: 'bay_id',
  columns: {
    bayId: 'bay_id',
    siteId: 'site_id',
    areaId: 'area_id',
    code: 'code',
    name: 'name',
    kind: 'kind',
    ...stampColumns,
  },
  reach: 'site',
  archives: true,
  search: ['code', 'name'],
  sorts: usualSorts('bay_id'),
  filters: {
    siteId: is('site_id'),
    areaId: is('area_id'),
    kind: is('kind'),
    occupied: (value: boolean) => sql<boolean>`exists (select from bay_state s
      where s.organization_id = t.organization_id and s.bay_id = t.bay_id and s.occupied = ${value})`,
  },
})

export const lanes = recordTable<Lane>()('lane', {
  type: 'lane',
  id: 'lane_id',
  columns: {
    laneId: 'lane_id',
    siteId: 'site_id',
    code: 'code',
    name: 'name',
    direction: 'direction',
    areaId: 'area_id',
    ...stampColumns,
  },
  reach: 'site',
  archives: true,
  search: ['code', 'name'],
  sorts: usualSorts('lane_id'),
  filters: { siteId: is('site_id'), direction: is('direction') },
})

export const devices = recordTable<Device>()('device', {
  type: 'device',
  id: 'device_id',
  columns: {
    deviceId: 'device_id',
    siteId: 'site_id',
    laneId: 'lane_id',
    code: 'code',
    name: 'name',
    kind: 'kind',
    state: 'state',
    stateCode: 'state_code',
    stateText: 'state_text',
    stateAt: 'state_at',
    ...stampColumns,
  },
  reach: 'site',
  archives: true,
  search: ['code', 'name'],
  sorts: usualSorts('device_id'),
  filters: { siteId: is('site_id'), laneId: is('lane_id'), state: is('state') },
})

export const occupancy = recordTable<Occupancy>()('occupancy', {
  type: 'occupancy',
  columns: {
    siteId: 'site_id',
    counter: 'counter',
    category: 'category',
    areaCode: 'area_code',
    free: 'free',
    occupied: 'occupied',
    capacity: 'capacity',
    at: 'at',
  },
  reach: 'site',
  sorts: {
    counter: [
      { expression: 't.site_id', type: 'uuid' },
      { expression: 't.counter', type: 'text' },
      { expression: 't.category', type: 'text' },
    ],
  },
  filters: { siteId: is('site_id') },
})

export interface Organization {
  organizationId: string
  name: string
  version: number
  createdAt: Date
}

export const organizations = recordTable<Organization>()('organization', {
  type: 'organization',
  id: 'organization_id',
  columns: { organizationId: 'organization_id', name: 'name', version: 'version', createdAt: 'created_at' },
  reach: 'organization',
  sorts: { name: [{ expression: 't.organization_id', type: 'uuid' }] },
})

/** What stands at a bay now. */
export interface BayNow {
  car: { occupied: boolean; since: Date } | null
  evses: BayEvse[]
}

export interface BayEvse {
  evseId: string
  stationId: string
  stationCode: string
  number: number
  code: string
  status: ConnectorStatus
  /** The station's socket is open. */
  connected: boolean
}

export async function baysNow(db: Db, organizationId: string, bayIds: readonly string[]): Promise<Map<string, BayNow>> {
  const now = new Map<string, BayNow>(bayIds.map((id) => [id, { car: null, evses: [] }]))
  if (bayIds.length === 0) return now
  const [states, evses] = await Promise.all([
    db
      .selectFrom('bay_state')
      .select(['bay_id', 'occupied', 'since'])
      .where('organization_id', '=', organizationId)
      .where('bay_id', 'in', bayIds)
      .execute(),
    sql<BayEvse & { bayId: string }>`
      select e.bay_id as "bayId", e.evse_id as "evseId", e.station_id as "stationId", s.code as "stationCode",
        e.number, e.code, ${evseStatus} as status,
        exists (select from station_link l where l.organization_id = e.organization_id and l.station_id = e.station_id
          and l.disconnected_at is null) as connected
      from evse e
      join station s on s.organization_id = e.organization_id and s.station_id = e.station_id
      where e.organization_id = ${organizationId} and e.bay_id = any(${bayIds}::uuid[])
        and e.archived_at is null and s.archived_at is null
      order by s.code, e.number`.execute(db),
  ])
  for (const row of states) {
    const bay = now.get(row.bay_id)
    if (bay) bay.car = { occupied: row.occupied, since: row.since }
  }
  for (const { bayId, ...evse } of evses.rows) now.get(bayId)?.evses.push(evse)
  return now
}

/** One word for an EVSE (alias e) with several connectors: one that a car is at says more than a free one. */
const evseStatus = sql<ConnectorStatus>`coalesce((
  select c.status from connector c
  where c.organization_id = e.organization_id and c.station_id = e.station_id and c.evse_number = e.number
  order by case when c.status in ('available', 'unavailable', 'unknown') then 1 else 0 end, c.number limit 1), 'unknown')`

/** Whether the database's own list has this zone: reports cut days in SQL. */
export async function databaseKnowsZone(db: Db, timeZone: string): Promise<boolean> {
  const { rows } = await sql`select from pg_timezone_names where name = ${timeZone}`.execute(db)
  return rows.length > 0
}
