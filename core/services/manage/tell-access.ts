// Owns telling all places that keep a copy of who may do what: stations' local lists, parking systems that preload.
// Must not look at any of them; their jobs do, once for all changes that gather.
import type { Db } from '../../store/record-table.ts'
import { tellLocalLists } from '../desired/tell-local-lists.ts'
import { tellPreloads } from '../parking-actions/reconcile-preload.ts'

/** In the transaction of the change. */
export async function tellAccess(trx: Db, organizationId: string): Promise<void> {
  await tellLocalLists(trx, organizationId)
  await tellPreloads(trx, organizationId)
}
