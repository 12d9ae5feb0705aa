// Owns how a command names a transaction in 2.x: by the text that the station gave it.
// Must not guess one.
import type { CommandReply, TransactionRef } from '../../../core/plugin/index.ts'
import { refused } from '../command.ts'

export function transactionId({ ref }: TransactionRef): { id: string } | { ended: CommandReply } {
  if (ref === undefined || ref === '') {
    return { ended: refused('transaction: OCPP 2.x names it by the text that the station gave it') }
  }
  return { id: ref }
}
