// Owns OCPP 1.6 DataTransfer towards the station (5.6): vendor data as it was given.
// Must not interpret vendor data.
import type { OCPP16 } from 'typed-ocpp'
import { ask, type CommandSteps, refused, type Translator } from '../command.ts'
import { statusWord } from './status-word.ts'

export const sendDataTransfer: Translator<'data_transfer'> = function* ({ vendorId, messageId, data }): CommandSteps {
  const request: OCPP16.DataTransferRequest = { vendorId }
  if (messageId !== undefined) request.messageId = messageId
  // 1.6 carries text only.
  if (data !== undefined) request.data = typeof data === 'string' ? data : JSON.stringify(data)
  const said = yield* ask<OCPP16.DataTransferRequest, OCPP16.DataTransferResponse>('DataTransfer', request)
  if ('ended' in said) return said.ended
  const { status, data: answered } = said.answer
  const held = answered === undefined ? {} : { data: answered }
  if (status === 'Accepted') return { kind: 'accepted', result: held }
  if (status === undefined) return refused('the answer holds no status')
  return refused(status, { status: statusWord(status), ...held })
}
