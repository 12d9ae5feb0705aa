// Owns the proof of the normalisation table (parcs section 3.2): scores, countries, times, words that are no plate, encodings.
// Must not go through a plugin; fixtures.test.ts does.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { charConfidence, confidence } from '../../../adapters/lpr/read/confidence.ts'
import { countryOf, originOf } from '../../../adapters/lpr/read/country.ts'
import { alpha2, alpha3 } from '../../../adapters/lpr/read/country-codes.ts'
import { plateText } from '../../../adapters/lpr/read/plate.ts'
import { isoPatterns, isTimePattern, readTime } from '../../../adapters/lpr/read/read-time.ts'
import { countries } from '../../../adapters/lpr/vendors/hikvision/countries.ts'
import { decodeText } from '../../../core/plugin/index.ts'

describe('a score', () => {
  test.each([
    ['0.93', '1', 0.93],
    ['92', '100', 0.92],
    ['92.5', '100', 0.925],
    ['101', '100', undefined],
    ['-1', '100', undefined],
    ['high', '100', undefined],
    ['999', '999', 1],
    ['087', 'detect', 0.0871],
    ['950', 'detect', 0.951],
    ['87', 'detect', 0.87],
    ['0.87', 'detect', 0.87],
    ['87.5', 'detect', 0.875],
    ['0', 'detect', 0],
    // Each fits two scales.
    ['1', 'detect', undefined],
    ['100', 'detect', undefined],
    ['2000', 'detect', undefined],
  ] as const)('%s of %s is %s', (given, scale, expected) => {
    expect(confidence(given, scale)).toBe(expected)
  })

  test('is between 0 and 1 or not there', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.double().map(String), fc.string()),
        fc.constantFrom('1', '100', '999', 'detect'),
        (given, scale) => {
          const value = confidence(given, scale)
          expect(value === undefined || (value >= 0 && value <= 1)).toBe(true)
        },
      ),
    )
  })

  test('per character is there only when there is one for each', () => {
    expect(charConfidence('99,61,100', 'AB1')).toEqual([0.99, 0.61, 1])
    expect(charConfidence('99,61', 'AB1')).toBeUndefined()
    expect(charConfidence('99,61,x', 'AB1')).toBeUndefined()
  })
})

describe('a country', () => {
  test.each([
    ['ESP', { country: 'ES' }],
    ['D', { country: 'DE' }],
    ['gb', { country: 'GB' }],
    ['UK', { country: 'GB' }],
    ['SLO', { country: 'SI' }],
    ['Germany', { country: 'DE' }],
    ['us-ca', { country: 'US', region: 'CA' }],
    ['mx-nle', { country: 'MX', region: 'NLE' }],
    ['eu-de', { country: 'DE' }],
    ['us-california', { country: 'US' }],
    ['California', {}],
    ['zz', {}],
    ['', {}],
    [undefined, {}],
  ])('%s', (given, expected) => {
    expect(originOf(given)).toEqual(expected)
  })

  test('a state alone needs the country whose states the camera writes', () => {
    expect(originOf('mo', 'US')).toEqual({ country: 'US', region: 'MO' })
    expect(originOf('ca')).toEqual({ country: 'CA' })
  })

  test('every number of ISAPI that is one is in ISO 3166; what is none is not there', () => {
    expect([...countries.values()].filter((code) => !alpha2.has(code))).toEqual([])
    expect(['3', '17', '6', '172'].map((number) => countries.get(number))).toEqual(['DE', 'GB', 'NL', 'US'])
    expect(['0', '253', '254', '255'].map((number) => countries.get(number))).toEqual(Array(4).fill(undefined))
  })

  test('codes are two and three letters, known to Intl, and lead back to themselves', () => {
    const names = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' })
    for (const [three, two] of alpha3) {
      expect(three).toMatch(/^[A-Z]{3}$/)
      expect(names.of(two), two).toBeDefined()
      expect(countryOf(two.toLowerCase())).toBe(two)
      expect(countryOf(three)).toBe(two)
    }
  })
})

