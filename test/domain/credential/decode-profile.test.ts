// Owns how decode profiles undo what a reader does, with the evidence rows as readers.
// Must not test guessing without a profile; canonicalise.test.ts does.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  applyProfile,
  canonicalise,
  type DecodeProfile,
  encodeWiegand,
  matchPresentations,
  type Presentation,
} from '../../../core/domain/credential/index.ts'

const hex: DecodeProfile = { alphabet: 'hex', byteOrder: 'msb' }

interface Reader {
  reader: string
  raw: string
  bitLength?: number
  profile: DecodeProfile
  key: string
}

const readers: Reader[] = [
  { reader: 'plain hex', raw: '04:a3:c6:ca:e2:61:80', profile: hex, key: 'uid:iso14443:04A3C6CAE26180' },
  {
    reader: 'wall box, last byte first',
    raw: '8061E2CAC6A304',
    profile: { alphabet: 'hex', byteOrder: 'lsb' },
    key: 'uid:iso14443:04A3C6CAE26180',
  },
  {
    reader: 'decimal of the reversed bytes',
    raw: '1904649758',
    profile: { alphabet: 'dec', byteOrder: 'lsb', width: 4 },
    key: 'uid:iso14443:1EA68671',
  },
  {
    reader: 'ten digits',
    raw: '0652147431',
    profile: { alphabet: 'dec', byteOrder: 'msb', width: 4 },
    key: 'uid:iso14443:26DEFAE7',
  },
  {
    reader: 'bytes in decimal, unpadded',
    raw: '30166134113',
    profile: { alphabet: 'decConcat', byteOrder: 'msb', width: 4 },
    key: 'uid:iso14443:1EA68671',
  },
  {
    reader: 'bytes in decimal, padded',
    raw: '030166134113',
    profile: { alphabet: 'decConcat', byteOrder: 'msb' },
    key: 'uid:iso14443:1EA68671',
  },
  {
    reader: 'zero byte at the end',
    raw: '26DEFAE700',
    profile: { ...hex, strip: ['trailingZeros'], width: 4 },
    key: 'uid:iso14443:26DEFAE7',
  },
  {
    reader: 'field of seven that also carries 7-byte cards',
    raw: '04A3C6CAE26180',
    profile: { ...hex, strip: ['trailingZeros'] },
    key: 'uid:iso14443:04A3C6CAE26180',
  },
  {
    reader: 'the same, 4-byte card',
    raw: 'A1B2C3D4000000',
    profile: { ...hex, strip: ['trailingZeros'] },
    key: 'uid:iso14443:A1B2C3D4',
  },
  { reader: 'check byte', raw: 'DD17380AF8', profile: { ...hex, strip: ['bcc'] }, key: 'uid:iso14443:DD17380A' },
  {
    reader: 'check byte and decimal',
    raw: BigInt('0xDD17380AF8').toString(),
    profile: { alphabet: 'dec', byteOrder: 'msb', strip: ['bcc'] },
    key: 'uid:iso14443:DD17380A',
  },
  {
    reader: 'cascade tag before all seven bytes',
    raw: '8804A3C6CAE26180',
    profile: { ...hex, strip: ['cascadeTag'] },
    key: 'uid:iso14443:04A3C6CAE26180',
  },
  {
    reader: 'cascade tag and three bytes',
    raw: '8804A3C6',
    profile: { ...hex, strip: ['cascadeTag'] },
    key: 'partial:first:04A3C6',
  },
  {
    reader: '24 bits of any UID, reversed',
    raw: '9B3FAA',
    profile: { alphabet: 'hex', byteOrder: 'lsb', width: 3 },
    key: 'partial:first:AA3F9B',
  },
  {
    reader: 'last four bytes only',
    raw: 'DAC85A80',
    profile: { ...hex, width: 4, keeps: 'last' },
    key: 'partial:last:DAC85A80',
  },
  {
    reader: 'seven bytes cut to six',
    raw: '04A3C6CAE261',
    profile: { ...hex, width: 6 },
    key: 'partial:first:04A3C6CAE261',
  },
  {
    reader: 'ISO 15693 sent last byte first',
    raw: '78563412000104E0',
    profile: { alphabet: 'hex', byteOrder: 'lsb' },
    key: 'uid:iso15693:E004010012345678',
  },
  {
    reader: 'Wiegand 26 frame',
    raw: '2F764DD',
    bitLength: 26,
    profile: { ...hex, wiegandFormat: 'H10301' },
    key: 'wieg:H10301:123:45678',
  },
  {
    reader: 'the same frame read by another layout',
    raw: '2F764DD',
    bitLength: 26,
    profile: { ...hex, wiegandFormat: 'Indala26' },
    key: 'wieg:Indala26:1979:622',
  },
  {
    reader: 'Wiegand 26 with its wires swapped',
    raw: (0x2f764dd ^ 0x3ffffff).toString(16),
    bitLength: 26,
    profile: { ...hex, invert: true, wiegandFormat: 'H10301' },
    key: 'wieg:H10301:123:45678',
  },
  {
    reader: 'Wiegand 26 without parity',
    raw: '7BB26E',
    profile: { ...hex, wiegandFormat: 'H10301' },
    key: 'wieg:H10301:123:45678',
  },
  {
    reader: '37 bits without facility',
    raw: '10932C05A5',
    profile: { ...hex, wiegandFormat: 'H10302', wiegandParity: 'included' },
    key: 'wieg:H10302:-:1234567890',
  },
  {
    reader: 'facility and card number of 37 bits',
    raw: '1234-345678',
    profile: { alphabet: 'facilityCard', byteOrder: 'msb', wiegandFormat: 'H10304' },
    key: 'wieg:H10304:1234:345678',
  },
  {
    reader: 'UID carried in a 34-bit frame',
    raw: wiegand34('7186A61E'),
    bitLength: 34,
    profile: { alphabet: 'hex', byteOrder: 'lsb', wiegandFormat: 'H10306', wiegandCarries: 'uid' },
    key: 'uid:iso14443:1EA68671',
  },
  {
    reader: 'inverted, mirrored, cut, and printed as facility and card',
    raw: '137 11284',
    profile: {
      alphabet: 'facilityCard',
      byteOrder: 'msb',
      invert: true,
      bitReverse: true,
      wiegandFormat: 'H10301',
      wiegandCarries: 'uid',
    },
    key: 'partial:first:6ECBD7',
  },
  {
    reader: 'the same without naming a format',
    raw: '137 11284',
    profile: { alphabet: 'facilityCard', byteOrder: 'msb', invert: true, bitReverse: true, width: 3 },
    key: 'partial:first:6ECBD7',
  },
]

