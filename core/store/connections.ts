// Owns the rows of connections: what is configured, what state each is in, its sealed secrets and its subscriptions.
// Must not open a secret nor know a plugin.

import { type Kysely, sql } from 'kysely'
import { jsonText } from './json-text.ts'
import { type Stamped, stampColumns } from './places.ts'
import { is, recordTable } from './record-table.ts'
import type { HubTables } from './schema.ts'

/** A connection as it is managed. */
export interface ConnectionRecord extends Stamped {
  connectionId: string
  pluginId: string
  siteId: string | null
  name: string
  config: unknown
  enabled: boolean
  pinned: boolean
  state: string
  stateReason: string | null
  statePointer: string | null
  stateAt: Date
  nextAttemptAt: Date | null
}

export const connectionRecords = recordTable<ConnectionRecord>()('connection', {
  type: 'connection',
  id: 'connection_id',
  columns: {
    connectionId: 'connection_id',
    pluginId: 'plugin_id',
    siteId: 'site_id',
    name: 'name',
    config: 'config',
    enabled: 'enabled',
    pinned: 'pinned',
    state: 'state',
    stateReason: 'state_reason',
    statePointer: 'state_pointer',
    stateAt: 'state_at',
    nextAttemptAt: 'next_attempt_at',
    ...stampColumns,
  },
  json: ['config'],
  reach: 'site_or_all',
  archives: true,
  search: ['name', 'plugin_id'],
  sorts: {
    name: [
      { expression: 't.name', type: 'text' },
      { expression: 't.connection_id', type: 'uuid' },
    ],
  },
  filters: { siteId: is('site_id'), pluginId: is('plugin_id'), state: is('state') },
})

/** A connection as the host runs it. */
export interface HostedConnection {
  organizationId: string
  connectionId: string
  siteId: string | null
  /** IANA zone of its site; UTC without one. */
  zone: string
  pluginId: string
  name: string
  config: unknown
  configVersion: number
  enabled: boolean
  state: string
  stateReason: string | null
  /** Changes whenever the connection must begin anew: configuration, place or a secret. */
  fingerprint: string
}

/** Every connection of every organization that is not archived, or the one asked for. */
export async function hostedConnections(db: Kysely<HubTables>, connectionId?: string): Promise<HostedConnection[]> {
  const which = connectionId === undefined ? sql`` : sql`and c.connection_id = ${connectionId}`
  const { rows } = await sql<HostedConnection>`
    select c.organization_id as "organizationId", c.connection_id as "connectionId", c.site_id as "siteId",
      coalesce(s.time_zone, 'UTC') as zone, c.plugin_id as "pluginId", c.name, c.config, c.config_version as "configVersion",
      c.enabled, c.state, c.state_reason as "stateReason",
      md5(concat_ws('|', c.config::text, c.config_version, c.site_id, s.time_zone,
        (select string_agg(x.name || md5(x.sealed), ',' order by x.name) from connection_secret x
         where x.organization_id = c.organization_id and x.connection_id = c.connection_id))) as fingerprint
    from connection c
    left join site s on s.organization_id = c.organization_id and s.site_id = c.site_id
    where c.archived_at is null ${which}
    order by c.connection_id`.execute(db)
  return rows
}

export interface StateOfConnection {
  state: string
  reason: string | null
  pointer: string | null
  at: Date
  nextAttemptAt: Date | null
}

