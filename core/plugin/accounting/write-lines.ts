// Owns files of lines: cells with delimiter and quotes, encoding piece by piece, and the split into parts of a size.
// Must not hold a whole file twice, as text and as bytes, nor work long without a stop.
import type { InSteps } from '../../domain/in-steps.ts'

export type Encode = (text: string) => Uint8Array
const encoder = new TextEncoder()
export const utf8: Encode = (text) => encoder.encode(text)

/** A row of RFC 4180: cells are quoted where they must be, quotes doubled. */
export function csvRow(cells: readonly string[], delimiter: string): string {
  return cells
    .map((cell) =>
      cell.includes(delimiter) || /["\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell,
    )
    .join(delimiter)
}

const pieceLength = 65_536

/** After how many entries work stops for a moment: some milliseconds' worth. */
export const entriesPerStep = 500

/** The bytes of lines, each with its end. */
export function* encodeLines(lines: Iterable<string>, newline: string, encode: Encode, mark = ''): InSteps<Uint8Array> {
  const pieces: Uint8Array[] = []
  let piece = mark
  for (const line of lines) {
    piece += line + newline
    if (piece.length < pieceLength) continue
    pieces.push(encode(piece))
    piece = ''
    yield
  }
  pieces.push(encode(piece))
  return Buffer.concat(pieces)
}

/** Blocks of lines dealt out to parts of at most `most` lines, no block torn apart; one empty part for no blocks. */
export function* partsOf<T>(blocks: Iterable<readonly T[]>, most: number): InSteps<(readonly T[])[][]> {
  let part: (readonly T[])[] = []
  const parts = [part]
  let lines = 0
  let count = 0
  for (const block of blocks) {
    if (++count % entriesPerStep === 0) yield
    if (lines > 0 && lines + block.length > most) {
      part = []
      parts.push(part)
      lines = 0
    }
    part.push(block)
    lines += block.length
  }
  return parts
}
