// Owns the operations on stations, EVSEs, connectors, commands and what stations said.
// Must not hold rules; core/services does.
import { setTimeout as sleep } from 'node:timers/promises'
import type { FilePorts } from '../../services/files/file-deps.ts'
import type { Entropy } from '../../services/keys/api-key-text.ts'
import { newStationSecret } from '../../services/keys/api-key-text.ts'
import { cancelCommand, commandStation } from '../../services/manage/command-station.ts'
import {
  addStation,
  decideAdmission,
  manageEvses,
  manageStations,
  rotateStationSecret,
  type StationAndSecret,
  type StationSecrets,
} from '../../services/manage/manage-stations.ts'
import {
  getCommand,
  hasEnded,
  listCommands,
  listConnectors,
  listDeviations,
  listMessages,
  withConnectors,
  withSockets,
} from '../../services/manage/read-records.ts'
import type { Evse, Station } from '../../services/manage/records.ts'
import type { ChargerPorts, HostPorts } from '../api-ports.ts'
import { listQuery } from '../cursor.ts'
import type { CallContext, Part } from '../operation-types.ts'
import { refused } from '../problem.ts'
import { done, found, listed, made, mapped, shown } from '../replies.ts'

type Ids =
  | 'listStations'
  | 'createStation'
  | 'getStation'
  | 'updateStation'
  | 'archiveStation'
  | 'rotateStationSecret'
  | 'decideStationAdmission'
  | 'listStationMessages'
  | 'createCommand'
  | 'listEvses'
  | 'createEvse'
  | 'getEvse'
  | 'updateEvse'
  | 'archiveEvse'
  | 'listConnectors'
  | 'listCommands'
  | 'getCommand'
  | 'cancelCommand'
  | 'listProtocolDeviations'

export interface ChargerOperationsDeps {
  chargers: ChargerPorts
  host: HostPorts
  entropy: Entropy
  files: FilePorts
  /** Where the hub is reached: `https://hub.example`. */
  publicUrl: string
  /** Aborted when the hub stops: nobody is kept waiting. */
  closing: AbortSignal
}

/** Between two looks at a command somebody waits for. */
const lookMs = 200

export function chargers({
  chargers: ports,
  entropy,
  files,
  publicUrl,
  closing,
  host,
}: ChargerOperationsDeps): Part<Ids> {
  const secrets: StationSecrets = { newSecret: () => newStationSecret(entropy), hashSecret: ports.hashSecret }

  const connected =
    ({ deps, access }: CallContext) =>
    async (station: Station) => ({
      ...station,
      socket: (await withSockets(deps)(access, [station]))[0]?.socket ?? null,
    })

  const wired =
    ({ deps, access }: CallContext) =>
    async (evse: Evse) => ({ ...evse, connectors: (await withConnectors(deps)(access, [evse]))[0]?.connectors ?? [] })

  const withSecret =
    (context: CallContext) =>
    async ({ station, secret }: StationAndSecret) => ({
      ...(await connected(context)(station)),
      secret,
      connectUrl: `${publicUrl.replace(/^http/, 'ws').replace(/\/$/, '')}/ocpp/${encodeURIComponent(station.code)}`,
    })

  /** The open socket, if there is one, comes back under the new terms. */
  const refreshed = <T>(context: CallContext, stationId: string, outcome: T): T => {
    context.afterCommit(() => ports.refresh(stationId))
    return outcome
  }

  return {
    async listStations({ query }, { deps, access }) {
      const page = await manageStations(deps).list(access, listQuery(query))
      return listed({ ...page, items: await withSockets(deps)(access, page.items) })
    },
    createStation: async ({ body }, context) =>
      made(
        await mapped(addStation(context.deps, secrets)(context.access, body), withSecret(context)),
        (station) => `/stations/${station.stationId}`,
      ),
    getStation: async ({ path }, context) =>
      found(await mapped(manageStations(context.deps).get(context.access, path.stationId), connected(context))),
    async updateStation({ path, body, version }, context) {
      const outcome = await manageStations(context.deps).update(context.access, path.stationId, body, version)
      return found(await mapped(refreshed(context, path.stationId, outcome), connected(context)))
    },
    async archiveStation({ path, version }, context) {
      const outcome = await manageStations(context.deps).archive(context.access, path.stationId, version)
      return done(refreshed(context, path.stationId, outcome))
    },
    async rotateStationSecret({ path }, context) {
      const outcome = await rotateStationSecret(context.deps, secrets)(context.access, path.stationId)
      return found(await mapped(refreshed(context, path.stationId, outcome), withSecret(context)))
    },
    async decideStationAdmission({ path, body }, context) {
      const outcome = await decideAdmission(context.deps)(context.access, path.stationId, body)
      return found(await mapped(refreshed(context, path.stationId, outcome), connected(context)))
    },
    async listStationMessages({ path, query }, { deps, access }) {
      const page = await listMessages(deps)(access, path.stationId, listQuery(query))
      return page.kind === 'ok' ? listed(page.value) : refused(page)
    },

    async createCommand({ path, body }, { deps, access, afterCommit }) {
      const { veto } = ports
      const wake = (stationId: string) => afterCommit(() => ports.wake(stationId))
      const { organizationId } = access
      const engine = (pluginId: string) =>
        host.capability('tariff', { organizationId, pluginId })[0]?.implementation ?? null
      const queue = commandStation({ ...deps, engine, entropy, files, wake, ...(veto ? { veto } : {}) })
      const queued = await queue(access, path.stationId, body)
      return queued.kind === 'ok' ? { status: 202, body: queued.value } : refused(queued)
    },
    listCommands: async ({ query }, { deps, access }) => listed(await listCommands(deps)(access, listQuery(query))),
    async getCommand({ path, query }, { deps, access }) {
      let left = (query.waitSeconds ?? 0) * 1000
      for (;;) {
        const command = await getCommand(deps)(access, path.commandId)
        if (command.kind !== 'ok' || hasEnded(command.value) || left <= 0 || closing.aborted) return shown(command)
        await sleep(lookMs, undefined, { signal: closing }).catch(() => undefined)
        left -= lookMs
      }
    },
    cancelCommand: async ({ path }, { deps, access }) => shown(await cancelCommand(deps)(access, path.commandId)),

    async listEvses({ query }, { deps, access }) {
      const page = await manageEvses(deps).list(access, listQuery(query))
      return listed({ ...page, items: await withConnectors(deps)(access, page.items) })
    },
    createEvse: async ({ body }, context) =>
      made(
        await mapped(manageEvses(context.deps).create(context.access, body), wired(context)),
        (evse) => `/evses/${evse.evseId}`,
      ),
    getEvse: async ({ path }, context) =>
      found(await mapped(manageEvses(context.deps).get(context.access, path.evseId), wired(context))),
    updateEvse: async ({ path, body, version }, context) =>
      found(await mapped(manageEvses(context.deps).update(context.access, path.evseId, body, version), wired(context))),
    archiveEvse: async ({ path, version }, { deps, access }) =>
      done(await manageEvses(deps).archive(access, path.evseId, version)),
    listConnectors: async ({ query }, { deps, access }) => listed(await listConnectors(deps)(access, listQuery(query))),
    listProtocolDeviations: async ({ query }, { deps, access }) =>
      listed(await listDeviations(deps)(access, listQuery(query))),
  }
}
