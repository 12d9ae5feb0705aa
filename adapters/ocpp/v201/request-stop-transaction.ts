// Owns OCPP 2.x RequestStopTransaction (F03).
// Must not guess a transaction: 2.x names it by the station's own text.
import type { OCPP20 } from 'typed-ocpp'
import { askForStatus, type CommandSteps } from '../command.ts'
import { transactionId } from './transaction-ref.ts'
import type { Translator2 } from './words.ts'

export const stop: Translator2<'stop'> = function* ({ transaction }): CommandSteps {
  const named = transactionId(transaction)
  if ('ended' in named) return named.ended
  const request: OCPP20.RequestStopTransactionRequest = { transactionId: named.id }
  return yield* askForStatus('RequestStopTransaction', request, { Accepted: null })
}
