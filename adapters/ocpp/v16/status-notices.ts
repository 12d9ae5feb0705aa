// Owns what OCPP 1.6 stations tell about firmware (4.5), diagnostics (4.4), and, by the security extension, signed firmware and logs.
// Must not settle the command that it belongs to; the core follows it.
import type { StationNotice } from '../../../core/plugin/index.ts'
import { type AnyFactMessage, factMessage } from '../message.ts'
import { smallNumber } from '../whole-number.ts'
import { statusWord } from './status-word.ts'

type Topic = 'firmware.status' | 'log.status'

/** Only the messages of the security extension carry the number of what was asked for. */
function statusNotice(action: string, topic: Topic): AnyFactMessage {
  return factMessage<Extract<StationNotice, { topic: Topic }>, { status: string; requestId?: number }>({
    action,
    kept: false,
    read(payload, reading, receivedAt) {
      const status = statusWord(payload.status)
      const requestId = smallNumber(payload.requestId, 'requestId', reading)
      const data = requestId === undefined ? { status } : { status, requestId }
      return { kind: 'notice', topic, data, time: { at: receivedAt, device: null } }
    },
    reply: () => ({}),
  })
}

export const statusNotices = [
  statusNotice('DiagnosticsStatusNotification', 'log.status'),
  statusNotice('FirmwareStatusNotification', 'firmware.status'),
  statusNotice('LogStatusNotification', 'log.status'),
  statusNotice('SignedFirmwareStatusNotification', 'firmware.status'),
]
