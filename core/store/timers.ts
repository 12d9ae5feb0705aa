// Owns appointments on the hub's own clock (which a demo moves by hand): setting, clearing, and turning due ones into jobs.
// Must not read a clock: the caller says what time it is.

import { type Kysely, sql } from 'kysely'
import { jsonText } from './json-text.ts'
import type { HubTables } from './schema.ts'

export interface NewTimer {
  organizationId: string
  siteId: string | null
  /** The task of the job that it becomes. */
  kind: string
  /**
   * Unique within the kind. When it begins with the kind's first word and a colon (`bill:stay:…` of `bill.evaluate`) it is the
   * job's key too, so that it collapses with jobs added under that key.
   */
  key: string
  dueAt: Date
  /** The payload of the job. */
  data: Record<string, unknown>
}

/** Sets the appointment or moves it; in the transaction of whatever makes it necessary. */
export async function setTimer(db: Kysely<HubTables>, timer: NewTimer): Promise<void> {
  await setTimers(db, [timer])
}

/** Several, none of them twice. */
export async function setTimers(db: Kysely<HubTables>, timers: readonly NewTimer[]): Promise<void> {
  if (timers.length === 0) return
  await db
    .insertInto('timer')
    .values(
      timers.map(({ organizationId, siteId, kind, key, dueAt, data }) => ({
        organization_id: organizationId,
        site_id: siteId,
        kind,
        key,
        due_at: dueAt,
        data: jsonText(data),
      })),
    )
    .onConflict((conflict) =>
      conflict.columns(['organization_id', 'kind', 'key']).doUpdateSet((set) => ({
        site_id: set.ref('excluded.site_id'),
        due_at: set.ref('excluded.due_at'),
        data: set.ref('excluded.data'),
      })),
    )
    .execute()
}

/** True when there was one. */
export async function clearTimer(
  db: Kysely<HubTables>,
  timer: { organizationId: string; kind: string; key: string },
): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('timer')
    .where('organization_id', '=', timer.organizationId)
    .where('kind', '=', timer.kind)
    .where('key', '=', timer.key)
    .executeTakeFirst()
  return numDeletedRows > 0n
}

/**
 * Takes up to `limit` appointments due by `now`, earliest first, and adds their jobs: one statement, so each becomes a job
 * exactly once, however many nodes do this at the same time. Returns how many were taken.
 */
export async function dueTimers(db: Kysely<HubTables>, now: Date, limit: number): Promise<number> {
  const { rows } = await sql<{ taken: number }>`
    with due as (
      select organization_id, kind, key from timer where due_at <= ${now} order by due_at limit ${limit} for update skip locked
    ), taken as (
      delete from timer t using due d
      where t.organization_id = d.organization_id and t.kind = d.kind and t.key = d.key
      returning t.kind, t.key, t.data, t.due_at
    ), named as (
      select kind, data, due_at, key, split_part(kind, '.', 1) || ':' as word from taken
    ), work as (
      select count(*)::int as taken, json_agg(json_build_object(
        'task', kind,
        'payload', data,
        'queue', case when starts_with(key, word) then key else word || key end,
        'key', case when starts_with(key, word) then key else kind || ':' || key end
      ) order by due_at, kind, key) as specs
      from named
    )
    select taken, case when specs is not null then hub_add_jobs(specs) end from work`.execute(db)
  return rows[0]?.taken ?? 0
}

/** When the next appointment is due; undefined when there is none. For a clock that is moved from one to the next. */
export async function nextTimer(db: Kysely<HubTables>): Promise<Date | undefined> {
  const row = await db
    .selectFrom('timer')
    .select((eb) => eb.fn.min('due_at').as('due_at'))
    .executeTakeFirst()
  return row?.due_at ?? undefined
}
