// Owns OCPP 2.x GetTransactionStatus (E14): is it running, and does the station still hold messages of it.
// Must not end a transaction by the answer.
import type { OCPP20 } from 'typed-ocpp'
import { ask, type CommandSteps } from '../command.ts'
import { withResult } from './said.ts'
import { transactionId } from './transaction-ref.ts'
import type { Translator2 } from './words.ts'

export const transactionStatus: Translator2<'transaction_status'> = function* ({ transaction }): CommandSteps {
  const request: OCPP20.GetTransactionStatusRequest = {}
  if (transaction !== undefined) {
    const named = transactionId(transaction)
    if ('ended' in named) return named.ended
    request.transactionId = named.id
  }
  const said = yield* ask<typeof request, OCPP20.GetTransactionStatusResponse>('GetTransactionStatus', request)
  if ('ended' in said) return said.ended
  return withResult({ ongoing: said.answer.ongoingIndicator, messagesInQueue: said.answer.messagesInQueue })
}
