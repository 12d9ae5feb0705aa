// Owns OCPP 2.x CostUpdated (I02): what a running transaction has cost so far.
// Must not compute a price, nor change one by rounding it.
import type { OCPP20 } from 'typed-ocpp'
import { ask, type CommandSteps, refused } from '../command.ts'
import { exactNumber } from '../exact-decimal.ts'
import { transactionId } from './transaction-ref.ts'
import type { Translator2 } from './words.ts'

export const updateCost: Translator2<'update_cost'> = function* ({ transaction, totalCost }): CommandSteps {
  const named = transactionId(transaction)
  if ('ended' in named) return named.ended
  const cost = exactNumber(totalCost)
  if (cost === null) return refused(`totalCost: "${totalCost}" is no decimal of at most 15 digits`)
  const request: OCPP20.CostUpdatedRequest = { totalCost: cost, transactionId: named.id }
  const said = yield* ask<typeof request, OCPP20.CostUpdatedResponse>('CostUpdated', request)
  return 'ended' in said ? said.ended : { kind: 'accepted' }
}
