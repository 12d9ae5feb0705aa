// Owns command rows: what was asked of a station, and what became of it.
// Must not send anything.
import { type Insertable, type Kysely, type Selectable, sql } from 'kysely'
import type { Pool } from 'pg'
import type { StationKey } from './charger-state.ts'
import type { CommandTable, HubTables } from './schema.ts'

export type CommandRow = Selectable<CommandTable>
export type CommandState =
  | 'queued'
  | 'sent'
  | 'answered'
  | 'timed_out'
  | 'expired'
  | 'superseded'
  | 'cancelled'
  | 'failed'
export type CommandOutcome =
  | 'pending'
  | 'accepted'
  | 'refused'
  | 'started'
  | 'not_started'
  | 'completed'
  | 'failed'
  | 'incomplete'
  | 'unknown'

export async function insertCommand(db: Kysely<HubTables>, row: Insertable<CommandTable>): Promise<void> {
  await db.insertInto('command').values(row).execute()
}

/** Which of the stations have a command queued or sent: most that connect have none. One query, however many ask. */
export async function withOpenCommands(pool: Pool, keys: readonly StationKey[]): Promise<Set<string>> {
  const { rows } = await pool.query<{ station_id: string }>({
    name: 'commands-open',
    text: `select k.station_id from unnest($1::uuid[], $2::uuid[]) k(organization_id, station_id)
      where exists (select from command c where c.organization_id = k.organization_id and c.station_id = k.station_id
        and c.state in ('queued', 'sent'))`,
    values: [keys.map((k) => k.organizationId), keys.map((k) => k.stationId)],
  })
  return new Set(rows.map((row) => row.station_id))
}

/** The next command to send: the oldest queued one. */
export async function nextQueued(
  db: Kysely<HubTables>,
  organizationId: string,
  stationId: string,
): Promise<CommandRow | undefined> {
  return db
    .selectFrom('command')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('station_id', '=', stationId)
    .where('state', '=', 'queued')
    .orderBy('created_at')
    .orderBy('command_id')
    .limit(1)
    .executeTakeFirst()
}

/**
 * Moves a command on, if it still is where the caller believes it is.
 * @returns the row as it is now, or undefined when somebody else moved it first
 */
export async function moveCommand(
  db: Kysely<HubTables>,
  organizationId: string,
  commandId: string,
  from: readonly CommandState[],
  set: {
    state: CommandState
    outcome?: CommandOutcome | null
    outcome_at?: Date | null
    outcome_deadline?: Date | null
    attempts?: number
    sent_epoch?: number | null
    sent_at?: Date
    answered_at?: Date
    result?: string | null
    reason?: string | null
  },
): Promise<CommandRow | undefined> {
  return db
    .updateTable('command')
    .set(set)
    .where('organization_id', '=', organizationId)
    .where('command_id', '=', commandId)
    .where('state', 'in', from)
    .returningAll()
    .executeTakeFirst()
}

/** Commands that were on the wire when their socket went: nobody can know, so they are never sent again. */
export async function sentBefore(
  db: Kysely<HubTables>,
  organizationId: string,
  stationId: string,
  epoch: number,
): Promise<CommandRow[]> {
  return db
    .selectFrom('command')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('station_id', '=', stationId)
    .where('state', '=', 'sent')
    .where('sent_epoch', '<', epoch)
    .execute()
}

export async function getCommand(
  db: Kysely<HubTables>,
  organizationId: string,
  commandId: string,
): Promise<CommandRow | undefined> {
  return db
    .selectFrom('command')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('command_id', '=', commandId)
    .executeTakeFirst()
}

/** What the newest command of this name about a transaction was given; undefined when there was none. */
export async function latestArgs(
  db: Kysely<HubTables>,
  of: { organizationId: string; stationId: string; name: string; transactionRef: string },
): Promise<Record<string, unknown> | undefined> {
  const row = await db
    .selectFrom('command')
    .select('args')
    .where('organization_id', '=', of.organizationId)
    .where('station_id', '=', of.stationId)
    .where('name', '=', of.name)
    .where(sql<boolean>`args -> 'transaction' ->> 'ref' = ${of.transactionRef}`)
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.args as Record<string, unknown> | undefined
}