function wiegand34(payload: string): string {
  const value = Number.parseInt(payload, 16)
  const frame = encodeWiegand({ format: 'H10306', facility: Math.floor(value / 65536), card: value % 65536 })
  return frame.outcome === 'frame' ? frame.hex : ''
}

const present = ({ raw, bitLength, profile }: Reader): Presentation => ({
  raw,
  kind: 'card',
  bitLength,
  readerProfile: profile,
})

describe('a reader with a profile', () => {
  test.each(readers)('$reader: $raw is $key', (reader) => {
    const made = canonicalise(present(reader))
    expect(made).toMatchObject({ outcome: 'key', key: reader.key, alternatives: [] })
    expect(made.outcome === 'key' && made.partial !== undefined).toBe(reader.key.startsWith('partial:'))
    const { readerProfile: profile, ...bare } = present(reader)
    expect(canonicalise(bare, { profile })).toEqual(made)
  })

  test('two readers with profiles agree exactly, whatever they print', () => {
    const [, , , , padded] = readers
    const whole = readers.filter(({ key }) => key === 'uid:iso14443:1EA68671')
    expect(whole).toContain(padded)
    for (const one of whole) {
      for (const other of whole) {
        expect(matchPresentations(present(one), present(other))).toMatchObject({ equal: 'exact', transform: [] })
      }
    }
  })

  test('a partial reading stays partial even against its own equal', () => {
    for (const reader of readers.filter(({ key }) => key.startsWith('partial:'))) {
      expect(matchPresentations(present(reader), present(reader)).equal).toBe('partial')
    }
  })

  test('a known reader is not reinterpreted: the same text by two profiles is two cards', () => {
    const one = { raw: '26DEFAE7', readerProfile: hex }
    const other = { raw: '26DEFAE7', readerProfile: { ...hex, byteOrder: 'lsb' as const } }
    expect(matchPresentations(one, other).equal).toBe('no')
  })
})

