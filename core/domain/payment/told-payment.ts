// Owns by what a payment at a charger's terminal is known again when it is told of more than once.
// Must not decide what is booked of it; terminal-payment.ts does.

/** What a telling says of which payment it is about. A pspRef of '' is none. */
export interface ToldNames {
  pspRef: string
  transaction?: string | undefined
  receiptId?: string | undefined
  /** ISO 8601. */
  at: string
}

/** The name the books keep it under: the provider's, else the transaction's, else the receipt's, else when it was. */
export function nameOfPayment({ pspRef, transaction, receiptId, at }: ToldNames): string {
  if (pspRef !== '') return `psp/${pspRef}`
  if (transaction !== undefined) return `transaction/${transaction}`
  return receiptId === undefined ? `at/${at}` : `receipt/${receiptId}`
}

/** Nothing names it: a clock that was set right between two tellings makes two of one. */
export const isNameless = ({ pspRef, transaction, receiptId }: ToldNames): boolean =>
  pspRef === '' && transaction === undefined && receiptId === undefined

/**
 * Two tellings of one station are surely about one payment. A terminal gives a receipt's number once; a transaction may have
 * been paid in several payments, which their providers' names tell apart.
 */
export function isSamePayment(a: ToldNames, b: ToldNames): boolean {
  if (nameOfPayment(a) === nameOfPayment(b)) return true
  if (isOtherPayment(a, b)) return false
  const shares = (name: 'receiptId' | 'transaction') => a[name] !== undefined && a[name] === b[name]
  return shares('receiptId') || shares('transaction')
}

/** Their providers say that they are two. */
export const isOtherPayment = (a: ToldNames, b: ToldNames): boolean =>
  a.pspRef !== '' && b.pspRef !== '' && a.pspRef !== b.pspRef

const closeMs = 24 * 3_600_000

export interface ToldWhen {
  at: Date
  receivedAt: Date
}

/** By the station's clock or the hub's: one of them may have been wrong, or the station offline. */
export function isCloseInTime(a: ToldWhen, b: ToldWhen): boolean {
  const apart = (name: keyof ToldWhen) => Math.abs(a[name].getTime() - b[name].getTime())
  return apart('at') <= closeMs || apart('receivedAt') <= closeMs
}
