// Owns the canonical keys of single presentations of every kind, and what is refused and why.
// Must not repeat the laws; card-properties.test.ts has them.
import { describe, expect, test } from 'vitest'
import {
  canonicalise,
  describeTransforms,
  inferKind,
  isCredentialKind,
  isPartialKey,
  kindOfTokenType,
  matchPresentations,
  ocppAlias,
  ocppAliasSequence,
  type Presentation,
  parseCanonicalKey,
  searchKeys,
  toOcpp2IdToken,
  toOcppIdToken,
} from '../../../core/domain/credential/index.ts'

const keyed = (presentation: Presentation, context = {}) => {
  const made = canonicalise(presentation, context)
  return made.outcome === 'key' ? made.key : made.reason
}

describe('keys', () => {
  const cases: [Presentation, string][] = [
    [{ raw: '04 af 68 da c8 5a 80', kind: 'card' }, 'uid:iso14443:04AF68DAC85A80'],
    [{ raw: '0x26DEFAE7', kind: 'card' }, 'uid:iso14443:26DEFAE7'],
    [{ raw: '\u000226DEFAE7\r\n', kind: 'card' }, 'uid:iso14443:26DEFAE7'],
    [{ raw: '0652147431', kind: 'card' }, 'uid:iso14443:26DEFAE7'],
    [{ raw: '26DEFAE700', kind: 'card' }, 'uid:iso14443:26DEFAE7'],
    [{ raw: 'DD17380AF8', kind: 'card' }, 'uid:iso14443:DD17380A'],
    [{ raw: '8804A3C6CAE26180', kind: 'card' }, 'uid:iso14443:04A3C6CAE26180'],
    [{ raw: '8804A3C6', kind: 'card' }, 'partial:first:04A3C6'],
    [{ raw: '04A3C6CAE261', kind: 'card' }, 'partial:first:04A3C6CAE261'],
    [{ raw: 'E004010012345678', kind: 'card' }, 'uid:iso15693:E004010012345678'],
    [{ raw: '78563412000104E0', kind: 'card' }, 'uid:iso15693:E004010012345678'],
    [{ raw: '0100A1B2C3', kind: 'card' }, 'uid:prox:0100A1B2C3'],
    [{ raw: '213,02000', kind: 'card' }, 'wieg:H10301:213:2000'],
    [{ raw: '1234 45678', kind: 'card' }, 'wieg:H10306:1234:45678'],
    [{ raw: '2F764DD', kind: 'card', bitLength: 26 }, 'wieg:H10301:123:45678'],
    [{ raw: '10111101110110010011011101', kind: 'card', encoding: 'bits' }, 'wieg:H10301:123:45678'],
    [{ raw: '12534B7EB', kind: 'card', bitLength: 35 }, 'wieg:C1000-35:2345:678901'],
    [{ raw: '10932C05A5', kind: 'card', bitLength: 37 }, 'wieg:H10302:-:1234567890'],
    [{ raw: 'P-0012345', kind: 'card' }, 'uid:text:P0012345'],
    [{ raw: 'M-AB 1234', kind: 'plate', country: 'de' }, 'plate:DE:MAB1234'],
    [{ raw: '7abc123', kind: 'plate', country: 'US-CA' }, 'plate:US-CA:7ABC123'],
    [{ raw: 'ÄÖ 12-3', kind: 'plate' }, 'plate:ZZ:AO123'],
    [{ raw: 'А123ВС77', kind: 'plate', country: 'RU' }, 'plate:RU:A123BC77'],
    [{ raw: 'ＡＢ１２３', kind: 'plate' }, 'plate:ZZ:AB123'],
    [{ raw: 'de-8aa-c12345678-9', kind: 'emaid' }, 'emaid:DE8AAC123456789'],
    [{ raw: 'DE*8AA*C12345678', kind: 'emaid' }, 'emaid:DE8AAC12345678'],
    [{ raw: ' tk-0099 ', kind: 'ticket' }, 'ticket:s1:TK-0099'],
    [{ raw: '4711', kind: 'pin' }, 'pin:s1:4711'],
    [{ raw: 'https://t.example/Q?x=1', kind: 'qr' }, 'qr:https://t.example/Q?x=1'],
    [{ raw: '+49 (151) 234-5678', kind: 'phone' }, 'phone:+491512345678'],
    [{ raw: '0151 2345678', kind: 'phone' }, 'phone:+491512345678'],
    [{ raw: '0049 151 2345678', kind: 'phone' }, 'phone:+491512345678'],
    [{ raw: 'E2801160600002054CC5B1A7', kind: 'epc' }, 'epc:E2801160600002054CC5B1A7'],
    [{ raw: '#ABC01234567', kind: 'avi' }, 'avi:ABC:01234567'],
    [{ raw: 'VID:00:1a:2b:3c:4d:5e', kind: 'mac' }, 'mac:001A2B3C4D5E'],
    [{ raw: 'Token-42', kind: 'app' }, 'app:Token-42'],
  ]
  test.each(cases)('$0.kind $0.raw', (presentation, key) => {
    expect(keyed(presentation, { siteId: 's1', callingCode: '49' })).toBe(key)
    expect(parseCanonicalKey(key)).not.toBeNull()
  })

  test('one credential out of four lists', () => {
    // The gate, the charger, the personnel list and an old export.
    const seen = ['E7FADE26', '26DEFAE7', '0652147431', '26DEFAE700'].map(
      (raw): Presentation => ({ raw, kind: 'card' }),
    )
    for (const a of seen) {
      for (const b of seen) {
        expect(['exact', 'transformed']).toContain(matchPresentations(a, b).equal)
        expect(searchKeys(a).some((key) => searchKeys(b).includes(key))).toBe(true)
      }
    }
  })

  test('what was guessed shows: less confidence and the other readings', () => {
    const sure = canonicalise({ raw: '04AF68DAC85A80', kind: 'card' })
    const unsure = canonicalise({ raw: '12345678', kind: 'card' })
    if (sure.outcome !== 'key' || unsure.outcome !== 'key') throw new Error('no key')
    expect(unsure.confidence).toBeLessThan(sure.confidence)
    expect(unsure.key).toBe('uid:iso14443:12345678')
    expect(unsure.alternatives.map(({ key }) => key)).toEqual(
      expect.arrayContaining(['uid:iso14443:00BC614E', 'wieg:H10301:123:45678', 'uid:iso14443:78563412']),
    )
  })

  test('kinds and partial keys are told from other text', () => {
    expect(['card', 'plate', 'mac', 'CARD', '', null, 7].map(isCredentialKind)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
      false,
    ])
    expect(['partial:first:04A3C6', 'uid:iso14443:04A3C6CA'].map(isPartialKey)).toEqual([true, false])
  })

  test('a partial key says which bits are known', () => {
    expect(canonicalise({ raw: '8804A3C6', kind: 'card' })).toMatchObject({
      partial: { side: 'first', knownBits: 24, mask: 'FFFFFF*' },
    })
  })

  test('the layouts that share a length are alternatives', () => {
    const made = canonicalise({ raw: '2F764DD', kind: 'card', bitLength: 26 })
    expect(made.outcome === 'key' && made.alternatives.map(({ key }) => key)).toContain('wieg:Indala26:1979:622')
  })
})

