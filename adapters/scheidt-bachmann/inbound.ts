// Owns the two calls of the vendor's side: the question at the gate, answered in time whatever happens, and events.
// Must not answer an event before the sink has stored it, nor decide who may enter: the hub's rules do.
import {
  type CallerProof,
  type Clock,
  type FieldError,
  type GateDecision,
  type Log,
  type ParcsSink,
  type ParkingFact,
  problem,
  problemResponse,
  provesCaller,
  readBody,
} from '../../core/plugin/index.ts'
import type { EconnectConfig } from './config.ts'
import { documentOf, listAt, textAt } from './document.ts'
import { type EventContext, factOf } from './events.ts'
import { type Message, readMessage, writeMessage } from './message.ts'
import { questionOf } from './read-mapped.ts'

export interface InboundDeps {
  config: EconnectConfig
  clock: Clock
  log: Log
  newId(): string
  proofs(): Promise<readonly CallerProof[]>
  /** Undefined while the connection is not running. */
  door(): { sink: ParcsSink; zone: string; currency: string } | undefined
  /** Told when messages do not fit the map, and null when they do again. */
  unfit(call: 'authorize' | 'events', errors: readonly FieldError[] | null): void
}

const largestQuestion = 65_536
const largestEvents = 2_097_152
const mostEvents = 1_000

export function inbound(deps: InboundDeps): (request: Request, path: string) => Promise<Response> {
  return async (request, path) => {
    const call = path.replace(/^\/+|\/+$/g, '')
    if (call !== 'authorize' && call !== 'events')
      return problemResponse(problem(404, 'not_found', 'No such call.', 'There are authorize and events.'))
    if (request.method !== 'POST')
      return problemResponse(problem(405, 'method_not_allowed', 'Wrong method.', 'This call is a POST.'), {
        allow: 'POST',
      })
    return call === 'authorize' ? inTime(deps, request) : takeEvents(deps, request)
  }
}

/** What is known of a question so far, for an answer that cannot wait for the rest. */
interface Heard {
  form: Message['form']
  requestId?: string
  proven: boolean
}

/** The clock runs from the first byte of the request, so that a slow line counts, too. */
async function inTime(deps: InboundDeps, request: Request): Promise<Response> {
  const { config, clock, log } = deps
  const heard: Heard = { form: /xml/i.test(request.headers.get('content-type') ?? '') ? 'xml' : 'json', proven: false }
  let late = false
  let cancel = () => {}
  const deadline = new Promise<Response>((resolve) => {
    cancel = clock.after(config.answerWithinMs, () => {
      late = true
      log.warn(
        { requestId: heard.requestId, answerWithinMs: config.answerWithinMs },
        'a gate of eConnect was answered without a decision: time was up',
      )
      // A stranger who sends slowly learns nothing, and neither does one whose proof was not read.
      resolve(heard.proven ? fallback(deps, heard) : busy('The request came too slowly.'))
    })
  })
  const answering = answerQuestion(deps, request, heard)
  try {
    return await Promise.race([answering, deadline])
  } finally {
    cancel()
    if (late)
      void answering.then(
        ({ status }) => log.info({ requestId: heard.requestId, status }, 'the decision for that gate came too late'),
        (error: unknown) => log.error({ err: error }, 'the decision for that gate failed'),
      )
  }
}

async function answerQuestion(deps: InboundDeps, request: Request, heard: Heard): Promise<Response> {
  const { config, log } = deps
  const received = await receive(deps, request, largestQuestion, (proven) => {
    heard.proven = proven
  })
  if (received.kind === 'refused') return received.response
  const { form, document } = received.message
  heard.form = form
  const requestId = textAt(document, config.map.question.requestId)
  if (requestId !== undefined) heard.requestId = requestId
  const door = deps.door()
  if (!door) return fallback(deps, heard)
  const { map } = config
  const context = { map, zone: map.zone ?? door.zone, now: deps.clock.now(), newId: deps.newId }
  const question = questionOf(document, context)
  deps.unfit('authorize', question.kind === 'wrong' ? question.errors : null)
  if (question.kind === 'wrong') {
    log.warn({ errors: question.errors }, 'a question of eConnect does not fit the field map')
    return unprocessable(question.errors)
  }
  heard.requestId = question.value.requestId
  try {
    const decision = await door.sink.decide(question.value)
    return writeMessage(form, answerOf(config, decision, requestId))
  } catch (error) {
    log.error({ err: error, requestId: question.value.requestId }, 'a gate of eConnect could not be decided')
    return fallback(deps, heard)
  }
}

function fallback({ config }: InboundDeps, { form, requestId }: Heard): Response {
  const message = 'Please ask for help.'
  const decision = { requestId: requestId ?? '', decision: config.lateAnswer, reasonCode: 'deadline', message } as const
  return writeMessage(form, answerOf(config, decision, requestId))
}

