// Owns who answers what stations ask with content: one handler for each topic, and the polite no where nobody does.
// Must not store the inquiry itself; reduce-inquiry.ts does, with the answer.
import type { Inquiries, InquiryAnswer, InquiryTopic } from '../../domain/station-inquiry.ts'
import type { Effect } from '../../store/group-commit.ts'
import type { StationState } from './station-state.ts'

/** Who asks, and when. What a handler adds to the work is stored together with the inquiry. */
export interface Asking {
  station: StationState
  work: { readonly receivedAt: Date; readonly effects: Effect[] }
  evse: number | null
  at: Date
  noticeId: string
}

export type InquiryHandler<T extends InquiryTopic> = (
  ask: Inquiries[T]['ask'],
  asking: Asking,
) => Promise<InquiryAnswer<T>> | InquiryAnswer<T>

export type InquiryHandlers = { [T in InquiryTopic]: InquiryHandler<T> }

/** What is answered where no part of the hub serves a topic: the standard's polite no. */
export const refusingInquiries: InquiryHandlers = {
  'certificate.sign': () => ({ accepted: false, reason: 'No certificate authority is set up.' }),
  'certificate.status': () => ({ accepted: false, reason: 'No certificate provider is set up.' }),
  'certificate.chain_status': ({ requests }, { at }) => ({
    results: requests.map(({ hash, source }) => ({ hash, source, status: 'failed', nextUpdate: at.toISOString() })),
  }),
  'contract.certificate': () => ({
    accepted: false,
    exiResponse: '',
    reason: 'No certificate provider is set up.',
  }),
  'ev.needs': () => ({ status: 'no_profile' }),
  'schedule.pull': () => ({ accepted: false, reason: 'The hub keeps no such profile.' }),
  'payment.settled': () => ({}),
  'vat_number.check': () => ({ accepted: false, reason: 'VAT numbers are not checked here.' }),
  'stream.open': () => ({ accepted: true }),
  data_transfer: () => ({ status: 'unknown_vendor' }),
}
