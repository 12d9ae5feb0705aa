// Owns OCPP 1.6 ReserveNow (5.13); connector 0 is any that becomes free, where the station can.
// Must not keep the reservation; the core does.
import type { OCPP16 } from 'typed-ocpp'
import { ask, type CommandSteps, refused, type Translator, tokenText } from '../command.ts'
import { maxIdTag } from './id-tag.ts'
import { instantText, noInstant } from './instant-text.ts'
import { statusWord } from './status-word.ts'

export const reserve: Translator<'reserve'> = function* (
  { reservationId, evse, connectorType, token, groupToken, until },
  profile,
): CommandSteps {
  if (connectorType !== undefined) return refused('connectorType: OCPP 1.6 reserves a connector by its number')
  const idTag = tokenText(token.value, profile)
  if (idTag.length > maxIdTag) return refused(`the token has ${idTag.length} characters; OCPP 1.6 carries ${maxIdTag}`)
  const expiryDate = instantText(until, profile)
  if (expiryDate === null) return refused(noInstant('until', until))
  const request: OCPP16.ReserveNowRequest = { connectorId: evse ?? 0, expiryDate, idTag, reservationId }
  if (groupToken !== undefined) {
    const parentIdTag = tokenText(groupToken.value, profile)
    if (parentIdTag.length > maxIdTag) return refused(`groupToken: OCPP 1.6 carries ${maxIdTag} characters`)
    request.parentIdTag = parentIdTag
  }
  const said = yield* ask<OCPP16.ReserveNowRequest, OCPP16.ReserveNowResponse>('ReserveNow', request)
  if ('ended' in said) return said.ended
  const { status } = said.answer
  if (status === undefined) return refused('the answer holds no status')
  return status === 'Accepted' ? { kind: 'accepted' } : refused(status, { status: statusWord(status) })
}
