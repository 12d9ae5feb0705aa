// Owns turning bytes into text: byte order marks, declared encodings, and what devices send in spite of what they declare.
// Must not fail: in the end every byte is a letter of Windows-1252.
import { decodeWindows1252 } from './windows-1252.ts'

const marks: readonly [readonly number[], string][] = [
  [[0xef, 0xbb, 0xbf], 'utf-8'],
  [[0xff, 0xfe], 'utf-16le'],
  [[0xfe, 0xff], 'utf-16be'],
]

export function decodeText(bytes: Uint8Array, contentType = ''): string {
  const mark = marks.find(([start]) => start.every((byte, i) => bytes[i] === byte))
  if (mark) return new TextDecoder(mark[1]).decode(bytes)
  // Without a mark: a document begins with "<" or "{", so its zero byte tells which half comes first.
  if (bytes.length >= 2 && bytes[1] === 0 && bytes[0] !== 0) return new TextDecoder('utf-16le').decode(bytes)
  if (bytes.length >= 2 && bytes[0] === 0 && bytes[1] !== 0) return new TextDecoder('utf-16be').decode(bytes)
  // A declaration is believed only where the bytes are not UTF-8: firmware declares one and sends the other.
  return decodeAs('utf-8', bytes) ?? decodeAs(declared(bytes, contentType), bytes) ?? decodeWindows1252(bytes)
}

function declared(bytes: Uint8Array, contentType: string): string {
  const head = decodeWindows1252(bytes.subarray(0, 200))
  const inDocument = /^\s*<\?xml[^>]*\bencoding\s*=\s*["']([\w.:-]+)["']/i.exec(head)?.[1]
  return inDocument ?? /charset\s*=\s*"?([\w.:-]+)/i.exec(contentType)?.[1] ?? 'windows-1252'
}

function decodeAs(encoding: string, bytes: Uint8Array): string | null {
  try {
    const decoder = new TextDecoder(encoding, { fatal: true })
    // Latin-1 and ASCII are other names of it.
    return decoder.encoding === 'windows-1252' ? decodeWindows1252(bytes) : decoder.decode(bytes)
  } catch {
    return null
  }
}
