// Owns what happens when a parking connection comes to work: what it can do is kept, and what waited for it goes on.
// Must not call the vendor; the jobs do.
import type { OpenDoor } from '../../domain/parking-door.ts'
import { addJobs } from '../../store/event-log.ts'
import { writeAbilities } from '../../store/parcs-links.ts'
import { preloadJob } from '../../store/parcs-preloads.ts'
import { connectionsWithOpenActions, parkingActionJob, pruneCredentialActions } from '../../store/parking-actions.ts'
import { transaction } from '../../store/transaction.ts'
import type { ServiceDeps } from '../service-deps.ts'

export function connectionStarted(deps: ServiceDeps) {
  return async (door: OpenDoor): Promise<void> => {
    const { siteId, organizationId, connectionId } = door
    if (siteId === null) return
    const of = { organizationId, siteId, connectionId }
    await transaction(deps.db, async (trx) => {
      await writeAbilities(trx, of, door, deps.clock.now())
      await addJobs(trx, [parkingActionJob(of), preloadJob(of)])
    })
  }
}

/** Called about once a minute: a wake-up that was lost costs no more than that. */
export function sweepParkingActions(deps: ServiceDeps) {
  return async (): Promise<void> => {
    await addJobs(deps.db, (await connectionsWithOpenActions(deps.db)).map(parkingActionJob))
  }
}

/** Ended actions about credentials are kept this long; those about money stay. */
const keepDays = 90

export function pruneParkingActions(deps: ServiceDeps) {
  return (): Promise<void> =>
    pruneCredentialActions(deps.db, new Date(deps.clock.now().getTime() - keepDays * 86_400_000))
}
