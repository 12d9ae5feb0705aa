// Owns the rows that say which plugins this hub has, and the rights on a plugin's own schema.
// Must not load or judge a plugin; core/host does.
import { type Kysely, sql } from 'kysely'
import type { Pool } from 'pg'
import type { HubTables } from './schema.ts'

export interface PluginRow {
  plugin_id: string
  version: string
  api_version: number
  hub_range: string
  capabilities: string[]
  permissions: string[]
  /** Where it came from: `built-in`, or the package it was installed from. */
  origin: string
  state: 'ready' | 'incompatible' | 'missing'
  reason: string | null
  seen_at: Date
}

/** Writes what is there now; plugins that are no longer there keep their row as `missing`. */
export async function syncPlugins(
  trx: Kysely<HubTables>,
  rows: readonly Omit<PluginRow, 'seen_at'>[],
  now: Date,
): Promise<void> {
  for (const { plugin_id, ...rest } of rows) {
    const values = { ...rest, seen_at: now }
    await trx
      .insertInto('plugin')
      .values({ plugin_id, ...values })
      .onConflict((conflict) => conflict.column('plugin_id').doUpdateSet(values))
      .execute()
  }
  const present = rows.map(({ plugin_id }) => plugin_id)
  await trx
    .updateTable('plugin')
    .set({ state: 'missing', reason: 'not installed on this hub' })
    .where('plugin_id', '<>', sql<string>`all(${present}::text[])`)
    .where('state', '<>', 'missing')
    .execute()
}

/** `plugin_` and the id with underscores: kebab-case ids of at most 48 characters keep it unique and within 63 bytes. */
export function pluginSchema(pluginId: string): string {
  return `plugin_${pluginId.replaceAll('-', '_')}`
}

/** Lets the hub at work use what the plugin's migrations made, as the owner; where the database has no such role, it is the owner. */
export async function grantPluginSchema(ownerPool: Pool, schema: string): Promise<void> {
  if (!/^plugin_[a-z0-9_]+$/.test(schema)) throw new TypeError(`${schema} is no plugin's schema`)
  const { rows } = await ownerPool.query(`select from pg_roles where rolname = 'baywatt_app'`)
  if (rows.length === 0) return
  await ownerPool.query(`grant usage on schema ${schema} to baywatt_app;
    grant select, insert, update, delete on all tables in schema ${schema} to baywatt_app;
    grant usage on all sequences in schema ${schema} to baywatt_app`)
}
