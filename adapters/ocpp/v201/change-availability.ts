// Owns OCPP 2.x ChangeAvailability (G03, G04); without an EVSE it means the whole station.
// Must not change a record; the station reports its new status.
import type { OCPP20 } from 'typed-ocpp'
import { askForStatus, type CommandSteps } from '../command.ts'
import type { Translator2 } from './words.ts'

export const availability: Translator2<'availability'> = function* ({ evse, connector, operative }): CommandSteps {
  const request: OCPP20.ChangeAvailabilityRequest = { operationalStatus: operative ? 'Operative' : 'Inoperative' }
  if (evse !== undefined && evse > 0) {
    request.evse = { id: evse }
    if (connector !== undefined && connector > 0) request.evse.connectorId = connector
  }
  return yield* askForStatus('ChangeAvailability', request, { Accepted: null, Scheduled: { scheduled: true } })
}
