// Owns who is asking: an API key, a token of the identity provider, or the dashboard's cookie.
// Must not decide what they may do; app.ts does, from the scope in the contract.
import type { FoundKey, KeyVerdict } from '../services/keys/verify-key.ts'
import type { TokenVerdict } from './oidc.ts'
import type { Principal } from './operation-types.ts'
import { type ProblemReply, problem } from './problem.ts'
import { csrfHeader, type SessionCookies } from './session-cookie.ts'

export interface AuthenticateDeps {
  verifyKey(presented: { text: string } | { keyId: string }): Promise<KeyVerdict>
  verifyToken?: (token: string) => Promise<TokenVerdict>
  /** Ids of sites that a token names by code or id. */
  sitesNamed(organizationId: string, names: readonly string[]): Promise<string[]>
  cookies: SessionCookies
}

const changing = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])
const challenge = { 'WWW-Authenticate': 'Bearer realm="baywatt"' }

/** Null when the request says nothing about who is asking. */
export function authenticate(deps: AuthenticateDeps) {
  return async (request: Request): Promise<Principal | ProblemReply | null> => {
    const header = request.headers.get('authorization')
    if (header !== null) {
      const token = /^Bearer +([A-Za-z0-9\-._~+/]+=*)\s*$/i.exec(header)?.[1]
      if (token === undefined) return unknownCaller('Send `Authorization: Bearer <key>`.')
      return deps.verifyToken && token.split('.').length === 3
        ? holder(deps, token)
        : key(await deps.verifyKey({ text: token }), false)
    }
    const keyId = await deps.cookies.keyIdOf(request.headers)
    if (keyId === null) return null
    if (changing.has(request.method) && request.headers.get(csrfHeader) !== '1') {
      return problem('csrf_header_missing', {
        detail: 'Requests that change something and come with the cookie need `Baywatt-Request: 1`.',
      })
    }
    return key(await deps.verifyKey({ keyId }), true)
  }
}

export function unknownCaller(detail: string): ProblemReply {
  return problem('unauthorized', { detail, headers: challenge })
}

const words = {
  unknown: 'This key is not known.',
  revoked: 'This key has been revoked.',
  expired: 'This key has expired.',
} as const

function key(verdict: KeyVerdict, cookie: boolean): Principal | ProblemReply {
  return verdict.kind === 'valid' ? principalOf(verdict.key, cookie) : unknownCaller(words[verdict.kind])
}

export function principalOf(found: FoundKey, cookie: boolean): Principal {
  const { keyId, name, organizationId, scopes, siteIds } = found
  return { kind: 'key', actor: `key:${keyId}`, name, organizationId, scopes, siteIds, cookie }
}

async function holder(deps: AuthenticateDeps, token: string): Promise<Principal | ProblemReply> {
  const verdict = await deps.verifyToken?.(token)
  if (verdict?.kind !== 'valid') return unknownCaller(verdict?.reason ?? 'Tokens are not taken here.')
  const { subject, name, organizationId, scopes, sites } = verdict.holder
  const siteIds = sites === null ? null : await deps.sitesNamed(organizationId, sites)
  return { kind: 'user', actor: `user:${subject}`, name, organizationId, scopes, siteIds, cookie: false }
}
