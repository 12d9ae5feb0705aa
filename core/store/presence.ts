// Owns who is inside by the stays: counts now, then and per hour, stays that nobody saw leave, and counts made by people.
// Must not decide what to do about a difference.
import { sql } from 'kysely'
import type { ParkerKind } from '../domain/parking-fact.ts'
import { before, type Db, from, is, recordTable, type Sight } from './record-table.ts'

interface OfSite {
  organizationId: string
  siteId: string
}

export interface InsideGroup {
  category: ParkerKind
  area: string | null
  count: number
}

/** Open stays by kind of parker and by the area of the bay they were last seen in. */
export async function insideNow(db: Db, { organizationId, siteId }: OfSite): Promise<InsideGroup[]> {
  const { rows } = await sql<InsideGroup>`
    select s.parker_kind as category, a.code as area, count(*)::int as count from stay s
    left join lateral (
      select e.place->>'bay' as bay from jsonb_array_elements(s.bays) with ordinality as e(place, n)
      where e.place->>'bay' is not null order by e.n desc limit 1
    ) last on true
    left join bay b on b.organization_id = s.organization_id and b.site_id = s.site_id and b.code = last.bay
    left join area a on a.organization_id = b.organization_id and a.area_id = b.area_id
    where s.organization_id = ${organizationId} and s.site_id = ${siteId} and s.state = 'open'
    group by 1, 2 order by 1, 2`.execute(db)
  return rows
}

/** Stays (alias s) during which the car was inside at `at`: two index ranges, whatever the age of the site. */
const insideAtSql = (at: Date) => sql`s.entered_at <= ${at} and (s.state = 'open'
  or (s.state = 'closed' and coalesce(s.exited_at, s.exit_before) > ${at}))`

