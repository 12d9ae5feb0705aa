// Owns a plugin's way out to the network: only to the hosts it was granted, never for ever.
// Must not be the only fence: an inline plugin could import node:http. It keeps honest code honest, and says what was asked.
import { HubError } from '../domain/hub-error.ts'

export interface FetchGrant {
  permissions: readonly string[]
  /** For `net:config:/pointer`: the host of the address in that field. */
  config: unknown
  /** Aborted when the connection stops. */
  signal: AbortSignal
  /** From the request's beginning to the last byte of its answer. */
  timeoutMs?: number
}

const mostRedirects = 5

export function guardedFetch(grant: FetchGrant): typeof fetch {
  const { timeoutMs = 30_000 } = grant
  const hosts = grantedHosts(grant)
  return async (input, init) => {
    const first = new Request(input, { ...init, redirect: 'manual' })
    const wanted = init?.redirect ?? (input instanceof Request ? input.redirect : 'follow')
    const signal = AbortSignal.any([first.signal, grant.signal, AbortSignal.timeout(timeoutMs)])
    let request = first
    for (let hop = 0; ; hop++) {
      allow(hosts, new URL(request.url))
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

function allow(hosts: readonly string[], url: URL): void {
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new HubError('fetch_refused', `${url.protocol} is not spoken by this fetch`, { level: 'warn', status: 502 })
  const granted = hosts.some((host) => {
    if (host === '*') return true
    if (host.startsWith('*.')) return url.hostname.endsWith(host.slice(1))
    return host.includes(':') ? url.host === host : url.hostname === host
  })
  if (!granted)
    throw new HubError('fetch_refused', `This plugin was not granted the permission net:${url.hostname}.`, {
      level: 'warn',
      status: 502,
    })
}

function grantedHosts({ permissions, config }: FetchGrant): string[] {
  return permissions.flatMap((permission) => {
    if (!permission.startsWith('net:')) return []
    const host = permission.slice('net:'.length)
    if (!host.startsWith('config:')) return [host.toLowerCase()]
    const address = at(config, host.slice('config:'.length))
    return typeof address === 'string' && URL.canParse(address) ? [new URL(address).host] : []
  })
}

function at(value: unknown, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>(
      (inside, part) =>
        typeof inside === 'object' && inside !== null && Object.hasOwn(inside, part)
          ? (inside as Record<string, unknown>)[part]
          : undefined,
      value,
    )
}
