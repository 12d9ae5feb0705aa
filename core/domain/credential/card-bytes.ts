// Owns arithmetic on card bytes, held as upper-case hex text: reorderings, check byte, decimal writings.
// Must not know readers, layouts or keys.
import type { Transform } from './transform.ts'

const bytePattern = /../g

function bytesOf(hex: string): string[] {
  return hex.match(bytePattern) ?? []
}

function byteTable(map: (byte: number) => number): ReadonlyMap<string, string> {
  return new Map(Array.from({ length: 256 }, (_, byte) => [hexByte(byte), hexByte(map(byte))]))
}

function hexByte(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0')
}

function mirrored(byte: number): number {
  let out = 0
  for (let bit = 0; bit < 8; bit++) if (byte & (1 << bit)) out |= 0x80 >> bit
  return out
}

const complements = byteTable((byte) => 255 - byte)
const mirrors = byteTable(mirrored)
const mirroredComplements = byteTable((byte) => mirrored(255 - byte))

export function reverseBytes(hex: string): string {
  return bytesOf(hex).reverse().join('')
}

/** Bitwise NOT. */
export function complement(hex: string): string {
  return hex.replace(bytePattern, (byte) => complements.get(byte) ?? byte)
}

/** Reverses the bits inside each byte; the bytes stay where they are. */
export function reverseBits(hex: string): string {
  return hex.replace(bytePattern, (byte) => mirrors.get(byte) ?? byte)
}

/** XOR of all bytes: 0 when the last byte is the ISO 14443 block check character (BCC) of the others. */
export function xorOfBytes(hex: string): number {
  let all = 0
  for (const byte of bytesOf(hex)) all ^= Number.parseInt(byte, 16)
  return all
}

export function appendBcc(hex: string): string {
  return hex + hexByte(xorOfBytes(hex))
}

export function decimalOf(hex: string): string {
  return BigInt(`0x${hex}`).toString()
}

/** Each byte in decimal without padding, one after another: 1EA68671 is "30166134113". */
export function concatDecimals(hex: string): string {
  return bytesOf(hex)
    .map((byte) => Number.parseInt(byte, 16))
    .join('')
}

/** All bytes 00 or all FF: what readers send when they read nothing. */
export function isBlank(hex: string): boolean {
  return /^(?:0*|F*)$/.test(hex)
}

export function numberToHex(value: bigint, bytes: number): string {
  return value
    .toString(16)
    .toUpperCase()
    .padStart(bytes * 2, '0')
}

/** One way a reader can reorder a card without losing a bit. */
interface Reordering {
  transforms: readonly Transform[]
  apply(hex: string): string
}

/**
 * The eight lossless reorderings seen in the field, most common first. Each is its own inverse and they commute, so they form
 * a group: two byte strings are reorderings of each other exactly when `representative` gives the same for both.
 */
export const reorderings: readonly Reordering[] = [
  { transforms: [], apply: (hex) => hex },
  { transforms: ['byte-reversal'], apply: reverseBytes },
  { transforms: ['complement'], apply: complement },
  { transforms: ['bit-reversal'], apply: reverseBits },
  { transforms: ['complement', 'bit-reversal'], apply: (hex) => complement(reverseBits(hex)) },
  { transforms: ['byte-reversal', 'complement'], apply: (hex) => complement(reverseBytes(hex)) },
  { transforms: ['byte-reversal', 'bit-reversal'], apply: (hex) => reverseBits(reverseBytes(hex)) },
  {
    transforms: ['byte-reversal', 'complement', 'bit-reversal'],
    apply: (hex) => complement(reverseBits(reverseBytes(hex))),
  },
]

/**
 * The smallest of the eight reorderings: one index key then stands for all of them. Written out instead of calling each
 * reordering, because every key of every card passes here: 3 µs instead of 10.
 */
export function representative(hex: string): string {
  const bytes = bytesOf(hex)
  let least = hex
  for (const table of [null, complements, mirrors, mirroredComplements]) {
    const mapped = table ? bytes.map((byte) => table.get(byte) ?? byte) : bytes
    const forward = mapped.join('')
    const backward = mapped.toReversed().join('')
    if (forward < least) least = forward
    if (backward < least) least = backward
  }
  return least
}

/** The most common reordering that turns one into the other, or null. Symmetric, because each is its own inverse. */
export function reorderingBetween(a: string, b: string): readonly Transform[] | null {
  if (a.length !== b.length) return null
  return reorderings.find(({ apply }) => apply(a) === b)?.transforms ?? null
}
