// Owns the evidence table: real pairs of strings seen for one card at two readers, each with what separates them.
// Must not invent pairs; every row comes from a public thread.
import { describe, expect, test } from 'vitest'
import {
  cardForms,
  matchPresentations,
  type Presentation,
  partialKeys,
  searchKeys,
  type Transform,
} from '../../../core/domain/credential/index.ts'

interface Row {
  seen: string
  a: string | Presentation
  b: string | Presentation
  equal: 'exact' | 'transformed' | 'partial'
  transform: Transform[]
  bits: number
}

const rows: Row[] = [
  {
    seen: 'Wiegand-Protocol-Library issue 56: Wiegand 34 of a UID',
    a: '1E A6 86 71',
    b: '7186A61E',
    equal: 'transformed',
    transform: ['byte-reversal'],
    bits: 32,
  },
  {
    seen: 'the same, in decimal',
    a: '1E A6 86 71',
    b: '1904649758',
    equal: 'transformed',
    transform: ['byte-reversal', 'decimal'],
    bits: 32,
  },
  {
    seen: 'the same, with the frame length',
    a: '1E A6 86 71',
    b: { raw: '1904649758', encoding: 'dec', bitLength: 32 },
    equal: 'transformed',
    transform: ['byte-reversal', 'decimal'],
    bits: 32,
  },
  {
    seen: 'the same, bytes in decimal',
    a: '1E A6 86 71',
    b: '30166134113',
    equal: 'transformed',
    transform: ['decimal-concat'],
    bits: 32,
  },
  {
    seen: 'decimal of one order against decimal bytes of the other',
    a: '1904649758',
    b: '30166134113',
    equal: 'transformed',
    transform: ['byte-reversal', 'decimal', 'decimal-concat'],
    bits: 32,
  },
  {
    seen: 'Mifare Uid reading: first access system',
    a: '26 DE FA E7',
    b: '3891977766',
    equal: 'transformed',
    transform: ['byte-reversal', 'decimal'],
    bits: 32,
  },
  {
    seen: 'second access system, with a leading zero',
    a: '26DEFAE7',
    b: '0652147431',
    equal: 'transformed',
    transform: ['decimal'],
    bits: 32,
  },
  {
    seen: 'between those two systems',
    a: '3891977766',
    b: '0652147431',
    equal: 'transformed',
    transform: ['byte-reversal'],
    bits: 32,
  },
  {
    seen: 'third system, zero byte at the end',
    a: '26DEFAE7',
    b: '26DEFAE700',
    equal: 'transformed',
    transform: ['trailing-zeros'],
    bits: 32,
  },
  {
    seen: 'second against third system',
    a: '0652147431',
    b: '26DEFAE700',
    equal: 'transformed',
    transform: ['decimal', 'trailing-zeros'],
    bits: 32,
  },
  {
    seen: 'esp-rfid issue 395: NOT of 24 bits',
    a: '1712142',
    b: '15065073',
    equal: 'transformed',
    transform: ['complement'],
    bits: 24,
  },
  {
    seen: 'Stack Overflow "Different codes from one mifare tag", first',
    a: '137 11284',
    b: '6ECBD718',
    equal: 'partial',
    transform: ['bit-reversal', 'complement', 'facility-card', 'first-3'],
    bits: 24,
  },
  {
    seen: 'the same, second tag',
    a: '140 56036',
    b: 'CEA4D818',
    equal: 'partial',
    transform: ['bit-reversal', 'complement', 'facility-card', 'first-3'],
    bits: 24,
  },
  {
    seen: 'the same, third tag',
    a: '134 9492',
    b: '9E5BD718',
    equal: 'partial',
    transform: ['bit-reversal', 'complement', 'facility-card', 'first-3'],
    bits: 24,
  },
  {
    seen: '10-digit and 8-digit print of one tag',
    a: '0013961168',
    b: '213,02000',
    equal: 'partial',
    transform: ['decimal', 'facility-card', 'last-3'],
    bits: 24,
  },
  {
    seen: 'Wiegand-Protocol-Library issue 54: 26 bits of a 4-byte UID',
    a: 'AA 3F 9B 1A',
    b: '9B3FAA',
    equal: 'partial',
    transform: ['byte-reversal', 'first-3'],
    bits: 24,
  },
  {
    seen: 'the same of a 7-byte UID',
    a: '04 AF 68 DA C8 5A 80',
    b: '68AF04',
    equal: 'partial',
    transform: ['byte-reversal', 'first-3'],
    bits: 24,
  },
  {
    seen: 'android-things-rc522 issue 3: check byte',
    a: 'DD17380A',
    b: 'DD17380AF8',
    equal: 'transformed',
    transform: ['bcc'],
    bits: 32,
  },
  {
    seen: 'micropython-mfrc522 issue 2: cascade tag and three bytes',
    a: '04 A3 C6 CA E2 61 80',
    b: '8804A3C6',
    equal: 'partial',
    transform: ['cascade-tag', 'first-3'],
    bits: 24,
  },
  {
    seen: 'homeassistant-keba issue 32: reversed, 4 bytes',
    a: 'A1B2C3D4',
    b: 'D4C3B2A1',
    equal: 'transformed',
    transform: ['byte-reversal'],
    bits: 32,
  },
  {
    seen: 'the same rule on a 7-byte card',
    a: '04A3C6CAE26180',
    b: '8061E2CAC6A304',
    equal: 'transformed',
    transform: ['byte-reversal'],
    bits: 56,
  },
  {
    seen: 'SmartEVSE issue 98: 4 bytes in a field of six',
    a: 'A1B2C3D4',
    b: 'A1B2C3D40000',
    equal: 'transformed',
    transform: ['trailing-zeros'],
    bits: 32,
  },
  {
    seen: 'SmartEVSE pull request 100: in a field of seven',
    a: 'A1B2C3D4',
    b: 'A1B2C3D4000000',
    equal: 'transformed',
    transform: ['trailing-zeros'],
    bits: 32,
  },
  {
    seen: 'SmartEVSE issue 98: seven bytes cut to six',
    a: '04A3C6CAE26180',
    b: '04A3C6CAE261',
    equal: 'partial',
    transform: ['first-6'],
    bits: 48,
  },
  {
    seen: 'evcc issue 4858: letter case',
    a: '04a3c6cae26180',
    b: '04A3C6CAE26180',
    equal: 'exact',
    transform: [],
    bits: 56,
  },
  {
    seen: 'phonegap-nfc issue 446: ISO 15693 on Android and iOS',
    a: 'E004010012345678',
    b: '78563412000104E0',
    equal: 'transformed',
    transform: ['byte-reversal'],
    bits: 64,
  },
  {
    seen: 'DIYAC issue 33: data wires swapped',
    a: { raw: '2F764DD', bitLength: 26 },
    b: { raw: (0x2f764dd ^ 0x3ffffff).toString(16), bitLength: 26 },
    equal: 'transformed',
    transform: ['complement'],
    bits: 24,
  },
]

