// Owns the cards of the simulated drivers and how each make of gate reader reports them.
// Must not canonicalise: turning these forms back into one card is the hub's work.
import type { ReportedCredential } from '../../../core/plugin/index.ts'
import type { Random } from '../random.ts'

/** Where the forms come from: readers seen in the field report one UID in each of these ways. */
export type ReaderForm =
  /** Payload of Wiegand 34 (58 for seven bytes): the bytes reversed, as a decimal of ten (17) digits. */
  | 'wiegand34'
  /** The bytes reversed, lower-case hex with colons. */
  | 'hexReversed'
  /** Hex with the block check character appended. */
  | 'hexCheckByte'
  /** Wiegand 26: the first three bytes reversed, as facility and number. The rest of the card is lost. */
  | 'wiegand26'

/** A UID in upper-case hex: four bytes, or seven beginning with NXP's maker code. */
export function newUid(random: Random): string {
  const byte = () => random.int(0, 255).toString(16).padStart(2, '0')
  const seven = random.chance(0.3)
  // A four-byte UID beginning with 08 is random by ISO 14443-3, and 88 is the cascade tag: neither names a card.
  const first = seven ? '04' : random.int(0x10, 0x7f).toString(16)
  return `${first}${Array.from({ length: seven ? 6 : 3 }, byte).join('')}`.toUpperCase()
}

const bytesOf = (uid: string) => uid.match(/../g) ?? []

export function readCard(uid: string, form: ReaderForm, reader: string): ReportedCredential {
  const reversed = [...bytesOf(uid)].reverse()
  switch (form) {
    case 'wiegand34': {
      const bits = bytesOf(uid).length * 8
      const value = BigInt(`0x${reversed.join('')}`).toString()
      const digits = bits === 32 ? 10 : 17
      return { kind: 'card', value: value.padStart(digits, '0'), encoding: 'dec', bitLength: bits, reader }
    }
    case 'hexReversed':
      return { kind: 'card', value: reversed.join(':').toLowerCase(), encoding: 'hex', reader }
    case 'hexCheckByte': {
      const check = bytesOf(uid).reduce((x, byte) => x ^ Number.parseInt(byte, 16), 0)
      return {
        kind: 'card',
        value: `${uid}${check.toString(16).padStart(2, '0').toUpperCase()}`,
        encoding: 'hex',
        reader,
      }
    }
    case 'wiegand26': {
      const [low = '00', middle = '00', high = '00'] = bytesOf(uid)
      const facility = Number.parseInt(high, 16)
      const number = Number.parseInt(`${middle}${low}`, 16)
      const value = `${String(facility).padStart(3, '0')},${String(number).padStart(5, '0')}`
      return { kind: 'card', value, encoding: 'facilityCard', bitLength: 26, reader }
    }
  }
}

/** True when the form keeps the whole card. */
export const isLossless = (form: ReaderForm) => form !== 'wiegand26'
