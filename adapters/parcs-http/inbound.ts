// Owns the three calls a parking system makes: post facts, ask at the gate, look whether the line is up.
// Must not answer facts before the sink has stored them, nor trust a byte before the signature is checked.
import {
  type Clock,
  type FieldError,
  factName,
  HubError,
  type Log,
  type ParcsSink,
  type ParkingFact,
  type Problem,
  parseFact,
  parseQuestion,
  problem,
  problemResponse,
  readBody,
  readJson,
} from '../../core/plugin/index.ts'
import type { ParcsHttpConfig } from './config-schema.ts'
import { factProblem } from './problem.ts'
import { verifySignature } from './signature.ts'

export interface InboundDeps {
  name: string
  config: ParcsHttpConfig
  clock: Clock
  log: Log
  /** Keys of the signing secret; `again` reads it anew, for a secret that was changed meanwhile. */
  keys(again: boolean): Promise<readonly Buffer[]>
  /** Undefined while the connection is not running. */
  sink(): ParcsSink | undefined
}

type Route = (deps: InboundDeps, body: Uint8Array, sink: ParcsSink) => Promise<Response>

const routes: Readonly<Record<string, { method: string; handle: Route }>> = {
  facts: { method: 'POST', handle: postFacts },
  'gate-requests': { method: 'POST', handle: askGate },
  status: { method: 'GET', handle: tellStatus },
}

export function inbound(deps: InboundDeps): (request: Request, path: string) => Promise<Response> {
  return async (request, path) => {
    const route = routes[path.replace(/^\/+|\/+$/g, '')]
    if (!route)
      return problemResponse(problem(404, 'not_found', 'No such call.', 'There are facts, gate-requests and status.'))
    if (request.method !== route.method) {
      const detail = `This call is a ${route.method}.`
      return problemResponse(problem(405, 'method_not_allowed', 'Wrong method.', detail), { allow: route.method })
    }
    const encoding = request.headers.get('content-encoding') ?? 'identity'
    if (encoding !== 'identity') {
      return problemResponse(problem(415, 'encoding_unsupported', 'Compressed body.', 'Send the body uncompressed.'))
    }
    const largest = deps.config.maxBodyKilobytes * 1_024
    const body = await readBody(request, largest)
    if (body.kind === 'cut') {
      const detail = 'The connection was closed before the body was there.'
      return problemResponse(problem(400, 'body_incomplete', 'The body ended too early.', detail))
    }
    if (body.kind !== 'ok') {
      const detail = `A request may have ${deps.config.maxBodyKilobytes} kB. Send smaller batches.`
      return problemResponse(problem(413, 'body_too_large', 'The request is too large.', detail))
    }
    const refusal = await checkSignature(deps, request.headers, body.value)
    if (refusal) return problemResponse(refusal)
    const sink = deps.sink()
    if (!sink) return unavailable('The connection is not running.')
    try {
      return await route.handle(deps, body.value, sink)
    } catch (error) {
      return failed(deps, error)
    }
  }
}

async function checkSignature(deps: InboundDeps, headers: Headers, body: Uint8Array): Promise<Problem | null> {
  const { clock, config } = deps
  const check = async (again: boolean) =>
    verifySignature({ headers, body }, await deps.keys(again), clock.now(), config.clockSkewSeconds)
  let verdict = await check(false)
  if (verdict.kind === 'invalid' && verdict.code === 'signature_invalid') verdict = await check(true)
  if (verdict.kind === 'valid') return null
  deps.log.warn(
    { code: verdict.code, webhookId: headers.get('webhook-id') },
    'a request was refused: not signed as agreed',
  )
  return problem(401, verdict.code, 'The request is not signed as agreed.', verdict.detail)
}

interface FactResult {
  id: string | null
  revision: number | null
  status: 'stored' | 'duplicate' | 'superseded' | 'rejected'
  problem?: Problem
}

