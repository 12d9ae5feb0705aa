// Owns the dashboard's cookie: a signed statement of which key logged in, until when.
// Must not be trusted alone: the key behind it is looked up at each request, so that revoking it ends the session.
import { hkdfSync } from 'node:crypto'
import { jwtVerify, SignJWT } from 'jose'

export const cookieName = 'baywatt_session'
/** What a page of ours sends and a form on another page cannot. */
export const csrfHeader = 'baywatt-request'
const lifetimeSeconds = 12 * 3600
const audience = 'baywatt dashboard'

export interface SessionCookies {
  issue(keyId: string): Promise<string>
  clear(): string
  /** The key that the cookie of this request was made from; null when there is none that is good. */
  keyIdOf(headers: Headers): Promise<string | null>
}

export function sessionCookies(options: { secret: Uint8Array; secure: boolean; now(): Date }): SessionCookies {
  const { secure, now } = options
  const key = new Uint8Array(hkdfSync('sha256', options.secret, '', audience, 32))
  const attributes = `Path=/; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`
  return {
    async issue(keyId) {
      const at = Math.floor(now().getTime() / 1000)
      const token = await new SignJWT()
        .setProtectedHeader({ alg: 'HS256' })
        .setSubject(keyId)
        .setAudience(audience)
        .setIssuedAt(at)
        .setExpirationTime(at + lifetimeSeconds)
        .sign(key)
      return `${cookieName}=${token}; Max-Age=${lifetimeSeconds}; ${attributes}`
    },
    clear: () => `${cookieName}=; Max-Age=0; ${attributes}`,
    async keyIdOf(headers) {
      const token = tokenIn(headers.get('cookie') ?? '')
      if (token === null) return null
      try {
        const { payload } = await jwtVerify(token, key, { algorithms: ['HS256'], audience, currentDate: now() })
        return payload.sub ?? null
      } catch {
        return null
      }
    },
  }
}

function tokenIn(cookies: string): string | null {
  for (const pair of cookies.split(';')) {
    const [name, value] = pair.trim().split('=')
    if (name === cookieName && value) return value
  }
  return null
}