describe('a time', () => {
  const receivedAt = new Date('2026-10-25T01:30:05Z')
  const read = (text: string, zone?: string, patterns: readonly string[] = isoPatterns) =>
    readTime(text, { patterns, zone, receivedAt })?.takenAt.toISOString()

  test.each([
    ['2026-10-25T01:00:00Z', undefined, '2026-10-25T01:00:00.000Z'],
    ['2026-10-24T17:00:00.123456-0800', undefined, '2026-10-25T01:00:00.123Z'],
    ['2026-10-24 23:00:00+01:00', 'America/New_York', '2026-10-24T22:00:00.000Z'],
    ['2026-10-25 02:30:00', 'Europe/Berlin', '2026-10-25T01:30:00.000Z'],
    // The hour that was left out in spring, with the offset of before.
    ['2026-03-29 02:30:00', 'Europe/Berlin', '2026-03-29T01:30:00.000Z'],
    ['2026-10-25 02:30:00', undefined, undefined],
    ['2026-02-30 02:30:00', 'UTC', undefined],
    ['2026-10-25 25:00:00', 'UTC', undefined],
    ['soon', 'UTC', undefined],
  ])('%s in %s', (text, zone, expected) => {
    expect(read(text, zone)).toBe(expected)
  })

  test('in patterns of an operator', () => {
    expect(read('20261020080001', 'UTC', ['yyyyMMddHHmmss'])).toBe('2026-10-20T08:00:01.000Z')
    expect(read('1/9/2026 8:05', 'UTC', ['dd/MM/yyyy HH:mm'])).toBe('2026-09-01T08:05:00.000Z')
    expect(['yyyy-MM-dd HH:mm', 'HH:mm', 'yyyy yyyy MM dd HH mm', '('].map(isTimePattern)).toEqual([
      true,
      false,
      false,
      false,
    ])
  })

  test('of a clock that is years off gives way to the time of receipt, and says so', () => {
    const time = readTime('1970-01-01T00:00:00Z', { patterns: isoPatterns, zone: undefined, receivedAt })
    expect(time).toEqual({ takenAt: receivedAt, note: expect.stringContaining('1970-01-01') })
    expect(readTime('2031-01-01T00:00:00Z', { patterns: isoPatterns, zone: undefined, receivedAt })?.note).toBeDefined()
  })
})

test('a plate is told from a word for none', () => {
  for (const word of [undefined, '', '-', '---', '?', 'noPlate', 'NOPLATE', 'unknown', '无车牌'])
    expect(plateText(word)).toEqual({ kind: 'none' })
  expect(plateText('NULL')).toEqual({ kind: 'plate', plate: 'NULL' })
  expect(plateText('NULL', ['null'])).toEqual({ kind: 'none' })
  expect(plateText('京A12345')).toEqual({ kind: 'plate', plate: '京A12345' })
  expect(plateText('A'.repeat(33))).toEqual({ kind: 'too_long' })
})

describe('bytes become text', () => {
  const word = '<a>MÜC</a>'
  test.each([
    ['UTF-8', Buffer.from(word)],
    ['UTF-8 with a mark', Buffer.from(`\ufeff${word}`)],
    ['UTF-16LE with a mark', Buffer.from(`\ufeff${word}`, 'utf16le')],
    ['UTF-16LE without', Buffer.from(word, 'utf16le')],
    ['UTF-16BE with a mark', Buffer.from(`\ufeff${word}`, 'utf16le').swap16()],
    ['UTF-16BE without', Buffer.from(word, 'utf16le').swap16()],
    ['ISO 8859-1 that nobody declared', Buffer.from(word, 'latin1')],
  ])('%s', (_, bytes) => {
    expect(decodeText(bytes)).toBe(word)
  })

  test('in the encoding that the document or the call declares', () => {
    expect(
      decodeText(Buffer.concat([Buffer.from('<?xml version="1.0" encoding="GB2312"?>'), Buffer.from([0xbe, 0xa9])])),
    ).toMatch(/京$/)
    expect(decodeText(Buffer.from([0xbe, 0xa9]), 'text/plain; charset=gb18030')).toBe('京')
    expect(decodeText(Buffer.from([0xdc]), 'text/plain; charset=klingon')).toBe('Ü')
  })
})
