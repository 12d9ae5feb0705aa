// Owns the proof that card numbers are found however they are written, and that nothing else of the hub is taken for one.
// Must not use a number of anybody's card: brands' test numbers, and digits made up with a right check digit.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  cardMark,
  cardNumberAt,
  holdsCardNumber,
  withoutCardNumbers,
  withoutCardNumbersIn,
} from '../../core/domain/card-number.ts'

const known = [
  '4242424242424242',
  '4222222222222',
  '5555555555554444',
  '2223003122003222',
  '378282246310005',
  '6011111111111117',
  '3566002020360505',
  '30569309025904',
  '6200000000000005',
]

function withCheckDigit(body: string): string {
  for (let digit = 0; digit < 10; digit++) {
    const all = `${body}${digit}`
    let sum = 0
    for (let i = 0; i < all.length; i++) {
      const at = Number(all[all.length - 1 - i])
      sum += i % 2 === 0 ? at : at * 2 > 9 ? at * 2 - 9 : at * 2
    }
    if (sum % 10 === 0) return all
  }
  throw new Error('there is always one')
}
const digits = (length: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: length, maxLength: length }).map((list) => list.join(''))
const card = fc.oneof(
  digits(14).map((rest) => withCheckDigit(`4${rest}`)),
  fc.tuple(fc.constantFrom('51', '53', '55', '62'), digits(13)).map(([prefix, rest]) => withCheckDigit(prefix + rest)),
  fc.tuple(fc.constantFrom('34', '37'), digits(12)).map(([prefix, rest]) => withCheckDigit(prefix + rest)),
)
const written = (number: string, separator: string) =>
  number.length === 15
    ? [number.slice(0, 4), number.slice(4, 10), number.slice(10)].join(separator === '.' ? ' ' : separator)
    : (number.match(/.{1,4}/g) ?? []).join(separator)

describe('is found', () => {
  test.each(known)('%s, bare and in words', (number) => {
    for (const text of [number, `my card ${number}, please`, `"${number}"`, `card:${number};`, `(${number})`])
      expect(withoutCardNumbers(text)).toBe(text.replace(number, cardMark))
  })
  test('however it is grouped, in any words and as often as it stands there', () => {
    const around = fc.constantFrom('', 'card ', 'paid with ', '\n', 'x, ')
    fc.assert(
      fc.property(card, fc.constantFrom('', ' ', '-', '.'), around, (number, separator, before) => {
        const text = `${before}${written(number, separator)} and ${number}`
        expect(withoutCardNumbers(text)).toBe(`${before}${cardMark} and ${cardMark}`)
        expect(withoutCardNumbers(withoutCardNumbers(text))).toBe(withoutCardNumbers(text))
      }),
    )
  })
  test('read from a stripe, in a field of an identifier, and named by its pointer', () => {
    expect(holdsCardNumber('%B4242424242424242^DOE/JANE^2512101', 'identifier')).toBe(true)
    expect(holdsCardNumber(';4242424242424242=2512101', 'identifier')).toBe(true)
    expect(holdsCardNumber('4242 4242 4242 4242', 'identifier')).toBe(true)
    expect(cardNumberAt({ people: [{ name: 'A' }, { 'no/te': 'call 4242-4242-4242-4242' }] })).toBe('/people/1/no~1te')
    expect(cardNumberAt({ cardNumber: '4242424242424242' })).toBe('/cardNumber')
    expect(cardNumberAt({ note: 4242424242424242 })).toBe('/note')
  })
})

describe('is not found in', () => {
  const innocent = (text: string): void => {
    expect(withoutCardNumbers(text)).toBe(text)
  }
  test('UUIDs, times, hex, decimals and register values', () => {
    const hex = fc
      .array(fc.constantFrom(...'0123456789abcdef'), { minLength: 8, maxLength: 40 })
      .map((list) => list.join(''))
    fc.assert(fc.property(fc.uuid(), innocent), { numRuns: 2_000 })
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('2090-01-01') }), (at) => {
        innocent(at.toISOString())
        innocent(String(at.getTime()))
        innocent(at.toISOString().replace(/\D/g, ''))
      }),
      { numRuns: 2_000 },
    )
    fc.assert(
      fc.property(
        hex.filter((text) => /[a-f]/.test(text)),
        innocent,
      ),
      { numRuns: 2_000 },
    )
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999_999 }), (wh) => innocent(`{"value":"${wh}","unit":"Wh"}`)),
    )
    fc.assert(
      fc.property(card, fc.integer({ min: 0, max: 9 }), (number, more) => {
        innocent(`${number}.${more}`)
        innocent(`0.${number}`)
        innocent(`a${number}`)
        innocent(`${number}f`)
        innocent(`9${number}99999999`)
      }),
    )
  })
  test('RFID numbers of any length, in the fields where they stand', () => {
    fc.assert(
      fc.property(fc.integer({ min: 4, max: 20 }).chain(digits), (uid) => {
        for (const name of ['idTag', 'idToken', 'value', 'uid', 'ticketNumber', 'stayRef'])
          expect(cardNumberAt({ [name]: uid })).toBeNull()
      }),
      { numRuns: 2_000 },
    )
    // Even one that would be a card anywhere else, and Wiegand facility and card decimals.
    expect(cardNumberAt({ credentials: [{ kind: 'rfid', value: '4242424242424242' }] })).toBeNull()
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 65_535 }), (facility, number) => {
        innocent(`${facility}:${number}`)
        innocent(`${String(facility).padStart(3, '0')},${String(number).padStart(5, '0')}`)
        innocent(String(facility * 65_536 + number).padStart(10, '0'))
      }),
    )
  })
  test('numbers of card length that fail the check digit or belong to no brand', () => {
    fc.assert(fc.property(card, (number) => innocent(number.slice(0, -1) + ((Number(number.at(-1)) + 1) % 10))))
    for (const text of ['1234567890123456', '9999999999999995', '0000000000000000', '7777777777777777']) innocent(text)
  })
})

test('what a station says in its own words is blacked out wherever it stands, and what its reader read stays', () => {
  const said = {
    vendorId: 'v',
    data: { lines: ['4242-4242-4242-4242', '{"pan":"4242424242424242"}'], idTag: '4242424242424242' },
  }
  expect(withoutCardNumbersIn(said)).toEqual({
    vendorId: 'v',
    data: { lines: [cardMark, `{"pan":"${cardMark}"}`], idTag: '4242424242424242' },
  })
})
