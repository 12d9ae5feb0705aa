// Owns LogStatusNotification of the 1.6 security extension: how far an upload of a log is.
// Must not settle the command that it belongs to; the core follows it.
import type { OCPP16 } from 'typed-ocpp'
import type { StationNotice } from '../../../core/plugin/index.ts'
import { factMessage } from '../message.ts'
import { statusWord } from './status-word.ts'

export const logStatusNotification = factMessage<
  Extract<StationNotice, { topic: 'log.status' }>,
  OCPP16.LogStatusNotificationRequest
>({
  action: 'LogStatusNotification',
  kept: false,
  read: ({ status, requestId }, _reading, receivedAt) => ({
    kind: 'notice',
    topic: 'log.status',
    data: requestId === undefined ? { status: statusWord(status) } : { status: statusWord(status), requestId },
    time: { at: receivedAt, device: null },
  }),
  reply: (): OCPP16.LogStatusNotificationResponse => ({}),
})
