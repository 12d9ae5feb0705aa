// Owns OCPP 2.x UnlockConnector (F05).
// Must not stop the transaction; the station does, and reports it.
import type { OCPP20 } from 'typed-ocpp'
import { askForStatus, type CommandSteps } from '../command.ts'
import type { Translator2 } from './words.ts'

export const unlock: Translator2<'unlock'> = function* ({ evse, connector }): CommandSteps {
  const request: OCPP20.UnlockConnectorRequest = { evseId: evse, connectorId: connector }
  return yield* askForStatus('UnlockConnector', request, { Unlocked: null })
}
