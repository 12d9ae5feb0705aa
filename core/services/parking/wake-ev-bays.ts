// Owns having charging bays looked at again when facts or stays about them changed.
// Must not derive a bay's state; core/services/ev-bays does.
import type { StayFact } from '../../domain/stay/index.ts'
import { evBaysByCode, evBaysOfStays } from '../../store/ev-bays.ts'
import type { ParkingChange } from './parking-change.ts'

/** Facts of one post are one look. */
const settleMs = 500

export async function wakeEvBays(change: ParkingChange, stayIds: readonly string[]): Promise<void> {
  const { trx, source } = change
  const codes = [...new Set([...change.gained, ...change.lost].flatMap(placesNamed))]
  const bays = new Set([...(await evBaysByCode(trx, source, codes)), ...(await evBaysOfStays(trx, source, stayIds))])
  const { organizationId, siteId } = source
  for (const bayId of bays) {
    const name = `ev_bay:${bayId}`
    change.jobs.push({
      task: 'ev_bay.evaluate',
      payload: { organizationId, siteId, bayId },
      key: name,
      queue: name,
      delayMs: settleMs,
      delayFrom: 'first',
    })
  }
}

function placesNamed(fact: StayFact): string[] {
  if (fact.type === 'bay.changed') return [fact.data.bay]
  if (fact.type !== 'credential.observed') return []
  return [fact.data.bay, fact.data.evse].filter((code) => code !== undefined)
}
