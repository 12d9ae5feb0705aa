// Owns bringing records to the hub: read, given their revision, stored; and the count of what could not be.
// Must not say that a record is safe before the hub has stored every fact of it.
import type { Clock, Log, ParcsSink, ParkingFact } from '../../core/plugin/index.ts'
import type { Memory } from './memory.ts'
import type { FactMap, Profile } from './profile.ts'
import { readRecord, termsOf } from './read-record.ts'
import type { Spot } from './take-value.ts'

export interface TakeInDeps {
  profile: Profile
  memory: Memory
  sink: ParcsSink
  clock: Clock
  log: Log
  site(): Promise<{ zone: string; currency: string }>
}

export interface TookIn {
  records: number
  stored: number
  /** Facts that the hub or the map refused, with where and why. */
  refused: readonly { map: string; pointer: string; message: string }[]
}

/** Facts of one transaction; the hub's own door takes as many at once. */
const batch = 500
const loggedRefusals = 5

/** @throws when the hub cannot store: nothing more is taken in, and what was is told again later without harm. */
export async function takeIn(
  deps: TakeInDeps,
  maps: readonly FactMap[],
  message: unknown,
  records: readonly Spot[],
  source: { name: string; backfilled: boolean },
): Promise<TookIn> {
  const { memory, clock, log } = deps
  const terms = termsOf(deps.profile, await deps.site(), clock.now())
  const root: Spot = { value: message, pointer: '' }
  const refused: { map: string; pointer: string; message: string }[] = []
  const facts: ParkingFact[] = []
  for (const record of records) {
    const reading = readRecord(maps, { record, message: root }, terms, source.backfilled)
    refused.push(...reading.errors)
    for (const { fact, counted } of reading.facts)
      facts.push(counted ? fact : { ...fact, revision: await memory.revisionOf(fact, clock.now()) })
  }
  let stored = 0
  for (let from = 0; from < facts.length; from += batch) {
    for (const result of await deps.sink.record(facts.slice(from, from + batch))) {
      if (result.status !== 'rejected') stored += 1
      else
        refused.push({
          map: result.id,
          pointer: result.pointer ?? '',
          message: `the hub does not keep it: ${result.reason}`,
        })
    }
  }
  for (const { map, pointer, message: why } of refused.slice(0, loggedRefusals))
    log.warn({ source: source.name, map, pointer, why }, 'something the vendor told could not be kept')
  return { records: records.length, stored, refused }
}
