// Owns calls to a parking connection, signed as agreed or with one thing wrong about it.
// Must not look at answers.
import { createHmac, randomUUID } from 'node:crypto'

export interface SignedParts {
  id?: string
  /** Seconds added to the timestamp. */
  skew?: number
  secret?: string
  headers?: Record<string, string>
  method?: string
  /** What is sent instead of what was signed. */
  sent?: string | Buffer
}

export interface Line {
  url: string
  secret: string
}

export function signedHeaders(line: Line, body: string | Buffer, parts: SignedParts = {}): Record<string, string> {
  const id = parts.id ?? `msg_${randomUUID()}`
  const timestamp = String(Math.floor(Date.now() / 1_000) + (parts.skew ?? 0))
  const key = Buffer.from((parts.secret ?? line.secret).slice('whsec_'.length), 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
    ...parts.headers,
  }
}

export function post(line: Line, path: string, body: string | Buffer, parts: SignedParts = {}): Promise<Response> {
  const sent = parts.sent ?? body
  return fetch(`${line.url}/${path}`, {
    method: parts.method ?? 'POST',
    headers: signedHeaders(line, body, parts),
    body: typeof sent === 'string' ? sent : new Uint8Array(sent),
  })
}
