// Owns the running of plugins on one node: which there are, which connections they serve, and everything they offer the hub.
// Must not fail because of a plugin: a bad one is a state on a page.
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Kysely } from 'kysely'
import type { Clock } from '../domain/clock.ts'
import type { NewId } from '../domain/ids.ts'
import type { Log } from '../domain/log.ts'
import type { OpenDoor } from '../domain/parking-door.ts'
import type { OpenPaymentDoor } from '../domain/payment/index.ts'
import { deliver } from '../events/deliver.ts'
import type { AnyPlugin, Capabilities, CapabilityName, InterceptPoint, InterceptPoints } from '../plugin/index.ts'
import { connectByThemselves, hostedConnections } from '../store/connections.ts'
import type { JobTask } from '../store/job-worker.ts'
import { syncPlugins } from '../store/plugins.ts'
import type { HubTables } from '../store/schema.ts'
import { transaction } from '../store/transaction.ts'
import { Connection, type ConnectionDeps } from './connection.ts'
import { type Follow, type ManagedConnections, manageConnections } from './manage-connections.ts'
import { type LoadedPlugin, loadPlugins } from './manifest.ts'
import { type MergedFragments, mergeFragments } from './openapi-merge.ts'
import { parkingDoor } from './parking-door.ts'
import { paymentDoor } from './payment-door.ts'
import { type PinnedConnection, pinConnections } from './pin-connections.ts'
import { type OwnerAccess, pluginDatabases } from './plugin-database.ts'
import {
  answered,
  answerInbound,
  answerRoute,
  handUpgrade,
  type PluginAnswer,
  type RouteAsk,
  type UpgradeAnswer,
} from './plugin-routes.ts'
import type { Ports } from './run.ts'
import { type InterceptOutcome, runInterceptors } from './run-intercept.ts'
import { runSchedule } from './run-schedule.ts'

export interface HostOptions {
  db: Kysely<HubTables>
  /** For plugins with a schema of their own; without it such plugins do not start. */
  owner?: OwnerAccess
  /** The hub's clock: what plugins see, what their schedules go by. A demo may move it. */
  clock: Clock
  /** The real clock, for limits and pauses; default `clock`. */
  pace?: Clock
  newId: NewId
  log: Log
  /** 0 to 1, spreads retries. */
  random(): number
  /** Cryptographic random bytes. */
  entropy(bytes: number): Uint8Array
  /** 32 bytes that seal secrets; kept in the data directory, never in the database. */
  secretKey: Uint8Array
  hubVersion: string
  plugins: readonly AnyPlugin[]
  /** The paths of the folders of those that ship with the hub, by plugin id. */
  folders?: ReadonlyMap<string, string>
  ports: Ports
  /** What of the hub's own document plugins may refer to: `#/components/…`. */
  hubReferences?: ReadonlySet<string>
  /** Wake-ups from other nodes and to them; the rows are looked at without any, too. */
  bus?: HostBus
  /** Pauses after a handler's failures; see core/events/deliver.ts. */
  deliveryPausesMs?: readonly number[]
}

export interface HostBus {
  publish(topic: 'connections', hint: Readonly<Record<string, string>>): void
  subscribe(topic: 'connections', wake: (hint: Readonly<Record<string, string>>) => void): () => void
}

export interface PluginEntry {
  pluginId: string
  title: string
  version: string
  capabilities: readonly string[]
  permissions: readonly string[]
  origin: string
  state: 'ready' | 'incompatible' | 'refused'
  reason: string | null
  autoConnect: boolean
  connectable: boolean
  configSchema: object
  traits: Readonly<Record<string, string>>
}

export interface Provided<K extends CapabilityName> {
  pluginId: string
  connectionId: string
  organizationId: string
  siteId: string | null
  implementation: Capabilities[K]
}

export interface Offered<K extends CapabilityName> {
  pluginId: string
  implementation: Capabilities[K]
}

export interface HostedPage {
  pluginId: string
  connectionId: string
  organizationId: string
  path: string
  title: string
  fetch(request: Request): Promise<PluginAnswer>
}