describe('refused', () => {
  const cases: [Presentation, string][] = [
    [{ raw: '', kind: 'card' }, 'empty'],
    [{ raw: '\u0000\u0000', kind: 'ticket' }, 'empty'],
    [{ raw: '00000000', kind: 'card' }, 'blank-number'],
    [{ raw: 'FFFFFFFFFFFFFF', kind: 'card' }, 'blank-number'],
    [{ raw: '08AB12CD', kind: 'card' }, 'random-uid'],
    [{ raw: '+49 151 2345678', kind: 'card' }, 'wrong-kind'],
    [{ raw: 'no card here!', kind: 'card' }, 'unreadable'],
    [{ raw: 'XYZ', kind: 'card', encoding: 'hex' }, 'unreadable'],
    [{ raw: 'A'.repeat(257), kind: 'qr' }, 'too-long'],
    [{ raw: 'unknown', kind: 'plate' }, 'sentinel'],
    [{ raw: 'No Plate', kind: 'plate' }, 'sentinel'],
    [{ raw: '--', kind: 'plate' }, 'empty'],
    [{ raw: '0000000', kind: 'plate' }, 'sentinel'],
    [{ raw: 'AB?123', kind: 'plate' }, 'unreadable'],
    [{ raw: '无车牌', kind: 'plate' }, 'unreadable'],
    [{ raw: 'A', kind: 'plate' }, 'unreadable'],
    [{ raw: 'ABCDEFGHIJKLMNOP', kind: 'plate' }, 'too-long'],
    [{ raw: '0151 2345678', kind: 'phone' }, 'country-needed'],
    [{ raw: 'call me', kind: 'phone' }, 'unreadable'],
    [{ raw: 'DE8AA', kind: 'emaid' }, 'unreadable'],
    [{ raw: 'PK0000001Z', kind: undefined }, 'hub-alias'],
    [{ raw: 'uid:iso14443:26DEFAE7', encoding: 'canonical', kind: 'qr' }, 'wrong-kind'],
    [{ raw: 'uid:iso14443:xyz', encoding: 'canonical' }, 'unreadable'],
  ]
  test.each(cases)('%j: %s', (presentation, reason) => {
    const made = canonicalise(presentation)
    expect(made).toMatchObject({ outcome: 'refused', reason })
    expect(made.outcome === 'refused' && made.detail.length).toBeGreaterThan(5)
  })

  test('a QR code cannot pass itself off as a card', () => {
    expect(keyed({ raw: 'uid:iso14443:26DEFAE7', kind: 'qr' })).toBe('qr:uid:iso14443:26DEFAE7')
    expect(
      matchPresentations({ raw: 'uid:iso14443:26DEFAE7', kind: 'qr' }, { raw: '26DEFAE7', kind: 'card' }).equal,
    ).toBe('no')
  })

  test('a phone number in the card column of one system is not the card of another', () => {
    expect(
      matchPresentations({ raw: '+491512345678', kind: 'card' }, { raw: '491512345678', kind: 'card' }).equal,
    ).toBe('no')
  })
})