/** `requestId` as the vendor named it; a name that the hub gave means nothing to it. */
function answerOf(
  { map: { answer, resultWords } }: EconnectConfig,
  { decision, message, reasonCode, validUntil }: GateDecision,
  requestId: string | undefined,
): object {
  return documentOf([
    [answer.result, resultWords[decision]],
    [answer.requestId, requestId],
    [answer.text, message],
    [answer.reason, reasonCode],
    [answer.validUntil, validUntil?.toISOString()],
  ])
}

interface EventResult {
  id: string | null
  status: 'stored' | 'duplicate' | 'superseded' | 'rejected'
  errors?: readonly FieldError[]
}

async function takeEvents(deps: InboundDeps, request: Request): Promise<Response> {
  const received = await receive(deps, request, largestEvents, () => {})
  if (received.kind === 'refused') return received.response
  const door = deps.door()
  if (!door) return busy('The connection is not running.')
  const { map } = deps.config
  const items = listAt(received.message.document, map.events.each, mostEvents)
  if (items === 'too_many' || items.length === 0) {
    const errors = [{ pointer: map.events.each ?? '', message: `must hold 1 to ${mostEvents} events` }]
    deps.unfit('events', errors)
    return unprocessable(errors)
  }
  const context: EventContext = { map, zone: map.zone ?? door.zone, currency: door.currency }
  const results: EventResult[] = []
  const facts: ParkingFact[] = []
  const places: number[] = []
  const unfit: FieldError[] = []
  for (const [index, item] of items.entries()) {
    const fact = factOf(item, context)
    if (fact.kind === 'ok') {
      places.push(index)
      facts.push(fact.value)
    } else {
      const errors = fact.errors.map(({ pointer, message }) => ({ pointer: `/${index}${pointer}`, message }))
      unfit.push(...errors)
      results[index] = { id: textAt(item, map.events.fields.id) ?? null, status: 'rejected', errors }
    }
  }
  deps.unfit('events', unfit.length > 0 ? unfit : null)
  if (unfit.length > 0) deps.log.warn({ errors: unfit.slice(0, 20) }, 'events of eConnect do not fit the field map')
  try {
    const stored = facts.length > 0 ? await door.sink.record(facts) : []
    for (const [i, result] of stored.entries()) {
      const { id, status } = result
      const place = places[i] ?? 0
      if (result.status !== 'rejected') results[place] = { id, status }
      else {
        const pointer = `/${place}${result.pointer ?? ''}`
        results[place] = { id, status, errors: [{ pointer, message: result.reason }] }
        deps.log.warn({ fact: id, reason: result.reason }, 'an event of eConnect was not kept')
      }
    }
  } catch (error) {
    deps.log.error({ err: error }, 'events of eConnect could not be stored')
    return busy('The hub could not store it at the moment.')
  }
  return Response.json({ results })
}

type Received = { kind: 'message'; message: Message } | { kind: 'refused'; response: Response }

async function receive(
  deps: InboundDeps,
  request: Request,
  largest: number,
  proven: (proven: boolean) => void,
): Promise<Received> {
  const refused = (status: number, code: string, title: string, detail: string): Received => ({
    kind: 'refused',
    response: problemResponse(problem(status, code, title, detail)),
  })
  if (!provesCaller(request.headers, new Uint8Array(), await deps.proofs())) {
    deps.log.warn({}, 'a call was refused: it does not prove that it comes from eConnect')
    return refused(401, 'proof_invalid', 'Not from the parking system.', 'This connection expects another proof.')
  }
  proven(true)
  if ((request.headers.get('content-encoding') ?? 'identity') !== 'identity')
    return refused(415, 'encoding_unsupported', 'Compressed body.', 'Send the body uncompressed.')
  const body = await readBody(request, largest)
  if (body.kind === 'cut')
    return refused(400, 'body_incomplete', 'The body ended too early.', 'The connection was closed.')
  if (body.kind === 'too_large')
    return refused(413, 'body_too_large', 'The request is too large.', `It may have ${largest} bytes.`)
  const read = readMessage(body.value, request.headers.get('content-type') ?? '')
  if (read.kind === 'bad') return refused(400, read.code, 'The body cannot be read.', read.detail)
  return { kind: 'message', message: read.value }
}

function unprocessable(errors: readonly FieldError[]): Response {
  const detail = 'The field map of the connection does not fit this message.'
  return problemResponse(problem(422, 'map_unfit', 'The message is not as configured.', detail, errors.slice(0, 20)))
}

function busy(detail: string): Response {
  return problemResponse(problem(503, 'unavailable', 'Try again soon.', detail), { 'retry-after': '5' })
}
