// Owns the operations on what is asked of parking systems, on preloading, and on a credential's reach.
// Must not hold rules; core/services/parking-actions and core/services/revocation do.
import type { OpenDoor } from '../../domain/parking-door.ts'
import {
  actOnConnection,
  actOnStay,
  type ConnectionActionRequest,
  cancelParkingAction,
  getParkingAction,
  listParkingActions,
  type ParkingActionDeps,
  quoteStay,
  readAbilities,
  type StayActionRequest,
  settleParkingAction,
} from '../../services/parking-actions/manage-actions.ts'
import {
  getPreload,
  listPreloads,
  reconcilePreloadNow,
  setPreload,
} from '../../services/parking-actions/manage-preloads.ts'
import { readReach } from '../../services/revocation/read-reach.ts'
import type { HostPorts } from '../api-ports.ts'
import { listQuery } from '../cursor.ts'
import type { CallContext, Part } from '../operation-types.ts'
import { refused } from '../problem.ts'
import { listed, made, mapped, shown } from '../replies.ts'

type Ids =
  | 'listParkingActions'
  | 'getParkingAction'
  | 'cancelParkingAction'
  | 'settleParkingAction'
  | 'actOnStay'
  | 'actOnConnection'
  | 'quoteStay'
  | 'getConnectionAbilities'
  | 'getConnectionPreload'
  | 'setConnectionPreload'
  | 'reconcilePreload'
  | 'listPreloads'
  | 'getCredentialReach'

export function parkingActions(host: HostPorts): Part<Ids> {
  const door = (connectionId: string): OpenDoor | undefined => host.parking(connectionId)[0]
  const asking = ({ deps }: CallContext): ParkingActionDeps => ({ ...deps, door })
  return {
    listParkingActions: async ({ query }, { deps, access }) =>
      listed(await listParkingActions(deps)(access, listQuery(query))),
    getParkingAction: async ({ path }, { deps, access }) => shown(await getParkingAction(deps)(access, path.actionId)),
    cancelParkingAction: async ({ path }, { deps, access }) =>
      shown(await cancelParkingAction(deps)(access, path.actionId)),
    settleParkingAction: async ({ path, body }, { deps, access }) =>
      shown(await settleParkingAction(deps)(access, path.actionId, body)),
    actOnStay: async ({ path, body, request }, context) =>
      made(
        await actOnStay(asking(context))(context.access, path.stayId, {
          ...(body as StayActionRequest),
          ...keyOf(request),
        }),
        at,
      ),
    actOnConnection: async ({ path, body, request }, context) =>
      made(
        await actOnConnection(asking(context))(context.access, path.connectionId, {
          ...(body as ConnectionActionRequest),
          ...keyOf(request),
        }),
        at,
      ),
    quoteStay: async ({ path }, context) => shown(await quoteStay(asking(context))(context.access, path.stayId)),
    async getConnectionAbilities({ path }, context) {
      const connection = await host
        .connectionsIn(context.deps.db, context.afterCommit)
        .get(context.access, path.connectionId)
      if (connection.kind !== 'ok') return refused(connection)
      const plugin = host.listPlugins().find(({ pluginId }) => pluginId === connection.value.pluginId)
      const abilities = readAbilities(asking(context))(context.access, path.connectionId)
      return shown(await mapped(abilities, (can) => ({ ...can, traits: { ...plugin?.traits } })))
    },
    getConnectionPreload: async ({ path }, { deps, access }) =>
      shown(await getPreload(deps)(access, path.connectionId)),
    setConnectionPreload: async ({ path, body }, context) =>
      shown(await setPreload(asking(context))(context.access, path.connectionId, body)),
    async reconcilePreload({ path }, { deps, access }) {
      const started = await reconcilePreloadNow(deps)(access, path.connectionId)
      return started.kind === 'ok' ? { status: 202, body: started.value } : refused(started)
    },
    async listPreloads({ query }, { deps, access }) {
      const { counts, ...page } = await listPreloads(deps)(access, listQuery(query))
      const { status, body } = listed(page)
      return { status, body: { ...body, counts } }
    },
    getCredentialReach: async ({ path }, { deps, access }) => shown(await readReach(deps)(access, path.credentialId)),
  }
}

const at = ({ actionId }: { actionId: string }) => `/parking-actions/${actionId}`

/** The caller's key outlives the stored answer: money is never asked for twice. */
function keyOf(request: Request): { idempotencyKey?: string } {
  const key = request.headers.get('Idempotency-Key')
  return key === null ? {} : { idempotencyKey: key }
}