describe('tokens without a stated kind', () => {
  test.each([
    ['26DEFAE7', 'card'],
    ['137 11284', 'card'],
    ['DE8AAC123456789', 'emaid'],
    ['+491512345678', 'phone'],
    ['VID:001A2B3C4D5E', 'mac'],
    ['VISITOR-7', 'app'],
    ['', 'app'],
  ])('%s is taken for %s', (raw, kind) => {
    expect(inferKind(raw)).toBe(kind)
  })

  test('are compared with whatever the other side is', () => {
    expect(matchPresentations({ raw: 'VISITOR-7' }, { raw: 'visitor-7', kind: 'card' }).equal).toBe('exact')
    expect(matchPresentations({ raw: '0099123456' }, { raw: '0099123456', kind: 'ticket' }).equal).toBe('exact')
    expect(matchPresentations({ raw: 'TK99', kind: 'qr' }, { raw: 'TK99', kind: 'ticket' }).equal).toBe('exact')
    for (const [a, b] of [
      [{ raw: 'VISITOR-7' }, { raw: 'visitor 7', kind: 'card' }],
      [{ raw: '0099123456' }, { raw: '0099123456', kind: 'ticket' }],
      [{ raw: 'DE8AAC12345678' }, { raw: 'DE-8AA-C12345678-9', kind: 'emaid' }],
      [{ raw: '+491512345678' }, { raw: '0151 2345678', kind: 'phone' }],
    ] as [Presentation, Presentation][]) {
      expect(searchKeys(a).some((key) => searchKeys(b).includes(key))).toBe(true)
    }
  })

  test('OCPP 2.x token types name kinds in any spelling', () => {
    expect(['ISO14443', 'iso15693', 'eMAID', 'MacAddress', 'mac', 'key_code', 'KeyCode'].map(kindOfTokenType)).toEqual([
      'card',
      'card',
      'emaid',
      'mac',
      'mac',
      'pin',
      'pin',
    ])
    expect(['Central', 'Local', 'unknown', '', null, undefined, 'constructor'].map(kindOfTokenType)).toEqual(
      Array.from({ length: 7 }),
    )
  })
})

