// Owns the arithmetic of HTTP digest (RFC 7616, and RFC 2069 where there is no qop) and the fields of its headers.
// Must not decide who is let in.
import { createHash } from 'node:crypto'

export type DigestFields = Readonly<Record<string, string>>

/** Names in lower case; null when the header is no digest. */
export function digestFields(header: string): DigestFields | null {
  const [, rest] = /^\s*digest\s+([\s\S]{1,4000})$/i.exec(header) ?? []
  if (rest === undefined) return null
  const found = [...rest.matchAll(/([a-z]+)\s*=\s*(?:"([^"]*)"|([^",\s]*))/gi)]
  return Object.fromEntries(found.map(([, name = '', quoted, bare]) => [name.toLowerCase(), quoted ?? bare ?? '']))
}

export function hashName(algorithm: string | undefined): 'md5' | 'sha256' | null {
  const name = (algorithm || 'MD5').toUpperCase()
  return name === 'MD5' ? 'md5' : name === 'SHA-256' ? 'sha256' : null
}

export interface DigestParts {
  algorithm: 'md5' | 'sha256'
  method: string
  uri: string
  user: string
  password: string
  realm: string
  nonce: string
  qop: string
  nc: string
  cnonce: string
}

export function digestResponse(parts: DigestParts): string {
  const hash = (text: string) => createHash(parts.algorithm).update(text).digest('hex')
  const first = hash(`${parts.user}:${parts.realm}:${parts.password}`)
  const second = hash(`${parts.method}:${parts.uri}`)
  if (parts.qop === '') return hash(`${first}:${parts.nonce}:${second}`)
  return hash(`${first}:${parts.nonce}:${parts.nc}:${parts.cnonce}:${parts.qop}:${second}`)
}
