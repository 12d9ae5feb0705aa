// Owns the file in a request: the body itself, or the file part of a form, as chunks that come by once.
// Must not know what becomes of it.
import { boundaryOf, filePart } from './multipart.ts'
import { type ProblemReply, problem } from './problem.ts'

export interface FileBody {
  name: string | null
  contentType: string | null
  chunks: AsyncIterable<Uint8Array>
}

/** Requests that may carry one, by method and path: they get the time that a slow line needs. */
export function carriesFile({ method, url }: { method?: string | undefined; url?: string | undefined }): boolean {
  const path = (url ?? '').split('?')[0] ?? ''
  if (method === 'PUT') return path.startsWith('/files/')
  return method === 'POST' && (path.startsWith('/files/') || path === '/api/v1/files')
}

export async function fileBody(request: Request, limit: number): Promise<FileBody | ProblemReply> {
  if (request.headers.has('content-range')) {
    // RFC 9110 14.4: half of a file must not be taken for the whole.
    return problem('invalid_request', { detail: 'Send the file whole, without Content-Range.' })
  }
  // The form around the file has a few lines of its own.
  if (Number(request.headers.get('content-length') ?? 0) > limit + 65_536) return tooLarge(limit)
  const contentType = request.headers.get('content-type')
  const body = (request.body ?? []) as unknown as AsyncIterable<Uint8Array>
  const boundary = boundaryOf(contentType)
  if (boundary === null) return { name: null, contentType, chunks: request.body ? body : nothing() }
  if (boundary === undefined) return problem('invalid_request', { detail: 'The form names no boundary.' })
  try {
    const part = await filePart(request.body ? body : nothing(), boundary)
    return part ?? problem('invalid_request', { detail: 'The form has no file in it.' })
  } catch {
    return cut()
  }
}

export function tooLarge(limit: number): ProblemReply {
  return problem('body_too_large', { detail: `At most ${limit} bytes.`, headers: { Connection: 'close' } })
}

export function cut(): ProblemReply {
  return problem('body_incomplete', { headers: { Connection: 'close' } })
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