/** Not a change of the record: its version stays. False when the connection is gone. */
export async function writeConnectionState(
  trx: Kysely<HubTables>,
  connection: { organizationId: string; connectionId: string },
  to: StateOfConnection,
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('connection')
    .set({
      state: to.state,
      state_reason: to.reason,
      state_pointer: to.pointer,
      state_at: to.at,
      next_attempt_at: to.nextAttemptAt,
    })
    .where('organization_id', '=', connection.organizationId)
    .where('connection_id', '=', connection.connectionId)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** The configuration in the form of a newer plugin. */
export async function writeMigratedConfig(
  db: Kysely<HubTables>,
  connection: { organizationId: string; connectionId: string; configVersion: number },
  to: { config: unknown; configVersion: number; at: Date },
): Promise<void> {
  await db
    .updateTable('connection')
    .set(({ eb }) => ({
      config: jsonText(to.config),
      config_version: to.configVersion,
      version: eb('version', '+', 1),
      updated_at: to.at,
    }))
    .where('organization_id', '=', connection.organizationId)
    .where('connection_id', '=', connection.connectionId)
    .where('config_version', '=', connection.configVersion)
    .execute()
}

/**
 * Gives every organization its one connection of each plugin that connects by itself, unless it ever had one. Nodes that do
 * this at the same time take turns. Returns how many were made.
 */
export async function connectByThemselves(
  trx: Kysely<HubTables>,
  plugins: readonly { pluginId: string; name: string; configVersion: number }[],
  options: { now: Date; newId(): string },
): Promise<number> {
  const missing = async () => {
    const { rows } = await sql<{ organization_id: string; plugin_id: string }>`
      select o.organization_id, p.plugin_id from organization o
      cross join unnest(${plugins.map(({ pluginId }) => pluginId)}::text[]) as p(plugin_id)
      where not exists (
        select from connection c where c.organization_id = o.organization_id and c.plugin_id = p.plugin_id
      )
      order by 1, 2`.execute(trx)
    return rows
  }
  // Nearly always there is nothing to do, and nothing to wait for.
  if ((await missing()).length === 0) return 0
  await sql`select pg_advisory_xact_lock(hashtextextended('baywatt connections that make themselves', 0))`.execute(trx)
  const { now, newId } = options
  const rows = (await missing()).flatMap(({ organization_id, plugin_id }) => {
    const plugin = plugins.find(({ pluginId }) => pluginId === plugin_id)
    if (!plugin) return []
    const { name, configVersion: config_version } = plugin
    const stamps = { state_at: now, created_at: now, updated_at: now }
    return [{ organization_id, plugin_id, name, config_version, connection_id: newId(), state: 'disabled', ...stamps }]
  })
  if (rows.length > 0) await trx.insertInto('connection').values(rows).execute()
  return rows.length
}

interface Which {
  organizationId: string
  connectionId: string
}

const of = ({ organizationId, connectionId }: Which) =>
  sql<boolean>`organization_id = ${organizationId} and connection_id = ${connectionId}`

/** Events of these types wait for the connection from now on, and of no others. */
export async function writeSubscriptions(
  trx: Kysely<HubTables>,
  which: Which,
  types: readonly string[],
): Promise<void> {
  await sql`delete from subscription where ${of(which)} and event_type <> all(${types}::text[])`.execute(trx)
  await sql`insert into subscription (organization_id, connection_id, event_type)
    select ${which.organizationId}::uuid, ${which.connectionId}::uuid, type from unnest(${types}::text[]) type
    on conflict do nothing`.execute(trx)
}

/** What an archived connection leaves behind for nobody: subscriptions, what waits for it, its schedules. */
export async function forgetConnectionWork(trx: Kysely<HubTables>, which: Which): Promise<void> {
  await sql`delete from subscription where ${of(which)}`.execute(trx)
  await sql`delete from delivery where ${of(which)}`.execute(trx)
  await sql`delete from schedule where ${of(which)}`.execute(trx)
}

export interface SealedSecret {
  name: string
  sealed: Buffer
}

export async function sealedSecrets(db: Kysely<HubTables>, which: Which): Promise<SealedSecret[]> {
  return db.selectFrom('connection_secret').select(['name', 'sealed']).where(of(which)).orderBy('name').execute()
}

export async function secretNames(db: Kysely<HubTables>, which: Which): Promise<{ name: string; updatedAt: Date }[]> {
  return db
    .selectFrom('connection_secret')
    .select(['name', 'updated_at as updatedAt'])
    .where(of(which))
    .orderBy('name')
    .execute()
}

export async function writeSecret(trx: Kysely<HubTables>, which: Which, secret: SealedSecret, at: Date): Promise<void> {
  await trx
    .insertInto('connection_secret')
    .values({
      organization_id: which.organizationId,
      connection_id: which.connectionId,
      name: secret.name,
      sealed: secret.sealed,
      updated_at: at,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['organization_id', 'connection_id', 'name'])
        .doUpdateSet({ sealed: secret.sealed, updated_at: at }),
    )
    .execute()
}

/** True when there was one. */
export async function removeSecret(trx: Kysely<HubTables>, which: Which, name: string): Promise<boolean> {
  const { numDeletedRows } = await trx
    .deleteFrom('connection_secret')
    .where(of(which))
    .where('name', '=', name)
    .executeTakeFirst()
  return numDeletedRows === 1n
}
