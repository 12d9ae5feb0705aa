// Owns how a decode profile reads to a person.
// Must not judge it.
import type { DecodeProfile } from './decode-profile.ts'
import { wiegandLayout } from './wiegand-layout.ts'

const alphabetWords = {
  hex: null,
  dec: 'writes the number in decimal',
  decConcat: 'writes each byte in decimal, one after another',
  facilityCard: 'writes it as a facility and a card number',
} as const

const stripWords = {
  bcc: 'adds a check byte',
  cascadeTag: 'puts the cascade tag 88 before it',
  trailingZeros: 'fills up with zeros at the end',
} as const

/** "gives the bytes reversed, passes on only the first 3 bytes"; "writes the card as it is" for the plain one. */
export function describeProfile(profile: DecodeProfile): string {
  const { alphabet, byteOrder, invert, bitReverse, strip = [], width, keeps, wiegandFormat } = profile
  const end = keeps === 'all' ? undefined : (keeps ?? (width === 3 || width === 6 ? 'first' : undefined))
  const frame = wiegandFormat ? wiegandLayout(wiegandFormat) : null
  const bytes =
    width ?? (frame && profile.wiegandCarries === 'uid' ? (frame.card[1] - (frame.facility?.[0] ?? 1) + 1) / 8 : 0)
  const cut = end ?? (bytes === 3 ? 'first' : undefined)
  const words = [
    frame ? `sends a Wiegand frame of ${frame.bits} bits (${frame.format})` : null,
    alphabetWords[alphabet],
    byteOrder === 'lsb' ? 'gives the bytes reversed' : null,
    invert ? 'inverts every bit' : null,
    bitReverse ? 'mirrors the bits of each byte' : null,
    ...strip.map((one) => stripWords[one]),
    cut ? `passes on only the ${cut}${bytes > 0 ? ` ${bytes}` : ''} bytes` : null,
  ].filter((word) => word !== null)
  return words.length === 0 ? 'writes the card as it is' : words.join(', ')
}
