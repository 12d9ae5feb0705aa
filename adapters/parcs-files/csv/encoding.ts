// Owns the encodings that files come in: told by their first bytes, or named; and turning one record's bytes into text.
// Must not guess for a whole file what only a line can tell: each line is read by itself, wherever a file was cut.
import { decodeWindows1252 } from '../../../core/plugin/index.ts'

export const encodings = ['auto', 'utf-8', 'windows-1252', 'iso-8859-15', 'utf-16le', 'utf-16be'] as const
export type Encoding = (typeof encodings)[number]

export interface Decoding {
  /** Bytes of one code unit. */
  unit: 1 | 2
  bigEndian: boolean
  /** Bytes of the byte order mark. */
  skip: number
  /** Null for bytes that are no text of this encoding. */
  decode(bytes: Uint8Array): string | null
}

const marks = [
  { bytes: [0xef, 0xbb, 0xbf], encoding: 'utf-8' },
  { bytes: [0xff, 0xfe], encoding: 'utf-16le' },
  { bytes: [0xfe, 0xff], encoding: 'utf-16be' },
] as const satisfies readonly { bytes: readonly number[]; encoding: Encoding }[]

/** `head` is the beginning of the file. What a byte order mark says beats what was set. */
export function decodingOf(set: Encoding, head: Uint8Array): Decoding {
  const mark = marks.find(({ bytes }) => bytes.every((byte, i) => head[i] === byte))
  const named = mark?.encoding ?? (set === 'auto' ? (wideOf(head) ?? 'auto') : set)
  return {
    unit: named === 'utf-16le' || named === 'utf-16be' ? 2 : 1,
    bigEndian: named === 'utf-16be',
    skip: mark?.bytes.length ?? 0,
    decode: named === 'auto' ? eitherOf : (bytes) => decoded(named, bytes),
  }
}

/** Latin text in UTF-16 is a zero in every other byte. */
function wideOf(head: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  const pairs = Math.min(64, head.length >> 1)
  if (pairs < 4) return null
  let [even, odd] = [0, 0]
  for (let i = 0; i < pairs; i++) {
    if (head[2 * i] === 0) even++
    if (head[2 * i + 1] === 0) odd++
  }
  if (odd > pairs * 0.7 && even === 0) return 'utf-16le'
  return even > pairs * 0.7 && odd === 0 ? 'utf-16be' : null
}

const decoders = new Map<string, InstanceType<typeof TextDecoder>>()

function decoded(encoding: string, bytes: Uint8Array): string | null {
  if (encoding === 'windows-1252') return decodeWindows1252(bytes)
  const decoder = decoders.get(encoding) ?? new TextDecoder(encoding, { fatal: true, ignoreBOM: true })
  decoders.set(encoding, decoder)
  try {
    return decoder.decode(bytes)
  } catch {
    return null
  }
}

/** Text of Windows-1252 with anything beyond ASCII is almost never valid UTF-8. */
function eitherOf(bytes: Uint8Array): string | null {
  return decoded('utf-8', bytes) ?? decodeWindows1252(bytes)
}