const present = (form: string | Presentation): Presentation =>
  typeof form === 'string' ? { raw: form, kind: 'card' } : form
const shared = (a: string[], b: string[]) => a.filter((key) => b.includes(key))

describe.each(rows)('$seen', ({ a, b, equal, transform, bits }) => {
  const one = present(a)
  const other = present(b)

  test('is recognised from both sides', () => {
    const match = matchPresentations(one, other)
    expect(match).toMatchObject({ equal, bitsMatched: bits })
    expect(match.transform).toEqual(transform)
    expect(matchPresentations(other, one)).toEqual(match)
    expect(match.bitsKnown > match.bitsMatched).toBe(equal === 'partial')
  })

  test('is recognised when the charger does not say what kind of token it is', () => {
    expect(matchPresentations(one, { ...other, kind: undefined })).toMatchObject({ equal, bitsMatched: bits })
  })

  test('meets in the index', () => {
    if (equal === 'partial') expect(shared(partialKeys(one), partialKeys(other))).not.toEqual([])
    else expect(shared(searchKeys(one), searchKeys(other))).not.toEqual([])
  })
})

describe('what must not match', () => {
  test('an EPC reduced to 24 bits by an unknown rule stays unmatched', () => {
    expect(
      matchPresentations({ raw: 'E2801160600002054CC5B1A7', kind: 'epc' }, { raw: '7C21F9', kind: 'card' }).equal,
    ).toBe('no')
  })

  test('two tags of one facility whose reader keeps 16 bits are told apart where both report all bits', () => {
    expect(matchPresentations({ raw: 'ABC00012345', kind: 'avi' }, { raw: 'ABC01012345', kind: 'avi' }).equal).toBe(
      'no',
    )
  })

  test('the same digits stated as hex and as decimal are two numbers', () => {
    expect(matchPresentations({ raw: '12345679', encoding: 'hex' }, { raw: '12345679', encoding: 'dec' }).equal).toBe(
      'no',
    )
  })

  test('different kinds', () => {
    expect(matchPresentations({ raw: 'ABC123', kind: 'plate' }, { raw: 'ABC123', kind: 'card' }).equal).toBe('no')
    expect(matchPresentations({ raw: '1904649758', kind: 'phone' }, { raw: '1904649758', kind: 'card' }).equal).toBe(
      'no',
    )
  })

  test('readings of nothing', () => {
    for (const raw of ['', ' ', '00000000', 'FFFFFFFF', '0', '\u0000']) {
      expect(matchPresentations({ raw, kind: 'card' }, { raw, kind: 'card' }).equal, JSON.stringify(raw)).toBe('no')
      expect(searchKeys({ raw, kind: 'card' }).filter((key) => key.startsWith('c'))).toEqual([])
    }
  })
})

describe('card forms', () => {
  const compact = (text: string) => text.replace(/[\s,]/g, '')
  const printed = (form: string | Presentation) => {
    const { raw } = present(form)
    const pair = /^(\d+)[ ,](\d+)$/.exec(raw)
    return pair ? `${pair[1]?.padStart(3, '0')}${pair[2]?.padStart(5, '0')}` : raw.toUpperCase().replace(/\s/g, '')
  }
  // Frames and cut six-byte readings are no strings that people look up.
  const listed = rows.filter(({ a, b, bits }) => typeof a === 'string' && typeof b === 'string' && bits !== 48)

  test.each(listed)('of one side hold the other: $seen', ({ a, b, equal }) => {
    const found = [a, b].map((form) =>
      cardForms(present(form)).map(({ text, lossy }) => ({ text: compact(text), lossy })),
    )
    const [ofA = [], ofB = []] = found
    const hit = [...ofA.filter(({ text }) => text === printed(b)), ...ofB.filter(({ text }) => text === printed(a))]
    expect(hit).not.toEqual([])
    expect(hit.some(({ lossy }) => lossy)).toBe(equal === 'partial')
  })

  test('name the text itself first and stay bounded', () => {
    for (const raw of ['26DEFAE7', '04A3C6CAE26180', '0652147431', '12345678', 'E004010012345678', '137 11284']) {
      const forms = cardForms(raw)
      expect(forms[0]).toMatchObject({ text: raw.replace(/\s/g, ''), transform: [], lossy: false })
      expect(forms.length).toBeLessThanOrEqual(160)
      expect(new Set(forms.map(({ text }) => text)).size).toBe(forms.length)
    }
  })
})
