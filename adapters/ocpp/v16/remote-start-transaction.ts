// Owns OCPP 1.6 RemoteStartTransaction (5.11).
// Must not take "accepted" for "started"; the core waits for the transaction itself.
import type { OCPP16 } from 'typed-ocpp'
import { askForStatus, type CommandSteps, refused, type Translator, tokenText } from '../command.ts'
import { toProfile16 } from './charging-profile.ts'
import { maxIdTag } from './id-tag.ts'
import { sendProfile } from './set-charging-profile.ts'

/** A group token has no place here: 1.6 learns groups from answers to Authorize (7.27). */
export const start: Translator<'start'> = function* ({ evse, token, profile: wanted }, profile): CommandSteps {
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
  if (wanted === undefined) return yield* askForStatus('RemoteStartTransaction', request, { Accepted: null })
  // 5.11: the profile of a remote start is the transaction's.
  if (wanted.purpose !== 'transaction') return refused('profile.purpose: a start carries a transaction profile')
  const translated = toProfile16(wanted, profile)
  if ('ended' in translated) return translated.ended
  if (profile.remoteStartCarriesProfile) {
    request.chargingProfile = translated.carried
    return yield* askForStatus('RemoteStartTransaction', request, { Accepted: null })
  }
  profile.used('remoteStartCarriesProfile')
  const started = yield* askForStatus('RemoteStartTransaction', request, { Accepted: null })
  if (started.kind !== 'accepted') return started
  // S13c: the start stands, whatever becomes of the profile; the result tells the core whether to set it again.
  if (evse === undefined) return { kind: 'accepted', result: { profile: 'not sent: the EVSE is not known' } }
  const { reply } = yield* sendProfile(evse, translated.carried)
  const outcome = 'reason' in reply ? `${reply.kind}: ${reply.reason}` : reply.kind
  return { kind: 'accepted', result: { profile: outcome } }
}
