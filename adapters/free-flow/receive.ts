// Owns taking a vendor's call: who sent it, what it says, that it is stored, and only then the answer.
// Must not read a byte of the content before the caller has proved itself, nor know a vendor's words.
import {
  type CallerProof,
  type Clock,
  type FieldError,
  HubError,
  type Log,
  type ParcsSink,
  type ParkingFact,
  problem,
  problemResponse,
  provesCaller,
  readBody,
  readJson,
} from '../../core/plugin/index.ts'
import { longestText } from './fields.ts'
import type { MessageBook, Told } from './message-book.ts'

export interface Message {
  /** What stays the same when the vendor corrects it, such as the id of its event. */
  name: string
  /** What makes two deliveries the same; fields that the hub does not use are left out, so that they correct nothing. */
  content: unknown
  /** When it happened, to tell what comes after an outage. */
  at: Date | null
  /** Kept before the facts are stored: what actions need to know later. Not for a content that a newer one has replaced. */
  keep?(): Promise<void>
  facts(told: Told, backfilled: boolean): Promise<readonly ParkingFact[]>
  /** Runs once the facts are stored; the answer does not wait for it. */
  stored?(): void
}

export type Heard =
  | { kind: 'message'; message: Message }
  /** Nothing that concerns this site; the vendor need not send it again. */
  | { kind: 'other'; reason: string }
  | { kind: 'wrong'; errors: readonly FieldError[] }

export interface Receiving {
  routes: Readonly<Record<string, (json: unknown) => Heard | Promise<Heard>>>
  proofs(): Promise<readonly CallerProof[]>
  /** Undefined while the connection is not running. */
  sink(): ParcsSink | undefined
  book: MessageBook
  clock: Clock
  log: Log
  /** The vendor's word for "we have this already". */
  repeatStatus: 200 | 409
}

/** The largest documented body has about 1 kB. */
const largestBytes = 65_536
/** Later than this it was kept back: by an outage of the vendor, of the line or of the hub. */
const lateMs = 10 * 60_000

export function receive(deps: Receiving): (request: Request, path: string) => Promise<Response> {
  return async (request, path) => {
    const route = deps.routes[path.replace(/^\/+|\/+$/g, '')]
    if (!route) return refuse(404, 'not_found', `There are ${Object.keys(deps.routes).join(', ')}.`)
    if (request.method !== 'POST') return refuse(405, 'method_not_allowed', 'This call is a POST.', { allow: 'POST' })
    if ((request.headers.get('content-encoding') ?? 'identity') !== 'identity')
      return refuse(415, 'encoding_unsupported', 'Send the body uncompressed.')
    const body = await readBody(request, largestBytes)
    if (body.kind === 'cut')
      return refuse(400, 'body_incomplete', 'The connection was closed before the body was there.')
    if (body.kind === 'too_large') return refuse(413, 'body_too_large', `A call may have ${largestBytes} bytes.`)
    try {
      if (!provesCaller(request.headers, body.value, await deps.proofs())) {
        deps.log.warn({ path }, 'a call was refused: it does not carry the agreed secret')
        return refuse(401, 'unauthorised', 'The call does not carry the agreed secret.')
      }
      const sink = deps.sink()
      if (!sink) return unavailable('The connection is not running.')
      const json = readJson(body.value)
      if (json.kind === 'bad') return refuse(400, json.code, json.detail)
      const heard = await route(json.value)
      return await answer(deps, sink, heard, path)
    } catch (error) {
      deps.log.error({ err: error, path }, 'a call of the parking system could not be served')
      if (error instanceof HubError && error.status === 503)
        return unavailable('The hub could not store it at the moment.')
      return refuse(500, 'internal', 'The hub failed. Nothing was confirmed; repeating is safe.')
    }
  }
}

async function answer(deps: Receiving, sink: ParcsSink, heard: Heard, path: string): Promise<Response> {
  const { log, book, clock, repeatStatus } = deps
  if (heard.kind === 'wrong') {
    log.warn({ path, errors: heard.errors }, 'a message of the parking system could not be read')
    return problemResponse(problem(422, 'message_invalid', 'The message was not kept.', 'See errors.', heard.errors))
  }
  if (heard.kind === 'other') return Response.json({ status: 'left_out', reason: heard.reason })
  const { message } = heard
  const now = clock.now()
  const told = await book.told(message.name, message.content, now)
  if (told.revision >= told.standing) await message.keep?.()
  const backfilled = message.at !== null && now.getTime() - message.at.getTime() > lateMs
  const facts = await message.facts(told, backfilled)
  const results = await sink.record(facts)
  const rejected = results.flatMap((result) => (result.status === 'rejected' ? [result] : []))
  if (rejected.length > 0) {
    const errors = rejected.map(({ id, reason, pointer = '' }) => ({ pointer, message: `${id}: ${reason}` }))
    log.warn({ path, errors }, 'a message of the parking system was not kept')
    return problemResponse(problem(422, 'message_not_kept', 'The message was not kept.', 'See errors.', errors))
  }
  message.stored?.()
  const said = { name: message.name.slice(0, longestText), revision: told.revision }
  if (results.length > 0 && results.every(({ status }) => status === 'duplicate')) {
    const older = told.revision < told.standing
    const reason = older
      ? `This was told before as revision ${told.revision}; revision ${told.standing} has replaced it and stands.`
      : 'This was told before.'
    if (older) log.info(said, 'an old content of a corrected message came again and changes nothing')
    return Response.json({ ...said, status: 'duplicate', standing: told.standing, reason }, { status: repeatStatus })
  }
  return Response.json({ ...said, status: results.some(({ status }) => status === 'stored') ? 'stored' : 'superseded' })
}

function refuse(status: number, code: string, detail: string, headers: Record<string, string> = {}): Response {
  return problemResponse(problem(status, code, 'The call was not served.', detail), headers)
}

function unavailable(detail: string): Response {
  return refuse(503, 'unavailable', detail, { 'retry-after': '5' })
}
