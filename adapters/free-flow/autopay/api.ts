// Owns one call to Autopay: its token, one new try when the token is no longer taken, and what the answer means for an action.
// Must not repeat a call that may have been done.
import {
  type ActionOutcome,
  type Clock,
  callVendor,
  clientCredentials,
  failedOutcome,
  HubError,
  type VendorAnswer,
} from '../../../core/plugin/index.ts'
import type { AutopayConfig } from './config.ts'

export type Called = VendorAnswer | { kind: 'no_token'; reason: string; refused: boolean }

export interface Api {
  call(method: 'GET' | 'POST' | 'PUT', path: string, json: unknown, signal?: AbortSignal): Promise<Called>
}

export interface ApiDeps {
  config: Pick<AutopayConfig, 'baseUrl' | 'tokenUrl' | 'clientId'>
  clock: Clock
  fetch: typeof fetch
  secret(): Promise<string>
}

/** The audience of every token, wherever the API is reached (developer.autopay.io, Authentication). */
const audience = 'https://api.autopay.io'

export function api({ config, clock, fetch, secret }: ApiDeps): Api {
  const tokens = clientCredentials({
    fetch,
    clock,
    tokenUrl: config.tokenUrl,
    clientId: config.clientId,
    clientSecret: secret,
    extra: { audience },
    send: 'json',
  })
  const base = config.baseUrl.replace(/\/+$/, '')
  const once = async (method: 'GET' | 'POST' | 'PUT', path: string, json: unknown, signal?: AbortSignal) => {
    let token: string
    try {
      token = await tokens.token()
    } catch (error) {
      const refused = error instanceof HubError && error.code === 'auth_failed'
      return { kind: 'no_token' as const, reason: error instanceof Error ? error.message : String(error), refused }
    }
    const answer = await callVendor({
      fetch,
      method,
      url: `${base}/${path}`,
      headers: { authorization: `Bearer ${token}` },
      ...(json === undefined ? {} : { json }),
      ...(signal ? { signal } : {}),
    })
    if (answer.kind === 'answered' && answer.status === 401) tokens.refused(token)
    return answer
  }
  return {
    async call(method, path, json, signal) {
      const first = await once(method, path, json, signal)
      // A call that was not let in was not done: once more with a new token.
      return first.kind === 'answered' && first.status === 401 ? once(method, path, json, signal) : first
    },
  }
}

/** What every answer but a success means. */
export function failed(called: Called): ActionOutcome {
  if (called.kind === 'no_token') return { kind: 'later', reason: called.reason }
  if (called.kind === 'answered' && called.status >= 400) {
    const { id, words } = errorOf(called.json)
    // Autopay answers so when it lost its own way to what it calls, too: it may have been done.
    if (id === 'server_communication_error' && !/already registered/i.test(words))
      return { kind: 'unknown', reason: `Autopay answered ${words}.` }
    // Too many queries come as an error of their own, never as 429.
    if (id === 'query_limit_error')
      return { kind: 'later', reason: `Autopay answered ${words}.`, retryAfterSeconds: 60 }
  }
  return failedOutcome(called, (json) => {
    const { words } = errorOf(json)
    return words === '' ? undefined : `Autopay answered ${words}.`
  })
}

function errorOf(json: unknown): { id: string; words: string } {
  const {
    error_id: id,
    message,
    description,
  } = (typeof json === 'object' && json !== null ? json : {}) as Record<string, unknown>
  const said = [id, message, description].filter((one): one is string => typeof one === 'string' && one !== '')
  return { id: typeof id === 'string' ? id : '', words: said.join(': ').slice(0, 500) }
}
