// Owns OCPP 1.6 ChangeAvailability (5.2); connector 0 is the whole station.
// Must not change a record; the station reports its new status.
import type { OCPP16 } from 'typed-ocpp'
import { askForStatus, type CommandSteps, type Translator } from '../command.ts'

export const availability: Translator<'availability'> = function* ({ evse, operative }): CommandSteps {
  const request: OCPP16.ChangeAvailabilityRequest = {
    connectorId: evse ?? 0,
    type: operative ? 'Operative' : 'Inoperative',
  }
  return yield* askForStatus('ChangeAvailability', request, { Accepted: null, Scheduled: { scheduled: true } })
}
