// Owns telling whether a call of the vendor's side carries the secret it should, for the plain ways in which vendors do it.
// Must not tell a stranger which part was wrong, nor compare secrets in a time that depends on them.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { signedBytes } from './signed-body.ts'

export type CallerProof =
  | { kind: 'bearer'; token: string }
  | { kind: 'basic'; user: string; password: string }
  /** A header of the vendor's own with the secret in it. */
  | { kind: 'header'; name: string; value: string }
  /** HMAC-SHA-256 of the body in a header, in hex or base64, with or without a prefix such as `sha256=`. */
  | { kind: 'hmac'; name: string; secret: string; prefix?: string }

/** Whether the call proves itself by one of the agreed ways; several stand beside each other while a secret is changed. */
export function provesCaller(headers: Headers, body: Uint8Array, agreed: readonly CallerProof[]): boolean {
  // All of them, so that the time does not say which one came near.
  return agreed.map((proof) => holds(headers, body, proof)).includes(true)
}

function holds(headers: Headers, body: Uint8Array, proof: CallerProof): boolean {
  switch (proof.kind) {
    case 'bearer':
      return sameText(schemed(headers, 'bearer'), proof.token)
    case 'basic': {
      const given = Buffer.from(schemed(headers, 'basic'), 'base64').toString('utf8')
      return sameText(given, `${proof.user}:${proof.password}`)
    }
    case 'header':
      return sameText(headers.get(proof.name) ?? '', proof.value)
    case 'hmac': {
      const text = headers.get(proof.name) ?? ''
      const prefix = proof.prefix ?? ''
      if (!text.startsWith(prefix)) return false
      const given = text.slice(prefix.length).trim()
      const expected = createHmac('sha256', proof.secret).update(signedBytes(body)).digest()
      return /^[0-9a-f]{64}$/i.test(given)
        ? sameText(given.toLowerCase(), expected.toString('hex'))
        : sameText(given, expected.toString('base64'))
    }
  }
}

function schemed(headers: Headers, scheme: string): string {
  const match = /^(\S+)[ \t]+(.*)$/.exec(headers.get('authorization') ?? '')
  return match?.[1]?.toLowerCase() === scheme ? (match[2] ?? '').trim() : ''
}

/** In a time that tells nothing about them, their lengths included. An empty expectation is nobody's proof. */
export function sameText(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(expected)) && expected !== ''
}
