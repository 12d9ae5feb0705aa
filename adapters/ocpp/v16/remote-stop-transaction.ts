// Owns OCPP 1.6 RemoteStopTransaction (5.12).
// Must not guess a transaction: 1.6 names it by the hub's number.
import type { OCPP16 } from 'typed-ocpp'
import { askForStatus, type CommandSteps, refused, type Translator } from '../command.ts'

export const stop: Translator<'stop'> = function* ({ transaction }): CommandSteps {
  if (transaction.number === undefined) return refused('OCPP 1.6 names a transaction by its number')
  const request: OCPP16.RemoteStopTransactionRequest = { transactionId: transaction.number }
  return yield* askForStatus('RemoteStopTransaction', request, { Accepted: null })
}
