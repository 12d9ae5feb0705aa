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
} as const satisfies Record<TriggerMessage, OCPP16.TriggerMessageRequest['requestedMessage']>

export const trigger: Translator<'trigger'> = function* ({ message, evse }): CommandSteps {
  const request: OCPP16.TriggerMessageRequest = { requestedMessage: messages[message] }
  // 5.17: the connector matters only to messages about one, and must be greater than 0.
  if (evse !== undefined && evse > 0 && (message === 'status' || message === 'meter')) request.connectorId = evse
  return yield* askForStatus('TriggerMessage', request, { Accepted: null }, ['NotImplemented'])
}
