// Owns connections that the hub's configuration file sets: made and kept as the file says, archived when it no longer names them.
// Must not touch a connection that people made.
import type { Kysely } from 'kysely'
import { forgetConnectionWork, removeSecret, secretNames, writeSecret } from '../store/connections.ts'
import type { HubTables } from '../store/schema.ts'
import { transaction } from '../store/transaction.ts'
import type { LoadedPlugin } from './manifest.ts'
import { sealSecret } from './secrets.ts'

export interface PinnedConnection {
  organizationId: string
  siteId: string | null
  pluginId: string
  /** Names it within the organization: a file that changes anything else changes this connection. */
  name: string
  config: unknown
  enabled: boolean
  secrets: Readonly<Record<string, string>>
}

export interface PinDeps {
  db: Kysely<HubTables>
  clock: { now(): Date }
  newId(): string
  secretKey: Uint8Array
  entropy(bytes: number): Uint8Array
  plugin(pluginId: string): LoadedPlugin | undefined
}

/** Brings the rows in line with the file; called before the host starts. Secrets that the file no longer has are removed. */
export function pinConnections(deps: PinDeps): (list: readonly PinnedConnection[]) => Promise<void> {
  return (list) =>
    transaction(deps.db, async (trx) => {
      const now = deps.clock.now()
      const rows = await trx
        .selectFrom('connection')
        .select(['organization_id', 'connection_id', 'name'])
        .where('pinned', '=', true)
        .where('archived_at', 'is', null)
        .forUpdate()
        .execute()
      for (const each of list) {
        const known = rows.find((row) => row.organization_id === each.organizationId && row.name === each.name)
        const connection_id = known?.connection_id ?? deps.newId()
        const plugin = deps.plugin(each.pluginId)
        const values = {
          site_id: each.siteId,
          plugin_id: each.pluginId,
          name: each.name,
          config: JSON.stringify(each.config),
          config_version: plugin?.kind === 'ready' ? (plugin.definition.configVersion ?? 1) : 1,
          enabled: each.enabled,
          pinned: true,
          updated_at: now,
        }
        if (known)
          await trx
            .updateTable('connection')
            .set(({ eb }) => ({ ...values, version: eb('version', '+', 1) }))
            .where('organization_id', '=', each.organizationId)
            .where('connection_id', '=', connection_id)
            .execute()
        else
          await trx
            .insertInto('connection')
            .values({
              ...values,
              organization_id: each.organizationId,
              connection_id,
              state: 'disabled',
              state_at: now,
              created_at: now,
            })
            .execute()
        const which = { organizationId: each.organizationId, connectionId: connection_id }
        for (const { name } of await secretNames(trx, which))
          if (!Object.hasOwn(each.secrets, name)) await removeSecret(trx, which, name)
        for (const [name, value] of Object.entries(each.secrets)) {
          const place = { ...which, name }
          await writeSecret(
            trx,
            place,
            { name, sealed: sealSecret(deps.secretKey, deps.entropy(12), place, value) },
            now,
          )
        }
      }
      for (const row of rows) {
        if (list.some((each) => each.organizationId === row.organization_id && each.name === row.name)) continue
        await trx
          .updateTable('connection')
          .set({ archived_at: now, enabled: false, updated_at: now })
          .where('organization_id', '=', row.organization_id)
          .where('connection_id', '=', row.connection_id)
          .execute()
        await forgetConnectionWork(trx, { organizationId: row.organization_id, connectionId: row.connection_id })
      }
    })
}
