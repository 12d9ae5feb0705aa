// Owns answering a digest challenge, for the one question that the hub asks a camera.
// Must not send a password in any other way.
import { createHash } from 'node:crypto'
import { digestFields, digestResponse, hashName } from './digest-fields.ts'

export interface DigestAsk {
  method: string
  uri: string
  user: string
  password: string
}

/** The header's value; null when the challenge is none that can be answered. */
export function digestAnswer(challenge: string, { method, uri, user, password }: DigestAsk): string | null {
  const fields = digestFields(challenge)
  const algorithm = hashName(fields?.algorithm)
  if (fields === null || algorithm === null || fields.nonce === undefined) return null
  const { realm = '', nonce, opaque } = fields
  const qop = fields.qop?.split(',').some((each) => each.trim() === 'auth') ? 'auth' : ''
  const nc = '00000001'
  // One request per nonce: nothing has to be random for the answer to be fresh.
  const cnonce = createHash('sha256').update(`${nonce}:${password}`).digest('hex').slice(0, 16)
  const response = digestResponse({ algorithm, method, uri, user, password, realm, nonce, qop, nc, cnonce })
  return [
    `Digest username="${user}"`,
    `realm="${realm}"`,
    `nonce="${nonce}"`,
    `uri="${uri}"`,
    `algorithm=${algorithm === 'md5' ? 'MD5' : 'SHA-256'}`,
    ...(qop === '' ? [] : [`qop=${qop}`, `nc=${nc}`, `cnonce="${cnonce}"`]),
    ...(opaque === undefined ? [] : [`opaque="${opaque}"`]),
    `response="${response}"`,
  ].join(', ')
}
