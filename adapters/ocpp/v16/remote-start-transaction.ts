// Owns OCPP 1.6 RemoteStartTransaction (5.11).
// Must not take "accepted" for "started"; the core waits for the transaction itself.
import type { OCPP16 } from 'typed-ocpp'
import { askForStatus, type CommandSteps, refused, type Translator, tokenText } from '../command.ts'
import { maxIdTag } from './id-tag.ts'

export const start: Translator<'start'> = function* ({ evse, token }, profile): CommandSteps {
  const idTag = tokenText(token.value, profile)
  if (idTag.length > maxIdTag) return refused(`the token has ${idTag.length} characters; OCPP 1.6 carries ${maxIdTag}`)
  const request: OCPP16.RemoteStartTransactionRequest = { idTag }
  if (profile.remoteStartConnector === 'required' && evse === undefined) {
    profile.used('remoteStartConnector')
    return refused('this model needs the EVSE named')
  }
  if (evse !== undefined && evse > 0) {
    if (profile.remoteStartConnector === 'forbidden') profile.used('remoteStartConnector')
    else request.connectorId = evse
  }
  return yield* askForStatus('RemoteStartTransaction', request, { Accepted: null })
}
