// Owns the hub's one HTTP application: every operation of the contract, plugin APIs, inbound calls, pages, and what is nowhere.
// Must not hold rules of any record.
import { getConnInfo } from '@hono/node-server/conninfo'
import { type Context, Hono } from 'hono'
import { Histogram, type Registry } from 'prom-client'
import { isUuid } from '../domain/ids.ts'
import type { Peer } from '../domain/peer.ts'
import { reaches, type Scope } from '../domain/scope.ts'
import type { PluginAnswer } from '../host/plugin-routes.ts'
import type { Entropy } from '../services/keys/api-key-text.ts'
import { siteIdsNamed } from '../services/keys/site-ids-named.ts'
import { verifyKey } from '../services/keys/verify-key.ts'
import { answerOnce } from '../services/manage/answer-once.ts'
import type { ServiceDeps } from '../services/service-deps.ts'
import type { ApiPorts } from './api-ports.ts'
import { authenticate } from './authenticate.ts'
import { type Contract, loadContract } from './contract.ts'
import { type OidcConfig, oidcVerifier } from './oidc.ts'
import type { Handlers } from './operation-types.ts'
import { handlersOf } from './operations/index.ts'
import { isProblem, noCardNumber, type ProblemReply, problem } from './problem.ts'
import { type RateLimit, rateLimiter } from './rate-limit.ts'
import { type AnyHandler, type PipelineDeps, serveOperation, writeProblem } from './serve-operation.ts'
import { sessionCookies } from './session-cookie.ts'

export interface HttpSettings {
  /** Where callers and chargers reach the hub: `https://hub.example`. */
  publicUrl: string
  /** Pages of these origins may call the API from a browser. */
  corsOrigins?: readonly string[]
  bodyLimitBytes?: number
  rateLimit?: RateLimit
  oidc?: OidcConfig
}

export interface AppDeps {
  service: ServiceDeps
  ports: ApiPorts
  settings: HttpSettings
  /** The hub's own secret, at least 32 bytes: signs dashboard sessions and seals kept answers. */
  secret: Uint8Array
  entropy: Entropy
  /** Real time, for everything about keys and callers; the hub's own clock may be moved by a demo. */
  now(): Date
  version: string
  /** Aborted when the hub begins to go down. */
  closing: AbortSignal
  registry?: Registry
  /** For the identity provider's documents. */
  fetch?: typeof fetch
  contract?: Contract
  /** In tests: an answer that the contract does not promise is an error. */
  checkAnswers?: boolean
}

const defaultLimit: RateLimit = { burst: 200, perSecond: 50 }
const defaultBodyLimit = 1_000_000

export function createApp(deps: AppDeps): Hono {
  const { service, ports, settings, now } = deps
  const contract = deps.contract ?? loadContract()
  const cookies = sessionCookies({ secret: deps.secret, secure: settings.publicUrl.startsWith('https:'), now })
  const verify = verifyKey({ db: service.db, log: service.log, now })
  const { oidc } = settings
  const pipeline: PipelineDeps = {
    service,
    authenticate: authenticate({
      verifyKey: verify,
      ...(oidc ? { verifyToken: oidcVerifier(oidc, { now, fetch: deps.fetch ?? fetch }) } : {}),
      sitesNamed: siteIdsNamed(service),
      cookies,
    }),
    take: rateLimiter(settings.rateLimit ?? defaultLimit, now),
    answerOnce: answerOnce({ ...service, secret: deps.secret, now, entropy: deps.entropy }),
    bodyLimit: settings.bodyLimitBytes ?? defaultBodyLimit,
    log: service.log,
    checkAnswers: deps.checkAnswers ?? false,
  }
  const handlers: Handlers = handlersOf({ ...deps, contract, cookies, verifyKey: verify })
  const app = new Hono({ strict: true })
  app.use(hubHeaders(deps))
  if (deps.registry) app.use(measured(deps.registry))
  for (const operation of contract.operations) {
    const serve = serveOperation(pipeline, operation, handlers[operation.id] as AnyHandler)
    app.on(operation.method, operation.path.replace(/\{(\w+)\}/g, ':$1'), (context) => {
      context.set('operation' as never, operation.id as never)
      return serve({
        request: context.req.raw,
        path: context.req.param(),
        requestId: requestIdOf(context),
        remoteAddress: remoteAddressOf(context),
      })
    })
  }
  app.all('/api/v1/x/:pluginId/*', (context) => pluginApi(pipeline, ports, context))
  app.all('/api/v1/x/:pluginId', (context) => pluginApi(pipeline, ports, context))
  app.all('/in/:connectionId/*', (context) => inbound(ports, context))
  app.all('/in/:connectionId', (context) => inbound(ports, context))
  const missing = missed(contract)
  app.notFound(async (context) => {
    const answer = await page(ports, context)
    // A page's own words are for people; programs get the form of every other refusal.
    const forPeople = context.req.header('accept')?.includes('text/html') ?? false
    return answer && (answer.status !== 404 || forPeople)
      ? answer
      : refuse(context, missing(context.req.method, context.req.path))
  })
  app.onError((error, context) => {
    service.log.error({ err: error, requestId: requestIdOf(context) }, 'a request failed')
    return refuse(context, problem('internal_error'))
  })
  return app
}

