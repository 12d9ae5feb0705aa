// Owns the Wiegand vectors and the round trips of every layout.
// Must not test readers; decode-profile.test.ts does.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodeWiegand,
  decodeWiegandFrames,
  encodeWiegand,
  type WiegandLayout,
  type WiegandNumber,
  wiegandLayouts,
} from '../../../core/domain/credential/index.ts'

// Computed by hand from the bit positions, independent of this code.
const vectors: readonly (WiegandNumber & { bits: number; hex: string })[] = [
  { format: 'H10301', facility: 123, card: 45678, bits: 26, hex: '2F764DD' },
  { format: 'H10306', facility: 1234, card: 45678, bits: 34, hex: '209A564DC' },
  { format: 'H10302', facility: null, card: 1234567890, bits: 37, hex: '10932C05A5' },
  { format: 'H10304', facility: 1234, card: 345678, bits: 37, hex: '4D2A8C9D' },
  { format: 'C1000-35', facility: 2345, card: 678901, bits: 35, hex: '12534B7EB' },
]

describe('Wiegand vectors', () => {
  test.each(vectors)('$format facility $facility card $card is $hex', ({ bits, hex, ...number }) => {
    expect(encodeWiegand(number)).toEqual({ outcome: 'frame', bits, hex, value: BigInt(`0x${hex}`) })
    expect(decodeWiegand(number.format, BigInt(`0x${hex}`))).toEqual({ outcome: 'number', number })
    expect(decodeWiegandFrames(bits, BigInt(`0x${hex}`))).toContainEqual(number)
  })

  test('26 bits are read by both layouts of that length, and mean different numbers', () => {
    expect(decodeWiegandFrames(26, 0x2f764ddn)).toEqual([
      { format: 'H10301', facility: 123, card: 45678 },
      { format: 'Indala26', facility: 1979, card: 622 },
    ])
  })

  test('H10320 counts in decimal digits', () => {
    const frame = encodeWiegand({ format: 'H10320', facility: null, card: 12345678 })
    expect(frame).toMatchObject({ outcome: 'frame', bits: 36 })
    if (frame.outcome === 'frame') expect((frame.value >> 4n).toString(16)).toBe('12345678')
  })
})

const numbers = (layout: WiegandLayout): fc.Arbitrary<WiegandNumber> =>
  fc.record({
    format: fc.constant(layout.format),
    facility: layout.facility ? fc.nat(2 ** (layout.facility[1] - layout.facility[0] + 1) - 1) : fc.constant(null),
    card: layout.bcd ? fc.nat(99_999_999) : fc.maxSafeNat().map((n) => n % 2 ** (layout.card[1] - layout.card[0] + 1)),
  })

describe.each([...wiegandLayouts] as WiegandLayout[])('$format', (layout) => {
  test('what goes in comes out', () => {
    fc.assert(
      fc.property(numbers(layout), (number) => {
        const frame = encodeWiegand(number)
        if (frame.outcome !== 'frame') throw new Error(frame.detail)
        expect(frame.value >> BigInt(layout.bits)).toBe(0n)
        expect(decodeWiegand(layout.format, frame.value)).toEqual({ outcome: 'number', number })
      }),
    )
  })

  test('one flipped bit is noticed', () => {
    fc.assert(
      fc.property(numbers(layout), fc.nat(layout.bits - 1), (number, bit) => {
        const frame = encodeWiegand(number)
        if (frame.outcome !== 'frame') throw new Error(frame.detail)
        // H10320 covers its last digits unevenly: bits 26 and 27 stand in no parity group.
        fc.pre(!(layout.format === 'H10320' && (bit === 26 || bit === 27)))
        const flipped = frame.value ^ (1n << BigInt(layout.bits - 1 - bit))
        expect(decodeWiegand(layout.format, flipped).outcome).toBe('refused')
      }),
    )
  })

  test('numbers that do not fit are refused, not wrapped', () => {
    const tooLarge = 2 ** (layout.card[1] - layout.card[0] + 1)
    for (const card of [tooLarge, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(encodeWiegand({ format: layout.format, facility: null, card }).outcome).toBe('refused')
    }
    expect(encodeWiegand({ format: layout.format, facility: 2 ** 30, card: 1 }).outcome).toBe('refused')
    expect(decodeWiegand(layout.format, 1n << BigInt(layout.bits)).outcome).toBe('refused')
    expect(decodeWiegand(layout.format, -1n).outcome).toBe('refused')
  })
})
