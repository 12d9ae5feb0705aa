// Owns OCPP 2.0.1 RequestStartTransaction (F01, F02).
// Must not take "accepted" for "started"; the core waits for the transaction itself.
import type { OCPP20 } from 'typed-ocpp'
import { askForStatus, type CommandSteps, refused, type Translator, tokenText } from '../command.ts'
import { idTokenType, maxIdToken } from './id-token.ts'

export const start: Translator<'start'> = function* ({ evse, token, remoteStartId }, profile): CommandSteps {
  const text = tokenText(token.value, profile)
  if (text.length > maxIdToken)
    return refused(`the token has ${text.length} characters; OCPP 2.0.1 carries ${maxIdToken}`)
  if (profile.remoteStartConnector === 'required' && evse === undefined) {
    profile.used('remoteStartConnector')
    return refused('this model needs the EVSE named')
  }
  const request: OCPP20.RequestStartTransactionRequest = { remoteStartId, idToken: idTokenType(token, text) }
  if (evse !== undefined && evse > 0) {
    if (profile.remoteStartConnector === 'forbidden') profile.used('remoteStartConnector')
    else request.evseId = evse
  }
  return yield* askForStatus('RequestStartTransaction', request, { Accepted: null })
}
