// Owns telling whether a request was signed by the holder of the secret, lately (Standard Webhooks 1.0.0, symmetric `v1`).
// Must not read the body's content.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { signedBytes } from '../../core/plugin/index.ts'

export type Verdict = { kind: 'valid' } | { kind: 'invalid'; code: string; detail: string }

const prefix = 'whsec_'
/** Standard Webhooks asks for 24 to 64 bytes. */
const shortestKey = 24

/** The keys in a secret: one `whsec_<base64>`, or several separated by spaces while it is being changed. Null when one is no key. */
export function signingKeys(secret: string): Buffer[] | null {
  const parts = secret.trim().split(/\s+/)
  const keys = parts.map((part) => Buffer.from(part.slice(prefix.length), 'base64'))
  const wellFormed = parts.every(
    (part) => part.startsWith(prefix) && /^[A-Za-z0-9+/]+={0,2}$/.test(part.slice(prefix.length)),
  )
  return wellFormed && keys.every((key) => key.length >= shortestKey) ? keys : null
}

export interface SignedRequest {
  headers: Headers
  body: Uint8Array
}

export function verifySignature(
  { headers, body }: SignedRequest,
  keys: readonly Buffer[],
  now: Date,
  skewSeconds: number,
): Verdict {
  const id = headers.get('webhook-id')
  const timestamp = headers.get('webhook-timestamp')
  const signatures = headers.get('webhook-signature')
  if (!id || !timestamp || !signatures) {
    return invalid('signature_missing', 'webhook-id, webhook-timestamp and webhook-signature are needed.')
  }
  if (!/^\d{1,12}$/.test(timestamp))
    return invalid('timestamp_invalid', 'webhook-timestamp is not a number of seconds.')
  const given = signatures.split(' ').flatMap((one) => {
    const [version, text] = one.split(',')
    return version === 'v1' && text ? [Buffer.from(text, 'base64')] : []
  })
  const signed = keys.some((key) => {
    const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(signedBytes(body)).digest()
    return given.some((one) => one.length === expected.length && timingSafeEqual(one, expected))
  })
  if (!signed) return invalid('signature_invalid', 'No signature fits the body and the secret.')
  // After the signature, so that only a holder of the secret learns about the hub's clock.
  const age = now.getTime() / 1_000 - Number(timestamp)
  if (Math.abs(age) > skewSeconds) {
    const side = age > 0 ? 'behind' : 'ahead of'
    return invalid('timestamp_stale', `webhook-timestamp is ${Math.round(Math.abs(age))} s ${side} the hub's clock.`)
  }
  return { kind: 'valid' }
}

function invalid(code: string, detail: string): Verdict {
  return { kind: 'invalid', code, detail }
}
