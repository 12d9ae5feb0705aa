// Owns one call to the partner: its token, one new try when the token is no longer taken, and what became of the call.
// Must not repeat a call that may have been done.
import type { Clock } from '../../../core/plugin/index.ts'
import { readBody } from '../read-body.ts'

export type Called =
  | { kind: 'answer'; status: number; body: unknown }
  /** Surely not done: no token, too many calls, or down and saying so. */
  | { kind: 'not_done'; reason: string; retryAfterSeconds?: number; refusedUs?: true }
  /** Nobody knows. */
  | { kind: 'unknown'; reason: string }

export interface ApiDeps {
  baseUrl: string
  tokenUrl: string
  clientId: string
  scopes: readonly string[]
  clock: Clock
  fetch: typeof fetch
  secret(): Promise<string>
}

export interface Api {
  call(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    options?: { body?: unknown; signal?: AbortSignal },
  ): Promise<Called>
}

const answerMs = 20_000
const largestAnswer = 16_777_216
/** A token is not used to its last second: the partner's clock may be ahead. */
const spareMs = 30_000
const longestPause = 86_400

export function api(deps: ApiDeps): Api {
  let token: { text: string; until: number } | undefined
  const send = (url: string, init: RequestInit, outer: AbortSignal | undefined) =>
    deps.fetch(url, {
      ...init,
      redirect: 'manual',
      signal: AbortSignal.any([AbortSignal.timeout(answerMs), ...(outer ? [outer] : [])]),
    })

  const getToken = async (signal: AbortSignal | undefined): Promise<string | Called> => {
    if (token && token.until > deps.clock.now().getTime()) return token.text
    const form = new URLSearchParams({ grant_type: 'client_credentials', scope: deps.scopes.join(' ') })
    const pair = [deps.clientId, await deps.secret()].map(encodeURIComponent).join(':')
    let response: Response
    try {
      const headers = {
        authorization: `Basic ${Buffer.from(pair).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      }
      response = await send(deps.tokenUrl, { method: 'POST', headers, body: form.toString() }, signal)
    } catch (error) {
      return { kind: 'not_done', reason: `no token: ${wordOf(error)}` }
    }
    const body = await readBody(response, largestAnswer)
    if (!response.ok) {
      const refusedUs = response.status === 400 || response.status === 401 || response.status === 403
      return {
        kind: 'not_done',
        reason: `no token: the partner answered ${response.status}`,
        ...pauseOf(response, deps.clock),
        ...(refusedUs ? { refusedUs } : {}),
      }
    }
    const { access_token: text, expires_in: seconds = 300 } = (
      body.kind === 'ok' && typeof body.value === 'object' ? (body.value ?? {}) : {}
    ) as Record<string, unknown>
    if (typeof text !== 'string' || text === '') return { kind: 'not_done', reason: 'no token: the answer holds none' }
    // By how long it lives, never by an instant: the two clocks need not agree.
    const lifeMs = Math.max(0, Number(seconds) * 1_000 || 0)
    token = { text, until: deps.clock.now().getTime() + Math.max(lifeMs / 2, lifeMs - spareMs) }
    return text
  }

  const once = async (
    method: string,
    path: string,
    body: unknown,
    signal: AbortSignal | undefined,
  ): Promise<Called> => {
    const bearer = await getToken(signal)
    if (typeof bearer !== 'string') return bearer
    let response: Response
    try {
      response = await send(
        `${deps.baseUrl.replace(/\/+$/, '')}/${path}`,
        {
          method,
          headers: {
            authorization: `Bearer ${bearer}`,
            accept: 'application/json',
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        },
        signal,
      )
    } catch (error) {
      return { kind: 'unknown', reason: wordOf(error) }
    }
    const read = await readBody(response, largestAnswer)
    const { status } = response
    if (status === 429 || status === 503)
      return { kind: 'not_done', reason: `the partner answered ${status}`, ...pauseOf(response, deps.clock) }
    if (status >= 500) return { kind: 'unknown', reason: `the partner answered ${status}` }
    if (read.kind === 'bad' && method === 'GET' && response.ok) return { kind: 'unknown', reason: read.message }
    return { kind: 'answer', status, body: read.kind === 'ok' ? read.value : undefined }
  }

  return {
    async call(method, path, { body, signal } = {}) {
      const first = await once(method, path, body, signal)
      if (first.kind !== 'answer' || first.status !== 401) return first
      // A call that was not let in was not done: once more with a new token.
      token = undefined
      const second = await once(method, path, body, signal)
      if (second.kind === 'answer' && second.status === 401)
        return { kind: 'not_done', reason: 'the partner takes no token of ours', refusedUs: true }
      return second
    },
  }
}

/** Retry-After in seconds or as a date. */
function pauseOf(response: Response, clock: Clock): { retryAfterSeconds?: number } {
  const said = response.headers.get('retry-after')
  if (said === null) return {}
  const seconds = /^\d+$/.test(said) ? Number(said) : Math.ceil((Date.parse(said) - clock.now().getTime()) / 1_000)
  return Number.isFinite(seconds) ? { retryAfterSeconds: Math.min(longestPause, Math.max(1, seconds)) } : {}
}

function wordOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
