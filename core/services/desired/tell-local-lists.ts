// Owns telling that people, groups or credentials changed in a way that may change who stands on stations' local lists.
// Must not look for those stations: the job does, once for all changes that gather.
import { wantsLocalLists } from '../../store/desired-items.ts'
import { addJobs } from '../../store/event-log.ts'
import type { Db } from '../../store/record-table.ts'

/** A revoked card leaves the lists within moments; an import of thousands is one look. */
const gatherMs = 500

/** In the transaction of the change. */
export async function tellLocalLists(trx: Db, organizationId: string): Promise<void> {
  if (!(await wantsLocalLists(trx, organizationId))) return
  const name = `local-lists:${organizationId}`
  await addJobs(trx, [
    {
      task: 'desired.lists_changed',
      payload: { organizationId },
      key: name,
      queue: name,
      delayMs: gatherMs,
      delayFrom: 'first',
    },
  ])
}
