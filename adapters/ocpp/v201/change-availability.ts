// Owns OCPP 2.0.1 ChangeAvailability (G03, G04); without an EVSE it means the whole station.
// Must not change a record; the station reports its new status.
import type { OCPP20 } from 'typed-ocpp'
import { askForStatus, type CommandSteps, type Translator } from '../command.ts'

export const availability: Translator<'availability'> = function* ({ evse, operative }): CommandSteps {
  const request: OCPP20.ChangeAvailabilityRequest = { operationalStatus: operative ? 'Operative' : 'Inoperative' }
  if (evse !== undefined && evse > 0) request.evse = { id: evse }
  return yield* askForStatus('ChangeAvailability', request, { Accepted: null, Scheduled: { scheduled: true } })
}
