// Owns keeping card numbers out of what plugins are handed: refused in an operator's JSON and XML, masked in every other body.
// Must not hold a file in memory, nor change a body's length: signatures and content-length still have to fit.
import { cardNumberAt, maskedCardNumbers, mayHoldCardNumber } from '../domain/card-number.ts'
import { parseXml } from '../plugin/vendor/parse-xml.ts'
import { readBody } from '../plugin/vendor/read-json.ts'
import { rememberMasked } from '../plugin/vendor/signed-body.ts'

/** Structured bodies are read whole up to here; larger ones are masked as they pass. */
const mostReadWhole = 2_000_000
/** As far as what stands before and behind a number counts. */
const reach = 64
/** Longer than any number in groups. */
const gap = 24

export type Screened = { kind: 'request'; request: Request } | { kind: 'card_number'; pointer: string }

/** A call of the operator's side: somebody is there to put it right. */
export async function refusingCardNumbers(request: Request): Promise<Screened> {
  const type = /^[^;]*/.exec(request.headers.get('content-type') ?? '')?.[0].trim() ?? ''
  const structured = /[/+](json|xml)$/i.exec(type)?.[1]?.toLowerCase()
  const length = Number(request.headers.get('content-length') ?? 0)
  if (!mayHaveBody(request) || structured === undefined || length > mostReadWhole)
    return { kind: 'request', request: maskingCardNumbers(request) }
  const body = await readBody(request.clone(), mostReadWhole)
  if (body.kind !== 'ok') return { kind: 'request', request: maskingCardNumbers(request) }
  const text = Buffer.from(body.value).toString('utf8')
  if (mayHoldCardNumber(text)) {
    const pointer = cardNumberAt(structured === 'json' ? jsonOf(text) : xmlOf(text))
    if (pointer !== null) return { kind: 'card_number', pointer }
  }
  return { kind: 'request', request: maskingCardNumbers(request) }
}

/** By the headers where they say it: asking a request of a socket for its body would take that from the server. */
function mayHaveBody(request: Request): boolean {
  const { method, headers } = request
  if (method === 'GET' || method === 'HEAD') return false
  const length = headers.get('content-length')
  if (headers.has('transfer-encoding')) return true
  return length === null ? request.body !== null : Number(length) > 0
}

/** What cannot be read is looked at as one text. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function xmlOf(text: string): unknown {
  const read = parseXml(text)
  return read.kind === 'ok' ? read.value : text
}

/** A call of a vendor's side, or a file: nothing of it may be lost but the digits. */
export function maskingCardNumbers(request: Request): Request {
  if (!mayHaveBody(request)) return request
  const masked: { at: number; bytes: Uint8Array }[] = []
  /** What was handed on last, for what stands before a number; and what waits for what comes behind it. */
  let behind = Buffer.alloc(0)
  let held = Buffer.alloc(0)
  let offset = 0
  const handOn = (chunk: Uint8Array, last: boolean): Uint8Array => {
    held = Buffer.concat([held, chunk])
    const seen = Buffer.concat([behind, held])
    // Latin 1 takes every byte for one character, so that places in the text are places in the body.
    const text = seen.toString('latin1')
    const cleanText = maskedCardNumbers(text, 'identifier')
    const clean = cleanText === text ? seen : Buffer.from(cleanText, 'latin1')
    let end = last ? seen.length : Math.max(behind.length, seen.length - reach)
    // Never within a number: its first half would be gone before the rest is known.
    while (
      !last &&
      end > behind.length &&
      !clean.subarray(end - gap, end + gap).equals(seen.subarray(end - gap, end + gap))
    )
      end = Math.max(behind.length, end - gap)
    for (let at = behind.length; clean !== seen && at < end; at++)
      if (clean[at] !== seen[at])
        masked.push({ at: offset + at - behind.length, bytes: Uint8Array.from(seen.subarray(at, at + 1)) })
    const ready = clean.subarray(behind.length, end)
    offset += ready.length
    held = seen.subarray(end)
    behind = seen.subarray(Math.max(0, end - reach), end)
    return Uint8Array.from(ready)
  }
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  // The sender's body is not touched before somebody reads: one that nobody reads is the server's to drain, as ever.
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        for (;;) {
          reader ??= request.body?.getReader()
          const next = await reader?.read()
          const last = next === undefined || next.done
          const ready = handOn(next?.value ?? new Uint8Array(), last)
          if (ready.length > 0) controller.enqueue(ready)
          if (last) controller.close()
          if (last || ready.length > 0) return
        }
      },
      cancel: (reason) => reader?.cancel(reason),
    },
    { highWaterMark: 0 },
  )
  const { method, headers, url, signal } = request
  const passed = new Request(url, { method, headers, signal, body, duplex: 'half' } as RequestInit)
  rememberMasked(passed, masked)
  return passed
}
