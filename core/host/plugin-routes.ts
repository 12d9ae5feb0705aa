// Owns bringing requests to plugins: which connection answers, within which limit, and what it means when none does.
// Must not authenticate nor speak of HTTP errors; core/http gives each outcome its problem.
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Kysely } from 'kysely'
import { isUuid } from '../domain/ids.ts'
import type { Log } from '../domain/log.ts'
import type { RouteCaller } from '../plugin/index.ts'
import { paymentOrders } from '../store/payment-orders.ts'
import { accounts } from '../store/people.ts'
import { visibleIds } from '../store/record-table.ts'
import type { HubTables } from '../store/schema.ts'
import type { Connection } from './connection.ts'
import type { ConnectionState } from './connection-state.ts'
import { operationsOf } from './openapi-merge.ts'
import { limits, type Run } from './run.ts'
import { maskingCardNumbers, refusingCardNumbers } from './screened-body.ts'

export type PluginAnswer =
  | { kind: 'answered'; response: Response }
  /** No such connection, plugin or path. */
  | { kind: 'unknown' }
  /** The body holds the number of a payment card: nothing of it went to the plugin. */
  | { kind: 'card_number'; pointer: string }
  /** The path is there, the method is not. */
  | { kind: 'method_not_allowed'; allow: readonly string[] }
  /** Several connections of the organization could answer; the caller has to name one. */
  | { kind: 'ambiguous'; connectionIds: readonly string[] }
  /** It is there but not at work. */
  | { kind: 'unavailable'; connectionId: string; state: ConnectionState }
  /** The plugin failed; the log has it. */
  | { kind: 'failed'; connectionId: string }
  | { kind: 'late'; connectionId: string }

/** Puts a request to a plugin's function, with the plugin's limit and its failures kept from the caller. */
export async function answered(
  connectionId: string,
  run: Run,
  log: Log,
  fetch: () => Promise<Response>,
): Promise<PluginAnswer> {
  try {
    const response = await run.call('the answer to a request', limits.requestMs, fetch)
    if (response instanceof Response) return { kind: 'answered', response }
    throw new TypeError('the plugin answered with something that is no Response')
  } catch (error) {
    const code = (error as { code?: unknown } | null)?.code
    log.warn({ connection: connectionId, err: error }, 'a plugin did not answer a request')
    if (code === 'deadline_passed') return { kind: 'late', connectionId }
    return code === 'stopped'
      ? { kind: 'unavailable', connectionId, state: 'stopping' }
      : { kind: 'failed', connectionId }
  }
}

/** What plugins keep things of their own about. */
const seen = { account: accounts, payment_order: paymentOrders } as const

export interface RouteAsk {
  pluginId: string
  organizationId: string
  /** The sites that the caller is limited to; null for one who is not. Connections of no site are not theirs to use. */
  siteIds: readonly string[] | null
  /** Below the plugin's mount, with a leading slash. */
  path: string
  /** Where a plugin has several connections in the organization. */
  connectionId?: string
  request: Request
}

export async function answerRoute(
  { db, log }: { db: Kysely<HubTables>; log: Log },
  connections: readonly Connection[],
  ask: RouteAsk,
): Promise<PluginAnswer> {
  const candidates = connections.filter(
    ({ row }) =>
      row.pluginId === ask.pluginId &&
      row.organizationId === ask.organizationId &&
      (ask.siteIds === null || (row.siteId !== null && ask.siteIds.includes(row.siteId))) &&
      (ask.connectionId === undefined || row.connectionId === ask.connectionId),
  )
  const working = candidates.flatMap((connection) => {
    const run = connection.active
    return run ? [{ connectionId: connection.row.connectionId, run }] : []
  })
  const [first, ...others] = working
  if (!first) {
    const asleep = candidates.find(({ row }) => row.enabled)
    return asleep
      ? { kind: 'unavailable', connectionId: asleep.row.connectionId, state: asleep.state }
      : { kind: 'unknown' }
  }
  if (others.length > 0) return { kind: 'ambiguous', connectionIds: working.map(({ connectionId }) => connectionId) }
  const matches = [...first.run.scope.routes].flatMap((route) =>
    operationsOf(route.fragment)
      .filter(({ path }) => pathMatches(path, ask.path))
      .map(({ method, path }) => ({ route, method: method.toUpperCase(), exact: !path.includes('{') })),
  )
  if (matches.length === 0) return { kind: 'unknown' }
  const method = ask.request.method
  const fitting = matches.filter((match) => match.method === method)
  // A path without parameters is meant before one with them (OpenAPI 3.1, Paths Object).
  const match = fitting.find(({ exact }) => exact) ?? fitting[0]
  if (!match) return { kind: 'method_not_allowed', allow: [...new Set(matches.map((each) => each.method))].sort() }
  const { organizationId, siteIds } = ask
  const caller: RouteCaller = {
    organizationId,
    siteIds,
    sees: (kind, ids) => visibleIds(db, seen[kind], { organizationId, siteIds }, ids.filter(isUuid)),
  }
  const screened = await refusingCardNumbers(ask.request)
  if (screened.kind === 'card_number') return screened
  return answered(first.connectionId, first.run, log, () => match.route.fetch(screened.request, caller))
}

export async function answerInbound(
  connection: Connection | undefined,
  request: Request,
  path: string,
  log: Log,
): Promise<PluginAnswer> {
  if (!connection?.row.enabled) return { kind: 'unknown' }
  const { connectionId } = connection.row
  const run = connection.active
  if (!run) return { kind: 'unavailable', connectionId, state: connection.state }
  const [inbound] = run.scope.inbound
  return inbound
    ? answered(connectionId, run, log, () => inbound.fetch(maskingCardNumbers(request), path))
    : { kind: 'unknown' }
}

/** `taken`: the plugin has the socket. The others leave it to the caller to answer and close. */
export type UpgradeAnswer = 'taken' | 'unknown' | 'unavailable'

export function handUpgrade(
  connections: readonly Connection[],
  declared: readonly string[],
  upgrade: { request: IncomingMessage; socket: Duplex; head: Buffer },
  log: Log,
): UpgradeAnswer {
  const { request, socket, head } = upgrade
  const path = upgradePath(request.url ?? '/')
  const takers = connections.flatMap(({ active, row }) =>
    active ? [...active.scope.upgrades].map((each) => ({ ...each, run: active, connectionId: row.connectionId })) : [],
  )
  const [taker] = takers.filter((each) => below(each.path, path)).sort((a, b) => b.path.length - a.path.length)
  if (!taker) return declared.some((each) => below(each, path)) ? 'unavailable' : 'unknown'
  try {
    taker.run.callNow(() => taker.handler(request, socket, head))
  } catch (error) {
    log.error({ connection: taker.connectionId, err: error }, 'a plugin failed to take a socket')
    socket.destroy()
  }
  return 'taken'
}

/** Devices send doubled slashes and whole URLs as the target (catalogue W4); the handler sees the request as it came. */
function upgradePath(target: string): string {
  const path = target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '').split(/[?#]/, 1)[0] ?? ''
  return `/${path.replace(/^\/+/, '')}`
}

function below(prefix: string, path: string): boolean {
  const folder = prefix.endsWith('/') ? prefix : `${prefix}/`
  return path === prefix || path.startsWith(folder)
}

/** `{name}` stands for one segment that is not empty. */
function pathMatches(template: string, path: string): boolean {
  const [wanted, given] = [template.split('/'), path.split('/')]
  return (
    wanted.length === given.length &&
    wanted.every((part, index) => (/^\{[^}]+\}$/.test(part) ? given[index] !== '' : part === given[index]))
  )
}