function requestIdOf(context: Context): string {
  return context.get('requestId')
}

function remoteAddressOf(context: Context): string {
  // Without a socket (tests call the application directly) there is no address.
  const incoming: { peer?: Peer } | undefined = context.env?.incoming
  return incoming?.peer?.remoteAddress ?? (incoming ? (getConnInfo(context).remote.address ?? 'unknown') : 'direct')
}

function refuse(context: Context, reply: ProblemReply): Response {
  return writeProblem(reply, context.req.path, requestIdOf(context))
}

/** The request's id, headers that keep browsers from guessing, and CORS for the origins that the operator lists. */
function hubHeaders({ service, settings }: AppDeps) {
  const origins = new Set(settings.corsOrigins ?? [])
  return async (context: Context, next: () => Promise<void>): Promise<void> => {
    const given = context.req.header('x-request-id')
    const requestId = given !== undefined && /^[A-Za-z0-9._:-]{1,100}$/.test(given) ? given : service.newId()
    context.set('requestId', requestId)
    const origin = context.req.header('origin')
    const allowed = origin !== undefined && origins.has(origin)
    if (allowed && context.req.method === 'OPTIONS')
      context.res = new Response(null, { status: 204, headers: preflight })
    else await next()
    const { headers } = context.res
    const set = (name: string, value: string) => {
      if (!headers.has(name)) headers.set(name, value)
    }
    set('X-Request-Id', requestId)
    set('X-Content-Type-Options', 'nosniff')
    set('Referrer-Policy', 'no-referrer')
    set('X-Frame-Options', 'DENY')
    set('Cross-Origin-Resource-Policy', 'same-origin')
    set('Cache-Control', 'no-store')
    set('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'")
    if (origins.size > 0) headers.append('Vary', 'Origin')
    if (allowed) {
      headers.set('Access-Control-Allow-Origin', origin)
      headers.set('Access-Control-Expose-Headers', 'ETag, Location, X-Request-Id, Retry-After, Idempotency-Replayed')
      headers.set('Cross-Origin-Resource-Policy', 'cross-origin')
    }
  }
}

const preflight = {
  'Access-Control-Allow-Methods': 'GET, POST, PUT, PATCH, DELETE',
  'Access-Control-Allow-Headers':
    'Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, X-Request-Id',
  'Access-Control-Max-Age': '600',
}

function measured(registry: Registry) {
  const duration = new Histogram({
    name: 'baywatt_http_request_seconds',
    help: 'Time to answer HTTP requests, by operation and status.',
    labelNames: ['operation', 'status'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
    registers: [registry],
  })
  return async (context: Context, next: () => Promise<void>): Promise<void> => {
    const stop = duration.startTimer()
    await next()
    stop({ operation: context.get('operation') ?? 'other', status: String(context.res.status) })
  }
}

/** Who may call is read from the plugin's own description; what it answers is its own. */
async function pluginApi(pipeline: PipelineDeps, ports: ApiPorts, context: Context): Promise<Response> {
  const { pluginId = '' } = context.req.param()
  const request = context.req.raw
  const principal = await pipeline.authenticate(request)
  const taken = pipeline.take(
    principal && !isProblem(principal) ? principal.actor : `address:${remoteAddressOf(context)}`,
  )
  if (taken.kind === 'limited')
    return refuse(
      context,
      problem('too_many_requests', { headers: { 'Retry-After': String(taken.retryAfterSeconds) } }),
    )
  if (principal === null)
    return refuse(context, problem('unauthorized', { headers: { 'WWW-Authenticate': 'Bearer realm="baywatt"' } }))
  if (isProblem(principal)) return refuse(context, principal)
  const scope = scopeOf(ports.host.openapiFragments().paths, context.req.path, context.req.method)
  if (scope !== null && !reaches(principal.scopes, scope)) {
    return refuse(context, problem('insufficient_scope', { detail: `This needs the scope ${scope}.` }))
  }
  const connectionId = context.req.query('connectionId')
  const answer = await ports.host.route({
    pluginId,
    organizationId: principal.organizationId,
    siteIds: principal.siteIds,
    path: context.req.path.slice(`/api/v1/x/${pluginId}`.length) || '/',
    ...(connectionId === undefined ? {} : { connectionId }),
    request,
  })
  return answerOf(context, answer)
}

function scopeOf(paths: Record<string, unknown>, path: string, method: string): Scope | null {
  for (const [template, item] of Object.entries(paths)) {
    if (!pattern(template).test(path)) continue
    const operation = (item as Record<string, { 'x-scope'?: Scope } | undefined>)[method.toLowerCase()]
    if (operation) return operation['x-scope'] ?? 'admin'
  }
  return null
}

async function inbound(ports: ApiPorts, context: Context): Promise<Response> {
  const { connectionId = '' } = context.req.param()
  if (!isUuid(connectionId)) return refuse(context, problem('not_found'))
  // As it was sent: an id may come percent-encoded.
  const [, , , ...rest] = context.req.path.split('/')
  const answer = await ports.host.inbound(connectionId, context.req.raw, `/${rest.join('/')}`)
  // The plugin waited for a body, not the caller for the plugin.
  if (answer.kind === 'late' && context.env?.incoming?.complete === false) {
    return refuse(
      context,
      problem('request_timeout', { detail: 'The body did not arrive in time. Send less at once.' }),
    )
  }
  return answerOf(context, answer)
}

async function page(ports: ApiPorts, context: Context): Promise<Response | null> {
  const { method, path } = context.req
  if ((method !== 'GET' && method !== 'HEAD') || path.startsWith('/api/') || path.startsWith('/in/')) return null
  const [best] = ports.host
    .pages()
    .filter((one) => path === one.path || path.startsWith(one.path.endsWith('/') ? one.path : `${one.path}/`))
    .sort((a, b) => b.path.length - a.path.length)
  if (!best) return null
  const response = answerOf(context, await best.fetch(context.req.raw))
  // A page may fetch from its own origin; it says so itself where it needs more.
  if (response.headers.has('content-security-policy')) return response
  const headers = new Headers(response.headers)
  headers.set(
    'Content-Security-Policy',
    "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
  )
  return new Response(response.body, { status: response.status, headers })
}

function answerOf(context: Context, answer: PluginAnswer): Response {
  switch (answer.kind) {
    case 'answered':
      return answer.response
    case 'unknown':
      return refuse(context, problem('not_found'))
    case 'card_number': {
      const errors = [{ in: 'body' as const, pointer: answer.pointer, message: noCardNumber }]
      const detail = `${answer.pointer || 'the body'} ${noCardNumber}`
      return refuse(context, problem('invalid_request', { detail, errors }))
    }
    case 'method_not_allowed':
      return refuse(context, problem('method_not_allowed', { headers: { Allow: answer.allow.join(', ') } }))
    case 'ambiguous':
      return refuse(
        context,
        problem('invalid_request', { detail: `Name one with ?connectionId=: ${answer.connectionIds.join(', ')}.` }),
      )
    case 'unavailable':
      return refuse(
        context,
        problem('unavailable', { detail: `The connection is ${answer.state}.`, headers: { 'Retry-After': '5' } }),
      )
    case 'failed':
      return refuse(context, problem('plugin_failed', { detail: 'The plugin failed; the log tells how.' }))
    case 'late':
      return refuse(
        context,
        problem('unavailable', { detail: 'The plugin took too long.', headers: { 'Retry-After': '5' } }),
      )
  }
}

/** A path that is there under other methods is 405; one that is nowhere is 404. */
function missed(contract: Contract): (method: string, path: string) => ProblemReply {
  const known = new Map<string, { matches: RegExp; methods: string[] }>()
  for (const { path, method } of contract.operations) {
    const entry = known.get(path) ?? { matches: pattern(path), methods: [] }
    entry.methods.push(method)
    known.set(path, entry)
  }
  return (method, path) => {
    const methods = [...known.values()].filter((one) => one.matches.test(path)).flatMap((one) => one.methods)
    if (methods.length === 0) return problem('not_found', { detail: 'There is nothing at this path.' })
    const allow = [...new Set(methods)].join(', ')
    return problem('method_not_allowed', { detail: `${method} is not among ${allow}.`, headers: { Allow: allow } })
  }
}

function pattern(template: string): RegExp {
  const parts = template
    .split('/')
    .map((part) => (part.startsWith('{') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
  return new RegExp(`^${parts.join('/')}$`)
}
