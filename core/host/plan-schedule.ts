// Owns turning a plugin's cron expression into runs: one job per instant for the whole cluster, on the hub's clock.
// Must not run the plugin: the job does, wherever the connection works.
import type { Kysely } from 'kysely'
import type { Clock } from '../domain/clock.ts'
import type { Log } from '../domain/log.ts'
import { claimRun, type ScheduleName, scheduleSince } from '../store/schedules.ts'
import type { HubTables } from '../store/schema.ts'
import { transaction } from '../store/transaction.ts'
import { parseCron } from './cron.ts'

export interface ScheduleDeps {
  db: Kysely<HubTables>
  clock: Clock
  log: Log
}

/** Later than this an instant was missed (the machine slept, the hub was down): one run makes up for all of them. */
const missedAfterMs = 3_600_000
const databaseAwayMs = 5_000

/** Every node with the connection plans; the row of the schedule decides which of them adds the job. */
export async function planSchedule(
  { db, clock, log }: ScheduleDeps,
  schedule: ScheduleName & { cron: string; zone: string },
): Promise<{ stop(): void }> {
  const { organizationId, connectionId, name } = schedule
  const cron = parseCron(schedule.cron, schedule.zone)
  let stopped = false
  let cancel = () => {}

  const plan = (after: Date) => {
    const instant = cron.next(after)
    if (!instant || stopped) return
    cancel = clock.after(Math.max(0, instant.getTime() - clock.now().getTime()), () => void due(instant))
  }
  const due = async (instant: Date) => {
    const now = clock.now()
    const upTo = now.getTime() - instant.getTime() > missedAfterMs ? now : instant
    try {
      await transaction(db, (trx) => claimRun(trx, { organizationId, connectionId, name }, instant, upTo))
      plan(upTo)
    } catch (error) {
      log.warn({ err: error, schedule: name }, 'a scheduled run could not be entered; trying again')
      if (!stopped) cancel = clock.after(databaseAwayMs, () => void due(instant))
    }
  }

  plan(await scheduleSince(db, { organizationId, connectionId, name }, clock.now()))
  return {
    stop() {
      stopped = true
      cancel()
    },
  }
}
