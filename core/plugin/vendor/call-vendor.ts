// Owns one call to a vendor's interface and telling apart what surely happened, what surely did not, and what nobody knows.
// Must not repeat a call; who asked decides that from the answer.
import type { ActionOutcome } from '../../domain/parking-action.ts'
import { readBody, readJson } from './read-json.ts'

export interface VendorCall {
  fetch: typeof fetch
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  url: string | URL
  headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  json?: unknown
  /** Sent as it is, with the content type of `headers`. */
  body?: string | Uint8Array | URLSearchParams
  signal?: AbortSignal
  /** Default 1 MB. */
  largestAnswerBytes?: number
}

export type VendorAnswer =
  /** `json` is undefined for an empty body. */
  | { kind: 'answered'; status: number; json: unknown; headers: Headers }
  /** It answered, but not in words that can be read: whether it did what was asked is not known. */
  | { kind: 'garbled'; status: number; reason: string }
  /** The call never reached the vendor. */
  | { kind: 'unsent'; reason: string }
  /** It went out and no answer came. */
  | { kind: 'silent'; reason: string }

/** Failures before a byte of the request can have reached anybody. */
const beforeSending = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'fetch_refused',
])

/** Never rejects. */
export async function callVendor(call: VendorCall): Promise<VendorAnswer> {
  const headers = new Headers(call.headers)
  if (!headers.has('accept')) headers.set('accept', 'application/json')
  if (call.json !== undefined) headers.set('content-type', 'application/json')
  let response: Response
  try {
    response = await call.fetch(call.url, {
      method: call.method,
      headers,
      redirect: 'manual',
      ...(call.json !== undefined
        ? { body: JSON.stringify(call.json) }
        : call.body !== undefined
          ? { body: call.body }
          : {}),
      ...(call.signal ? { signal: call.signal } : {}),
    })
  } catch (error) {
    const reason = reasonOf(error)
    return codes(error).some((code) => beforeSending.has(code))
      ? { kind: 'unsent', reason }
      : { kind: 'silent', reason }
  }
  const { status } = response
  const body = await readBody(response, call.largestAnswerBytes ?? 1_048_576)
  if (body.kind === 'cut') return { kind: 'silent', reason: 'The answer broke off.' }
  if (body.kind === 'too_large') return { kind: 'garbled', status, reason: 'The answer is too large.' }
  if (body.value.byteLength === 0) return { kind: 'answered', status, json: undefined, headers: response.headers }
  const read = readJson(body.value)
  if (read.kind === 'ok') return { kind: 'answered', status, json: read.value, headers: response.headers }
  // The status of a refusal says enough, whatever page came with it.
  return status >= 400
    ? { kind: 'answered', status, json: undefined, headers: response.headers }
    : { kind: 'garbled', status, reason: read.detail }
}

/** Answered with a status of the 200s. */
export function succeeded(answer: VendorAnswer): answer is VendorAnswer & { kind: 'answered' } {
  return answer.kind === 'answered' && answer.status >= 200 && answer.status < 300
}

/** What every answer but a success means for an action. The vendor's own words for a refusal can be put in by `say`. */
export function failedOutcome(answer: VendorAnswer, say?: (json: unknown) => string | undefined): ActionOutcome {
  switch (answer.kind) {
    case 'unsent':
      return { kind: 'later', reason: `The vendor could not be reached: ${answer.reason}` }
    case 'silent':
      return { kind: 'unknown', reason: `The vendor did not answer: ${answer.reason}` }
    case 'garbled':
      return { kind: 'unknown', reason: `The vendor's answer (${answer.status}) could not be read: ${answer.reason}` }
    case 'answered': {
      const { status, headers, json } = answer
      const reason = say?.(json) ?? `The vendor answered ${status}.`
      if (status === 429 || status === 503) {
        const seconds = Number(headers.get('retry-after'))
        return { kind: 'later', reason, ...(seconds > 0 && seconds <= 86_400 ? { retryAfterSeconds: seconds } : {}) }
      }
      // Credentials are mended by people; until then nothing was done.
      if (status === 401 || status === 403) return { kind: 'later', reason: `${reason} Are the credentials right?` }
      if (status === 408 || status >= 500) return { kind: 'unknown', reason }
      if (status >= 400) return { kind: 'refused', reason, code: String(status) }
      return { kind: 'unknown', reason: `${reason} That is not an answer to this call.` }
    }
  }
}

function codes(error: unknown): string[] {
  const found: string[] = []
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const { code } = at as { code?: unknown }
    if (typeof code === 'string') found.push(code)
    if (at instanceof AggregateError) found.push(...at.errors.flatMap((one: unknown) => codes(one)))
  }
  return found
}

function reasonOf(error: unknown): string {
  const code = codes(error)[0]
  const message = error instanceof Error ? error.message : String(error)
  return code ? `${message} (${code})` : message
}
