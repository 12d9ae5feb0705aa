// Owns telling that credentials may have lost a right that they had.
// Must not judge it: the job asks the same rules as gates and chargers, once the change is stored.
import { addJobs } from '../../store/event-log.ts'
import type { Db } from '../../store/record-table.ts'

/** In the transaction of the change. */
export async function tellWithdrawn(trx: Db, organizationId: string, credentialIds: readonly string[]): Promise<void> {
  if (credentialIds.length === 0) return
  await addJobs(trx, [{ task: 'access.withdrawn', payload: { organizationId, credentialIds } }])
}
