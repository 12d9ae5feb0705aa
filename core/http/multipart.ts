// Owns finding the file in a multipart/form-data body (RFC 7578) while it streams by.
// Must not hold more of it than one chunk and a delimiter.

export interface FilePart {
  name: string | null
  contentType: string | null
  /** Throws when the body ends before the part does. */
  chunks: AsyncIterable<Uint8Array>
}

const mostHeaderBytes = 8_192
const mostBoundary = 70

/** The boundary of a multipart/form-data type; null for every other type, undefined when it has none that can be used. */
export function boundaryOf(contentType: string | null): string | null | undefined {
  if (!/^multipart\/form-data\s*(;|$)/i.test(contentType ?? '')) return null
  const found = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType ?? '')
  const boundary = found?.[1] ?? found?.[2]
  return boundary !== undefined && boundary.length <= mostBoundary ? boundary : undefined
}

/** The first part with a file name; null when there is none. */
export async function filePart(body: AsyncIterable<Uint8Array>, boundary: string): Promise<FilePart | null> {
  const reader = bodyReader(body)
  // The first delimiter may stand at the very beginning, without its line break.
  reader.putBack(Buffer.from('\r\n'))
  const delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1')
  for await (const _ of reader.until(delimiter, Number.POSITIVE_INFINITY));
  for (;;) {
    const rest = await reader.line()
    if (rest === '--') return null
    const headers = await reader.headers()
    const disposition = headers.get('content-disposition') ?? ''
    const name = fileNameOf(disposition)
    if (name !== null) {
      return {
        name: name === '' ? null : name,
        contentType: headers.get('content-type') ?? null,
        chunks: reader.until(delimiter, Number.POSITIVE_INFINITY),
      }
    }
    for await (const _ of reader.until(delimiter, Number.POSITIVE_INFINITY));
  }
}

/** RFC 7578 4.2: browsers send UTF-8 as it is; null when the part is no file. */
function fileNameOf(disposition: string): string | null {
  const found = /;\s*filename="((?:[^"\\]|\\.)*)"/i.exec(disposition) ?? /;\s*filename=([^;\s]+)/i.exec(disposition)
  return found?.[1] === undefined ? null : Buffer.from(found[1], 'latin1').toString('utf8').replace(/\\(.)/g, '$1')
}

class Incomplete extends Error {
  constructor() {
    super('the body ended inside a part')
  }
}

function bodyReader(body: AsyncIterable<Uint8Array>) {
  const source = body[Symbol.asyncIterator]()
  let held = Buffer.alloc(0)
  const more = async (): Promise<void> => {
    const next = await source.next()
    if (next.done) throw new Incomplete()
    held = Buffer.concat([held, next.value])
  }
  /** Everything before the mark, which is passed over. */
  async function* until(mark: Buffer, limit: number): AsyncGenerator<Buffer, void, void> {
    let passed = 0
    for (;;) {
      const at = held.indexOf(mark)
      const free = at >= 0 ? at : held.length - mark.length + 1
      if (free > 0) {
        passed += free
        if (passed > limit) throw new Incomplete()
        const chunk = held.subarray(0, free)
        held = held.subarray(free)
        yield chunk
      }
      if (at >= 0) {
        held = held.subarray(mark.length)
        return
      }
      await more()
    }
  }
  const text = async (mark: string): Promise<string> => {
    const chunks: Buffer[] = []
    for await (const chunk of until(Buffer.from(mark), mostHeaderBytes)) chunks.push(chunk)
    return Buffer.concat(chunks).toString('latin1')
  }
  return {
    until,
    putBack(bytes: Buffer) {
      held = Buffer.concat([bytes, held])
    },
    /** What follows a delimiter on its line: nothing, or two dashes at the end, after which no line break is due. */
    async line(): Promise<string> {
      while (held.length < 2) await more()
      if (held.subarray(0, 2).toString('latin1') === '--') return '--'
      return (await text('\r\n')).trim()
    },
    async headers(): Promise<Map<string, string>> {
      const headers = new Map<string, string>()
      // A part may have none: then its empty line comes at once.
      this.putBack(Buffer.from('\r\n'))
      const block = await text('\r\n\r\n')
      for (const line of block.split('\r\n')) {
        const colon = line.indexOf(':')
        if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim())
      }
      return headers
    },
  }
}