async function postFacts({ config }: InboundDeps, body: Uint8Array, sink: ParcsSink): Promise<Response> {
  const json = readJson(body)
  if (json.kind !== 'ok') return badJson(json)
  const items = itemsOf(json.value, config.maxBatch)
  if (items.kind === 'wrong') return malformed(items.errors)
  const results: FactResult[] = []
  const facts: ParkingFact[] = []
  const places: number[] = []
  for (const [index, item] of items.value.entries()) {
    const parsed = parseFact(item)
    if (parsed.kind === 'ok') {
      facts.push(parsed.value)
      places.push(index)
    } else {
      const detail = parsed.errors.map(({ pointer, message }) => `${pointer || 'the fact'} ${message}`).join('; ')
      const refused = problem(422, 'fact_invalid', 'The fact was not kept.', detail, parsed.errors)
      results[index] = { ...factName(item), status: 'rejected', problem: refused }
    }
  }
  const stored = facts.length > 0 ? await sink.record(facts) : []
  for (const [i, result] of stored.entries()) {
    const { id, revision, status } = result
    results[places[i] ?? 0] =
      status === 'rejected'
        ? { id, revision, status, problem: factProblem(result.reason, result.pointer) }
        : { id, revision, status }
  }
  return Response.json({ results })
}

function itemsOf(
  json: unknown,
  maxBatch: number,
): { kind: 'ok'; value: readonly unknown[] } | { kind: 'wrong'; errors: FieldError[] } {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return { kind: 'wrong', errors: [{ pointer: '', message: 'must be one fact, or an object with "facts"' }] }
  }
  if (!Object.hasOwn(json, 'facts')) return { kind: 'ok', value: [json] }
  const { facts, ...others } = json as { facts: unknown }
  const unknown = Object.keys(others).map((name) => ({ pointer: `/${name}`, message: 'is not known here' }))
  if (unknown.length > 0) return { kind: 'wrong', errors: unknown.slice(0, 20) }
  if (!Array.isArray(facts) || facts.length === 0 || facts.length > maxBatch) {
    return { kind: 'wrong', errors: [{ pointer: '/facts', message: `must be a list of 1 to ${maxBatch} facts` }] }
  }
  return { kind: 'ok', value: facts }
}

async function askGate(_deps: InboundDeps, body: Uint8Array, sink: ParcsSink): Promise<Response> {
  const json = readJson(body)
  if (json.kind !== 'ok') return badJson(json)
  const question = parseQuestion(json.value)
  if (question.kind === 'wrong') return malformed(question.errors)
  const { requestId, decision, reasonCode, message, validUntil } = await sink.decide(question.value)
  const until = validUntil ? { validUntil: validUntil.toISOString() } : {}
  return Response.json({ requestId, decision, reasonCode, message, ...until })
}

async function tellStatus({ name, clock, config }: InboundDeps): Promise<Response> {
  const { clockSkewSeconds, maxBatch, maxBodyKilobytes } = config
  return Response.json({
    connection: name,
    state: 'running',
    now: clock.now().toISOString(),
    limits: { clockSkewSeconds, maxBatch, maxBodyKilobytes },
  })
}

function badJson({ code, detail }: { code: string; detail: string }): Response {
  return problemResponse(problem(400, code, 'The body cannot be read.', detail))
}

function malformed(errors: readonly FieldError[]): Response {
  return problemResponse(problem(400, 'body_invalid', 'The body is not as agreed.', 'See errors.', errors))
}

function unavailable(detail: string): Response {
  return problemResponse(problem(503, 'unavailable', 'Try again soon.', detail), { 'retry-after': '5' })
}

function failed({ log }: InboundDeps, error: unknown): Response {
  log.error({ err: error }, 'a request of the parking system could not be served')
  if (error instanceof HubError && error.status === 503) return unavailable('The hub could not store it at the moment.')
  return problemResponse(problem(500, 'internal', 'The hub failed.', 'Nothing was confirmed; repeating is safe.'))
}
