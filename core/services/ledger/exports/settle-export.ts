// Owns what becomes of an export: the receipt that it is in the books outside, or that it never will be.
// Must not take either back.
import { exportMoves } from '../../../domain/ledger/export-batch.ts'
import { type LedgerExport, ledgerExports, settleExport } from '../../../store/ledger-exports.ts'
import { getRecord } from '../../../store/record-table.ts'
import { refusable } from '../../manage/manage-record.ts'
import { type Access, notFound, type Outcome, ok } from '../../manage/outcome.ts'
import type { ServiceDeps } from '../../service-deps.ts'
import { tellOfExport } from './tell-of-export.ts'

type Deps = Pick<ServiceDeps, 'db' | 'clock' | 'newId'>

export interface Settling {
  state: 'delivered' | 'cancelled'
  /** What the accounting system calls it. */
  reference: string | null
  note: string | null
}

/** Said again in the same words, it is done already. */
export function settleLedgerExport(deps: Deps) {
  return (access: Access, exportId: string, settling: Settling): Promise<Outcome<LedgerExport>> =>
    refusable<LedgerExport>(deps, async (trx) => {
      const before = await getRecord(trx, ledgerExports, access, exportId, 'lock')
      if (before === undefined) return notFound
      const { state, reference } = settling
      if (before.state === state && before.reference === reference) return ok(before)
      const moves: readonly string[] = exportMoves[before.state]
      if (!moves.includes(state)) {
        const as = before.reference === null ? '' : ` as ${before.reference}`
        return { kind: 'conflict', message: `It is ${before.state}${as} already.` }
      }
      const now = deps.clock.now()
      const { organizationId, actor } = access
      await settleExport(trx, { organizationId, exportId }, { ...settling, at: now, by: actor })
      const after = await getRecord(trx, ledgerExports, access, exportId)
      if (after === undefined) throw new Error(`export ${exportId} is gone`)
      await tellOfExport(deps, trx, access, state, before, after, now)
      return ok(after)
    })
}
