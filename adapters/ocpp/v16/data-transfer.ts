// Owns OCPP 1.6 DataTransfer from the station (4.3): Plug & Charge messages become facts of their own, the rest is vendor data.
// Must not interpret vendor data.
import type { OCPP16 } from 'typed-ocpp'
import type { Authorization, DeviceTime, InquiryAnswer, StationInquiry } from '../../../core/plugin/index.ts'
import { factMessage, type Reading } from '../message.ts'
import { isPnc } from './pnc.ts'
import { type PncFact, pncAnswer, pncAuthorization, readPnc } from './pnc-request.ts'

type Fact = StationInquiry<'data_transfer'> | PncFact

const statuses = {
  accepted: 'Accepted',
  rejected: 'Rejected',
  unknown_message: 'UnknownMessageId',
  unknown_vendor: 'UnknownVendorId',
} as const satisfies Record<InquiryAnswer<'data_transfer'>['status'], OCPP16.DataTransferResponse['status']>

export const dataTransfer = factMessage<Fact, OCPP16.DataTransferRequest>({
  action: 'DataTransfer',
  kept: false,
  read({ vendorId = '', messageId, data }, reading, receivedAt) {
    const time: DeviceTime = { at: receivedAt, device: null }
    if (isPnc(vendorId)) {
      const pnc = readPnc(messageId, data, time, reading)
      if (pnc.kind === 'fact') return pnc.fact
    }
    const ask: StationInquiry<'data_transfer'>['ask'] = { vendorId }
    if (messageId !== undefined) ask.messageId = messageId
    if (data !== undefined) ask.data = data
    return { kind: 'inquiry', topic: 'data_transfer', ask, time }
  },
  reply(outcome, fact, reading): OCPP16.DataTransferResponse {
    if (fact.kind === 'token.presented') {
      return packed(pncAuthorization(outcome as Authorization, fact, reading))
    }
    if (fact.topic !== 'data_transfer') return packed(pncAnswer(fact, outcome))
    if (isPnc(fact.ask.vendorId)) return unreadable(fact, reading)
    const { status, data } = outcome as InquiryAnswer<'data_transfer'>
    const answer: OCPP16.DataTransferResponse = { status: statuses[status] }
    if (data !== undefined) answer.data = typeof data === 'string' ? data : JSON.stringify(data)
    return answer
  },
})

const packed = (payload: object): OCPP16.DataTransferResponse => ({ status: 'Accepted', data: JSON.stringify(payload) })

/** A Plug & Charge message that made no fact of its own: the station is told why. */
function unreadable({ ask, time }: StationInquiry<'data_transfer'>, reading: Reading): OCPP16.DataTransferResponse {
  const pnc = readPnc(ask.messageId, ask.data, time, reading)
  return pnc.kind === 'broken' ? { status: 'Rejected', data: pnc.reason } : { status: 'UnknownMessageId' }
}
