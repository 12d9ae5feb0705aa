// Owns the task `reader.bound`: what a reader reported before anybody said where it stands becomes facts.
// Must not touch reports that mean something already.
import { addJobs } from '../../store/event-log.ts'
import { placedReaders, unboundReports, writeMeanings } from '../../store/readers.ts'
import type { Db } from '../../store/record-table.ts'
import { transaction } from '../../store/transaction.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { interpretReports } from './interpret-reports.ts'
import { lockSites, storedAround, storeReadFacts } from './store-reports.ts'

/** Of a reader that reported for weeks before it was placed, older reads stay what they are: reports. */
export const replayDays = 7
const perRound = 100

export function tellBound(trx: Db, organizationId: string, readerId: string): Promise<void> {
  const name = `reader:${readerId}`
  return addJobs(trx, [{ task: 'reader.bound', payload: { organizationId, readerId }, key: name, queue: name }])
}

export function replayReader(deps: ServiceDeps) {
  return async ({ organizationId, readerId }: { organizationId: string; readerId: string }): Promise<void> => {
    const since = new Date(deps.clock.now().getTime() - replayDays * 86_400_000)
    let after: { takenAt: Date; reportId: string } | null = null
    for (;;) {
      const from: typeof after = after
      const last = await transaction(deps.db, async (trx) => {
        const [reader] = await placedReaders(trx, organizationId, { readerId })
        if (!reader || reader.role === null || reader.archived_at !== null) return null
        await lockSites(trx, organizationId, reader.connection_id ?? readerId, [reader])
        const found = await unboundReports(trx, organizationId, readerId, since, from, perRound)
        // Nobody waits at a gate for these any more.
        const rows = found.map((row) => ({ ...row, backfilled: true }))
        const readers = new Map([[readerId, reader]])
        const meant = interpretReports(readers, rows, await storedAround(trx, organizationId, readers, rows, []))
        await writeMeanings(trx, organizationId, meant.meanings)
        await storeReadFacts(deps, trx, organizationId, meant)
        const end = found.at(-1)
        return end && found.length === perRound ? { takenAt: end.taken_at, reportId: end.report_id } : null
      })
      if (last === null) return
      after = last
    }
  }
}
