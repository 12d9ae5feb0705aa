// Owns how questions about links are listed, one for each session that waits, and how links are counted for their quality.
// Must not weigh evidence; core/services/linking does.
import { sql } from 'kysely'
import { after, type KeyColumn, keyOf, type Order, orderBy, type Page, type Place, page } from './keyset.ts'
import { all, type Db, type Sight, visible } from './record-table.ts'

export interface OpenQuestion {
  sessionId: string
  siteId: string
  openSince: Date
  energyWh: number
}

export interface QuestionQuery {
  limit?: number | undefined
  after?: Place | undefined
  sort?: '-energy' | 'openSince' | undefined
  siteId?: string | undefined
  method?: string | undefined
  minEnergyWh?: number | undefined
  openBefore?: string | undefined
}

const sorts: Record<'energy' | 'openSince', readonly KeyColumn[]> = {
  // What a kilowatt-hour costs is settled when the bill is made, so the energy stands for the money that waits.
  energy: [
    { expression: 't."energyWh"', type: 'int8' },
    { expression: 't."sessionId"', type: 'uuid' },
  ],
  openSince: [
    { expression: 't."openSince"', type: 'timestamptz' },
    { expression: 't."sessionId"', type: 'uuid' },
  ],
}

export async function listQuestions(db: Db, sight: Sight, query: QuestionQuery): Promise<Page<OpenQuestion>> {
  const { limit = 50, sort = '-energy' } = query
  const order: Order = {
    name: sort,
    columns: sorts[sort === 'openSince' ? 'openSince' : 'energy'],
    descending: sort.startsWith('-'),
  }
  const inside = [
    ...visible({ reach: 'site' }, sight, 'l'),
    sql<boolean>`l.state = 'review'`,
    ...(query.siteId === undefined ? [] : [sql<boolean>`l.site_id = ${query.siteId}`]),
  ]
  const outside = [
    sql<boolean>`true`,
    after(order, query.after),
    ...(query.method === undefined ? [] : [sql<boolean>`${query.method} = any(t.methods)`]),
    ...(query.minEnergyWh === undefined ? [] : [sql<boolean>`t."energyWh" >= ${query.minEnergyWh}`]),
    ...(query.openBefore === undefined ? [] : [sql<boolean>`t."openSince" < ${query.openBefore}`]),
  ]
  const { rows } = await sql<OpenQuestion & { methods: string[]; key: string[] }>`
    select t.*, ${keyOf(order)} as key from (
      select l.session_id as "sessionId", l.site_id as "siteId", min(l.decided_at) as "openSince",
        array_agg(l.method) as methods, c.energy_wh::float8 as "energyWh"
      from link l
      join charging_session c on c.organization_id = l.organization_id and c.session_id = l.session_id
      where ${all(inside)}
      group by l.session_id, l.site_id, c.energy_wh
    ) t
    where ${all(outside)} order by ${orderBy(order)} limit ${limit + 1}`.execute(db)
  return page(rows, limit, order, ({ key: _, methods: __, ...question }) => question)
}

export interface QualityRow {
  siteId: string
  method: string
  /** First day of the period by the site's clock; null for the whole. */
  period: string | null
  automatic: number
  wrong: number
  accepted: number
  joined: number
  rejected: number
  /** Links by which people taught the hub another form of a card. */
  learned: number
}

/**
 * What became of links by when they were made. A link that the hub made is wrong when a person took it apart and left it so. What a
 * person linked and the hub never had is what the hub missed: `accepted` it had at least asked about, `joined` not even that.
 */
export async function linkQuality(
  db: Db,
  sight: Sight,
  query: { siteId?: string | undefined; from: string; to: string; by: 'day' | 'week' | 'month' | null },
): Promise<QualityRow[]> {
  const conditions = [
    ...visible({ reach: 'site' }, sight, 'h'),
    sql<boolean>`h.at >= ${query.from} and h.at < ${query.to}`,
    ...(query.siteId === undefined ? [] : [sql<boolean>`h.site_id = ${query.siteId}`]),
  ]
  const period =
    query.by === null
      ? sql`null::text`
      : sql`to_char(date_trunc(${query.by}, h.at at time zone s.time_zone), 'YYYY-MM-DD')`
  const { rows } = await sql<QualityRow>`
    with made as (
      select distinct on (h.link_id) h.link_id, h.site_id, ${period} as period, l.method,
        case when h.to_state = 'linked' and h.actor = 'hub' then 'automatic'
          when h.to_state = 'linked' and h.from_state = 'review' then 'accepted'
          when h.to_state = 'linked' then 'joined' else 'rejected' end as what,
        l.state in ('unlinked', 'rejected') and l.decided_by <> 'hub' as apart,
        l.state = 'linked' as stands,
        exists (select from audit_log a where a.organization_id = h.organization_id and a.subject_type = 'link'
          and a.subject_id = h.link_id::text and a.action = 'link.form_learned') as taught
      from link_history h
      join link l on l.organization_id = h.organization_id and l.link_id = h.link_id
      join site s on s.organization_id = h.organization_id and s.site_id = h.site_id
      where ${all(conditions)} and (h.to_state = 'linked' or (h.to_state = 'rejected' and h.actor <> 'hub'))
      -- What the hub linked first is the hub's, whatever people did with it since; else the last word counts.
      order by h.link_id, (h.to_state = 'linked' and h.actor = 'hub') desc, h.at desc, h.history_id desc
    )
    select site_id as "siteId", method, period,
      count(*) filter (where what = 'automatic')::int as automatic,
      count(*) filter (where what = 'automatic' and apart)::int as wrong,
      count(*) filter (where what = 'accepted' and stands)::int as accepted,
      count(*) filter (where what = 'joined' and stands)::int as joined,
      count(*) filter (where what = 'rejected' and apart)::int as rejected,
      count(*) filter (where taught and stands)::int as learned
    from made group by 1, 2, 3 order by 1, 3, 2`.execute(db)
  return rows
}

export interface LinkCounts {
  waiting: number
  /** Of the last day, by method. */
  made: { method: string; by: 'hub' | 'person'; count: number }[]
  undone: { method: string; count: number }[]
}

export async function linkCounts(db: Db, since: Date): Promise<LinkCounts> {
  const { rows: waiting } = await sql<{ count: number }>`
    select count(distinct session_id)::int as count from link where state = 'review'`.execute(db)
  const { rows } = await sql<{ method: string; by: 'hub' | 'person'; made: number; undone: number }>`
    select l.method, case when h.actor = 'hub' then 'hub' else 'person' end as by,
      count(distinct h.link_id) filter (where h.to_state = 'linked')::int as made,
      count(distinct h.link_id) filter (where h.from_state = 'linked' and h.to_state in ('unlinked', 'rejected'))::int as undone
    from link_history h join link l on l.organization_id = h.organization_id and l.link_id = h.link_id
    join site s on s.organization_id = h.organization_id and s.site_id = h.site_id
    where h.at >= ${since} group by 1, 2 order by 1, 2`.execute(db)
  return {
    waiting: waiting[0]?.count ?? 0,
    made: rows.map(({ method, by, made }) => ({ method, by, count: made })),
    undone: rows.filter(({ by }) => by === 'person').map(({ method, undone }) => ({ method, count: undone })),
  }
}