export interface Host {
  /** Begins to follow the rows. Resolves when every connection was asked to start, not when they have. */
  start(): Promise<void>
  /** Resolves when nothing that was asked of a connection is still under way. */
  settled(): Promise<void>
  stop(): Promise<void>
  /** Looks at the rows now instead of at the next hint or poll. */
  reconcile(): Promise<void>
  /** The tasks `event.deliver` and `schedule.run`, for the job worker. */
  tasks: Readonly<Record<string, JobTask>>
  connections: ManagedConnections
  /**
   * The same within a transaction that is the caller's: rows are written in `trx`, and the host follows them once `later` runs
   * what it was given, after the commit.
   */
  connectionsIn(trx: Kysely<HubTables>, later: (follow: () => Promise<void>) => void): ManagedConnections
  pin(list: readonly PinnedConnection[]): Promise<void>
  listPlugins(): PluginEntry[]
  pages(): HostedPage[]
  inbound(connectionId: string, request: Request, path: string): Promise<PluginAnswer>
  route(ask: RouteAsk): Promise<PluginAnswer>
  openapiFragments(): MergedFragments
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): UpgradeAnswer
  /** What connections at work provide, the oldest connection first. */
  capability<K extends CapabilityName>(name: K, of?: { organizationId?: string; pluginId?: string }): Provided<K>[]
  /** What plugins offer by themselves, then what connections of the organization provide. */
  offers<K extends 'exporter'>(name: K, organizationId: string): Offered<K>[]
  /** Parking systems at work here: one by its connection, or all. */
  parking(connectionId?: string): OpenDoor[]
  /** Payment providers at work here: one by its connection, or all. */
  payments(connectionId?: string): OpenPaymentDoor[]
  /** `siteId` null: only connections of the whole organization are asked. */
  runIntercept<P extends InterceptPoint>(
    point: P,
    ask: InterceptPoints[P]['ask'],
    of: { organizationId: string; siteId: string | null },
  ): Promise<InterceptOutcome<P>>
  /** Whether anybody would be asked at this point: callers that must leave a transaction to ask can then stay in it. */
  hasInterceptors(point: InterceptPoint, of: { organizationId: string; siteId: string | null }): boolean
  /** Called whenever pages, routes or engines may have changed. Returns the way to stop listening. */
  onChange(listener: () => void): () => void
}

/** Rows are looked at this often even when nobody said that they changed. */
const pollMs = 15_000