describe('matching beside cards', () => {
  test('eMAID with and without check digit', () => {
    const match = matchPresentations(
      { raw: 'DE-8AA-C12345678-9', kind: 'emaid' },
      { raw: 'DE8AAC12345678', kind: 'emaid' },
    )
    expect(match).toMatchObject({ equal: 'transformed', transform: ['check-digit'] })
    expect(describeTransforms(match.transform)).toBe('check digit left out')
    expect(
      matchPresentations({ raw: 'DE8AAC123456789', kind: 'emaid' }, { raw: 'DE8AAC123456780', kind: 'emaid' }).equal,
    ).toBe('no')
  })

  test('plates with a country only on one side, and with two different ones', () => {
    const de: Presentation = { raw: 'AB 123', kind: 'plate', country: 'DE' }
    expect(matchPresentations(de, { raw: 'ab123', kind: 'plate' })).toMatchObject({ equal: 'transformed' })
    expect(matchPresentations(de, { raw: 'ab123', kind: 'plate', country: 'DE' }).equal).toBe('exact')
    expect(matchPresentations(de, { raw: 'ab123', kind: 'plate', country: 'AT' }).equal).toBe('no')
    const ca: Presentation = { raw: '7ABC123', kind: 'plate', country: 'US-CA' }
    expect(matchPresentations(ca, { raw: '7ABC123', kind: 'plate', country: 'US-NV' }).equal).toBe('no')
    expect(matchPresentations(ca, { raw: '7ABC123', kind: 'plate', country: 'US' }).equal).not.toBe('no')
  })

  test('plates whose foreign letters were dropped match only partly', () => {
    expect(matchPresentations({ raw: '京A12345', kind: 'plate' }, { raw: '沪A12345', kind: 'plate' }).equal).toBe(
      'partial',
    )
  })

  test('a national telephone number is the end of an international one', () => {
    expect(
      matchPresentations({ raw: '+49 151 2345678', kind: 'phone' }, { raw: '0151 2345678', kind: 'phone' }).equal,
    ).toBe('partial')
  })
})

describe('OCPP identifiers', () => {
  test('1.6: a chip number is its hex, the rest needs an alias', () => {
    const token = (presentation: Presentation) => {
      const made = canonicalise(presentation)
      if (made.outcome !== 'key') throw new Error(made.detail)
      const written = toOcppIdToken(made.key)
      return written.outcome === 'token' ? written.idToken : 'alias'
    }
    expect(token({ raw: '04:af:68:da:c8:5a:80', kind: 'card' })).toBe('04AF68DAC85A80')
    expect(token({ raw: '0102030405060708090A', kind: 'card' })).toHaveLength(20)
    expect(token({ raw: '213,02000', kind: 'card' })).toBe('alias')
    expect(token({ raw: 'E2801160600002054CC5B1A7', kind: 'epc' })).toBe('alias')
    expect(token({ raw: 'DE8AAC123456789', kind: 'emaid' })).toBe('alias')
    expect(token({ raw: '8804A3C6', kind: 'card' })).toBe('alias')
    expect(token({ raw: 'a text', kind: 'qr' })).toBe('alias')
  })

  test('aliases come back, fit 20 characters and are told from card numbers', () => {
    for (const sequence of [0n, 1n, 31n, 32n, 123_456_789n, 2n ** 56n - 1n]) {
      for (const hexOnly of [true, false]) {
        const alias = ocppAlias(sequence, { hexOnly })
        expect(alias.length).toBeLessThanOrEqual(20)
        expect(alias).toMatch(hexOnly ? /^[0-9A-F]+$/ : /^PK[0-9A-Z]+$/)
        expect(ocppAliasSequence(alias.toLowerCase())).toBe(sequence)
        expect(canonicalise({ raw: alias })).toMatchObject({ reason: 'hub-alias' })
      }
    }
    for (const token of ['04AF68DAC85A80', 'PK', 'PKW-12345678', '', 'F0BA77'])
      expect(ocppAliasSequence(token)).toBeNull()
    expect(() => ocppAlias(-1n)).toThrow(RangeError)
  })

  test('2.x: the right type, or nothing when it does not fit', () => {
    const token = (raw: string) => {
      const made = canonicalise({ raw, encoding: 'canonical' })
      return made.outcome === 'key' ? toOcpp2IdToken(made.key) : null
    }
    expect(token('uid:iso14443:26DEFAE7')).toEqual({ idToken: '26DEFAE7', type: 'ISO14443' })
    expect(token('uid:iso15693:E004010012345678')).toEqual({ idToken: 'E004010012345678', type: 'ISO15693' })
    expect(token('emaid:DE8AAC123456789')).toEqual({ idToken: 'DE8AAC123456789', type: 'eMAID' })
    expect(token('mac:001A2B3C4D5E')).toEqual({ idToken: '001A2B3C4D5E', type: 'MacAddress' })
    expect(token('wieg:H10301:123:45678')).toEqual({ idToken: 'wieg:H10301:123:45678', type: 'Central' })
    expect(token(`qr:${'x'.repeat(40)}`)).toBeNull()
  })
})
