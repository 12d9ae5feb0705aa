// Owns OCPP 1.6 FirmwareStatusNotification (4.5): how far an unsigned update is.
// Must not settle the command that it belongs to; the core follows it.
import type { OCPP16 } from 'typed-ocpp'
import type { StationNotice } from '../../../core/plugin/index.ts'
import { factMessage } from '../message.ts'
import { statusWord } from './status-word.ts'

export const firmwareStatusNotification = factMessage<
  Extract<StationNotice, { topic: 'firmware.status' }>,
  OCPP16.FirmwareStatusNotificationRequest
>({
  action: 'FirmwareStatusNotification',
  kept: false,
  read: ({ status }, _reading, receivedAt) => ({
    kind: 'notice',
    topic: 'firmware.status',
    data: { status: statusWord(status) },
    time: { at: receivedAt, device: null },
  }),
  reply: (): OCPP16.FirmwareStatusNotificationResponse => ({}),
})
