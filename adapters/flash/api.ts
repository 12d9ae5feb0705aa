// Owns one call to the Monthly API and what its result code means.
// Must not repeat a call, nor let the security token into any text.
import {
  type ActionOutcome,
  callVendor,
  failedOutcome,
  HubError,
  succeeded,
  type VendorAnswer,
} from '../../core/plugin/index.ts'
import type { FlashConfig } from './config.ts'

export type Called =
  | { kind: 'success'; json: Readonly<Record<string, unknown>> }
  | { kind: 'not_found' }
  /** Flash read it and did not do it. */
  | { kind: 'failure'; reason: string }
  /** Token or location: nothing was done, and only a person can help. */
  | { kind: 'refused_us'; code: 'InvalidLogin' | 'InvalidLocation'; reason: string }
  | { kind: 'other'; outcome: ActionOutcome }

export interface FlashApi {
  get(name: string, query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Called>
  post(name: string, body: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<Called>
}

/** Three of them fit into the half minute that the hub gives an action. */
const answerMs = 9_000

export function flashApi(deps: {
  config: FlashConfig
  fetch: typeof fetch
  securityToken(): Promise<string>
}): FlashApi {
  const { config } = deps
  const call = async (
    method: 'GET' | 'POST',
    name: string,
    query: Readonly<Record<string, string>>,
    json: unknown,
    signal: AbortSignal,
  ): Promise<Called> => {
    const url = new URL(`${config.baseUrl.replace(/\/+$/, '')}/api/monthly/${name}`)
    for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value)
    let token: string
    try {
      token = await deps.securityToken()
    } catch (error) {
      if (error instanceof HubError) return { kind: 'other', outcome: { kind: 'later', reason: error.message } }
      throw error
    }
    if (config.tokenIn === 'query') url.searchParams.set('securityToken', token)
    const answer = await callVendor({
      fetch: deps.fetch,
      method,
      url,
      headers: config.tokenIn === 'header' ? { securityToken: token } : {},
      ...(json === undefined ? {} : { json }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(answerMs)]),
    })
    return hidden(calledOf(answer), token)
  }
  return {
    get: (name, query, signal) => call('GET', name, query, undefined, signal),
    post: (name, body, signal) => call('POST', name, {}, { ...body, LocationId: config.locationId }, signal),
  }
}

/** Results stand in `Code`, with a status of 200 also where nothing was done. */
function calledOf(answer: VendorAnswer): Called {
  if (!succeeded(answer)) return { kind: 'other', outcome: failedOutcome(answer, messageOf) }
  const { json } = answer
  const code = typeof json === 'object' && json !== null ? (json as Record<string, unknown>).Code : undefined
  switch (code) {
    case 'Success':
      return { kind: 'success', json: json as Record<string, unknown> }
    case 'NotFound':
      return { kind: 'not_found' }
    case 'GeneralFailure':
      return { kind: 'failure', reason: messageOf(json) ?? 'Flash could not do it and gives no reason.' }
    case 'InvalidLogin':
      return { kind: 'refused_us', code, reason: 'Flash does not take the security token.' }
    case 'InvalidLocation':
      return {
        kind: 'refused_us',
        code,
        reason: 'Flash does not know the location for this security token: each location has a token of its own.',
      }
    default: {
      const reason = `The answer has no result code that is known (${String(code).slice(0, 40)}).`
      return { kind: 'other', outcome: { kind: 'unknown', reason } }
    }
  }
}

function messageOf(json: unknown): string | undefined {
  const { Message: message } = (typeof json === 'object' && json !== null ? json : {}) as { Message?: unknown }
  return typeof message === 'string' && message.trim() !== '' ? message.trim().slice(0, 500) : undefined
}

/** Errors of a call may name its address. */
function hidden(called: Called, token: string): Called {
  const clean = (text: string) => (token === '' ? text : text.replaceAll(token, '…'))
  if (called.kind === 'failure' || called.kind === 'refused_us') return { ...called, reason: clean(called.reason) }
  if (called.kind !== 'other' || called.outcome.kind === 'done') return called
  return { kind: 'other', outcome: { ...called.outcome, reason: clean(called.outcome.reason) } }
}

/** What a call that did not succeed means for a step that would have changed something. */
export function stepOutcome(called: Exclude<Called, { kind: 'success' }>): ActionOutcome {
  switch (called.kind) {
    case 'not_found':
      return { kind: 'later', reason: 'Flash does not find the account any more.' }
    case 'failure':
      return { kind: 'refused', reason: called.reason, code: 'GeneralFailure' }
    case 'refused_us':
      return { kind: 'later', reason: called.reason }
    case 'other':
      return called.outcome
  }
}

/** What it means for a look, which changes nothing: never more than "later". */
export function lookOutcome(called: Exclude<Called, { kind: 'success' | 'not_found' }>): ActionOutcome {
  const outcome = stepOutcome(called)
  if (outcome.kind === 'later' || outcome.kind === 'done') return outcome
  return { kind: 'later', reason: `Flash could not be asked what it has: ${outcome.reason}` }
}