export async function insideAt(db: Db, { organizationId, siteId }: OfSite, at: Date): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from stay s
    where s.organization_id = ${organizationId} and s.site_id = ${siteId} and ${insideAtSql(at)}`.execute(db)
  return rows[0]?.count ?? 0
}

export interface Flow {
  at: Date
  entries: number
  exits: number
}

/** Per hour that anything happened in. What was only taken to have left is no exit. */
export async function flows(db: Db, { organizationId, siteId }: OfSite, from: Date, to: Date): Promise<Flow[]> {
  const { rows } = await sql<Flow>`
    select at, sum(entries)::int as entries, sum(exits)::int as exits from (
      select date_trunc('hour', s.entered_at, 'UTC') as at, count(*) as entries, 0 as exits from stay s
      where s.organization_id = ${organizationId} and s.site_id = ${siteId} and s.state in ('open', 'closed')
        and s.entered_at >= ${from} and s.entered_at <= ${to} group by 1
      union all
      select date_trunc('hour', coalesce(s.exited_at, s.exit_before), 'UTC'), 0, count(*) from stay s
      where s.organization_id = ${organizationId} and s.site_id = ${siteId} and s.state = 'closed' and s.entered_at is not null
        and coalesce(s.exited_at, s.exit_before) >= ${from} and coalesce(s.exited_at, s.exit_before) <= ${to} group by 1
    ) f group by at order by at`.execute(db)
  return rows
}

/** Cars seen coming in less those seen leaving, after an instant. */
export async function netFlowSince(db: Db, { organizationId, siteId }: OfSite, since: Date): Promise<number> {
  const { rows } = await sql<{ net: number }>`
    select ((select count(*) from stay s where s.organization_id = ${organizationId} and s.site_id = ${siteId}
        and s.state in ('open', 'closed') and s.entered_at > ${since})
      - (select count(*) from stay s where s.organization_id = ${organizationId} and s.site_id = ${siteId}
        and s.state in ('closed', 'exit_only') and coalesce(s.exited_at, s.exit_before) > ${since}
        and not 'exit_unknown' = any(s.flags)))::int as net`.execute(db)
  return rows[0]?.net ?? 0
}

export interface SuspectStay {
  stayId: string
  plate: string | null
  enteredAt: Date | null
  exitedAt: Date | null
  flags: string[]
}

const suspect = sql`s.stay_id as "stayId", s.plate, s.entered_at as "enteredAt", s.exited_at as "exitedAt", s.flags`

/** Open stays that began before an instant, the longest first. */
export async function oldestOpen(db: Db, of: OfSite, before: Date, limit: number): Promise<SuspectStay[]> {
  const { rows } = await sql<SuspectStay>`
    select ${suspect} from stay s
    where s.organization_id = ${of.organizationId} and s.site_id = ${of.siteId} and s.state = 'open'
      and s.entered_at < ${before}
    order by s.entered_at, s.stay_id limit ${limit}`.execute(db)
  return rows
}

/** Stays of which one half was never reported, latest first. */
export async function halfSeen(
  db: Db,
  of: OfSite,
  missing: 'exit' | 'entry',
  since: Date,
  limit: number,
): Promise<SuspectStay[]> {
  const { rows } = await sql<SuspectStay>`
    select ${suspect} from stay s
    where s.organization_id = ${of.organizationId} and s.site_id = ${of.siteId}
      and coalesce(s.exited_at, s.exit_before) >= ${since}
      and ${missing === 'exit' ? sql`s.state = 'closed' and s.exited_at is null` : sql`s.state = 'exit_only'`}
    order by coalesce(s.exited_at, s.exit_before) desc, s.stay_id limit ${limit}`.execute(db)
  return rows
}

/** Which of these stays are open, with their connection; or those that one count took to have left. */
export async function staysToMove(
  db: Db,
  of: OfSite,
  which: { open: readonly string[] } | { by: string } | { enteredBefore: Date },
  limit: number,
): Promise<{ stayId: string; connectionId: string }[]> {
  const condition =
    'open' in which
      ? sql`s.state = 'open' and s.stay_id = any(${which.open}::uuid[])`
      : 'by' in which
        ? sql`s.presumed_left_by = ${which.by}`
        : sql`s.state = 'open' and s.entered_at < ${which.enteredBefore} and s.presumed_left_at is null`
  const { rows } = await sql<{ stayId: string; connectionId: string }>`
    select s.stay_id as "stayId", s.connection_id as "connectionId" from stay s
    where s.organization_id = ${of.organizationId} and s.site_id = ${of.siteId} and ${condition}
    order by s.stay_id limit ${limit}`.execute(db)
  return rows
}

/** Null takes the presumption back. */
export async function setPresumedLeft(
  trx: Db,
  organizationId: string,
  stayIds: readonly string[],
  left: { at: Date; by: string } | null,
): Promise<void> {
  await trx
    .updateTable('stay')
    .set({ presumed_left_at: left?.at ?? null, presumed_left_by: left?.by ?? null })
    .where('organization_id', '=', organizationId)
    .where('stay_id', '=', sql<string>`any(${stayIds}::uuid[])`)
    .execute()
}

export interface OccupancyCount {
  countId: string
  siteId: string
  area: string | null
  category: string | null
  counted: number
  at: Date
  derived: number | null
  reported: number | null
  note: string | null
  countedBy: string
  undoneAt: Date | null
  undoneBy: string | null
  version: number
  createdAt: Date
  updatedAt: Date
}

export const occupancyCounts = recordTable<OccupancyCount>()('occupancy_count', {
  type: 'occupancy_count',
  id: 'count_id',
  columns: {
    countId: 'count_id',
    siteId: 'site_id',
    area: 'area_code',
    category: 'category',
    counted: 'counted',
    at: 'at',
    derived: 'derived',
    reported: 'reported',
    note: 'note',
    countedBy: 'counted_by',
    undoneAt: 'undone_at',
    undoneBy: 'undone_by',
    version: 'version',
    createdAt: 'created_at',
    updatedAt: 'updated_at',
  },
  reach: 'site',
  sorts: {
    at: [
      { expression: 't.at', type: 'timestamptz' },
      { expression: 't.count_id', type: 'uuid' },
    ],
  },
  defaultSort: '-at',
  filters: { siteId: is('site_id'), from: from('t.at'), to: before('t.at') },
})

/** The last count of the whole site that stands. */
export async function lastCount(
  db: Db,
  { organizationId, siteId }: OfSite,
): Promise<{ at: Date; counted: number } | undefined> {
  return db
    .selectFrom('occupancy_count')
    .select(['at', 'counted'])
    .where('organization_id', '=', organizationId)
    .where('site_id', '=', siteId)
    .where('undone_at', 'is', null)
    .where('area_code', 'is', null)
    .where('category', 'is', null)
    .orderBy('at', 'desc')
    .orderBy('count_id', 'desc')
    .limit(1)
    .executeTakeFirst()
}

/** What a counter said last at each of these instants. */
export async function reportedAt(
  db: Db,
  { organizationId, siteId }: OfSite,
  place: string,
  instants: readonly Date[],
): Promise<(number | null)[]> {
  const { rows } = await sql<{ occupied: number | null }>`
    select f.occupied from unnest(${instants.map((at) => at.toISOString())}::timestamptz[]) with ordinality as i(at, n)
    left join lateral (
      select coalesce((data->>'occupied')::int, (data->>'capacity')::int - (data->>'free')::int) as occupied
      from parking_fact where organization_id = ${organizationId} and site_id = ${siteId} and type = 'occupancy.changed'
        and place_code = ${place} and occurred_at <= i.at and not superseded
      order by occurred_at desc, vendor_event_id desc limit 1
    ) f on true order by i.n`.execute(db)
  return rows.map(({ occupied }) => occupied)
}

export async function evBayCounts(db: Db, of: OfSite): Promise<{ state: string; count: number }[]> {
  const { rows } = await sql<{ state: string; count: number }>`
    select coalesce(e.state, 'free') as state, count(*)::int as count from bay b
    left join ev_bay_state e on e.organization_id = b.organization_id and e.bay_id = b.bay_id
    where b.organization_id = ${of.organizationId} and b.site_id = ${of.siteId} and b.archived_at is null
      and exists (select from evse v where v.organization_id = b.organization_id and v.bay_id = b.bay_id and v.archived_at is null)
    group by 1 order by 1`.execute(db)
  return rows
}

export async function countersOf(db: Db, of: OfSite) {
  return db
    .selectFrom('occupancy')
    .select(['counter', 'category', 'area_code', 'free', 'occupied', 'capacity', 'at', 'drift_told'])
    .where('organization_id', '=', of.organizationId)
    .where('site_id', '=', of.siteId)
    .orderBy('counter')
    .orderBy('category')
    .execute()
}

export async function setDriftTold(
  trx: Db,
  of: OfSite,
  counter: string,
  category: string,
  drift: number,
): Promise<void> {
  await trx
    .updateTable('occupancy')
    .set({ drift_told: drift })
    .where('organization_id', '=', of.organizationId)
    .where('site_id', '=', of.siteId)
    .where('counter', '=', counter)
    .where('category', '=', category)
    .execute()
}

export async function siteOf(
  db: Db,
  sight: Sight,
  siteId: string,
): Promise<{ siteId: string; settings: Record<string, unknown> } | undefined> {
  if (sight.siteIds !== null && !sight.siteIds.includes(siteId)) return undefined
  const row = await db
    .selectFrom('site')
    .select(['site_id', 'settings'])
    .where('organization_id', '=', sight.organizationId)
    .where('site_id', '=', siteId)
    .executeTakeFirst()
  return row && { siteId: row.site_id, settings: row.settings as Record<string, unknown> }
}
