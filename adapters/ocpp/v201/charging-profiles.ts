// Owns OCPP 2.x SetChargingProfile, ClearChargingProfile and GetChargingProfiles (K01, K09, K10): profiles as they were made.
// Must not pick a purpose, unit or id; the plain words for that are limit.ts.
import type { OCPP20, OCPP21 } from 'typed-ocpp'
import { askForStatus, type CommandSteps, refused } from '../command.ts'
import { profileType } from './charging-profile.ts'
import { transactionId } from './transaction-ref.ts'
import { lacks, type Translator2 } from './words.ts'

export const setProfile: Translator2<'set_profile'> = function* (command, words): CommandSteps {
  const { evse = 0, transaction, profile } = command
  let id: string | undefined
  if (profile.purpose === 'transaction') {
    // K01.FR.03: a TxProfile outside a start names its transaction, and that runs at one EVSE.
    const named = transactionId(transaction ?? {})
    if ('ended' in named) return named.ended
    if (evse === 0) return refused('evse: a transaction profile belongs to one EVSE')
    id = named.id
  }
  const made = profileType(profile, words, id)
  if ('ended' in made) return made.ended
  const request: OCPP20.SetChargingProfileRequest = { evseId: evse, chargingProfile: made.profile }
  return yield* askForStatus('SetChargingProfile', request, { Accepted: null })
}

export const clearProfiles: Translator2<'clear_profiles'> = function* (command, words): CommandSteps {
  const { profileId, evse, purpose, stackLevel } = command
  const request: OCPP21.ClearChargingProfileRequest = {}
  if (profileId !== undefined) request.chargingProfileId = profileId
  else {
    // K10.FR.02: an id or a criterion; one that names nothing fits every profile.
    const criteria: NonNullable<OCPP21.ClearChargingProfileRequest['chargingProfileCriteria']> = {}
    if (evse !== undefined) criteria.evseId = evse
    if (stackLevel !== undefined) criteria.stackLevel = stackLevel
    if (purpose !== undefined) {
      const word = words.purposes[purpose]
      if (word === undefined) return lacks(words, `purpose ${purpose}`)
      criteria.chargingProfilePurpose = word
    }
    request.chargingProfileCriteria = criteria
  }
  return yield* askForStatus('ClearChargingProfile', request, { Accepted: null })
}

export const readProfiles: Translator2<'read_profiles'> = function* (command, words): CommandSteps {
  const { requestId, evse, purpose, stackLevel, profileIds } = command
  const criterion: OCPP21.GetChargingProfilesRequest['chargingProfile'] = {}
  if (purpose !== undefined) {
    const word = words.purposes[purpose]
    if (word === undefined) return lacks(words, `purpose ${purpose}`)
    criterion.chargingProfilePurpose = word
  }
  if (stackLevel !== undefined) criterion.stackLevel = stackLevel
  const [first, ...others] = profileIds ?? []
  if (first !== undefined) criterion.chargingProfileId = [first, ...others]
  const request: OCPP21.GetChargingProfilesRequest = { requestId, chargingProfile: criterion }
  if (evse !== undefined) request.evseId = evse
  return yield* askForStatus('GetChargingProfiles', request, { Accepted: null, NoProfiles: { empty: true } })
}
