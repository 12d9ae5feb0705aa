// Owns OCPP 2.x ReserveNow and CancelReservation (H01, H02).
// Must not keep reservations; the core does.
import type { OCPP20, OCPP21 } from 'typed-ocpp'
import { askForStatus, type CommandSteps } from '../command.ts'
import { idTokenType } from './id-token.ts'
import type { Translator2 } from './words.ts'

export const reserve: Translator2<'reserve'> = function* (command, words, profile): CommandSteps {
  const { reservationId, evse, connectorType, token, groupToken, until } = command
  const request: OCPP21.ReserveNowRequest = {
    id: reservationId,
    expiryDateTime: until,
    idToken: idTokenType(token, words, profile),
  }
  if (evse !== undefined && evse > 0) request.evseId = evse
  if (connectorType !== undefined) request.connectorType = connectorType
  if (groupToken !== undefined) request.groupIdToken = idTokenType(groupToken, words, profile)
  return yield* askForStatus('ReserveNow', request, { Accepted: null })
}

export const cancelReservation: Translator2<'cancel_reservation'> = function* ({ reservationId }): CommandSteps {
  const request: OCPP20.CancelReservationRequest = { reservationId }
  return yield* askForStatus('CancelReservation', request, { Accepted: null })
}
