// Owns cutting a stream of bytes into records, in memory that does not grow with the file or with any line in it.
// Must not know what a record means, nor stop at a bad one: it says which lines were refused and goes on behind them.
import { step, type Where } from './cell-machine.ts'
import { type Decoding, decodingOf, type Encoding } from './encoding.ts'

export interface ScanLimits {
  recordBytes: number
}

export type Scanned = {
  /** The first being 1; a record of several lines has the first one's. */
  line: number
  /** Offset of the byte behind it: reading may begin there. */
  end: number
  /** The line number there. */
  nextLine: number
} & (
  | { kind: 'record'; text: string; terminated: boolean }
  | { kind: 'refused'; code: 'line_too_long' | 'quote_open' | 'not_text' | 'holds_nul'; reason: string }
)

export interface ScanFrom {
  offset: number
  line: number
}

export interface ScanOptions {
  encoding: Encoding
  delimiter: string
  limits: ScanLimits
  /** Where `chunks` begins. */
  from: ScanFrom
  /** The beginning of the file, by which its encoding is told. */
  head: Uint8Array
}

/** The bytes of `chunks` as records. Empty lines are records of one empty cell; the caller knows whether they matter. */
export async function* scanRecords(chunks: AsyncIterable<Uint8Array>, options: ScanOptions): AsyncGenerator<Scanned> {
  const decoding = decodingOf(options.encoding, options.head)
  const scanner = cutter(decoding, options)
  for await (const chunk of chunks) yield* scanner.push(chunk)
  yield* scanner.finish()
}

function cutter({ unit, bigEndian, skip, decode }: Decoding, { delimiter, limits, from }: ScanOptions) {
  const mark = delimiter.charCodeAt(0)
  const largest = limits.recordBytes - (limits.recordBytes % unit)
  /** Bytes from the beginning of the open record on. */
  let held: Buffer = Buffer.alloc(0)
  let begins = from.offset
  let line = from.line
  /** How much of `held` has been looked at, and what that came to. */
  let at = 0
  let where: Where = 'start'
  let feeds = 0
  /** The rest of a line that is too long goes by without being kept. */
  let dropping = false

  const codeAt = (i: number) => {
    const [first = 0, second = 0] = [held[i], held[i + 1]]
    if (unit === 1) return first
    return bigEndian ? first * 256 + second : second * 256 + first
  }
  const leave = (bytes: number, lines: number) => {
    held = held.subarray(bytes)
    begins += bytes
    line += lines
    at = 0
    where = 'start'
    feeds = 0
  }
  const refused = (
    code: (Scanned & { kind: 'refused' })['code'],
    reason: string,
    bytes: number,
    lines: number,
  ): Scanned => {
    const first = line
    leave(bytes, lines)
    return { kind: 'refused', line: first, end: begins, nextLine: line, code, reason }
  }
  const record = (terminated: boolean): Scanned => {
    const text = decode(held.subarray(0, at))
    if (text === null) return refused('not_text', 'The line is not in the encoding of the file.', at, feeds)
    if (text.includes('\0')) return refused('holds_nul', 'The line holds a NUL character.', at, feeds)
    const [first, lines, bytes] = [line, feeds, at]
    leave(bytes, lines)
    return { kind: 'record', line: first, end: begins, nextLine: line, text, terminated }
  }
  const kB = Math.floor(limits.recordBytes / 1024)

  /** A quotation mark that nobody closes must not swallow what follows: its own line is given up, the next is read anew. */
  function tooLong(): Scanned | null {
    for (let i = 0; i + unit <= at; i += unit)
      if (codeAt(i) === 10) return refused('quote_open', `A quotation mark is not closed within ${kB} kB.`, i + unit, 1)
    dropping = true
    return null
  }

  function* drop(): Generator<Scanned> {
    for (let i = 0; i + unit <= held.length; i += unit) {
      if (codeAt(i) !== 10) continue
      dropping = false
      yield refused('line_too_long', `The line is longer than ${kB} kB.`, i + unit, 1)
      return
    }
    const rest = held.length % unit
    begins += held.length - rest
    held = held.subarray(held.length - rest)
    at = 0
  }

  function* take(): Generator<Scanned> {
    for (;;) {
      if (dropping) {
        yield* drop()
        if (dropping) return
      }
      if (begins === 0 && at === 0 && skip > 0) {
        if (held.length < skip) return
        held = held.subarray(skip)
        begins = skip
      }
      let ended = false
      while (at + unit <= held.length && at < largest) {
        const code = codeAt(at)
        at += unit
        if (code === 10) feeds += 1
        const next = step(where, code, mark)
        where = next.where
        if (next.means === 'record') {
          ended = true
          break
        }
      }
      if (ended) yield record(true)
      else if (at >= largest) {
        const one = tooLong()
        if (one) yield one
      } else return
    }
  }

  return {
    *push(chunk: Uint8Array): Generator<Scanned> {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
      held = held.length === 0 ? bytes : Buffer.concat([held, bytes])
      yield* take()
    },
    *finish(): Generator<Scanned> {
      if (dropping) yield refused('line_too_long', `The line is longer than ${kB} kB.`, held.length, 1)
      while (held.length > 0) {
        if (where === 'quoted') {
          const feed = firstFeed()
          at = feed
          yield refused('quote_open', 'A quotation mark is not closed before the end of the file.', feed, 1)
          yield* take()
        } else {
          const rest = held.length
          if (at === 0) return
          const odd = rest - at
          const one = record(false)
          yield one
          if (odd > 0) return
        }
      }
    },
  }

  function firstFeed(): number {
    for (let i = 0; i + unit <= held.length; i += unit) if (codeAt(i) === 10) return i + unit
    return held.length
  }
}
