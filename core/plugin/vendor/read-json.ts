// Owns reading a body as JSON: its size, encoding, nesting, and where exactly it is broken.
// Must not know what the JSON is about.
import { passMaskedOn } from './signed-body.ts'

export type Read<T> = { kind: 'ok'; value: T } | { kind: 'bad'; code: string; detail: string }
export type ReadBody = { kind: 'ok'; value: Uint8Array } | { kind: 'too_large' } | { kind: 'cut' }

/** Stops reading as soon as there is too much, whatever content-length said. `cut`: the sender hung up. */
export async function readBody(request: Request | Response, largest: number): Promise<ReadBody> {
  if (Number(request.headers.get('content-length') ?? 0) > largest) return { kind: 'too_large' }
  if (!request.body) return { kind: 'ok', value: new Uint8Array() }
  const parts: Uint8Array[] = []
  let size = 0
  const reader = request.body.getReader()
  for (;;) {
    const next = await reader.read().catch(() => null)
    if (next === null) return { kind: 'cut' }
    const { done, value } = next
    if (done) {
      const body = Buffer.concat(parts, size)
      passMaskedOn(request, body)
      return { kind: 'ok', value: body }
    }
    size += value.byteLength
    if (size > largest) {
      await reader.cancel()
      return { kind: 'too_large' }
    }
    parts.push(value)
  }
}

/** Facts are five levels deep. */
const deepest = 32

export function readJson(body: Uint8Array): Read<unknown> {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    return { kind: 'bad', code: 'body_not_utf8', detail: 'The body is not UTF-8.' }
  }
  return parseJson(text)
}

/** What is told of a broken text names the place and never quotes more than one character: it may carry a plate into a log. */
export function parseJson(text: string): Read<unknown> {
  const deep = tooDeepAt(text)
  if (deep !== null) {
    return {
      kind: 'bad',
      code: 'json_too_deep',
      detail: `More than ${deepest} levels of nesting ${place(text, deep)}.`,
    }
  }
  try {
    return { kind: 'ok', value: JSON.parse(text) }
  } catch {
    const { at, expected } = faultOf(text)
    const found = at >= text.length ? 'the end' : `"${[...text.slice(at, at + 2)][0]}"`
    return { kind: 'bad', code: 'json_invalid', detail: `Expected ${expected}, found ${found} ${place(text, at)}.` }
  }
}

function place(text: string, at: number): string {
  const before = text.slice(0, at)
  const line = before.split('\n').length
  const column = at - before.lastIndexOf('\n')
  return `at position ${at} (line ${line}, column ${column})`
}

function tooDeepAt(text: string): number | null {
  let depth = 0
  let inString = false
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i)
    if (inString) {
      if (char === 92) i++
      else if (char === 34) inString = false
    } else if (char === 34) inString = true
    else if (char === 91 || char === 123) {
      if (++depth > deepest) return i
    } else if (char === 93 || char === 125) depth--
  }
  return null
}

interface Fault {
  at: number
  expected: string
}

const space = /[ \t\n\r]*/y
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const literal = /true|false|null/y
const escaped = /["\\/bfnrt]|u[0-9a-fA-F]{4}/y

/** Where a text that JSON.parse refused stops being JSON; engines name the position only sometimes. Nesting is bounded before. */
function faultOf(text: string): Fault {
  let at = 0
  const take = (pattern: RegExp): boolean => {
    pattern.lastIndex = at
    const match = pattern.exec(text)
    if (match) at += match[0].length
    return match !== null
  }
  const is = (char: string): boolean => {
    take(space)
    if (text[at] !== char) return false
    at++
    return true
  }
  const fail = (expected: string): Fault => ({ at, expected })
  // By hand: a pattern would keep one backtracking step per character of a text of megabytes.
  const string = (): Fault | null => {
    for (at++; at < text.length; at++) {
      const char = text[at]
      if (char === '"') {
        at++
        return null
      }
      if (char === '\\') {
        at++
        if (!take(escaped)) return fail('an escape such as \\n or \\u00e9')
        at--
      } else if (text.charCodeAt(at) < 32) return fail('no control character inside a string')
    }
    return fail('the end of the string')
  }
  const value = (): Fault | null => {
    take(space)
    if (is('{')) return is('}') ? null : list('}', member)
    if (is('[')) return is(']') ? null : list(']', value)
    if (text[at] === '"') return string()
    return take(literal) || take(number) ? null : fail('a value')
  }
  const member = (): Fault | null => {
    take(space)
    if (text[at] !== '"') return fail('a name in double quotes')
    return string() ?? (is(':') ? value() : fail('":"'))
  }
  const list = (end: string, item: () => Fault | null): Fault | null => {
    for (;;) {
      const fault = item()
      if (fault) return fault
      if (is(end)) return null
      if (!is(',')) return fail(`"," or "${end}"`)
    }
  }
  const fault = value()
  if (fault) return fault
  take(space)
  return fail('nothing more')
}
