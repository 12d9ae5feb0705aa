// Owns the way of one request through one operation: who, may they, is it well formed, once only, do it, write the answer.
// Must not know what any operation does.
import { cardNumberAt, mayHoldCardNumber } from '../domain/card-number.ts'
import { HubError } from '../domain/hub-error.ts'
import type { Log } from '../domain/log.ts'
import { reaches } from '../domain/scope.ts'
import type { Once, OnceInput } from '../services/manage/answer-once.ts'
import type { ServiceDeps } from '../services/service-deps.ts'
import { unknownCaller } from './authenticate.ts'
import type { Operation } from './contract.ts'
import { ifMatch, ifNoneMatch } from './etag.ts'
import { readJson } from './json-body.ts'
import type { CallContext, Principal } from './operation-types.ts'
import { isProblem, noCardNumber, type ProblemReply, problem, problemBody, thrown } from './problem.ts'
import type { Taken } from './rate-limit.ts'

/** A handler as the pipeline sees it: the types of its operation have been checked where it was written. */
export type AnyHandler = (
  call: { path: object; query: object; body: unknown; version: number | undefined; request: Request },
  context: CallContext,
) => unknown

export interface PipelineDeps {
  service: ServiceDeps
  authenticate(request: Request): Promise<Principal | ProblemReply | null>
  /** Takes one token of the caller's bucket. */
  take(who: string): Taken
  answerOnce(input: OnceInput, effect: (trx: ServiceDeps['db']) => Promise<Written>): Promise<Once>
  bodyLimit: number
  log: Log
  /** In tests: an answer that the contract does not promise is an error. */
  checkAnswers: boolean
}

/** An answer before it is a Response, so that it can be kept. */
interface Written {
  status: number
  headers: Record<string, string>
  body: string
}

interface JsonReply {
  status: number
  headers?: Record<string, string>
  body?: unknown
}

export interface Incoming {
  request: Request
  path: Record<string, string>
  requestId: string
  /** For callers who are nobody yet. */
  remoteAddress: string
}

export function serveOperation(deps: PipelineDeps, operation: Operation, handle: AnyHandler) {
  return async (incoming: Incoming): Promise<Response> => {
    const { request, requestId } = incoming
    const instance = new URL(request.url).pathname
    const refuse = (reply: ProblemReply) => writeProblem(reply, instance, requestId)
    try {
      const principal = await admit(deps, operation, incoming)
      if ('problem' in principal) return refuse(principal)
      const call = await parse(deps, operation, incoming)
      if ('problem' in call) return refuse(call)
      return finished(deps, operation, request, await run(deps, operation, handle, incoming, principal, call, instance))
    } catch (error) {
      const reply = thrown(error)
      const bug = reply.status >= 500 || !(error instanceof HubError)
      if (bug) deps.log.error({ err: error, requestId, operation: operation.id }, 'a request failed')
      return refuse(reply)
    }
  }
}

/** Operations for everyone still have a principal, one that reaches nothing. */
const nobody: Principal = {
  kind: 'user',
  actor: 'nobody',
  name: 'nobody',
  organizationId: '00000000-0000-0000-0000-000000000000',
  scopes: [],
  siteIds: [],
  cookie: false,
}

async function admit(deps: PipelineDeps, operation: Operation, incoming: Incoming): Promise<Principal | ProblemReply> {
  const { scope } = operation
  if (scope === 'public') {
    const free = !operation.rateLimited || deps.take(`address:${incoming.remoteAddress}`).kind === 'allowed'
    return free ? nobody : limited(1)
  }
  const principal = await deps.authenticate(incoming.request)
  if (principal === null || isProblem(principal)) {
    // Guessing keys is slowed down by address: there is no key to count by.
    const taken = deps.take(`address:${incoming.remoteAddress}`)
    if (taken.kind === 'limited') return limited(taken.retryAfterSeconds)
    return principal ?? unknownCaller('Send `Authorization: Bearer <key>`.')
  }
  const taken = deps.take(principal.actor)
  if (taken.kind === 'limited') return limited(taken.retryAfterSeconds)
  if (scope !== 'session' && !reaches(principal.scopes, scope)) {
    return problem('insufficient_scope', { detail: `This needs the scope ${scope}.` })
  }
  return principal
}

function limited(seconds: number): ProblemReply {
  return problem('too_many_requests', { detail: 'Slow down.', headers: { 'Retry-After': String(seconds) } })
}

interface Parsed {
  path: object
  query: object
  body: unknown
  text: string
  version: number | undefined
}

async function parse(
  deps: PipelineDeps,
  operation: Operation,
  { request, path }: Incoming,
): Promise<Parsed | ProblemReply> {
  const url = new URL(request.url)
  const checked = operation.checkParameters(path, url.searchParams, request.headers)
  if (checked.errors.some((error) => error.in === 'path'))
    return problem('not_found', { detail: 'No record has such an id.' })
  if (checked.errors.length > 0) {
    const code = checked.errors.every((error) => error.pointer === '/idempotency-key')
      ? 'invalid_idempotency_key'
      : 'invalid_request'
    return problem(code, { detail: describe(checked.errors), errors: checked.errors })
  }
  if (!accepts(request.headers.get('accept'), operation.produces)) {
    return problem('not_acceptable', { detail: `This answers with ${operation.produces.join(' or ')}.` })
  }
  const match = ifMatch(request.headers)
  if (isProblem(match)) return match
  const { query } = checked
  const searched = cardNumberAt(query)
  if (searched !== null) {
    const errors = [{ in: 'query' as const, pointer: searched, message: noCardNumber }]
    return problem('invalid_request', { detail: describe(errors), errors })
  }
  if (!operation.hasBody) return { path: checked.path, query, body: undefined, text: '', version: match.version }
  const body = await readJson(request, deps.bodyLimit)
  if (isProblem(body)) return body
  const card = !operation.masksCardNumbers && mayHoldCardNumber(body.text) ? cardNumberAt(body.value) : null
  if (card !== null) {
    const errors = [{ in: 'body' as const, pointer: card, message: noCardNumber }]
    return problem('invalid_request', { detail: describe(errors), errors })
  }
  const errors = operation.checkBody(body.value, body.text.length)
  if (errors.length > 0) return problem('invalid_request', { detail: describe(errors), errors })
  return { path: checked.path, query, body: body.value, text: body.text, version: match.version }
}

