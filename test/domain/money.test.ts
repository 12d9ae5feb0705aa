// Owns the proof that amounts are written digit by digit as exact decimals are.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { currencyExponent, Decimal, majorText, minor } from '../../core/domain/money.ts'

test('the text of an amount is that of the decimal, in every currency', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.constantFrom('EUR', 'JPY', 'KWD'), (amount, currency) => {
      const exponent = currencyExponent(currency)
      const exact = new Decimal(amount).div(new Decimal(10).pow(exponent)).toFixed(exponent)
      expect(majorText(minor(amount), currency)).toBe(exact)
    }),
  )
  expect(majorText(minor(-5), 'EUR')).toBe('-0.05')
})
