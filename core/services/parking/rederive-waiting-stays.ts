// Owns the task `stays.rederive_waiting`: stays whose other half may still come are derived anew, as after an upgrade that finds it in more ways.
// Must not touch stays that are complete, nor what was reported.
import { factsOfStays, type ParkingSource } from '../../store/parking-facts.ts'
import { waitingStays } from '../../store/stays.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { rereadFacts } from './reread-facts.ts'

/** Stays of one transaction: some hundred facts. */
const perRound = 25

/** Doing it twice changes nothing more: a worker that died begins anew. */
export function rederiveWaitingStays(deps: ServiceDeps) {
  return async (source: ParkingSource): Promise<void> => {
    const ids = await waitingStays(deps.db, source)
    for (let i = 0; i < ids.length; i += perRound)
      await rereadFacts(deps, await factsOfStays(deps.db, source, ids.slice(i, i + perRound)))
  }
}
