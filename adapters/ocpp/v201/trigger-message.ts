// Owns OCPP 2.0.1 TriggerMessage (F06).
// Must not wait for what was triggered; it arrives as any message does.
import type { OCPP20 } from 'typed-ocpp'
import { askForStatus, type CommandSteps, type Translator } from '../command.ts'
import type { TriggerMessage } from '../profile.ts'

const messages = {
  boot: 'BootNotification',
  status: 'StatusNotification',
  meter: 'MeterValues',
  heartbeat: 'Heartbeat',
} as const satisfies Partial<Record<TriggerMessage, OCPP20.TriggerMessageRequest['requestedMessage']>>

export const trigger: Translator<'trigger'> = function* ({ message, evse }): CommandSteps {
  if (!(message in messages))
    return { kind: 'unsupported', reason: `the station's OCPP version does not trigger ${message}` }
  const request: OCPP20.TriggerMessageRequest = { requestedMessage: messages[message as keyof typeof messages] }
  if (evse !== undefined && evse > 0) {
    // F06.FR.12: a status is asked of one connector, so the connector has to be named.
    if (message === 'status') request.evse = { id: evse, connectorId: 1 }
    else if (message === 'meter') request.evse = { id: evse }
  }
  return yield* askForStatus('TriggerMessage', request, { Accepted: null }, ['NotImplemented'])
}
