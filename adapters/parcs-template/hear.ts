// Owns the vendor's calls to the hub: who calls, whether it is fresh, and the answer, which comes after the facts are stored.
// Must not look into a body before its caller is proved.
import {
  type Clock,
  type Log,
  problem,
  problemResponse,
  provesCaller,
  readBody,
  readJson,
  sameText,
} from '../../core/plugin/index.ts'
import { readFormat, signatureOf } from './canonical.ts'
import type { Memory } from './memory.ts'
import type { HmacRules, IncomingAuth, Profile, Webhook } from './profile.ts'
import type { TookIn } from './take-in.ts'
import { at, type Spot } from './take-value.ts'

export interface HearDeps {
  profile: Profile
  user: string
  clock: Clock
  log: Log
  memory: Memory
  secret(): Promise<string>
  take(webhook: Webhook, message: unknown, records: readonly Spot[]): Promise<TookIn>
}

const largestBody = 2_097_152
const mostRecords = 2_000

export function hear(deps: HearDeps): (request: Request, path: string) => Promise<Response> {
  const { profile, log } = deps
  return async (request, path) => {
    const wanted = path.replace(/^\/+|\/+$/g, '')
    const webhook = profile.webhooks?.find((each) => each.path === wanted)
    if (!webhook) return problemResponse(problem(404, 'not_found', 'No such call.', 'The profile names no such path.'))
    if (request.method !== 'POST')
      return problemResponse(problem(405, 'method_not_allowed', 'Wrong method.', 'This call is a POST.'), {
        allow: 'POST',
      })
    const body = await readBody(request, largestBody)
    if (body.kind === 'too_large')
      return problemResponse(problem(413, 'body_too_large', 'Too large.', 'Send less at once.'))
    if (body.kind === 'cut')
      return problemResponse(problem(400, 'body_incomplete', 'The body ended too early.', 'Send it again.'))
    const proof = await proofOf(webhook.auth, request, body.value, deps)
    if (proof.kind === 'no') {
      log.warn({ path: wanted, why: proof.why }, 'a call was refused: it is not proved as agreed')
      // The reason stays here: a stranger learns nothing about which part was wrong.
      return problemResponse(
        problem(401, 'caller_unknown', 'Not proved as agreed.', 'See the agreement about signatures.'),
      )
    }
    const stored = () => new Response(null, { status: webhook.answers?.stored ?? 200 })
    if (proof.replay !== undefined && (await deps.memory.heard(proof.replay))) return stored()
    const message = webhook.accept === 'form' ? formOf(body.value) : readJson(body.value)
    if (message.kind !== 'ok')
      return problemResponse(problem(400, message.code, 'The body cannot be read.', message.detail))
    const records = recordsOf(message.value, webhook.items)
    if (records.kind === 'wrong')
      return problemResponse(problem(400, 'body_invalid', 'Not as agreed.', 'See errors.', [records.error]))
    let took: TookIn
    try {
      took = await deps.take(webhook, message.value, records.list)
    } catch (error) {
      log.error({ err: error, path: wanted }, 'what the vendor told could not be stored')
      const told = problem(503, 'unavailable', 'Try again soon.', 'The hub could not store it; nothing was confirmed.')
      return problemResponse(told, { 'retry-after': '5' })
    }
    if (took.refused.length > 0 && took.stored === 0) {
      const errors = took.refused.slice(0, 20).map(({ pointer, message: why }) => ({ pointer, message: why }))
      const unfit = webhook.answers?.unfit ?? 422
      return unfit < 300
        ? new Response(null, { status: unfit })
        : problemResponse(problem(unfit, 'record_unfit', 'Nothing of it could be kept.', 'See errors.', errors))
    }
    if (proof.replay !== undefined) await deps.memory.hear(proof.replay, deps.clock.now())
    return stored()
  }
}

type Proof = { kind: 'yes'; replay?: string } | { kind: 'no'; why: string }

async function proofOf(auth: IncomingAuth, request: Request, body: Uint8Array, deps: HearDeps): Promise<Proof> {
  const secret = await deps.secret()
  const { headers } = request
  switch (auth.kind) {
    case 'bearer':
      return judged(provesCaller(headers, body, [{ kind: 'bearer', token: secret }]))
    case 'basic':
      return judged(provesCaller(headers, body, [{ kind: 'basic', user: deps.user, password: secret }]))
    case 'header':
      return judged(provesCaller(headers, body, [{ kind: 'header', name: auth.name, value: secret }]))
    case 'hmac':
      return hmacProof(auth, request, body, secret, deps)
  }
}

const judged = (holds: boolean): Proof => (holds ? { kind: 'yes' } : { kind: 'no', why: 'the secret is not there' })

function hmacProof(
  auth: IncomingAuth & { kind: 'hmac' },
  { headers, method, url }: Request,
  body: Uint8Array,
  secret: string,
  { clock, user }: HearDeps,
): Proof {
  const carried = readFormat(auth.format ?? '{signature}', headers.get(auth.header)?.trim() ?? '')
  if (carried === null) return { kind: 'no', why: `the header ${auth.header} is not written as agreed` }
  const named = (own: string | undefined, part: string) => (own ? headers.get(own)?.trim() : carried[part]) ?? ''
  const [timestamp, nonce] = [named(auth.timestampHeader, 'timestamp'), named(auth.nonceHeader, 'nonce')]
  const given = carried.signature ?? ''
  const signed = { method, url: new URL(url), body, user: carried.user ?? user, timestamp, nonce }
  const expected = signatureOf(auth, signed, secret)
  // Hex is written in either case.
  if (!sameText(auth.encoding === 'hex' ? given.toLowerCase() : given, expected))
    return { kind: 'no', why: 'the signature is another one' }
  if (auth.canonical.includes('{timestamp}')) {
    const sentAt = instantOf(auth, timestamp)
    const off = Math.abs(clock.now().getTime() - sentAt)
    // Written so that a time that is none is refused, too.
    if (!(off <= (auth.toleranceSeconds ?? 300) * 1_000))
      return { kind: 'no', why: 'the timestamp is too old or too early' }
  }
  return { kind: 'yes', ...(auth.replaySeconds === undefined ? {} : { replay: expected }) }
}

function instantOf({ timestamp = 'seconds' }: HmacRules, text: string): number {
  if (timestamp === 'iso') return Date.parse(text)
  return /^\d{1,15}$/.test(text) ? Number(text) * (timestamp === 'seconds' ? 1_000 : 1) : Number.NaN
}

function formOf(body: Uint8Array): ReturnType<typeof readJson> {
  return { kind: 'ok', value: Object.fromEntries(new URLSearchParams(Buffer.from(body).toString('utf8'))) }
}

function recordsOf(
  message: unknown,
  items: string | undefined,
): { kind: 'ok'; list: readonly Spot[] } | { kind: 'wrong'; error: { pointer: string; message: string } } {
  const spot = at({ value: message, pointer: '' }, items ?? '')
  const list = Array.isArray(spot.value)
    ? spot.value.map((value: unknown, i) => ({ value, pointer: `${spot.pointer}/${i}` }))
    : [spot]
  const single = !Array.isArray(spot.value) && items !== undefined
  if (single || typeof message !== 'object' || message === null)
    return { kind: 'wrong', error: { pointer: spot.pointer, message: single ? 'is no list' : 'is no object or list' } }
  if (list.length > mostRecords)
    return { kind: 'wrong', error: { pointer: spot.pointer, message: `has more than ${mostRecords} items` } }
  return { kind: 'ok', list }
}
