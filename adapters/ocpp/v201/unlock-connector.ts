// Owns OCPP 2.0.1 UnlockConnector (F05).
// Must not stop the transaction; the station does, and reports it.
import type { OCPP20 } from 'typed-ocpp'
import { askForStatus, type CommandSteps, type Translator } from '../command.ts'

export const unlock: Translator<'unlock'> = function* ({ evse, connector }): CommandSteps {
  const request: OCPP20.UnlockConnectorRequest = { evseId: evse, connectorId: connector }
  return yield* askForStatus('UnlockConnector', request, { Unlocked: null })
}
