// Owns OCPP 2.x DataTransfer (P01, P02) in both directions: vendors' own words, carried as they are.
// Must not interpret vendor data.
import type { OCPP20 } from 'typed-ocpp'
import type { InquiryAnswer } from '../../../core/plugin/index.ts'
import type { CommandSteps } from '../command.ts'
import { inquiryMessage } from './inquiry-message.ts'
import { askAndTell } from './said.ts'
import type { Translator2 } from './words.ts'

const statuses = {
  accepted: 'Accepted',
  rejected: 'Rejected',
  unknown_message: 'UnknownMessageId',
  unknown_vendor: 'UnknownVendorId',
} as const satisfies Record<InquiryAnswer<'data_transfer'>['status'], OCPP20.DataTransferResponse['status']>

export const dataTransfer = inquiryMessage<'data_transfer', OCPP20.DataTransferRequest>({
  action: 'DataTransfer',
  topic: 'data_transfer',
  read({ vendorId, messageId, data }) {
    const ask: { vendorId: string; messageId?: string; data?: unknown } = { vendorId: vendorId ?? '' }
    if (messageId !== undefined) ask.messageId = messageId
    if (data !== undefined) ask.data = data
    return { ask }
  },
  reply({ status, data }): OCPP20.DataTransferResponse {
    const answer: OCPP20.DataTransferResponse = { status: statuses[status] }
    if (data !== undefined) answer.data = data as NonNullable<OCPP20.DataTransferResponse['data']>
    return answer
  },
  refuse: (): OCPP20.DataTransferResponse => ({ status: 'Rejected' }),
})

export const transferData: Translator2<'data_transfer'> = function* ({ vendorId, messageId, data }): CommandSteps {
  const request: OCPP20.DataTransferRequest = { vendorId }
  if (messageId !== undefined) request.messageId = messageId
  if (data !== undefined) request.data = data as NonNullable<OCPP20.DataTransferRequest['data']>
  return yield* askAndTell<typeof request, OCPP20.DataTransferResponse>(
    'DataTransfer',
    request,
    { Accepted: (answer) => ({ data: answer.data }) },
    ['UnknownMessageId', 'UnknownVendorId'],
  )
}
