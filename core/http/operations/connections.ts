// Owns the operations on plugins and connections.
// Must not run a connection; the host does.
import type { ConnectionState } from '../../host/connection-state.ts'
import type { ConnectionRecord } from '../../services/manage/records.ts'
import type { HostPorts } from '../api-ports.ts'
import { listQuery } from '../cursor.ts'
import type { CallContext, Part } from '../operation-types.ts'
import { done, found, listed, made, mapped, shown } from '../replies.ts'

type Ids =
  | 'listPlugins'
  | 'listConnections'
  | 'createConnection'
  | 'getConnection'
  | 'updateConnection'
  | 'archiveConnection'
  | 'enableConnection'
  | 'disableConnection'
  | 'checkConnection'
  | 'listConnectionSecrets'
  | 'setConnectionSecret'
  | 'removeConnectionSecret'

export function connections(host: HostPorts): Part<Ids> {
  const managed = ({ deps, afterCommit }: CallContext) => host.connectionsIn(deps.db, afterCommit)
  return {
    listPlugins: () => ({
      status: 200,
      body: {
        items: host.listPlugins().map((plugin) => ({ ...plugin, configSchema: { ...plugin.configSchema } })),
        nextCursor: null,
      },
    }),
    async listConnections({ query }, context) {
      const page = await managed(context).list(context.access, listQuery(query))
      return listed({ ...page, items: page.items.map(asShown) })
    },
    createConnection: async ({ body }, context) =>
      made(
        await mapped(managed(context).create(context.access, body), asShown),
        (connection) => `/connections/${connection.connectionId}`,
      ),
    getConnection: async ({ path }, context) =>
      found(await mapped(managed(context).get(context.access, path.connectionId), asShown)),
    updateConnection: async ({ path, body, version }, context) =>
      found(await mapped(managed(context).update(context.access, path.connectionId, body, version), asShown)),
    archiveConnection: async ({ path, version }, context) =>
      done(await managed(context).archive(context.access, path.connectionId, version)),
    enableConnection: async ({ path }, context) =>
      found(await mapped(managed(context).enable(context.access, path.connectionId), asShown)),
    disableConnection: async ({ path }, context) =>
      found(await mapped(managed(context).disable(context.access, path.connectionId), asShown)),
    checkConnection: async ({ path }, context) =>
      shown(await managed(context).check(context.access, path.connectionId)),
    listConnectionSecrets: async ({ path }, context) =>
      shown(
        await mapped(managed(context).secrets(context.access, path.connectionId), (items) => ({
          items,
          nextCursor: null,
        })),
      ),
    setConnectionSecret: async ({ path, body }, context) =>
      done(await managed(context).setSecret(context.access, path.connectionId, path.secretName, body.value)),
    removeConnectionSecret: async ({ path }, context) =>
      done(await managed(context).removeSecret(context.access, path.connectionId, path.secretName)),
  }
}

/** The table's check and the host's table of moves hold the state to its names; configurations are objects by schema. */
function asShown(connection: ConnectionRecord) {
  return {
    ...connection,
    state: connection.state as ConnectionState,
    config: (connection.config ?? {}) as Record<string, unknown>,
  }
}
