// Owns reading a body: its size, its type, its JSON with the place of a mistake, and values that no database can hold.
// Must not know what the body means.
import { pointerTo } from '../domain/json-pointer.ts'
import type { ProblemField, ProblemReply } from './problem.ts'
import { problem } from './problem.ts'

/** Deeper than any schema goes; JSON.stringify and the database would still cope. */
const deepest = 64
const mostFields = 20

export async function readJson(
  request: Request,
  limit: number,
): Promise<{ kind: 'json'; text: string; value: unknown } | ProblemReply> {
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/(?:[a-z0-9.+-]+\+)?json\s*(?:;|$)/i.test(type)) {
    return problem('unsupported_media_type', {
      detail: 'Send application/json.',
      headers: { Accept: 'application/json' },
    })
  }
  const encoding = request.headers.get('content-encoding')?.trim().toLowerCase() ?? 'identity'
  if (encoding !== 'identity') {
    return problem('unsupported_media_type', {
      detail: 'Send the body uncompressed.',
      headers: { 'Accept-Encoding': 'identity' },
    })
  }
  const body = await readText(request, limit)
  switch (body.kind) {
    case 'text':
      return parseJson(body.text)
    case 'too_large':
      return problem('body_too_large', { detail: `At most ${limit} bytes.`, headers: { Connection: 'close' } })
    case 'not_utf8':
      return problem('invalid_json', {
        detail: 'The body is not UTF-8 (RFC 8259 8.1).',
        headers: { Connection: 'close' },
      })
    case 'cut':
      return problem('body_incomplete', { headers: { Connection: 'close' } })
  }
}

export function parseJson(text: string): { kind: 'json'; text: string; value: unknown } | ProblemReply {
  const fault = faultIn(text)
  if (fault) {
    return problem('invalid_json', {
      detail: `${fault.message} (position ${fault.position}, line ${lineOf(text, fault.position)}).`,
    })
  }
  const value: unknown = JSON.parse(text)
  const errors: ProblemField[] = []
  findUnstorable(value, '', errors)
  if (errors.length > 0) {
    return problem('invalid_request', {
      detail: errors.map((one) => `${one.pointer || 'The body'}: ${one.message}`).join('; '),
      errors,
    })
  }
  return { kind: 'json', text, value }
}

/** PostgreSQL holds no NUL and no half of a surrogate pair; JSON has no infinity, but 1e999 reads as one. */
function findUnstorable(value: unknown, pointer: string, errors: ProblemField[]): void {
  if (errors.length >= mostFields) return
  if (typeof value === 'string') {
    const message = unstorableText(value)
    if (message) errors.push({ in: 'body', pointer, message })
  } else if (typeof value === 'number') {
    if (!Number.isFinite(value)) errors.push({ in: 'body', pointer, message: 'is too large a number' })
  } else if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) findUnstorable(item, `${pointer}/${i}`, errors)
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      const at = `${pointer}${pointerTo(key)}`
      if (unstorableText(key))
        errors.push({ in: 'body', pointer, message: 'has a name with a character that cannot be stored' })
      else findUnstorable(item, at, errors)
    }
  }
}

export function unstorableText(text: string): string | null {
  if (text.includes('\u0000')) return 'must not contain the character U+0000'
  return /\p{Surrogate}/u.test(text) ? 'must not contain half of a surrogate pair' : null
}

type BodyText = { kind: 'text'; text: string } | { kind: 'too_large' | 'not_utf8' | 'cut' }

async function readText(request: Request, limit: number): Promise<BodyText> {
  if (Number(request.headers.get('content-length') ?? 0) > limit) return { kind: 'too_large' }
  if (!request.body) return { kind: 'text', text: '' }
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
      size += chunk.byteLength
      if (size > limit) return { kind: 'too_large' }
      chunks.push(chunk)
    }
  } catch {
    // The caller hung up, or sent no more for longer than the server waits.
    return { kind: 'cut' }
  }
  try {
    // A letter replaced by U+FFFD would be stored as if somebody had meant it.
    return { kind: 'text', text: new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks, size)) }
  } catch {
    return { kind: 'not_utf8' }
  }
}

interface Fault {
  position: number
  message: string
}

/**
 * The first place where a text stops being JSON (RFC 8259), or where it nests too deep. V8 does not tell the place of every
 * mistake (Node 20: "Unexpected token '}', …is not valid JSON"), and people look for it by hand.
 */
export function faultIn(text: string): Fault | null {
  let at = 0
  const closers: string[] = []
  let expects: 'value' | 'first' | 'key' | 'colon' | 'comma' | 'end' = 'value'
  const closed = (): typeof expects => (closers.length === 0 ? 'end' : 'comma')
  for (;;) {
    space.lastIndex = at
    space.test(text)
    at = space.lastIndex
    const char = text[at]
    if (char === undefined) return expects === 'end' ? null : { position: at, message: 'The body ends too early' }
    const closer = closers.at(-1)
    if (expects === 'end') return { position: at, message: 'There is more after the end' }
    if ((expects === 'comma' || expects === 'first') && char === closer) {
      closers.pop()
      expects = closed()
      at++
      continue
    }
    if (expects === 'comma') {
      if (char !== ',') return { position: at, message: `A comma or ${closer} is missing` }
      expects = closer === '}' ? 'key' : 'value'
      at++
      continue
    }
    if (expects === 'colon') {
      if (char !== ':') return { position: at, message: 'A colon is missing' }
      expects = 'value'
      at++
      continue
    }
    if (expects === 'key' || (expects === 'first' && closer === '}')) {
      const end = endOf(string, text, at)
      if (end === null) return { position: at, message: 'A name in double quotes is missing' }
      at = end
      expects = 'colon'
      continue
    }
    if (char === '{' || char === '[') {
      if (closers.length >= deepest) return { position: at, message: `It nests deeper than ${deepest} levels` }
      closers.push(char === '{' ? '}' : ']')
      expects = 'first'
      at++
      continue
    }
    const end = endOf(string, text, at) ?? endOf(number, text, at) ?? endOf(word, text, at)
    if (end === null)
      return {
        position: at,
        message: char === '"' ? 'A text is not closed or has a wrong escape' : 'A value is missing',
      }
    at = end
    expects = closed()
  }
}

const space = /[ \t\n\r]*/y
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters end a JSON string
const string = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"/y
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const word = /true|false|null/y

function endOf(pattern: RegExp, text: string, at: number): number | null {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : null
}

function lineOf(text: string, position: number): number {
  return text.slice(0, position).split('\n').length
}
