// Owns the hub's side of HTTP digest: nonces that any node can check without remembering them, and Dahua's empty ones.
// Must not accept an answer whose hash is not right, however lax the fields may be.

import { createHmac } from 'node:crypto'
import { digestFields, digestResponse, hashName, sameText } from '../../../core/plugin/index.ts'

export const realm = 'baywatt'
/** A camera may keep one for a while; older ones are renewed without asking for the password again. */
const nonceMs = 300_000

export type DigestVerdict = 'valid' | 'stale' | 'invalid'

export interface DigestGuardInput {
  header: string
  method: string
  /** Path and query as the hub saw them. */
  target: string
  user: string
  password: string
  lax: boolean
  now: Date
}

export function digestVerdict({ header, method, target, user, password, lax, now }: DigestGuardInput): DigestVerdict {
  const fields = digestFields(header)
  const algorithm = hashName(fields?.algorithm)
  if (fields === null || algorithm === null) return 'invalid'
  const { username, uri = '', nonce = '', response = '', qop = '', nc = '', cnonce = '' } = fields
  if (!sameText(username ?? '', user) || !aims(uri, target)) return 'invalid'
  if (qop !== '' && qop !== 'auth') return 'invalid'
  const right = (ofRealm: string) =>
    sameText(
      response.toLowerCase(),
      digestResponse({ algorithm, method, uri, user, password, realm: ofRealm, nonce, qop, nc, cnonce }),
    )
  if (nonce === '') {
    // Dahua sends realm, nonce and qop empty (parcs section 3.1), before it was asked or after. What it hashes is not
    // documented, so the realm may be empty or ours. Such an answer can be replayed; the READMEs say so.
    return lax && (right('') || right(realm)) ? 'valid' : 'invalid'
  }
  const issued = issuedAt(nonce, password)
  if (issued === null || !right(realm)) return 'invalid'
  return now.getTime() - issued <= nonceMs ? 'valid' : 'stale'
}

export function digestChallenges(password: string, now: Date, stale: boolean): string[] {
  const time = now.getTime().toString(36)
  const rest = `realm="${realm}", nonce="${time}.${signed(time, password)}", qop="auth"${stale ? ', stale=true' : ''}`
  // The better one first, as RFC 7616 section 3.7 wants; cameras take the one they know.
  return [`Digest ${rest}, algorithm=SHA-256`, `Digest ${rest}, algorithm=MD5`]
}

function issuedAt(nonce: string, password: string): number | null {
  const [time = '', signature = ''] = nonce.split('.')
  return sameText(signature, signed(time, password)) ? Number.parseInt(time, 36) : null
}

function signed(time: string, password: string): string {
  return createHmac('sha256', password).update(`baywatt lpr nonce ${time}`).digest('base64url')
}

/** A proxy that gives the camera a fixed path puts its own before it. */
function aims(uri: string, target: string): boolean {
  const path = (uri.startsWith('http') && URL.canParse(uri) ? new URL(uri).pathname : uri).split('?')[0] ?? ''
  return path.length > 1 && (target.split('?')[0] ?? '').endsWith(path)
}
