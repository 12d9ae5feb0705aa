// Owns OCPP 1.6 DiagnosticsStatusNotification (4.4): how far an upload of diagnostics is.
// Must not settle the command that it belongs to; the core follows it.
import type { OCPP16 } from 'typed-ocpp'
import type { StationNotice } from '../../../core/plugin/index.ts'
import { factMessage } from '../message.ts'
import { statusWord } from './status-word.ts'

export const diagnosticsStatusNotification = factMessage<
  Extract<StationNotice, { topic: 'log.status' }>,
  OCPP16.DiagnosticsStatusNotificationRequest
>({
  action: 'DiagnosticsStatusNotification',
  kept: false,
  read: ({ status }, _reading, receivedAt) => ({
    kind: 'notice',
    topic: 'log.status',
    data: { status: statusWord(status) },
    time: { at: receivedAt, device: null },
  }),
  reply: (): OCPP16.DiagnosticsStatusNotificationResponse => ({}),
})
