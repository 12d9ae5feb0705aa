// Owns LogStatusNotification of the 1.6 security extension: how far an upload of a log is.
// Must not settle the command that it belongs to; the core follows it.
import type { OCPP16 } from 'typed-ocpp'
import type { StationNotice } from '../../../core/plugin/index.ts'
import { factMessage } from '../message.ts'
import { smallNumber } from '../whole-number.ts'
import { statusWord } from './status-word.ts'

export const logStatusNotification = factMessage<
  Extract<StationNotice, { topic: 'log.status' }>,
  OCPP16.LogStatusNotificationRequest
>({
  action: 'LogStatusNotification',
  kept: false,
  read(payload, reading, receivedAt) {
    const status = statusWord(payload.status)
    const requestId = smallNumber(payload.requestId, 'requestId', reading)
    const data = requestId === undefined ? { status } : { status, requestId }
    return { kind: 'notice', topic: 'log.status', data, time: { at: receivedAt, device: null } }
  },
  reply: (): OCPP16.LogStatusNotificationResponse => ({}),
})
