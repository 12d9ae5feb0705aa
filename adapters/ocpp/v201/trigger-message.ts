// Owns OCPP 2.x TriggerMessage (F06).
// Must not wait for what was triggered; it arrives as any message does.
import type { OCPP21 } from 'typed-ocpp'
import { askForStatus, type CommandSteps } from '../command.ts'
import { lacks, type Translator2 } from './words.ts'

const ofConnector = new Set(['status'])
const ofEvse = new Set(['meter', 'transaction'])

export const trigger: Translator2<'trigger'> = function* ({ message, evse, connector }, words): CommandSteps {
  const requestedMessage = words.triggers[message]
  if (requestedMessage === undefined) return lacks(words, `trigger of ${message.replaceAll('_', ' ')}`)
  const request: OCPP21.TriggerMessageRequest = { requestedMessage }
  if (evse !== undefined && evse > 0) {
    // F06.FR.12: a status is asked of one connector, so the connector has to be named.
    if (ofConnector.has(message)) request.evse = { id: evse, connectorId: connector ?? 1 }
    else if (ofEvse.has(message)) request.evse = { id: evse }
  }
  return yield* askForStatus('TriggerMessage', request, { Accepted: null }, ['NotImplemented'])
}
