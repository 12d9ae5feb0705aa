// Owns turning appointments that have come due on the hub's clock into jobs.
// Must not run the jobs, and must not be the only one doing so: every node may, at any moment.
import type { Kysely } from 'kysely'
import type { Clock } from '../domain/clock.ts'
import type { Log } from '../domain/log.ts'
import type { HubTables } from '../store/schema.ts'
import { dueTimers } from '../store/timers.ts'
import { transaction } from '../store/transaction.ts'

export interface TimerDeps {
  db: Kysely<HubTables>
  /** The hub's clock, by which appointments are due. */
  clock: Pick<Clock, 'now'>
}

const batch = 200

/** One pass: everything due by now. Returns how many. */
export function runTimers({ db, clock }: TimerDeps): () => Promise<number> {
  return async () => {
    const now = clock.now()
    let total = 0
    for (;;) {
      const taken = await transaction(db, (trx) => dueTimers(trx, now, batch))
      total += taken
      if (taken < batch) return total
    }
  }
}

/** Passes every `everyMs` of `pace` (the real clock) until stopped; a pass that fails is logged and the next one comes. */
export function tickTimers(deps: TimerDeps & { pace: Clock; log: Log; everyMs?: number }): { stop(): Promise<void> } {
  const { pace, log, everyMs = 250 } = deps
  const pass = runTimers(deps)
  let stopped = false
  let running: Promise<unknown> = Promise.resolve()
  let cancel = () => {}
  const next = () => {
    cancel = pace.after(everyMs, () => {
      running = pass()
        .catch((error) => log.warn({ err: error }, 'due appointments could not be taken; trying again'))
        .finally(() => {
          if (!stopped) next()
        })
    })
  }
  next()
  return {
    async stop() {
      stopped = true
      cancel()
      await running
    },
  }
}
