// Owns a plugin's own PostgreSQL schema: brought forward once per hub start, opened to the hub at work, handed to the plugin.
// Must not let a plugin's migration touch another schema's tables by name: its search path begins with its own.
import type { Kysely } from 'kysely'
import type { ClientConfig, Pool } from 'pg'
import type { Clock } from '../domain/clock.ts'
import type { Log } from '../domain/log.ts'
import { migrate } from '../store/migrator.ts'
import { grantPluginSchema, pluginSchema } from '../store/plugins.ts'
import type { HubTables } from '../store/schema.ts'
import type { LoadedPlugin } from './manifest.ts'

export interface OwnerAccess {
  connection: ClientConfig
  pool: Pool
}

/**
 * The schema as the plugin sees it: statements built without naming a schema go to its own. An inline plugin is not fenced in
 * further (raw SQL could name any table); a plugin in a process of its own will have a role of its own.
 */
export function pluginDatabases(options: {
  db: Kysely<HubTables>
  owner: OwnerAccess | undefined
  clock: Clock
  log: Log
  hubVersion: string
}): (plugin: LoadedPlugin & { kind: 'ready' }) => Promise<Kysely<unknown> | undefined> {
  const { db, owner, clock, log, hubVersion } = options
  const ready = new Map<string, Promise<Kysely<unknown>>>()
  const prepare = async ({ definition }: LoadedPlugin & { kind: 'ready' }): Promise<Kysely<unknown>> => {
    if (!owner) throw new Error('this hub was given no right to make schemas for plugins')
    const schema = pluginSchema(definition.id)
    await migrate({
      connection: owner.connection,
      migrations: definition.migrations ?? [],
      schema,
      table: 'plugin_migration',
      now: () => clock.now(),
      version: hubVersion,
      log,
    })
    await grantPluginSchema(owner.pool, schema)
    return db.withSchema(schema) as Kysely<unknown>
  }
  return async (plugin) => {
    const { id, permissions = [] } = plugin.definition
    if (!permissions.includes('db')) return undefined
    const known = ready.get(id)
    if (known) return known
    const preparing = prepare(plugin)
    ready.set(id, preparing)
    // One that failed is tried again with the connection's next start.
    preparing.catch(() => ready.delete(id))
    return preparing
  }
}
