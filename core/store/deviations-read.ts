// Owns how departures from the standard are read: by model over the whole organization, and one station's uses of its flags.
// Must not count; the charger path does.
import { sql } from 'kysely'
import { after, keyOf, type Order, orderBy, type Page, type Place, page } from './keyset.ts'
import { all, type Db, type Sight } from './record-table.ts'

export interface ModelCode {
  code: string
  count: number
  stations: number
  firstAt: Date
  lastAt: Date
  sample: string | null
}

export interface ModelDeviations {
  vendor: string
  model: string
  firmwares: string[]
  count: number
  stations: number
  firstAt: Date
  lastAt: Date
  codes: ModelCode[]
}

const byModel: Order = {
  name: 'model',
  columns: [
    { expression: 't.vendor', type: 'text' },
    { expression: 't.model', type: 'text' },
  ],
  descending: false,
}

/** Counted over all sites, so a key limited to some of them sees nothing. */
export async function deviationsByModel(
  db: Db,
  sight: Sight,
  { vendor, limit, place }: { vendor?: string | undefined; limit: number; place: Place | undefined },
): Promise<Page<ModelDeviations>> {
  if (sight.siteIds !== null) return { items: [], next: null }
  const within = all([
    sql<boolean>`t.organization_id = ${sight.organizationId}`,
    vendor === undefined ? undefined : sql<boolean>`t.vendor = ${vendor}`,
    after(byModel, place),
  ])
  const { rows } = await sql<ModelDeviations & { key: string[] }>`
    with models as (
      select t.vendor, t.model from protocol_deviation t where ${within} group by 1, 2
      order by ${orderBy(byModel)} limit ${limit + 1}
    ), codes as (
      select d.vendor, d.model, d.code, sum(d.count)::bigint as count, min(d.first_at) as first_at,
        max(d.last_at) as last_at, (array_agg(d.sample order by d.last_at desc) filter (where d.sample is not null))[1] as sample
      from protocol_deviation d join models m on m.vendor = d.vendor and m.model = d.model
      where d.organization_id = ${sight.organizationId} group by 1, 2, 3
    ), stations as (
      select d.vendor, d.model, d.code, count(distinct d.station_id)::int as stations
      from station_deviation d join models m on m.vendor = d.vendor and m.model = d.model
      where d.organization_id = ${sight.organizationId} group by grouping sets ((1, 2, 3), (1, 2))
    )
    select t.vendor, t.model, ${keyOf(byModel)} as key,
      (select array_agg(distinct d.firmware order by d.firmware) from protocol_deviation d
        where d.organization_id = ${sight.organizationId} and d.vendor = t.vendor and d.model = t.model) as firmwares,
      coalesce((select s.stations from stations s
        where s.vendor = t.vendor and s.model = t.model and s.code is null), 0) as stations,
      sum(c.count)::bigint as count, min(c.first_at) as "firstAt", max(c.last_at) as "lastAt",
      json_agg(json_build_object('code', c.code, 'count', c.count, 'stations', coalesce(s.stations, 0),
        'firstAt', c.first_at, 'lastAt', c.last_at, 'sample', c.sample) order by c.count desc, c.code) as codes
    from models t
    join codes c on c.vendor = t.vendor and c.model = t.model
    left join stations s on s.vendor = c.vendor and s.model = c.model and s.code = c.code
    group by t.vendor, t.model order by ${orderBy(byModel)}`.execute(db)
  return page(rows, limit, byModel, ({ key: _, codes, ...row }) => ({
    ...row,
    codes: codes.map((each) => ({ ...each, firstAt: new Date(each.firstAt), lastAt: new Date(each.lastAt) })),
  }))
}

export interface Uses {
  count: number
  lastAt: Date
}

/** How often each code was counted for one station, whatever model it was at the time. */
export async function countsOfStation(db: Db, organizationId: string, stationId: string): Promise<Map<string, Uses>> {
  const rows = await db
    .selectFrom('station_deviation')
    .select(['code', (eb) => eb.fn.sum('count').as('count'), (eb) => eb.fn.max('last_at').as('lastAt')])
    .where('organization_id', '=', organizationId)
    .where('station_id', '=', stationId)
    .groupBy('code')
    .execute()
  return new Map(rows.map(({ code, count, lastAt }) => [code, { count: Number(count), lastAt }]))
}

/** What the station spoke last, connected or not. */
export async function lastProtocol(db: Db, organizationId: string, stationId: string): Promise<string | null> {
  const row = await db
    .selectFrom('station_link')
    .select('protocol')
    .where('organization_id', '=', organizationId)
    .where('station_id', '=', stationId)
    .executeTakeFirst()
  return row?.protocol ?? null
}
