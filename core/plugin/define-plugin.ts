// Owns the contract between the hub and every plugin: the definition, and the context that set-up receives.
// Must not hold any host behaviour; core/host implements Ctx, core/testing plays it.
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Kysely } from 'kysely'
import type { Clock } from '../domain/clock.ts'
import type { EventName, HubEvent } from '../domain/event.ts'
import type { NewId } from '../domain/ids.ts'
import type { Log } from '../domain/log.ts'
import type { Peer } from '../domain/peer.ts'
import type { Capabilities, CapabilityName, Health } from './capabilities.ts'
import type { InterceptOptions, InterceptPoint, InterceptPoints } from './intercept.ts'

/**
 * `net:<host>` outbound calls (`net:*.vendor.example`; `net:config:/baseUrl` for the host of the address in that field of the
 * configuration), `db` an own schema, `sockets:<path>` WebSocket upgrades, `inbound` calls under /in/{connectionId},
 * `secret:<name>` one secret by name.
 */
export type Permission = `net:${string}` | 'db' | `sockets:${string}` | 'inbound' | `secret:${string}`

export interface Disposable {
  dispose(): void
}

/** One migration of a plugin's own schema, named `0001-words`; names sort in the order they run. */
export interface PluginMigration {
  name: string
  up(db: Kysely<unknown>): Promise<void>
}

/** Runs `effect` in one transaction with the mark "handled": a second delivery of the same event finds the mark and does nothing. */
export interface OnceGuard {
  once(key: string, effect: (db: Kysely<unknown>) => Promise<void>): Promise<'done' | 'repeat'>
}

export interface OpenApiFragment {
  /** Paths relative to the plugin's mount. */
  paths: Record<string, unknown>
  components?: { schemas?: Record<string, unknown> }
}

/** `peer` is there when the hub's own server took the request: behind a trusted proxy it is who the proxy speaks for. */
export type UpgradeRequest = IncomingMessage & { peer?: Peer }

/** Takes over HTTP upgrades below one path of the hub's single port. */
export type UpgradeHandler = (request: UpgradeRequest, socket: Duplex, head: Buffer) => void

export interface VendorSocketOptions {
  headers?: Readonly<Record<string, string>>
  /** One whole message. The next is read from the network only after this resolves; a rejection ends the socket. */
  onMessage(message: string): Promise<void>
  /** The other side is pinged, and the socket ended when nothing at all was heard for this long. */
  silenceMs: number
  /** Default 1 MB; a longer message ends the socket. */
  largestMessageBytes?: number
}

/** A WebSocket that the plugin opened to its vendor. Ends with the connection. */
export interface VendorSocket {
  send(text: string): Promise<void>
  close(): void
  /** Never rejects. In plain words why it is over; its code is that of RFC 6455, 7.4. */
  ended: Promise<{ code: number; reason: string }>
}

/** Who calls a route, as far as a plugin has to know. */
export interface RouteCaller {
  organizationId: string
  /** Null for one who is not limited to sites. */
  siteIds: readonly string[] | null
  /**
   * Of these records of the hub, those that the caller may see: of the caller's organization, and of the caller's sites when
   * limited to some. A plugin's own schema serves every organization, so what it keeps under such an id is shown only to those.
   */
  sees(kind: 'account' | 'payment_order', ids: readonly string[]): Promise<ReadonlySet<string>>
}

