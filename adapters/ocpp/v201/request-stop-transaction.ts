// Owns OCPP 2.0.1 RequestStopTransaction (F03).
// Must not guess a transaction: 2.0.1 names it by the station's own text.
import type { OCPP20 } from 'typed-ocpp'
import { askForStatus, type CommandSteps, refused, type Translator } from '../command.ts'

export const stop: Translator<'stop'> = function* ({ transaction }): CommandSteps {
  const { ref } = transaction
  if (ref === undefined || ref === '')
    return refused('OCPP 2.0.1 names a transaction by the text that the station gave it')
  if (ref.length > 36) return refused('the transaction id is longer than OCPP 2.0.1 carries')
  const request: OCPP20.RequestStopTransactionRequest = { transactionId: ref }
  return yield* askForStatus('RequestStopTransaction', request, { Accepted: null })
}
