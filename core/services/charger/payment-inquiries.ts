// Owns the answers to stations that take payments themselves: a settlement is taken note of, a VAT number is looked at.
// Must not book money: what a terminal settled becomes a payment when the payment side says so.
import { checkVatNumber } from '../../domain/vat-number.ts'
import type { InquiryHandlers } from './inquiry-handlers.ts'

export const paymentInquiries: Pick<InquiryHandlers, 'payment.settled' | 'vat_number.check'> = {
  // The notice is the record. A receipt is the station's own; the hub has none of its own to name.
  'payment.settled': () => ({}),
  'vat_number.check': ({ vatNumber }) => {
    const verdict = checkVatNumber(vatNumber)
    // Whose number it is would be for a register to say: company data only come with one.
    return verdict.kind === 'well_formed' ? { accepted: true } : { accepted: false, reason: verdict.reason }
  },
}
