// Owns the job of one scheduled run: done where the connection works, at most a little late, again when it failed.
// Must not decide when it is due; core/host/plan-schedule.ts does.
import type { Kysely } from 'kysely'
import type { Log } from '../domain/log.ts'
import { runsSomewhere } from '../store/deliveries.ts'
import type { JobContext, JobOutcome } from '../store/job-worker.ts'
import type { HubTables } from '../store/schema.ts'
import type { Connection } from './connection.ts'

const elsewhereMs = 1_000
const notReadyMs = 60_000

export function runSchedule(deps: { db: Kysely<HubTables>; log: Log; connection(id: string): Connection | undefined }) {
  return async (payload: Record<string, unknown>, _context: JobContext): Promise<JobOutcome> => {
    const { organizationId, connectionId, name, instant } = payload
    if (typeof organizationId !== 'string' || typeof connectionId !== 'string' || typeof name !== 'string')
      throw new TypeError(`not a scheduled run: ${JSON.stringify(payload)}`)
    const connection = deps.connection(connectionId)
    const run = connection?.schedule(name)
    if (!run) {
      const starting = connection !== undefined && ['starting', 'retrying'].includes(connection.state)
      if (starting || (!connection?.active && (await runsSomewhere(deps.db, { organizationId, connectionId }))))
        return { again: elsewhereMs }
      deps.log.info(
        { connection: connectionId, schedule: name, instant },
        'a scheduled run was passed over: nothing runs it',
      )
      return undefined
    }
    try {
      await run()
      return undefined
    } catch (error) {
      const code = (error as { code?: unknown } | null)?.code
      if (code === 'not_ready') return { again: notReadyMs }
      if (code === 'stopped' || code === 'auth_failed') return { again: elsewhereMs }
      throw error
    }
  }
}
