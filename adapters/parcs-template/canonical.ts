// Owns the text that a keyed hash is made of, as a profile writes it down, and the header that carries the hash.
// Must not compare secrets nor look at a clock.
import { createHash, createHmac } from 'node:crypto'
import { signedBytes } from '../../core/plugin/index.ts'
import type { HmacRules } from './profile.ts'

export const canonicalParts = [
  'method',
  'path',
  'query',
  'target',
  'timestamp',
  'nonce',
  'body',
  'bodyHash',
  'user',
] as const
export type CanonicalPart = (typeof canonicalParts)[number]

export interface Signed {
  method: string
  url: URL
  body: Uint8Array
  user: string
  timestamp: string
  nonce: string
}

export function signatureOf(rules: HmacRules, signed: Signed, secret: string): string {
  const { method, url, user, timestamp, nonce } = signed
  const body = signedBytes(signed.body)
  const bodyHash = () => createHash(rules.algorithm).update(body).digest(rules.encoding)
  const parts: Readonly<Record<CanonicalPart, () => string | Uint8Array>> = {
    method: () => method,
    path: () => url.pathname,
    query: () => url.search.slice(1),
    target: () => url.pathname + url.search,
    timestamp: () => timestamp,
    nonce: () => nonce,
    body: () => body,
    bodyHash,
    user: () => user,
  }
  const hmac = createHmac(rules.algorithm, secret)
  // Bytes as they came: a body that is no UTF-8 has a signature, too.
  for (const piece of piecesOf(rules.canonical))
    hmac.update(piece.part === undefined ? piece.text : parts[piece.part as CanonicalPart]())
  return hmac.digest(rules.encoding)
}

/** `{name}` in a text is replaced; what is not given stays empty. */
export function fillFormat(format: string, values: Readonly<Record<string, string>>): string {
  return piecesOf(format)
    .map(({ text, part }) => (part === undefined ? text : (values[part] ?? '')))
    .join('')
}

/** The other way round: the parts of a header that was written by `format`; null when it was not. */
export function readFormat(format: string, text: string): Readonly<Record<string, string>> | null {
  const pieces = piecesOf(format)
  const found: Record<string, string> = {}
  let at = 0
  for (const [i, { text: literal, part }] of pieces.entries()) {
    if (part === undefined) {
      if (!text.startsWith(literal, at)) return null
      at += literal.length
      continue
    }
    const next = pieces[i + 1]
    const end = next === undefined ? text.length : next.part === undefined ? text.indexOf(next.text, at) : -1
    if (end < at) return null
    found[part] = text.slice(at, end)
    at = end
  }
  return at === text.length ? found : null
}

function piecesOf(format: string): { text: string; part?: string }[] {
  return format
    .split(/(\{[A-Za-z]+\})/)
    .filter((text) => text !== '')
    .map((text) => (/^\{[A-Za-z]+\}$/.test(text) ? { text, part: text.slice(1, -1) } : { text }))
}
