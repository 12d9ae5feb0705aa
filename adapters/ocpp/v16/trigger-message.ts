// Owns OCPP 1.6 TriggerMessage (5.17).
// Must not wait for what was triggered; it arrives as any message does.
import type { OCPP16 } from 'typed-ocpp'
import { askForStatus, type CommandSteps, type Translator } from '../command.ts'
import type { TriggerMessage } from '../profile.ts'

const messages = {
  boot: 'BootNotification',
  status: 'StatusNotification',
  meter: 'MeterValues',
  heartbeat: 'Heartbeat',
} as const satisfies Partial<Record<TriggerMessage, OCPP16.TriggerMessageRequest['requestedMessage']>>

export const trigger: Translator<'trigger'> = function* ({ message, evse }): CommandSteps {
  if (!(message in messages))
    return { kind: 'unsupported', reason: `the station's OCPP version does not trigger ${message}` }
  const request: OCPP16.TriggerMessageRequest = { requestedMessage: messages[message as keyof typeof messages] }
  // 5.17: the connector matters only to messages about one, and must be greater than 0.
  if (evse !== undefined && evse > 0 && (message === 'status' || message === 'meter')) request.connectorId = evse
  return yield* askForStatus('TriggerMessage', request, { Accepted: null }, ['NotImplemented'])
}
