// Owns when the schedules of plugins last ran, so that of many nodes one runs them.
// Must not know cron expressions nor run anything.
import { type Kysely, sql } from 'kysely'
import { addJobs } from './event-log.ts'
import type { HubTables } from './schema.ts'

export interface ScheduleName {
  organizationId: string
  connectionId: string
  name: string
}

/** The instant up to which the schedule has run; a schedule seen for the first time begins at `now`. */
export async function scheduleSince(db: Kysely<HubTables>, schedule: ScheduleName, now: Date): Promise<Date> {
  const { organizationId: organization_id, connectionId: connection_id, name } = schedule
  await db
    .insertInto('schedule')
    .values({ organization_id, connection_id, name, last_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const row = await db
    .selectFrom('schedule')
    .select('last_at')
    .where('organization_id', '=', organization_id)
    .where('connection_id', '=', connection_id)
    .where('name', '=', name)
    .executeTakeFirstOrThrow()
  return row.last_at
}

/**
 * Takes the run that is due at `instant` for this node and adds its job, in one transaction; false when another node has taken
 * it. `upTo` is the instant, or a later one up to which this run makes up for all that were missed.
 */
export async function claimRun(
  trx: Kysely<HubTables>,
  schedule: ScheduleName,
  instant: Date,
  upTo: Date,
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('schedule')
    .set({ last_at: upTo })
    .where('organization_id', '=', schedule.organizationId)
    .where('connection_id', '=', schedule.connectionId)
    .where('name', '=', schedule.name)
    .where('last_at', '<', instant)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) return false
  const line = `s:${schedule.connectionId}:${schedule.name.replaceAll(':', '_')}`
  await addJobs(trx, [
    {
      task: 'schedule.run',
      payload: { ...schedule, instant: instant.toISOString() },
      queue: line,
      key: `${line}:${instant.toISOString()}`,
      attempts: 5,
    },
  ])
  return true
}

/** Forgets the schedules of a connection that it no longer has. */
export async function keepSchedules(
  db: Kysely<HubTables>,
  connection: { organizationId: string; connectionId: string },
  names: readonly string[],
): Promise<void> {
  await db
    .deleteFrom('schedule')
    .where('organization_id', '=', connection.organizationId)
    .where('connection_id', '=', connection.connectionId)
    .where('name', '<>', sql<string>`all(${names}::text[])`)
    .execute()
}
