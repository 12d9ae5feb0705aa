// Owns the writing of hub events and of the jobs they cause, inside the transaction that changed the state.
// Must not deliver anything: jobs are run by core/events, the stream reads what is committed.

import { type Kysely, sql } from 'kysely'
import type { EventName, HubEvents } from '../domain/event.ts'
import { jsonText } from './json-text.ts'
import type { HubTables } from './schema.ts'
import { withoutWaiting } from './transaction.ts'

/** An event as a service hands it over, before it is a row. */
export type NewEvent = {
  [N in EventName]: {
    id: string
    type: N
    organizationId: string
    siteId: string | null
    subject: { type: string; id: string; version?: number }
    occurredAt: Date
    recordedAt: Date
    data: Omit<HubEvents[N], 'siteId'>
  }
}[EventName]

/** A piece of work to run after the commit. Two with the same key that both wait become one. */
export interface NewJob {
  task: string
  payload: Record<string, unknown>
  /** Jobs of one queue run one after the other. */
  queue?: string
  key?: string
  attempts?: number
  /** How long it waits for more of the same; each that comes meanwhile, by its key, takes its place. */
  delayMs?: number
  /**
   * `last`, the default: the one that takes its place waits anew. `first`: it runs when the first would have run, and with the
   * first one's payload, so all have to have the same.
   */
  delayFrom?: 'first' | 'last'
}

export function eventRow(event: NewEvent): Record<string, unknown> {
  return {
    organization_id: event.organizationId,
    site_id: event.siteId,
    event_id: event.id,
    type: event.type,
    subject_type: event.subject.type,
    subject_id: event.subject.id,
    subject_version: event.subject.version ?? null,
    occurred_at: event.occurredAt,
    recorded_at: event.recordedAt,
    data: { ...event.data, siteId: event.siteId },
  }
}

/**
 * Writes events and, for every connection subscribed to their type, a delivery and the job that wakes it: one statement, one
 * parameter ($1, a JSON array of `eventRow`s), so that it also serves as a group-commit effect. Deliveries of one subscriber
 * and subject are worked off in order, by one job that collapses with its like.
 */
export const appendEventsSql = `
  with added as (
    insert into event (organization_id, site_id, event_id, type, subject_type, subject_id, subject_version,
      occurred_at, recorded_at, data)
    select organization_id, site_id, event_id, type, subject_type, subject_id, subject_version, occurred_at, recorded_at, data
    from json_to_recordset($1::json) as e(organization_id uuid, site_id uuid, event_id uuid, type text, subject_type text,
      subject_id uuid, subject_version int, occurred_at timestamptz, recorded_at timestamptz, data jsonb)
    on conflict do nothing
    returning organization_id, event_id, recorded_at, type, subject_id
  ), waiting as (
    insert into delivery (organization_id, connection_id, event_id, recorded_at, event_type, subject_id)
    select a.organization_id, s.connection_id, a.event_id, a.recorded_at, a.type, a.subject_id
    from added a
    join subscription s on s.organization_id = a.organization_id and s.event_type = a.type
    order by a.event_id
    on conflict do nothing
    returning organization_id, connection_id, subject_id
  ), work as (
    select json_agg(json_build_object(
      'task', 'event.deliver',
      'payload', json_build_object('organizationId', w.organization_id, 'connectionId', w.connection_id,
        'subjectId', w.subject_id),
      'queue', 'c:' || w.connection_id || ':' || w.subject_id,
      'key', 'c:' || w.connection_id || ':' || w.subject_id)) as specs
    from (select distinct organization_id, connection_id, subject_id from waiting) w
  )
  select hub_add_jobs(specs) from work where specs is not null`

/** One statement, one parameter ($1, a JSON array of NewJob). */
export const addJobsSql = `select hub_add_jobs($1::json)`

export async function appendEvents(db: Kysely<HubTables>, events: readonly NewEvent[]): Promise<void> {
  if (events.length === 0) return
  const [head = '', tail = ''] = appendEventsSql.split('$1')
  const statement = sql`${sql.raw(head)}${jsonText(events.map(eventRow))}${sql.raw(tail)}`
  await withoutWaiting(db, { execute: () => statement.execute(db) })
}

export async function addJobs(db: Kysely<HubTables>, jobs: readonly NewJob[]): Promise<void> {
  if (jobs.length === 0) return
  await withoutWaiting(db, { execute: () => sql`select hub_add_jobs(${jsonText(jobs)}::json)`.execute(db) })
}
