// Owns the sender's side of the Standard Webhooks signature (standardwebhooks.com, version 1.0.0).
// Must not verify; the receiver has its own code.
import { createHmac } from 'node:crypto'

interface SignedHeaders {
  'webhook-id': string
  'webhook-timestamp': string
  'webhook-signature': string
}

/**
 * Headers for one delivery of `body`, which must go out byte for byte as signed.
 * @param secret `whsec_` and the key in base64
 */
export function signDelivery(secret: string, id: string, at: Date, body: string): SignedHeaders {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const timestamp = String(Math.floor(at.getTime() / 1000))
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }
}
