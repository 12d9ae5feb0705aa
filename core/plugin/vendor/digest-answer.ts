// Owns answering an HTTP digest challenge (RFC 7616, qop auth; RFC 2069 where there is none), for calls to a vendor.
// Must not send a password in any other way.
import { createHash } from 'node:crypto'
import { type DigestFields, digestFields, digestResponse, hashName } from './digest-fields.ts'

export interface DigestAsk {
  method: string
  uri: string
  user: string
  password: string
  /** How often this nonce was used, this time included. Default 1. */
  count?: number
}

/** The header's value; null when the challenge is none that can be answered. Of several the strongest is taken. */
export function digestAnswer(challenge: string, ask: DigestAsk): string | null {
  const { method, uri, user, password, count = 1 } = ask
  const fields = strongest(challenge)
  if (fields === null || fields.nonce === undefined) return null
  const algorithm = hashName(fields.algorithm)
  if (algorithm === null) return null
  const { realm = '', nonce, opaque } = fields
  const offered = fields.qop?.split(',').map((each) => each.trim().toLowerCase())
  // A vendor that insists on auth-int gets no weaker answer that it would refuse anyway.
  if (offered !== undefined && !offered.includes('auth') && !offered.includes('')) return null
  const qop = offered?.includes('auth') ? 'auth' : ''
  const nc = count.toString(16).padStart(8, '0')
  // Never the same for two requests, since nonce and count are not: nothing has to be random for the answer to be fresh.
  const cnonce = createHash('sha256').update(`${nonce}:${nc}:${password}`).digest('hex').slice(0, 16)
  const response = digestResponse({ algorithm, method, uri, user, password, realm, nonce, qop, nc, cnonce })
  return [
    `Digest username="${quoted(user)}"`,
    `realm="${realm}"`,
    `nonce="${nonce}"`,
    `uri="${uri}"`,
    `algorithm=${algorithm === 'md5' ? 'MD5' : 'SHA-256'}`,
    ...(qop === '' ? [] : [`qop=${qop}`, `nc=${nc}`, `cnonce="${cnonce}"`]),
    ...(opaque === undefined ? [] : [`opaque="${opaque}"`]),
    `response="${response}"`,
  ].join(', ')
}

/** Several challenges arrive as one header text; SHA-256 is taken before MD5 (RFC 7616, 3.7). */
function strongest(header: string): DigestFields | null {
  const unquoted = header.replace(/"[^"]*"/g, (text) => `"${'x'.repeat(text.length - 2)}"`)
  const starts = [...unquoted.matchAll(/(?:^|,)\s*(?=[a-z]+\s+[a-z0-9_-]+\s*=)/gi)].map(
    ({ index, 0: { length } }) => index + length,
  )
  const known = starts
    .map((start, i) => digestFields(header.slice(start, starts[i + 1]).replace(/,\s*$/, '')))
    .filter((fields) => fields !== null)
    .filter(({ algorithm }) => hashName(algorithm) !== null)
  return known.find(({ algorithm }) => hashName(algorithm) === 'sha256') ?? known[0] ?? null
}

function quoted(text: string): string {
  return text.replace(/["\\]/g, '\\$&').replace(/[\r\n]/g, '')
}
