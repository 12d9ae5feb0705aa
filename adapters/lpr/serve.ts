// Owns a camera's call from the first byte to the answer: proof, limits, message, store, acknowledge.
// Must not acknowledge a read before the sink has it, nor trust a byte before the proof.
import { createHash } from 'node:crypto'
import { type Clock, type Log, problem, problemResponse, type ReaderSink, readBody } from '../../core/plugin/index.ts'
import type { BodyProblem } from './body/body-problem.ts'
import { readMessage } from './body/read-message.ts'
import { type Proof, type ProofRules, prove } from './proof/prove.ts'
import { createRepeats } from './repeats.ts'
import type { Outcome, Settings, Vendor } from './vendor.ts'

export interface ServeDeps<C extends object> {
  vendor: Vendor<C>
  config: C
  settings: Settings
  proof: ProofRules
  largestBody: number
  clock: Clock
  log: Log
  /** `again` reads it anew, for a secret that was changed meanwhile. */
  secret(again: boolean): Promise<string>
  /** Undefined while the connection is not running. */
  sink(): ReaderSink | undefined
  /** Told after each message whether it could be read. */
  told(problem: BodyProblem | null): void
}

type Answer = { kind: 'stored'; alive: readonly string[] } | { kind: 'unreadable'; problem: BodyProblem }

export function serve<C extends object>(deps: ServeDeps<C>): (request: Request, path: string) => Promise<Response> {
  const repeats = createRepeats<Answer>(deps.clock)
  return async (request, path) => {
    const address = addressOf(path)
    if (request.method !== 'POST' && request.method !== 'PUT') {
      const detail = 'A camera posts its messages here.'
      return problemResponse(problem(405, 'method_not_allowed', 'Wrong method.', detail), { allow: 'POST, PUT' })
    }
    const encoding = request.headers.get('content-encoding') ?? 'identity'
    if (encoding !== 'identity')
      return problemResponse(problem(415, 'encoding_unsupported', 'Compressed body.', 'Send it uncompressed.'))
    // Strangers are sent away before their body is read; a signature can only be checked with it.
    const signed = deps.proof.kind === 'hmac'
    const early = signed ? null : await refusalOf(deps, request, address.key, new Uint8Array())
    if (early) return early
    const body = await readBody(request, deps.largestBody)
    if (body.kind === 'too_large') return tooLarge(deps)
    if (body.kind === 'cut')
      return problemResponse(problem(400, 'body_incomplete', 'The body ended too early.', 'The connection was closed.'))
    const late = signed ? await refusalOf(deps, request, address.key, body.value) : null
    if (late) return late
    const sink = deps.sink()
    if (!sink) return unavailable('The connection is not running.')
    const contentType = request.headers.get('content-type') ?? ''
    const name = createHash('sha256').update(`${path}\n${contentType}\n`).update(body.value).digest('base64')
    let answer: Answer
    try {
      answer = await repeats.once(name, () => take(deps, sink, body.value, contentType, address))
    } catch (error) {
      // The camera keeps what was not acknowledged and sends it again.
      deps.log.error({ err: error }, 'what a camera told could not be stored')
      return unavailable('The hub could not store it at the moment.')
    }
    return acknowledged(deps, sink, answer)
  }
}

interface Address {
  key: string | undefined
  reader: string | undefined
}

/** `/key/<secret>/as/<camera>/<what the vendor puts behind>`, each part optional. */
function addressOf(path: string): Address {
  const rest = path.split('/').filter((segment) => segment !== '')
  const next = (name: string): string | undefined => {
    if (rest[0] !== name || rest[1] === undefined) return undefined
    return decoded(rest.splice(0, 2)[1] ?? '')
  }
  return { key: next('key'), reader: next('as')?.slice(0, 255) }
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

async function refusalOf<C extends object>(
  { clock, log, proof, secret, vendor }: ServeDeps<C>,
  request: Request,
  key: string | undefined,
  body: Uint8Array,
): Promise<Response | null> {
  const check = async (again: boolean): Promise<Proof> =>
    prove(proof, { request, key, body, secret: await secret(again), now: clock.now() })
  let verdict = await check(false)
  if (verdict.kind === 'invalid') verdict = await check(true)
  if (verdict.kind === 'valid') return null
  log.warn(
    { vendor: vendor.id, proof: proof.kind },
    'a call was refused: it does not prove that it comes from the camera',
  )
  const detail = `This connection expects the proof "${proof.kind}".`
  return problemResponse(
    problem(401, 'proof_invalid', 'Not from the camera.', detail),
    verdict.challenges.map((challenge) => ['www-authenticate', challenge] as const),
  )
}

async function take<C extends object>(
  { clock, config, log, settings, vendor }: ServeDeps<C>,
  sink: ReaderSink,
  bytes: Uint8Array,
  contentType: string,
  address: Address,
): Promise<Answer> {
  const body = await readMessage(bytes, contentType)
  if (body.kind === 'problem') return { kind: 'unreadable', problem: body.problem }
  const message = { ...body.value, reader: address.reader, receivedAt: clock.now() }
  const outcome: Outcome = vendor.read(message, settings, config)
  if (outcome.kind === 'problem') return { kind: 'unreadable', problem: outcome.problem }
  for (const note of outcome.notes) log.warn({ vendor: vendor.id }, note)
  const results = outcome.reports.length > 0 ? await sink.report(outcome.reports) : []
  for (const result of results)
    if (result.status === 'rejected')
      log.warn(
        { id: result.id, reason: result.reason, pointer: result.pointer },
        'a read was not kept; repeating it would not help',
      )
  return { kind: 'stored', alive: outcome.alive }
}

function acknowledged<C extends object>(
  { clock, log, told, vendor }: ServeDeps<C>,
  sink: ReaderSink,
  answer: Answer,
): Response {
  if (answer.kind === 'stored') {
    told(null)
    for (const reader of answer.alive) sink.alive(reader, clock.now())
    return vendor.acknowledge?.() ?? Response.json({ status: 'ok' })
  }
  const { pointer, message } = answer.problem
  told(answer.problem)
  log.warn({ vendor: vendor.id, pointer, reason: message }, 'a message of a camera could not be read')
  if (vendor.acknowledgeUnreadable) return vendor.acknowledge?.() ?? Response.json({ status: 'ok' })
  return problemResponse(
    problem(400, 'message_unreadable', 'The message cannot be read.', message, [{ pointer, message }]),
  )
}

function tooLarge<C extends object>({ largestBody, told }: ServeDeps<C>): Response {
  const detail = `A message may have ${Math.floor(largestBody / 1_024)} kB.`
  told({ pointer: '', message: `is larger than ${Math.floor(largestBody / 1_024)} kB` })
  return problemResponse(problem(413, 'body_too_large', 'The message is too large.', detail))
}

function unavailable(detail: string): Response {
  return problemResponse(problem(503, 'unavailable', 'Try again soon.', detail), { 'retry-after': '5' })
}