export interface Ctx<C, Caps extends CapabilityName> {
  connection: { id: string; organizationId: string; siteId: string | null; name: string }
  config: C
  log: Log
  clock: Clock
  newId: NewId
  /** Aborted when the connection stops. */
  signal: AbortSignal
  /** Limited to the hosts granted by `net:` permissions, with a time limit. */
  fetch: typeof fetch
  /** Opens a WebSocket to a vendor, at the same hosts as `fetch`. Rejects when the other side does not take it. */
  webSocket(url: string | URL, options: VendorSocketOptions): Promise<VendorSocket>
  secret(name: string): Promise<string>
  /** The plugin's own PostgreSQL schema; needs the permission `db`. */
  db: Kysely<unknown>
  provide<K extends Caps>(name: K, implementation: Capabilities[K]): Disposable
  /** Durable, at least once, in order per subject. */
  on<N extends EventName>(name: N, handle: (event: HubEvent<N>, guard: OnceGuard) => Promise<void>): Disposable
  intercept<P extends InterceptPoint>(
    point: P,
    answer: (ask: Readonly<InterceptPoints[P]['ask']>, signal: AbortSignal) => Promise<InterceptPoints[P]['answer']>,
    options: InterceptOptions,
  ): Disposable
  /** Once per cluster and instant, in the site's zone when the connection has a site. */
  every(cron: string, name: string, run: (signal: AbortSignal) => Promise<void>): Disposable
  /** An authenticated API of the plugin's own under /api/v1/x/{pluginId}, merged into the OpenAPI document. */
  route(fragment: OpenApiFragment, fetch: (request: Request, caller: RouteCaller) => Promise<Response>): Disposable
  /** Calls from the vendor's side under /in/{connectionId}/…; the plugin authenticates them itself. */
  inbound(fetch: (request: Request, path: string) => Promise<Response>): Disposable
  /** WebSocket upgrades below a path; needs the permission `sockets:<path>`. */
  upgrade(path: string, handler: UpgradeHandler): Disposable
}

/** What a test of a configuration may use: as in the context, but nothing can be registered. */
export interface CheckOptions {
  signal: AbortSignal
  clock: Clock
  fetch: typeof fetch
  secret(name: string): Promise<string>
}

export interface PluginDef<C, Caps extends CapabilityName> {
  /** kebab-case; also names the schema plugin_<id> and the API mount. */
  id: string
  title: string
  version: string
  /** Contract generation. */
  apiVersion: 1
  /** Semver range of hubs it works with. */
  hub: string
  capabilities: readonly Caps[]
  permissions?: readonly Permission[]
  /** What an operator should know about the vendor's side, shown beside the connection. */
  traits?: Readonly<Record<string, string>>
  /** JSON Schema: types, form and validation from one source. */
  config: object
  configVersion?: number
  migrateConfig?(from: number, old: unknown): unknown
  migrations?: readonly PluginMigration[]
  /** True for plugins that the hub connects by itself once per organization (no site, empty config must be valid). */
  autoConnect?: boolean
  /**
   * What it provides without being connected: functions of what they are handed, which need no configuration, secret or clock.
   * The hub uses them as long as the plugin is there.
   */
  offers?: Partial<Pick<Capabilities, Caps & 'exporter'>>
  /** False for a plugin that is only what it offers: nobody can connect it, and set-up is never called. */
  connectable?: false
  /** The "Test connection" button: no side effects. */
  check?(config: C, options: CheckOptions): Promise<void>
  setup(ctx: Ctx<C, Caps>): Promise<void | (() => Promise<void>)>
  health?(): Promise<Health>
}

/**
 * Declares a plugin. Providing a capability that is not listed, or handling an unknown event, does not compile.
 * @example
 * export default definePlugin<{ url: string }, 'parcs'>({
 *   id: 'acme', title: 'Acme PARCS', version: '1.0.0', apiVersion: 1, hub: '^0.1', capabilities: ['parcs'],
 *   config: { type: 'object', required: ['url'], properties: { url: { type: 'string' } } },
 *   async setup(ctx) { ctx.on('stay.closed', async (event) => ctx.log.info({ stay: event.data.stayId }, 'stay closed')) },
 * })
 */
export function definePlugin<C, const Caps extends CapabilityName>(definition: PluginDef<C, Caps>): PluginDef<C, Caps> {
  return definition
}

/** Any plugin, for lists of them. */
// biome-ignore lint/suspicious/noExplicitAny: a list holds plugins of every config type; the host validates before it calls
export type AnyPlugin = PluginDef<any, any>
