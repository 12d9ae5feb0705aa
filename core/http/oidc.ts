// Owns access tokens of the organization's identity provider: whether one is good, and what its claims mean here.
// Must not keep tokens, nor ask the provider for more than its public keys.
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { HubError } from '../domain/hub-error.ts'
import { isRole, type Role, roles, type Scope } from '../domain/scope.ts'

export interface OidcConfig {
  issuer: string
  audience: string
  /** Where its keys are; left out, its discovery document tells. */
  jwksUri?: string
  organizationId: string
  claims?: {
    /** Claim with one or more roles; dots lead into objects (`realm_access.roles`). Default `roles`. */
    roles?: string
    /** Claim with codes or ids of sites; without the claim a person reaches every site. Default `sites`. */
    sites?: string
    /** Default `name`. */
    name?: string
  }
  /** The provider's word for a role, where it differs from ours. */
  roleNames?: Record<string, Role>
}

export interface TokenHolder {
  subject: string
  name: string
  organizationId: string
  scopes: readonly Scope[]
  /** Codes or ids of sites as the token names them; null for no limit. */
  sites: readonly string[] | null
}

export type TokenVerdict = { kind: 'valid'; holder: TokenHolder } | { kind: 'refused'; reason: string }

/** Signatures by a key that only the provider has: a shared or absent secret could be anybody's. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']
const clockTolerance = 60
/** As long as jose waits for the keys. */
const discoveryMs = 5_000

export function oidcVerifier(
  config: OidcConfig,
  options: { now(): Date; fetch: typeof fetch; keys?: JWTVerifyGetKey },
) {
  let keys: Promise<JWTVerifyGetKey> | undefined = options.keys && Promise.resolve(options.keys)
  return async (token: string): Promise<TokenVerdict> => {
    // Asked for only once the token reads as one: text that anybody can make up is no reason to call the provider.
    const getKey: JWTVerifyGetKey = async (header, signed) => {
      keys ??= keysOf(config, options.fetch).catch((error: unknown) => {
        keys = undefined
        throw error
      })
      return (await keys)(header, signed)
    }
    try {
      const { issuer, audience } = config
      const rules = {
        algorithms,
        issuer,
        audience,
        clockTolerance,
        currentDate: options.now(),
        requiredClaims: ['sub', 'exp'],
      }
      const { payload } = await jwtVerify(token, getKey, rules)
      return holderOf(config, payload)
    } catch (error) {
      if (error instanceof errors.JOSEError && error.code !== 'ERR_JWKS_TIMEOUT')
        return { kind: 'refused', reason: reasonOf(error) }
      throw new HubError(
        'identity_provider_unreachable',
        'The identity provider cannot be reached to check the token.',
        {
          level: 'warn',
          status: 503,
          cause: error,
        },
      )
    }
  }
}

async function keysOf(config: OidcConfig, doFetch: typeof fetch): Promise<JWTVerifyGetKey> {
  let uri = config.jwksUri
  if (uri === undefined) {
    const answer = await doFetch(`${config.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
      signal: AbortSignal.timeout(discoveryMs),
    })
    const { jwks_uri: found } = (await answer.json()) as { jwks_uri?: unknown }
    if (typeof found !== 'string') throw new Error('the discovery document names no jwks_uri')
    uri = found
  }
  // jose waits 30 s between fetches for a key id it does not know, so that made-up ones cannot flood the provider.
  return createRemoteJWKSet(new URL(uri))
}

function holderOf(config: OidcConfig, payload: JWTPayload): TokenVerdict {
  const { claims = {}, roleNames = {} } = config
  const held = texts(at(payload, claims.roles ?? 'roles'))
    .map((name) => (Object.hasOwn(roleNames, name) ? roleNames[name] : name))
    .filter(isRole)
  if (held.length === 0) return { kind: 'refused', reason: 'The token names no role that this hub knows.' }
  const sites = at(payload, claims.sites ?? 'sites')
  const name = at(payload, claims.name ?? 'name')
  return {
    kind: 'valid',
    holder: {
      subject: payload.sub ?? '',
      name: typeof name === 'string' ? name : (payload.sub ?? ''),
      organizationId: config.organizationId,
      scopes: [...new Set(held.flatMap((role) => roles[role]))],
      sites: sites === undefined ? null : texts(sites),
    },
  }
}

function reasonOf(error: errors.JOSEError): string {
  switch (error.code) {
    case 'ERR_JWT_EXPIRED':
      return 'The token has expired.'
    case 'ERR_JWT_CLAIM_VALIDATION_FAILED':
      return 'The token is not for this hub.'
    default:
      return 'The token is not valid.'
  }
}

function at(value: unknown, path: string): unknown {
  let here: unknown = value
  for (const part of path.split('.')) {
    here =
      typeof here === 'object' && here !== null && Object.hasOwn(here, part)
        ? (here as Record<string, unknown>)[part]
        : undefined
  }
  return here
}

function texts(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string')
}