export function createHost(options: HostOptions): Host {
  const { db, clock, pace = clock, newId, log, bus } = options
  const loaded = loadPlugins(options.plugins, options.hubVersion, options.folders)
  const plugins = new Map(
    loaded.flatMap((each) => (each.kind === 'refused' ? [] : [[each.definition.id, each] as const])),
  )
  const connections = new Map<string, Connection>()
  const listeners = new Set<() => void>()
  const deps: ConnectionDeps = {
    ...options,
    pace,
    hubReferences: options.hubReferences ?? new Set(),
    pluginDatabase: pluginDatabases({ ...options, owner: options.owner }),
    plugin: (id) => plugins.get(id),
    changed: () => {
      for (const listener of listeners) listener()
    },
  }
  const declaredSockets = loaded.flatMap((each) =>
    each.kind === 'ready'
      ? (each.definition.permissions ?? []).flatMap((permission) =>
          permission.startsWith('sockets:') ? [permission.slice('sockets:'.length)] : [],
        )
      : [],
  )
  let unsubscribe = () => {}
  let cancelPoll = () => {}
  let stopping = false

  /** In the order in which they were made; ids sort by that. */
  const all = () => [...connections.values()].sort((a, b) => (a.row.connectionId < b.row.connectionId ? -1 : 1))
  const atWork = () =>
    all().flatMap((connection) => (connection.active ? [{ row: connection.row, run: connection.active }] : []))

  const interceptorsAt = (point: InterceptPoint, of: { organizationId: string; siteId: string | null }) =>
    atWork()
      .filter(
        ({ row }) => row.organizationId === of.organizationId && (row.siteId === null || row.siteId === of.siteId),
      )
      .flatMap(({ row, run }) =>
        [...run.scope.interceptors]
          .filter((interceptor) => interceptor.point === point)
          .map((interceptor) => ({ connectionId: row.connectionId, run, interceptor })),
      )

  const look = async () => {
    const selfConnecting = [...plugins.values()].flatMap((each) =>
      each.kind === 'ready' && each.definition.autoConnect
        ? [
            {
              pluginId: each.definition.id,
              name: each.definition.title,
              configVersion: each.definition.configVersion ?? 1,
            },
          ]
        : [],
    )
    await transaction(db, (trx) => connectByThemselves(trx, selfConnecting, { now: clock.now(), newId }))
    const rows = await hostedConnections(db)
    if (stopping) return
    const present = new Set(rows.map(({ connectionId }) => connectionId))
    for (const [id, connection] of connections) {
      if (present.has(id)) continue
      connections.delete(id)
      connection.stop('disabled')
      leaving.add(connection)
      void connection.settled().then(() => leaving.delete(connection))
    }
    for (const row of rows) {
      const known = connections.get(row.connectionId)
      if (known) known.follow(row)
      else {
        const connection = new Connection(row, deps)
        connections.set(row.connectionId, connection)
        if (row.enabled) connection.start()
        else connection.follow(row)
      }
    }
  }
  const leaving = new Set<Connection>()
  let looking: Promise<void> = Promise.resolve()
  const reconcile = () => {
    looking = looking.then(look, look)
    return looking
  }
  const poll = () => {
    cancelPoll = pace.after(pollMs, () => {
      reconcile()
        .catch((error) => log.warn({ err: error }, 'the connections could not be read; trying again'))
        .finally(() => {
          if (!stopping) poll()
        })
    })
  }
  const follow = async (connectionId: string, how: string) => {
    await reconcile()
    if (how === 'restart') connections.get(connectionId)?.restart()
    if (how === 'wake') connections.get(connectionId)?.wake()
  }
  const changed = async (connectionId: string, how: Follow) => {
    await follow(connectionId, how)
    bus?.publish('connections', { connectionId, how })
  }

  const capability = <K extends CapabilityName>(
    name: K,
    of: { organizationId?: string; pluginId?: string } = {},
  ): Provided<K>[] =>
    atWork().flatMap(({ row, run }): Provided<K>[] => {
      const implementation = run.scope.provided.get(name) as Capabilities[K] | undefined
      const { pluginId, connectionId, organizationId, siteId } = row
      if (!implementation) return []
      if (of.organizationId !== undefined && of.organizationId !== organizationId) return []
      if (of.pluginId !== undefined && of.pluginId !== pluginId) return []
      return [{ pluginId, connectionId, organizationId, siteId, implementation }]
    })

  return {
    async start() {
      for (const each of loaded)
        if (each.kind !== 'ready') log.error({ plugin: nameOf(each), reason: each.reason }, 'a plugin cannot be used')
      await transaction(db, (trx) => syncPlugins(trx, pluginRows(loaded), clock.now()))
      await reconcile()
      unsubscribe =
        bus?.subscribe('connections', ({ connectionId = '', how = '' }) => {
          follow(connectionId, how).catch((error) =>
            log.warn({ err: error }, 'the connections could not be read; trying again'),
          )
        }) ?? unsubscribe
      poll()
    },
    async settled() {
      await looking
      await Promise.all([...connections.values(), ...leaving].map((connection) => connection.settled()))
    },
    async stop() {
      stopping = true
      cancelPoll()
      unsubscribe()
      await looking.catch(() => undefined)
      const leavers = [...connections.values(), ...leaving]
      for (const connection of connections.values()) connection.stop('leaving')
      await Promise.all(leavers.map((connection) => connection.settled()))
    },
    reconcile,
    tasks: {
      'event.deliver': deliver({
        db,
        log,
        subscriber: (id) => connections.get(id)?.subscriber,
        ...(options.deliveryPausesMs ? { pausesMs: options.deliveryPausesMs } : {}),
      }),
      'schedule.run': runSchedule({ db, log, connection: (id) => connections.get(id) }),
    },
    connections: manageConnections({ ...deps, entropy: options.entropy, follow: changed }),
    connectionsIn: (trx, later) =>
      manageConnections({
        ...deps,
        db: trx,
        entropy: options.entropy,
        follow: async (connectionId, how) => later(() => changed(connectionId, how)),
      }),
    pin: pinConnections({ ...deps, entropy: options.entropy }),
    listPlugins: () => loaded.map(pluginEntry),
    pages: () =>
      atWork().flatMap(({ row, run }) => {
        const page = run.scope.provided.get('page') as Capabilities['page'] | undefined
        if (!page) return []
        const { pluginId, connectionId, organizationId } = row
        const fetch = (request: Request) => answered(connectionId, run, log, () => page.fetch(request))
        return [{ pluginId, connectionId, organizationId, path: page.path, title: page.title, fetch }]
      }),
    inbound: (connectionId, request, path) => answerInbound(connections.get(connectionId), request, path, log),
    route: (ask) => answerRoute({ db, log }, all(), ask),
    openapiFragments() {
      // Two connections of one plugin have the same routes; they are described once.
      const byPlugin = new Map(atWork().map(({ row, run }) => [row.pluginId, run] as const))
      return mergeFragments(
        [...byPlugin].flatMap(([pluginId, run]) =>
          [...run.scope.routes].map(({ fragment }) => ({ pluginId, fragment })),
        ),
      )
    },
    handleUpgrade: (request, socket, head) => handUpgrade(all(), declaredSockets, { request, socket, head }, log),
    capability,
    offers: (name, organizationId) => [
      ...[...plugins.values()].flatMap((each) => {
        const implementation = each.kind === 'ready' ? each.definition.offers?.[name] : undefined
        return implementation ? [{ pluginId: each.definition.id, implementation }] : []
      }),
      ...capability(name, { organizationId }),
    ],
    parking: (connectionId) =>
      atWork().flatMap(({ row, run }): OpenDoor[] => {
        const { organizationId, siteId } = row
        if (!run.parcs || (connectionId !== undefined && connectionId !== row.connectionId)) return []
        return [{ organizationId, siteId, connectionId: row.connectionId, ...parkingDoor(run, run.parcs) }]
      }),
    payments: (connectionId) =>
      atWork().flatMap(({ row, run }): OpenPaymentDoor[] => {
        const { organizationId, siteId, pluginId, name } = row
        if (!run.payment || (connectionId !== undefined && connectionId !== row.connectionId)) return []
        const of = { organizationId, siteId, pluginId, name, connectionId: row.connectionId }
        return [{ ...of, ...paymentDoor(run, run.payment) }]
      }),
    runIntercept: (point, ask, of) => runInterceptors(point, ask, interceptorsAt(point, of), log),
    hasInterceptors: (point, of) => interceptorsAt(point, of).length > 0,
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** Built into the hub: packages that are installed will say where they came from. */
const origin = 'built-in'

function nameOf(plugin: LoadedPlugin): string {
  return plugin.kind === 'refused' ? plugin.id : plugin.definition.id
}

function pluginRows(loaded: readonly LoadedPlugin[]) {
  return loaded.flatMap((each) => {
    if (each.kind === 'refused') return []
    const { id, version, apiVersion, hub, capabilities, permissions = [] } = each.definition
    return [
      {
        plugin_id: id,
        version,
        api_version: apiVersion,
        hub_range: hub,
        capabilities: [...capabilities],
        permissions: [...permissions],
        origin,
        state: each.kind,
        reason: each.kind === 'ready' ? null : each.reason,
      },
    ]
  })
}

function pluginEntry(plugin: LoadedPlugin): PluginEntry {
  if (plugin.kind === 'refused') {
    const { id: pluginId, title, reason } = plugin
    const nothing = { version: '', capabilities: [], permissions: [], configSchema: {}, traits: {} }
    return { ...nothing, autoConnect: false, connectable: false, pluginId, title, origin, state: 'refused', reason }
  }
  const {
    id,
    title,
    version,
    capabilities,
    permissions = [],
    autoConnect = false,
    connectable = true,
    config,
    traits = {},
  } = plugin.definition
  return {
    pluginId: id,
    title,
    version,
    capabilities,
    permissions,
    origin,
    state: plugin.kind,
    reason: plugin.kind === 'ready' ? null : plugin.reason,
    autoConnect,
    connectable,
    configSchema: config,
    traits,
  }
}
