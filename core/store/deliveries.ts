// Owns what connections still have to be told: the waiting deliveries of a subject in order, their retries, those given up.
// Must not call a plugin; rows are made by core/store/event-log.ts together with the event.
import { type Kysely, sql } from 'kysely'
import type { HubEvent } from '../domain/event.ts'
import { type EventRow, toHubEvent } from './event-stream.ts'
import type { HubTables } from './schema.ts'

export interface DeliveryLine {
  organizationId: string
  connectionId: string
  subjectId: string
}

export interface WaitingDelivery {
  eventId: string
  eventType: string
  attempts: number
  /** 0 when it may be tried now. */
  waitMs: number
  /** Undefined when the event is no longer stored. */
  event: HubEvent | undefined
}

/** The oldest waiting deliveries of one connection about one subject, in the order in which the subject changed. */
export async function waitingDeliveries(
  db: Kysely<HubTables>,
  line: DeliveryLine,
  limit: number,
): Promise<WaitingDelivery[]> {
  const { rows } = await sql<
    { delivered_id: string; event_type: string; attempts: number; wait_ms: number } & EventRow
  >`
    select d.event_id as delivered_id, d.event_type, d.attempts,
      greatest(0, ceil(extract(epoch from coalesce(d.next_at, now()) - now()) * 1000))::int as wait_ms, e.*
    from delivery d
    left join event e on e.organization_id = d.organization_id and e.event_id = d.event_id and e.recorded_at = d.recorded_at
    where d.organization_id = ${line.organizationId} and d.connection_id = ${line.connectionId}
      and d.subject_id = ${line.subjectId} and d.state = 'waiting'
    order by d.position limit ${limit}`.execute(db)
  return rows.map((row) => ({
    eventId: row.delivered_id,
    eventType: row.event_type,
    attempts: row.attempts,
    waitMs: row.wait_ms,
    event: row.event_id === null ? undefined : toHubEvent(row),
  }))
}

type One = DeliveryLine & { eventId: string }

const one = (delivery: One) => sql`organization_id = ${delivery.organizationId}
  and connection_id = ${delivery.connectionId} and event_id = ${delivery.eventId}`

export async function finishDelivery(db: Kysely<HubTables>, delivery: One): Promise<void> {
  await sql`delete from delivery where ${one(delivery)}`.execute(db)
}

/** Not now: tried again after `ms`. The attempt counts unless the other side had merely said that it is not ready. */
export async function postponeDelivery(
  db: Kysely<HubTables>,
  delivery: One,
  again: { ms: number; error: string; counts: boolean },
): Promise<void> {
  await sql`update delivery set attempts = attempts + ${again.counts ? 1 : 0}, last_error = ${again.error},
      next_at = now() + ${again.ms} * interval '1 millisecond'
    where ${one(delivery)}`.execute(db)
}

/** Given up: kept and listed, and no longer in the way of what follows. */
export async function failDelivery(db: Kysely<HubTables>, delivery: One, error: string): Promise<void> {
  await sql`update delivery set attempts = attempts + 1, state = 'failed', last_error = ${error}, next_at = null,
      failed_at = now()
    where ${one(delivery)}`.execute(db)
}

/** Adds the jobs for everything that waits for a connection: when it begins to run, and after an operator asked for more tries. */
export async function wakeDeliveries(
  db: Kysely<HubTables>,
  connection: { organizationId: string; connectionId: string },
): Promise<void> {
  await sql`
    select hub_add_jobs(json_agg(json_build_object(
      'task', 'event.deliver',
      'payload', json_build_object('organizationId', w.organization_id, 'connectionId', w.connection_id,
        'subjectId', w.subject_id),
      'queue', 'c:' || w.connection_id || ':' || w.subject_id,
      'key', 'c:' || w.connection_id || ':' || w.subject_id)))
    from (
      select distinct organization_id, connection_id, subject_id from delivery
      where organization_id = ${connection.organizationId} and connection_id = ${connection.connectionId}
        and state = 'waiting'
    ) w
    having count(*) > 0`.execute(db)
}

/** Whether the connection's row says that some node runs it. */
export async function runsSomewhere(
  db: Kysely<HubTables>,
  connection: { organizationId: string; connectionId: string },
): Promise<boolean> {
  const row = await db
    .selectFrom('connection')
    .select('state')
    .where('organization_id', '=', connection.organizationId)
    .where('connection_id', '=', connection.connectionId)
    .where('state', 'in', ['running', 'degraded'])
    .executeTakeFirst()
  return row !== undefined
}

export interface FailedDelivery {
  connectionId: string
  eventId: string
  eventType: string
  subjectId: string
  attempts: number
  error: string
  failedAt: Date
}

/** Deliveries that used up their tries, the latest first. */
export async function listFailedDeliveries(
  db: Kysely<HubTables>,
  filter: { organizationId: string; connectionId?: string; limit: number },
): Promise<FailedDelivery[]> {
  let query = db
    .selectFrom('delivery')
    .select(['connection_id', 'event_id', 'event_type', 'subject_id', 'attempts', 'last_error', 'failed_at'])
    .where('organization_id', '=', filter.organizationId)
    .where('state', '=', 'failed')
  if (filter.connectionId !== undefined) query = query.where('connection_id', '=', filter.connectionId)
  const rows = await query.orderBy('failed_at', 'desc').orderBy('event_id', 'desc').limit(filter.limit).execute()
  return rows.map((row) => ({
    connectionId: row.connection_id,
    eventId: row.event_id,
    eventType: row.event_type,
    subjectId: row.subject_id,
    attempts: row.attempts,
    error: row.last_error ?? '',
    failedAt: row.failed_at ?? new Date(0),
  }))
}

/** Puts failed deliveries of a connection back in their line with fresh tries; in a transaction. Returns how many. */
export async function retryFailedDeliveries(
  trx: Kysely<HubTables>,
  which: { organizationId: string; connectionId: string; eventIds?: readonly string[] },
): Promise<number> {
  let query = trx
    .updateTable('delivery')
    .set({ state: 'waiting', attempts: 0, next_at: null, failed_at: null })
    .where('organization_id', '=', which.organizationId)
    .where('connection_id', '=', which.connectionId)
    .where('state', '=', 'failed')
  if (which.eventIds) query = query.where('event_id', '=', sql<string>`any(${which.eventIds}::uuid[])`)
  const { numUpdatedRows } = await query.executeTakeFirst()
  await wakeDeliveries(trx, which)
  return Number(numUpdatedRows)
}
