// Owns an amount of money as a person types it: the field of a dialog, and the exact integer of what stands in it.
// Must not calculate in floating point: text becomes minor units by its digits.
import { majorText } from './formats.js'

/** A field of a dialog called `amount`; `most` and `value` are minor units. */
export function amountField({ currency, most, value, required = false, hint }) {
  const coin = majorText(1, currency)
  return {
    name: 'amount',
    label: `Amount in ${currency}`,
    type: 'number',
    step: coin,
    min: coin,
    required,
    ...(most === undefined ? {} : { max: majorText(most, currency) }),
    ...(value === undefined ? {} : { value: majorText(value, currency) }),
    ...(hint === undefined ? {} : { hint }),
  }
}

/** Minor units of "12.50"; nothing of an empty text. */
export function minorOf(text, currency) {
  if (text === undefined || text.trim() === '') return undefined
  const digits = majorText(0, currency).split('.')[1]?.length ?? 0
  const [, whole, fraction = ''] = /^(\d+)(?:\.(\d+))?$/.exec(text.trim()) ?? []
  const minor = whole === undefined ? Number.NaN : Number(whole + fraction.slice(0, digits).padEnd(digits, '0'))
  if (!Number.isSafeInteger(minor) || /[1-9]/.test(fraction.slice(digits)))
    throw new Error(`“${text}” is no amount in ${currency}.`)
  return minor
}
