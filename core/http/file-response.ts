// Owns sending a stored file: whole, the part that was asked for (RFC 9110 14), or nothing when the caller has it.
// Must not decide who may have it.
import { Readable } from 'node:stream'
import { ifNoneMatch } from './etag.ts'
import { type ProblemReply, problem } from './problem.ts'

export interface SentFile {
  name: string
  contentType: string
  sizeBytes: number
  sha256: string
}

/** `read` opens the bytes from `start` to `end`, both included. */
export function fileResponse(
  request: Request,
  file: SentFile,
  read: (range: { start: number; end: number }) => Readable,
): Response | ProblemReply {
  const { sizeBytes: size } = file
  const etag = `"${file.sha256}"`
  const headers: Record<string, string> = {
    'Content-Type': file.contentType,
    'Content-Disposition': `attachment; filename*=UTF-8''${encodeURIComponent(file.name).replace(/['()*]/g, escaped)}`,
    'Accept-Ranges': 'bytes',
    ETag: etag,
  }
  if (ifNoneMatch(request.headers, etag)) return new Response(null, { status: 304, headers: { ETag: etag } })
  const ifRange = request.headers.get('if-range')?.trim()
  const range = ifRange === undefined || ifRange === etag ? rangeOf(request.headers.get('range'), size) : 'all'
  if (range === 'beyond') {
    return problem('range_not_satisfiable', { headers: { 'Content-Range': `bytes */${size}` } })
  }
  const { start, end } = range === 'all' ? { start: 0, end: size - 1 } : range
  headers['Content-Length'] = String(end - start + 1)
  if (range !== 'all') headers['Content-Range'] = `bytes ${start}-${end}/${size}`
  const body = request.method === 'HEAD' ? null : (Readable.toWeb(read({ start, end })) as ReadableStream<Uint8Array>)
  return new Response(body, { status: range === 'all' ? 200 : 206, headers })
}

/** One range of bytes. Several, or none that can be read, are answered with all: a server may ignore the header. */
function rangeOf(header: string | null, size: number): { start: number; end: number } | 'all' | 'beyond' {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.replaceAll(' ', '') ?? '') ?? []
  if (first === '' && last === '') return 'all'
  if (first === '') {
    const tail = Math.min(Number(last), size)
    return tail === 0 ? 'beyond' : { start: size - tail, end: size - 1 }
  }
  const start = Number(first)
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (start >= size) return 'beyond'
  return end < start ? 'all' : { start, end }
}

function escaped(letter: string): string {
  return `%${letter.charCodeAt(0).toString(16).toUpperCase()}`
}