function describe(errors: readonly { in: string; pointer: string; message: string }[]): string {
  return errors
    .map(
      (one) => `${one.in === 'body' ? one.pointer || 'the body' : `${one.in} ${one.pointer.slice(1)}`} ${one.message}`,
    )
    .join('; ')
}

/** Without quality values: a client that lists several is glad of any. Problems are always sent as they are. */
function accepts(header: string | null, produces: readonly string[]): boolean {
  if (header === null || produces.length === 0) return true
  return header.split(',').some((range) => {
    const [type = '', quality] = range
      .trim()
      .toLowerCase()
      .split(/\s*;\s*q=/)
    const wanted = type.split(';')[0]?.trim() ?? ''
    if (Number(quality ?? 1) === 0) return false
    return (
      wanted === '*/*' ||
      produces.includes('*/*') ||
      produces.some((one) => wanted === one || (wanted.endsWith('/*') && one.startsWith(wanted.slice(0, -1))))
    )
  })
}

async function run(
  deps: PipelineDeps,
  operation: Operation,
  handle: AnyHandler,
  incoming: Incoming,
  principal: Principal,
  call: Parsed,
  instance: string,
): Promise<Written | Response> {
  const { request, requestId } = incoming
  const news: (() => void | Promise<void>)[] = []
  const { actor, organizationId, siteIds, scopes } = principal
  const invoke = async (db: ServiceDeps['db']): Promise<Written | Response> => {
    // A transaction that is run again makes its news again.
    news.length = 0
    const context: CallContext = {
      access: { actor, organizationId, siteIds, scopes, requestId },
      deps: { ...deps.service, db },
      principal,
      requestId,
      slowDown(who = `address:${incoming.remoteAddress}`) {
        const taken = deps.take(who)
        return taken.kind === 'limited' ? limited(taken.retryAfterSeconds) : null
      },
      afterCommit: (one) => news.push(one),
    }
    const reply = await handle({ ...call, request }, context)
    if (reply instanceof Response) return reply
    return isProblem(reply as object)
      ? written(problemAnswer(reply as ProblemReply, instance, requestId))
      : written(reply as JsonReply)
  }
  // A POST without an effect takes no key: there is nothing that could happen twice.
  const keyed = operation.parameters.some((one) => one.name === 'Idempotency-Key')
  const key = keyed ? request.headers.get('idempotency-key') : null
  let answer: Written | Response
  if (key === null) answer = await invoke(deps.service.db)
  else {
    const input = {
      organizationId,
      principal: actor,
      key,
      operation: operation.id,
      request: `${instance}\n${call.text}`,
    }
    const once = await deps.answerOnce(input, async (trx) => {
      const inside = await invoke(trx)
      if (inside instanceof Response) throw new Error(`${operation.id} cannot be kept for its idempotency key`)
      return inside
    })
    if (once.kind === 'running' || once.kind === 'reused') {
      const code = once.kind === 'running' ? 'idempotency_key_in_use' : 'idempotency_key_reused'
      return written(problemAnswer(problem(code), instance, requestId))
    }
    if (once.kind === 'replayed') news.length = 0
    const mark = once.kind === 'replayed' ? { 'Idempotency-Replayed': 'true' } : {}
    answer = { ...once.answer, headers: { ...once.answer.headers, ...mark } }
  }
  if (answer.status < 400) {
    for (const one of news) {
      // What is stored is stored: news that did not get through is found by whoever looks again.
      await Promise.resolve(one()).catch((error: unknown) =>
        deps.log.warn({ err: error, requestId }, 'news after a change failed'),
      )
    }
  }
  return answer
}

function written(reply: JsonReply): Written {
  const { status, headers = {}, body } = reply
  if (body === undefined) return { status, headers, body: '' }
  return { status, headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body) }
}

function problemAnswer(reply: ProblemReply, instance: string, requestId: string): JsonReply {
  const headers = { ...reply.headers, 'Content-Type': 'application/problem+json' }
  return { status: reply.status, headers, body: problemBody(reply, instance, requestId) }
}

export function writeProblem(reply: ProblemReply, instance: string, requestId: string): Response {
  const { status, headers, body } = written(problemAnswer(reply, instance, requestId))
  return new Response(body, { status, headers })
}

function finished(deps: PipelineDeps, operation: Operation, request: Request, answer: Written | Response): Response {
  if (answer instanceof Response) return answer
  const { status, headers, body } = answer
  if (deps.checkAnswers) {
    const type = headers['Content-Type'] ?? ''
    const wrong = operation.checkAnswer(status, type, body === '' ? undefined : JSON.parse(body))
    if (wrong.length > 0) throw new Error(`${operation.id} ${status} breaks the contract: ${wrong.join('; ')}`)
  }
  if (request.method === 'GET' && status === 200 && ifNoneMatch(request.headers, headers.ETag)) {
    return new Response(null, { status: 304, headers: { ETag: headers.ETag ?? '' } })
  }
  return new Response(body === '' ? null : body, { status, headers })
}
