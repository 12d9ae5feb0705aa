// Owns OCPP 2.x RequestStartTransaction (F01, F02).
// Must not take "accepted" for "started"; the core waits for the transaction itself.
import type { OCPP20 } from 'typed-ocpp'
import { askForStatus, type CommandSteps, refused } from '../command.ts'
import { profileType } from './charging-profile.ts'
import { idTokenType } from './id-token.ts'
import type { Translator2 } from './words.ts'

export const start: Translator2<'start'> = function* (command, words, profile): CommandSteps {
  const { evse, token, groupToken, remoteStartId } = command
  const tooLong = token.value.length > words.maxIdToken
  if (tooLong) return refused(`token: ${token.value.length} characters; ${words.version} carries ${words.maxIdToken}`)
  if (profile.remoteStartConnector === 'required' && evse === undefined) {
    profile.used('remoteStartConnector')
    return refused('this model needs the EVSE named')
  }
  const request: OCPP20.RequestStartTransactionRequest = { remoteStartId, idToken: idTokenType(token, words, profile) }
  if (evse !== undefined && evse > 0) {
    if (profile.remoteStartConnector === 'forbidden') profile.used('remoteStartConnector')
    else request.evseId = evse
  }
  if (groupToken !== undefined) request.groupIdToken = idTokenType(groupToken, words, profile)
  if (command.profile !== undefined) {
    // F01.FR.08 and F01.FR.11: a TxProfile, and the station has not named its transaction yet.
    if (command.profile.purpose !== 'transaction') return refused('profile: a start carries only a transaction profile')
    const made = profileType(command.profile, words)
    if ('ended' in made) return made.ended
    request.chargingProfile = made.profile
  }
  return yield* askForStatus('RequestStartTransaction', request, { Accepted: null })
}
