// Owns reading the event table: one event by name, and the stream of an organization in an order that loses none.
// Must not write events (core/store/event-log.ts) nor know who listens.
import { type Kysely, sql } from 'kysely'
import type { EventName, HubEvent } from '../domain/event.ts'
import type { HubTables } from './schema.ts'

export interface EventRow {
  organization_id: string
  site_id: string | null
  event_id: string
  type: string
  subject_type: string
  subject_id: string
  subject_version: number | null
  occurred_at: Date
  recorded_at: Date
  data: unknown
}

export function toHubEvent(row: EventRow): HubEvent {
  return {
    id: row.event_id,
    type: row.type as EventName,
    organizationId: row.organization_id,
    siteId: row.site_id,
    subject: { type: row.subject_type, id: row.subject_id, version: row.subject_version },
    occurredAt: row.occurred_at,
    recordedAt: row.recorded_at,
    data: row.data,
  } as HubEvent
}

/** A place in the stream: just after the event `id` of transaction `tx`. */
export interface StreamPosition {
  tx: string
  id: string
}

/** Sorts before every event of its transaction. */
const beforeAll = '00000000-0000-0000-0000-000000000000'

export interface StreamQuery {
  organizationId: string
  after: StreamPosition
  /** Only events of these sites; events of no site are then left out. */
  siteIds?: readonly string[]
  types?: readonly string[]
  /** Only events about this record. */
  subjectId?: string
  limit: number
}

export interface StreamPage {
  events: { event: HubEvent; position: StreamPosition }[]
  /** Where to go on. It moves forward even when nothing matched, so that a rare type is not searched for again and again. */
  next: StreamPosition
  /** False when everything readable has been read. */
  more: boolean
}

/**
 * `horizon(tx)`: what is older was written by transactions that have ended. Numbers are given out for the whole server; a transaction
 * that another database has open writes no event here, and one of which that cannot be told counts as ours.
 */
const horizon = sql`now as materialized (select pg_current_snapshot() as s),
  running as materialized (select x from now, pg_snapshot_xip(s) as x),
  elsewhere as materialized (
    select l.transactionid as xid from pg_locks l join pg_stat_activity a on a.pid = l.pid
    where (select exists (select from running)) and l.locktype = 'transactionid' and l.mode = 'ExclusiveLock' and l.granted
      and a.datid <> (select oid from pg_database where datname = current_database())),
  horizon as materialized (
    select coalesce((select x from running where not exists (select from elsewhere o where o.xid = x::xid) order by x limit 1),
      pg_snapshot_xmax(s)) as tx from now)`

/**
 * Events after a position, in the order (transaction, id). Only transactions older than every running one are read: ids and
 * transaction numbers are given before the commit, so whatever commits later sorts after what has been read. A transaction
 * of the hub that writes and stays open holds the stream back (its sessions end after 30 s of that); it never makes a gap.
 */
export async function readStream(db: Kysely<HubTables>, query: StreamQuery): Promise<StreamPage> {
  const { organizationId, after, siteIds, types, subjectId, limit } = query
  const sites = siteIds ? sql`and e.site_id = any(${siteIds}::uuid[])` : sql``
  const ofTypes = types ? sql`and e.type = any(${types}::text[])` : sql``
  const about = subjectId ? sql`and e.subject_id = ${subjectId}` : sql``
  const { rows } = await sql<{ horizon: string; tx: string | null } & EventRow>`
    with ${horizon}
    select h.tx::text as horizon, e.tx::text as tx, e.organization_id, e.site_id, e.event_id, e.type, e.subject_type,
      e.subject_id, e.subject_version, e.occurred_at, e.recorded_at, e.data
    from horizon h left join lateral (
      select * from event e
      where e.organization_id = ${organizationId} and e.tx < h.tx
        and (e.tx, e.event_id) > (${after.tx}::xid8, ${after.id}::uuid) ${sites} ${ofTypes} ${about}
      order by e.tx, e.event_id limit ${limit}
    ) e on true
    order by e.tx, e.event_id`.execute(db)
  const events = rows.flatMap(({ tx, ...row }) =>
    tx === null ? [] : [{ event: toHubEvent(row), position: { tx, id: row.event_id } }],
  )
  const last = events.at(-1)?.position
  const more = events.length === limit
  const reached = rows[0]?.horizon ?? after.tx
  return { events, next: more && last ? last : later(after, { tx: reached, id: beforeAll }), more }
}

/** The end of the stream now: what is committed from here on comes after it. */
export async function streamEnd(db: Kysely<HubTables>): Promise<StreamPosition> {
  const { rows } = await sql<{ tx: string }>`with ${horizon} select tx::text as tx from horizon`.execute(db)
  return { tx: rows[0]?.tx ?? '0', id: beforeAll }
}

/** The beginning of everything that is stored. */
export const streamStart: StreamPosition = { tx: '0', id: beforeAll }

/** A restored backup may have lower transaction numbers than a cursor from before; the cursor does not go back by itself. */
function later(a: StreamPosition, b: StreamPosition): StreamPosition {
  const [x, y] = [BigInt(a.tx), BigInt(b.tx)]
  return x > y || (x === y && a.id > b.id) ? a : b
}
