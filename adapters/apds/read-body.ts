// Owns reading a body of JSON from outside: its size, its nesting, and what is no JSON.
// Must not know what it is about.

export type ReadBody = { kind: 'ok'; value: unknown } | { kind: 'bad'; status: 400 | 413; message: string }

const largest = 1_048_576
/** A place with its tables is nine levels deep. */
const deepest = 40

/** Stops as soon as there is too much, whatever content-length said. */
export async function readBody(message: Request | Response, limit = largest): Promise<ReadBody> {
  const parts: Uint8Array[] = []
  let size = 0
  if (message.body) {
    const reader = message.body.getReader()
    for (;;) {
      const next = await reader.read().catch(() => null)
      if (next === null) return { kind: 'bad', status: 400, message: 'The body ended too early.' }
      if (next.done) break
      size += next.value.byteLength
      if (size > limit) {
        await reader.cancel().catch(() => undefined)
        return { kind: 'bad', status: 413, message: `The body has more than ${limit} bytes.` }
      }
      parts.push(next.value)
    }
  }
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts, size))
  } catch {
    return { kind: 'bad', status: 400, message: 'The body is not UTF-8.' }
  }
  if (isTooDeep(text)) return { kind: 'bad', status: 400, message: `The body is nested deeper than ${deepest} levels.` }
  try {
    return { kind: 'ok', value: JSON.parse(text) }
  } catch {
    return { kind: 'bad', status: 400, message: 'The body is no JSON.' }
  }
}

function isTooDeep(text: string): boolean {
  let depth = 0
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const char = text[i]
    if (quoted) {
      if (char === '\\') i++
      else if (char === '"') quoted = false
    } else if (char === '"') quoted = true
    else if (char === '[' || char === '{') {
      if (++depth > deepest) return true
    } else if (char === ']' || char === '}') depth--
  }
  return false
}
