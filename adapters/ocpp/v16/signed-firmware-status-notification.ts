// Owns SignedFirmwareStatusNotification of the 1.6 security extension: how far a signed update is.
// Must not settle the command that it belongs to; the core follows it.
import type { OCPP16 } from 'typed-ocpp'
import type { StationNotice } from '../../../core/plugin/index.ts'
import { factMessage } from '../message.ts'
import { statusWord } from './status-word.ts'

export const signedFirmwareStatusNotification = factMessage<
  Extract<StationNotice, { topic: 'firmware.status' }>,
  OCPP16.SignedFirmwareStatusNotificationRequest
>({
  action: 'SignedFirmwareStatusNotification',
  kept: false,
  read: ({ status, requestId }, _reading, receivedAt) => ({
    kind: 'notice',
    topic: 'firmware.status',
    data: requestId === undefined ? { status: statusWord(status) } : { status: statusWord(status), requestId },
    time: { at: receivedAt, device: null },
  }),
  reply: (): OCPP16.SignedFirmwareStatusNotificationResponse => ({}),
})
