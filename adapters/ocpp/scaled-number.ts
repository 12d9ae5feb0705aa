// Owns the exact conversion of decimal texts into integers of a smaller unit, by moving the decimal point.
// Must not use floating point arithmetic for anything but integers.

const powers = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000]
const plain = /^\d{1,9}$/
const decimal = /^([+-]?)(\d*)(?:[.,](\d*))?(?:[eE]([+-]?\d{1,3}))?$/

/**
 * `text` × 10^`exponent`, rounded half away from zero; null when it is no number or leaves the safe integers.
 * @example scaled('12.3456', 3) // 12346
 */
export function scaled(text: string, exponent: number): number | null {
  const power = powers[exponent]
  if (power !== undefined && plain.test(text)) return Number(text) * power
  // No meter counts in units beyond 10^±12; a device that says so is not understood.
  if (Math.abs(exponent) > 12) return null
  const match = decimal.exec(text.trim())
  if (match === null) return null
  const [, sign = '', whole = '', fraction = '', tens = '0'] = match
  if (whole === '' && fraction === '') return null
  const digits = whole + fraction
  const point = whole.length + Number(tens) + exponent
  let leading = 0
  while (leading < digits.length && digits[leading] === '0') leading++
  if (leading === digits.length) return 0
  if (point - leading > 16) return null
  const kept = point <= 0 ? '' : digits.slice(0, point).padEnd(point, '0')
  const next = point < 0 ? '0' : (digits[point] ?? '0')
  const value = Number(kept) + (next >= '5' ? 1 : 0)
  if (!Number.isSafeInteger(value)) return null
  return sign === '-' && value !== 0 ? -value : value
}

/** True when a decimal text has a part after the point that is not zero. */
export function hasFraction(text: string): boolean {
  return /[.,]\d*[1-9]/.test(text)
}
