// Owns reading a body of JSON from the partner, and what is answered to one that is none.
// Must not know what it is about.
import { readBody as readBytes, readJson } from '../../core/plugin/index.ts'

export type ReadBody = { kind: 'ok'; value: unknown } | { kind: 'bad'; status: 400 | 413; message: string }

const largest = 1_048_576

export async function readBody(message: Request | Response, limit = largest): Promise<ReadBody> {
  const body = await readBytes(message, limit)
  if (body.kind === 'cut') return { kind: 'bad', status: 400, message: 'The body ended too early.' }
  if (body.kind === 'too_large') return { kind: 'bad', status: 413, message: `The body has more than ${limit} bytes.` }
  const read = readJson(body.value)
  return read.kind === 'ok' ? read : { kind: 'bad', status: 400, message: read.detail }
}
