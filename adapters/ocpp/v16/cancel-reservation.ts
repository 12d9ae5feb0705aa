// Owns OCPP 1.6 CancelReservation (5.1).
// Must not touch the core's reservation.
import type { OCPP16 } from 'typed-ocpp'
import { ask, type CommandSteps, refused, type Translator } from '../command.ts'
import { statusWord } from './status-word.ts'

export const cancelReservation: Translator<'cancel_reservation'> = function* ({ reservationId }): CommandSteps {
  const said = yield* ask<OCPP16.CancelReservationRequest, OCPP16.CancelReservationResponse>('CancelReservation', {
    reservationId,
  })
  if ('ended' in said) return said.ended
  const { status } = said.answer
  if (status === undefined) return refused('the answer holds no status')
  return status === 'Accepted' ? { kind: 'accepted' } : refused(status, { status: statusWord(status) })
}
