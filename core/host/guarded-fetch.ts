// Owns a plugin's way out to the network: only to the hosts it was granted, never for ever.
// Must not be the only fence: an inline plugin could import node:http. It keeps honest code honest, and says what was asked.
import { HubError } from '../domain/hub-error.ts'
import { type AddressGrant, addressGuard } from './address-grant.ts'

export interface FetchGrant extends AddressGrant {
  /** Aborted when the connection stops. */
  signal: AbortSignal
  /** From the request's beginning to the last byte of its answer. */
  timeoutMs?: number
}

const mostRedirects = 5

export function guardedFetch(grant: FetchGrant): typeof fetch {
  const { timeoutMs = 30_000 } = grant
  const allow = addressGuard(grant, ['http:', 'https:'])
  return async (input, init) => {
    const first = new Request(input, { ...init, redirect: 'manual' })
    const wanted = init?.redirect ?? (input instanceof Request ? input.redirect : 'follow')
    const signal = AbortSignal.any([first.signal, grant.signal, AbortSignal.timeout(timeoutMs)])
    let request = first
    for (let hop = 0; ; hop++) {
      allow(new URL(request.url))
      const response = await fetch(request, { signal })
      const location = response.headers.get('location')
      if (wanted === 'manual' || location === null || ![301, 302, 303, 307, 308].includes(response.status))
        return response
      await response.body?.cancel()
      if (wanted === 'error' || hop >= mostRedirects)
        throw new HubError('fetch_redirected', `${request.url} answered with a redirect`, {
          level: 'warn',
          status: 502,
        })
      request = redirected(request, response.status, new URL(location, request.url))
    }
  }
}

/** As the Fetch standard follows redirects: 303, and 301 or 302 of a POST, become a GET; credentials stay with their origin. */
function redirected(request: Request, status: number, to: URL): Request {
  const toGet = (status === 303 && request.method !== 'HEAD') || (status < 303 && request.method === 'POST')
  // A body is a stream by now, and gone.
  if (!toGet && request.body !== null)
    throw new HubError('fetch_redirected', `${request.url} redirects a request whose body cannot be sent twice`, {
      level: 'warn',
      status: 502,
    })
  const headers = new Headers(request.headers)
  if (new URL(request.url).origin !== to.origin) for (const name of ['authorization', 'cookie']) headers.delete(name)
  if (toGet) for (const name of ['content-type', 'content-length', 'content-encoding']) headers.delete(name)
  return new Request(to, { method: toGet ? 'GET' : request.method, headers, redirect: 'manual' })
}