describe('what a profile does not explain is unreadable, in words', () => {
  const cases: [string, string, DecodeProfile, number?][] = [
    ['letters in a decimal', '26DEFAE7', { alphabet: 'dec', byteOrder: 'msb' }],
    ['a wrong check byte', 'DD17380AF9', { ...hex, strip: ['bcc'] }],
    ['more bytes than the reader sends', '04A3C6CAE26180', { ...hex, width: 4 }],
    ['a number too large for its width', '99999999999', { alphabet: 'dec', byteOrder: 'msb', width: 4 }],
    ['a byte above 255', '300166134113', { alphabet: 'decConcat', byteOrder: 'msb', width: 4 }],
    ['decimal bytes that split in two ways', '11111111', { alphabet: 'decConcat', byteOrder: 'msb', width: 4 }],
    ['wrong parity', '2F764DC', { ...hex, wiegandFormat: 'H10301' }, 26],
    ['a facility code too large', '999,12345', { alphabet: 'facilityCard', byteOrder: 'msb', wiegandFormat: 'H10301' }],
    ['no pair', '12345', { alphabet: 'facilityCard', byteOrder: 'msb' }],
    ['zeros', '00000000', hex],
    ['nothing', '  ', { ...hex, wiegandFormat: 'H10301' }],
  ]
  test.each(cases)('%s', (_, raw, profile, bitLength) => {
    const decoded = applyProfile({ raw, bitLength }, profile)
    expect(decoded.outcome).toBe('unreadable')
    expect(decoded.outcome === 'unreadable' && decoded.detail).toBeTruthy()
  })

  test('a random UID has no key, however it was sent', () => {
    const profile: DecodeProfile = { alphabet: 'dec', byteOrder: 'lsb', width: 4 }
    expect(canonicalise({ raw: String(0x44332208), kind: 'card', readerProfile: profile })).toMatchObject({
      outcome: 'refused',
      reason: 'random-uid',
    })
  })
})

describe('every profile', () => {
  const profiles: fc.Arbitrary<DecodeProfile> = fc.record(
    {
      alphabet: fc.constantFrom('hex', 'dec', 'decConcat', 'facilityCard'),
      byteOrder: fc.constantFrom('msb', 'lsb'),
      invert: fc.boolean(),
      bitReverse: fc.boolean(),
      strip: fc.subarray(['bcc', 'cascadeTag', 'trailingZeros'] as const),
      width: fc.constantFrom(3, 4, 5, 6, 7, 8, 10),
      keeps: fc.constantFrom('all', 'first', 'last'),
      wiegandFormat: fc.constantFrom('H10301', 'H10302', 'H10320', 'C1000-35', 'C1000-48', 'BQT34'),
      wiegandParity: fc.constantFrom('included', 'stripped'),
      wiegandCarries: fc.constantFrom('number', 'uid'),
    },
    { requiredKeys: ['alphabet', 'byteOrder'] },
  )

  test('reads any text without throwing, and its key survives canonicalising', () => {
    const text = fc.oneof(
      fc.string({ maxLength: 60 }),
      fc.string({ unit: fc.constantFrom(...'0123456789ABCDEF ,'), maxLength: 40 }),
    )
    fc.assert(
      fc.property(profiles, text, (readerProfile, raw) => {
        const made = canonicalise({ raw, kind: 'card', readerProfile })
        if (made.outcome === 'key') {
          expect(canonicalise({ raw: made.key, encoding: 'canonical', kind: 'card' })).toMatchObject({ key: made.key })
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('undoes exactly what it says', () => {
    const order = fc.record({
      byteOrder: fc.constantFrom('msb' as const, 'lsb' as const),
      invert: fc.boolean(),
      bitReverse: fc.boolean(),
      dec: fc.boolean(),
    })
    const mirror = (byte: number) => Number.parseInt(byte.toString(2).padStart(8, '0').split('').reverse().join(''), 2)
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 7, maxLength: 7 }), order, (bytes, { dec, ...rest }) => {
        const uid = Buffer.from(bytes)
        fc.pre(!/^(?:0+|f+)$/.test(uid.toString('hex')))
        let sent = [...uid]
        if (rest.byteOrder === 'lsb') sent.reverse()
        if (rest.bitReverse) sent = sent.map(mirror)
        if (rest.invert) sent = sent.map((byte) => byte ^ 0xff)
        const text = Buffer.from(sent).toString('hex')
        const raw = dec ? BigInt(`0x${text}`).toString() : text
        expect(applyProfile({ raw }, { alphabet: dec ? 'dec' : 'hex', width: 7, ...rest })).toEqual({
          outcome: 'uid',
          hex: uid.toString('hex').toUpperCase(),
          technology: 'iso14443',
        })
      }),
    )
  })
})
