// Owns OCPP 1.6 ClearChargingProfile (5.5): profiles by number or by what they are for.
// Must not clear more than was named.
import type { OCPP16 } from 'typed-ocpp'
import { askForStatus, type CommandSteps, refused, type Translator } from '../command.ts'
import { purposeOf } from './charging-profile.ts'

export const clearProfiles: Translator<'clear_profiles'> = function* ({
  profileId,
  evse,
  purpose,
  stackLevel,
}): CommandSteps {
  const request: OCPP16.ClearChargingProfileRequest = {}
  if (profileId !== undefined) request.id = profileId
  if (evse !== undefined) request.connectorId = evse
  if (stackLevel !== undefined) request.stackLevel = stackLevel
  if (purpose !== undefined) {
    const chargingProfilePurpose = purposeOf(purpose)
    if (chargingProfilePurpose === undefined) return refused(`purpose: OCPP 1.6 has no ${purpose} profile`)
    request.chargingProfilePurpose = chargingProfilePurpose
  }
  return yield* askForStatus('ClearChargingProfile', request, { Accepted: null })
}
