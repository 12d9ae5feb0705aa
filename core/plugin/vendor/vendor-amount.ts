// Owns reading an amount of money as vendors write it: decimals as JSON numbers or texts, with the separators of the world.
// Must not round: an amount with more digits than its currency has is refused.
import { currencyExponent, Decimal, type Minor, toMinor } from '../../domain/money.ts'

/**
 * Minor units, or null for what is no exact amount of the currency. A point or comma before the last digits is the decimal
 * one unless three digits follow it and nothing else says so: "1.234" is refused where the currency has two digits.
 * @example vendorAmount('1.234,50', 'EUR') // 123450
 */
export function vendorAmount(value: unknown, currency: string): Minor | null {
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? plainDecimal(value) : null
  if (text === null || !/^-?\d{1,13}(\.\d{1,10})?$/.test(text)) return null
  const major = new Decimal(text)
  return major.decimalPlaces() > currencyExponent(currency) ? null : toMinor(major, currency)
}

function plainDecimal(raw: string): string | null {
  const text = raw
    .trim()
    .replace(/^(-?)\s*(?:[A-Z]{3}|[$€£¥])\s*/u, '$1')
    .replace(/\s*(?:[A-Z]{3}|[$€£¥])$/u, '')
  const [last] = /[.,](?=\d*$)/.exec(text) ?? []
  if (last === undefined) return text
  const [whole = '', part = ''] = [text.slice(0, text.lastIndexOf(last)), text.slice(text.lastIndexOf(last) + 1)]
  const grouped = whole.replace(/^-/, '')
  const other = last === '.' ? ',' : '.'
  const plain = /^\d+$/.test(grouped)
  const thousands = new RegExp(`^\\d{1,3}(\\${other}\\d{3})+$`).test(grouped)
  return plain || thousands ? `${whole.replaceAll(other, '')}.${part}` : null
}
