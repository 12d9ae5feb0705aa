// Owns OAuth2 client credentials (RFC 6749 section 4.4) for one partner: short-lived tokens, signed, kept nowhere.
// Must not keep a token valid when the secret changes: the key is made from it.
import { createHmac } from 'node:crypto'
import { jwtVerify, SignJWT } from 'jose'
import { type Clock, sameText } from '../../../core/plugin/index.ts'
import type { Scope } from './config.ts'

export interface TokenDeps {
  connectionId: string
  clientId: string
  scopes: readonly Scope[]
  minutes: number
  clock: Clock
  secret(): Promise<string>
}

const audience = 'apds'
/** A form with a secret and a list of scopes. */
const longestForm = 8_192

export async function giveToken(deps: TokenDeps, request: Request): Promise<Response> {
  const form = new URLSearchParams((await request.text()).slice(0, longestForm))
  if (form.get('grant_type') !== 'client_credentials') return refused(400, 'unsupported_grant_type')
  const given = basicOf(request.headers.get('authorization')) ?? {
    id: form.get('client_id') ?? '',
    secret: form.get('client_secret') ?? '',
  }
  const known = sameText(given.id, deps.clientId)
  if (!sameText(given.secret, await deps.secret()) || !known) return refused(401, 'invalid_client')
  const asked = form.get('scope')?.split(' ').filter(Boolean) ?? deps.scopes
  const granted = deps.scopes.filter((scope) => asked.includes(scope))
  if (granted.length < new Set(asked).size || granted.length === 0) return refused(400, 'invalid_scope')
  const now = Math.floor(deps.clock.now().getTime() / 1_000)
  const expires_in = deps.minutes * 60
  const access_token = await new SignJWT({ scope: granted.join(' ') })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(deps.clientId)
    .setAudience(audience)
    .setIssuedAt(now)
    .setExpirationTime(now + expires_in)
    .sign(await keyOf(deps))
  return Response.json(
    { access_token, token_type: 'Bearer', expires_in, scope: granted.join(' ') },
    { headers: { 'cache-control': 'no-store' } },
  )
}

/** The scopes that the request's token carries; null without a token that holds. What was taken from the partner since is gone. */
export async function scopesOf(deps: TokenDeps, request: Request): Promise<readonly Scope[] | null> {
  const [, token] = /^Bearer ([\w.-]+)$/i.exec(request.headers.get('authorization') ?? '') ?? []
  if (token === undefined) return null
  try {
    const { payload } = await jwtVerify(token, await keyOf(deps), {
      algorithms: ['HS256'],
      audience,
      subject: deps.clientId,
      currentDate: deps.clock.now(),
    })
    const said = String(payload.scope ?? '').split(' ')
    return deps.scopes.filter((scope) => said.includes(scope))
  } catch {
    return null
  }
}

async function keyOf({ secret, connectionId }: TokenDeps): Promise<Uint8Array> {
  return createHmac('sha256', await secret())
    .update(`baywatt apds ${connectionId}`)
    .digest()
}

function basicOf(header: string | null): { id: string; secret: string } | null {
  const [, encoded] = /^Basic ([\w+/=]+)$/i.exec(header ?? '') ?? []
  if (encoded === undefined) return null
  const text = Buffer.from(encoded, 'base64').toString()
  const colon = text.indexOf(':')
  if (colon < 0) return null
  return { id: formText(text.slice(0, colon)), secret: formText(text.slice(colon + 1)) }
}

/** Both halves are form-encoded before they are joined (section 2.3.1); a stray percent sign is taken as it is. */
function formText(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}

function refused(code: number, error: string): Response {
  const headers = { 'cache-control': 'no-store', ...(code === 401 ? { 'www-authenticate': 'Basic realm="apds"' } : {}) }
  return Response.json({ error }, { status: code, headers })
}
