// Owns the proof of the written forms of VAT numbers.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkVatNumber, vatCountries } from '../../core/domain/vat-number.ts'

/** One of each country, in the form that its tax office prints. */
const examples = {
  AT: 'ATU12345678',
  BE: 'BE0123456789',
  BG: 'BG123456789',
  CY: 'CY12345678X',
  CZ: 'CZ12345678',
  DE: 'DE136695976',
  DK: 'DK 12 34 56 78',
  EE: 'EE123456789',
  EL: 'GR123456789',
  ES: 'ESX1234567X',
  FI: 'FI12345678',
  FR: 'FR XX 123456789',
  HR: 'HR12345678901',
  HU: 'HU12345678',
  IE: 'IE1234567WA',
  IT: 'IT12345678901',
  LT: 'LT123456789012',
  LU: 'LU12345678',
  LV: 'LV12345678901',
  MT: 'MT12345678',
  NL: 'NL123456789B01',
  PL: 'PL1234567890',
  PT: 'PT123456789',
  RO: 'RO12',
  SE: 'SE123456789001',
  SI: 'SI12345678',
  SK: 'SK1234567890',
  XI: 'XI123456789',
  GB: 'GB 123 4567 89',
  CH: 'CHE-123.456.789 MWST',
  NO: 'NO 123 456 789 MVA',
} as const

describe('VAT numbers', () => {
  test('every country has an example, and each is well formed', () => {
    expect(Object.keys(examples).sort()).toEqual([...vatCountries].sort())
    for (const [country, text] of Object.entries(examples))
      expect(checkVatNumber(text)).toMatchObject({ kind: 'well_formed', country })
  })

  test.each(['', 'DE', 'DE12345678', 'DE1234567890', 'XX123456789', 'FRIO123456789', 'SE123456789002', '136695976'])(
    '"%s" is none, and it is said why',
    (text) => {
      const verdict = checkVatNumber(text)
      expect(verdict.kind).toBe('not')
      expect(verdict).toHaveProperty('reason', expect.stringMatching(/\w/))
    },
  )

  test('blanks, punctuation and case do not matter, and what comes out is well formed again', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(examples)),
        fc.array(fc.tuple(fc.nat(20), fc.constantFrom(' ', '.', '-', '/')), { maxLength: 5 }),
        (text, noise) => {
          const noisy = noise.reduce((all, [at, sign]) => all.slice(0, at) + sign + all.slice(at), text.toLowerCase())
          const verdict = checkVatNumber(noisy)
          expect(verdict).toEqual(checkVatNumber(text))
          if (verdict.kind === 'well_formed') expect(checkVatNumber(verdict.number)).toEqual(verdict)
        },
      ),
    )
  })

  test('any text gets a verdict', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(['well_formed', 'not']).toContain(checkVatNumber(text).kind)
      }),
    )
  })
})
