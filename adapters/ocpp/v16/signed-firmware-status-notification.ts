// Owns SignedFirmwareStatusNotification of the 1.6 security extension: how far a signed update is.
// Must not settle the command that it belongs to; the core follows it.
import type { OCPP16 } from 'typed-ocpp'
import type { StationNotice } from '../../../core/plugin/index.ts'
import { factMessage } from '../message.ts'
import { smallNumber } from '../whole-number.ts'
import { statusWord } from './status-word.ts'

export const signedFirmwareStatusNotification = factMessage<
  Extract<StationNotice, { topic: 'firmware.status' }>,
  OCPP16.SignedFirmwareStatusNotificationRequest
>({
  action: 'SignedFirmwareStatusNotification',
  kept: false,
  read(payload, reading, receivedAt) {
    const status = statusWord(payload.status)
    const requestId = smallNumber(payload.requestId, 'requestId', reading)
    const data = requestId === undefined ? { status } : { status, requestId }
    return { kind: 'notice', topic: 'firmware.status', data, time: { at: receivedAt, device: null } }
  },
  reply: (): OCPP16.SignedFirmwareStatusNotificationResponse => ({}),
})
