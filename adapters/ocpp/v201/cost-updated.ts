// Owns OCPP 2.x CostUpdated (I02): what a running transaction has cost so far.
// Must not compute a price, nor change one by rounding it.
import type { OCPP20 } from 'typed-ocpp'
import { ask, type CommandSteps, refused } from '../command.ts'
import { transactionId } from './transaction-ref.ts'
import type { Translator2 } from './words.ts'

/** A double holds any decimal of 15 digits, so that the number in the frame reads as the text did. */
const exactDecimal = /^-?(?=(?:\D*\d){1,15}\D*$)\d+(?:\.\d+)?$/

export const updateCost: Translator2<'update_cost'> = function* ({ transaction, totalCost }): CommandSteps {
  const named = transactionId(transaction)
  if ('ended' in named) return named.ended
  if (!exactDecimal.test(totalCost)) return refused(`totalCost: "${totalCost}" is no decimal of at most 15 digits`)
  const request: OCPP20.CostUpdatedRequest = { totalCost: Number(totalCost), transactionId: named.id }
  const said = yield* ask<typeof request, OCPP20.CostUpdatedResponse>('CostUpdated', request)
  return 'ended' in said ? said.ended : { kind: 'accepted' }
}
