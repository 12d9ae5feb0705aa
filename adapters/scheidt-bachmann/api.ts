// Owns one call to eConnect: its token, and one new try when the token is no longer taken.
// Must not repeat a call that may have been done.
import {
  AuthFailed,
  type Clock,
  callVendor,
  clientCredentials,
  HubError,
  NotReady,
  type VendorAnswer,
  type VendorCall,
} from '../../core/plugin/index.ts'
import type { EconnectConfig } from './config.ts'

export interface Api {
  /** `path` below the address, `{project}` filled in. No token is an answer of kind `unsent`. */
  call(
    method: VendorCall['method'],
    path: string,
    options?: { json?: unknown; signal?: AbortSignal },
  ): Promise<VendorAnswer>
}

/** Less than the half minute that the hub gives an action. */
const answerMs = 12_000

export interface ApiDeps {
  config: Pick<EconnectConfig, 'baseUrl' | 'tokenUrl' | 'clientId' | 'project'>
  fetch: typeof fetch
  clock: Clock
  secret(): Promise<string>
}

export function econnect({ config, fetch, clock, secret }: ApiDeps): Api {
  const timed: typeof globalThis.fetch = (url, init) =>
    fetch(url, {
      ...init,
      signal: AbortSignal.any([AbortSignal.timeout(answerMs), ...(init?.signal ? [init.signal] : [])]),
    })
  const { tokenUrl, clientId } = config
  const tokens = clientCredentials({ fetch: timed, clock, tokenUrl, clientId, clientSecret: secret })
  const base = config.baseUrl.replace(/\/+$/, '')
  const once = async (method: VendorCall['method'], path: string, json: unknown, signal: AbortSignal | undefined) => {
    let token: string
    try {
      token = await tokens.token()
    } catch (error) {
      if (error instanceof HubError) return { token: '', answer: { kind: 'unsent', reason: error.message } as const }
      throw error
    }
    const answer = await callVendor({
      fetch: timed,
      method,
      url: base + path.replace('{project}', encodeURIComponent(config.project)),
      headers: { authorization: `Bearer ${token}` },
      ...(json === undefined ? {} : { json }),
      ...(signal ? { signal } : {}),
      largestAnswerBytes: 8_388_608,
    })
    return { token, answer }
  }
  return {
    async call(method, path, { json, signal } = {}) {
      const first = await once(method, path, json, signal)
      if (first.answer.kind !== 'answered' || first.answer.status !== 401) return first.answer
      // Who was not let in has done nothing: once more with a new token.
      tokens.refused(first.token)
      return (await once(method, path, json, signal)).answer
    },
  }
}

/** @throws AuthFailed or NotReady, for checks and reads that need an answer */
export function answered(answer: VendorAnswer, what: string): VendorAnswer & { kind: 'answered' } {
  if (answer.kind !== 'answered') throw new NotReady(`${what}: ${answer.reason}`)
  if (answer.status === 401 || answer.status === 403)
    throw new AuthFailed(`${what}: eConnect refuses our client (${answer.status}).`)
  if (answer.status < 200 || answer.status > 299) throw new NotReady(`${what}: eConnect answered ${answer.status}.`)
  return answer
}
