// Owns OCPP 1.6 UnlockConnector (5.18). A 1.6 connector n is EVSE n with one connector.
// Must not stop the transaction; the station does, and reports it.
import type { OCPP16 } from 'typed-ocpp'
import { askForStatus, type CommandSteps, type Translator } from '../command.ts'

export const unlock: Translator<'unlock'> = function* ({ evse }): CommandSteps {
  const request: OCPP16.UnlockConnectorRequest = { connectorId: evse }
  return yield* askForStatus('UnlockConnector', request, { Unlocked: null }, ['NotSupported'])
}
