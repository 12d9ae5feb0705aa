// Owns what a 1.6 transactionId may be: a number the hub can have issued, or none.
// Must not look for the transaction; the core matches what has no usable number.
import type { Reading } from '../message.ts'
import { largestTransactionNumber } from '../profile.ts'

/** Stations send -1 or 0 for what they started offline (T1, T2), and numbers of their own (T3). */
export function transactionNumber(sent: number | undefined, reading: Reading): number | null {
  if (sent !== undefined && sent > 0 && sent <= largestTransactionNumber) return sent
  reading.note(sent === undefined || sent === -1 ? 'T1' : sent === 0 ? 'T2' : 'T3', String(sent))
  return null
}

/** meterStart and meterStop: whole Wh, not negative; -1 means that the station does not know (M8). */
export function meterReading(sent: number | undefined, reading: Reading): number | null {
  if (sent === undefined || sent === -1) {
    reading.note('M8')
    return null
  }
  if (sent < 0) {
    reading.note('M9', String(sent))
    return null
  }
  const { energyScale } = reading.profile
  if (energyScale !== 1) {
    reading.note('M4', String(sent))
    reading.profile.used('energyScale')
  }
  const register = sent * energyScale
  if (Number.isSafeInteger(register)) return register
  reading.note('M21', String(sent))
  return null
}
