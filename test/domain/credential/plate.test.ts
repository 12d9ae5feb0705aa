// Owns plate distance and the index keys that find near plates.
// Must not decide which distance is near enough; link tests do.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  canonicalise,
  plateDistance,
  plateEquivalenceKey,
  plateNeighbourKeys,
  unknownCountry,
} from '../../../core/domain/credential/index.ts'

describe('plate distance', () => {
  test.each([
    ['ABC123', 'ABC123', 0],
    ['ABC123', 'A8C123', 0.25],
    ['OBC123', '0BC123', 0.25],
    ['QBC123', 'DBC123', 0.25],
    ['AIC123', 'A1C123', 0.25],
    ['ALC123', 'A1C123', 0.25],
    ['ABC523', 'ABCS23', 0.25],
    ['ABC723', 'ABCZ23', 1],
    ['ABC123', 'ABCIZ3', 0.5],
    ['W0B8S1', 'WOBBS1', 0.5],
    ['WOB851', 'WOBBS1', 0.5],
    ['FBC123', 'EBC123', 0.5],
    ['ABC128', 'ABC123', 0.5],
    ['WBC123', 'VVBC123', 0.5],
    ['ABC123', 'ABC12', 0.8],
    ['ABC123', 'XABC123', 0.8],
    ['ABC123', 'ABC129', 1],
    ['ABC123', 'ABC197', 2],
  ])('%s and %s are %d apart', (a, b, distance) => {
    expect(plateDistance(a, b)).toBe(distance)
    expect(plateDistance(b, a)).toBe(distance)
  })

  test('a character the camera was unsure of costs less', () => {
    const sure = plateDistance('ABC129', 'ABC123', { confidenceA: [1, 1, 1, 1, 1, 1] })
    const unsure = plateDistance('ABC129', 'ABC123', { confidenceA: [1, 1, 1, 1, 1, 0.4] })
    expect(sure).toBe(1)
    expect(unsure).toBeLessThan(sure)
    expect(unsure).toBeGreaterThan(0)
    expect(plateDistance('ABC123', 'ABC129', { confidenceB: [1, 1, 1, 1, 1, 0.4] })).toBe(unsure)
  })

  const plate = fc.string({ unit: fc.constantFrom(...'ABDOQ018W5SVFE'), maxLength: 9 })

  test('is zero only for the same text, symmetric, and no more than replacing everything', () => {
    fc.assert(
      fc.property(plate, plate, (a, b) => {
        const distance = plateDistance(a, b)
        expect(plateDistance(b, a)).toBe(distance)
        expect(distance === 0).toBe(a === b)
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length))
      }),
      { numRuns: 2000 },
    )
  })

  test('long texts are answered at once', () => {
    expect(plateDistance('A'.repeat(100_000), 'B')).toBe(100_000)
  })
})

describe('country', () => {
  test.each([
    [undefined, unknownCountry],
    ['de', 'DE'],
    ['us-ca', 'US-CA'],
    ['Germany', unknownCountry],
    ['', unknownCountry],
  ])('%s is %s', (country, written) => {
    expect(canonicalise({ raw: 'AB 123', kind: 'plate', country })).toMatchObject({ key: `plate:${written}:AB123` })
  })

  test('the camera before the site', () => {
    expect(canonicalise({ raw: 'AB 123', kind: 'plate' }, { country: 'FR' })).toMatchObject({ key: 'plate:FR:AB123' })
    expect(canonicalise({ raw: 'AB 123', kind: 'plate', country: 'BE' }, { country: 'FR' })).toMatchObject({
      key: 'plate:BE:AB123',
    })
  })
})

describe('index keys', () => {
  test('swaps inside a class fold to one key', () => {
    expect(new Set(['W0B8S1', 'WOBBS1', 'WOB851', 'VV0885I'].map(plateEquivalenceKey)).size).toBe(1)
    expect(plateEquivalenceKey('ABC123')).not.toBe(plateEquivalenceKey('ABC124'))
  })

  test('plates closer than one unrelated character always meet', () => {
    const chars = fc.constantFrom(...'ABCDEFGHKLMNOPQRSTUVWXYZ0123456789')
    const text = fc.string({ unit: chars, minLength: 5, maxLength: 8 })
    fc.assert(
      fc.property(text, fc.nat(7), chars, fc.constantFrom('swap', 'drop', 'add'), (a, position, char, change) => {
        const at = position % a.length
        const middle = change === 'drop' ? '' : change === 'add' ? a.charAt(at) + char : char
        const b = a.slice(0, at) + middle + a.slice(at + 1)
        fc.pre(plateDistance(a, b) < 1)
        expect(
          plateNeighbourKeys(a).some((key) => plateNeighbourKeys(b).includes(key)),
          `${a} ${b}`,
        ).toBe(true)
      }),
      { numRuns: 3000 },
    )
  })

  test('stay few', () => {
    expect(plateNeighbourKeys('ABCD1234').length).toBeLessThanOrEqual(9)
  })
})
