// Owns reading the fixtures of test/fixtures/lpr and making bytes of them.
// Must not know what is expected of them.
import { readdirSync, readFileSync } from 'node:fs'
import { multipartBody } from '../../sim/lpr/multipart-body.ts'

export interface Fixture {
  vendor: string
  name: string
  about: string
  config?: object
  /** What follows the connection's address. */
  address?: string
  receivedAt: string
  message: {
    json?: unknown
    lines?: string[]
    contentType?: string
    encoding?: 'utf-16le-bom' | 'latin1'
    parts?: { name?: string; filename?: string; contentType?: string; text?: string; base64?: string }[]
  }
  expect: { reports?: unknown[]; alive?: string[]; problem?: { pointer: string; message: string }; notes?: string[] }
}

const folder = new URL('../../fixtures/lpr/', import.meta.url)

export const fixtures: readonly Fixture[] = readdirSync(folder).flatMap((vendor) =>
  readdirSync(new URL(`${vendor}/`, folder)).map((file) => ({
    ...(JSON.parse(readFileSync(new URL(`${vendor}/${file}`, folder), 'utf8')) as Omit<Fixture, 'vendor' | 'name'>),
    vendor,
    name: file.replace(/\.json$/, ''),
  })),
)

export function bytesOf({ message }: Fixture): { bytes: Uint8Array; contentType: string } {
  const { json, lines, parts, encoding, contentType = 'application/octet-stream' } = message
  if (parts)
    return multipartBody(
      parts.map(({ text, base64, ...head }) => ({ ...head, body: text ?? Buffer.from(base64 ?? '', 'base64') })),
    )
  if (json !== undefined) return { bytes: Buffer.from(JSON.stringify(json)), contentType: 'application/json' }
  const text = (lines ?? []).join('\n')
  if (encoding === 'utf-16le-bom') return { bytes: Buffer.from(`\ufeff${text}`, 'utf16le'), contentType }
  return { bytes: Buffer.from(text, encoding ?? 'utf8'), contentType }
}
