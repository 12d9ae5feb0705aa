// Owns loading every stored fact that the stays touched by some changed facts are made of.
// Must not derive or write.
import type { Kysely } from 'kysely'
import type { CardProfiles } from '../../domain/credential/index.ts'
import {
  credentialsOf,
  type DoubtfulPassage,
  decodedFact,
  doubtfulPassages,
  isCarAtLane,
  isLooseBackout,
  isNearKey,
  longestBackoutMs,
  longestMovementMs,
  nearKeysOf,
  repeatedExitMs,
  requestIdOf,
  type StayFact,
  searchKeysOf,
} from '../../domain/stay/index.ts'
import {
  factOfRow,
  factsOfRequests,
  factsOfStayKeys,
  type ParkingFactRow,
  type ParkingSource,
  unnamedGateFacts,
} from '../../store/parking-facts.ts'
import { type ModelInForce, plateModelsAt } from '../../store/plate-models.ts'
import type { HubTables } from '../../store/schema.ts'
import { doubtfulStays, type SpanningStay, unnamedStaysSpanning } from '../../store/stays.ts'
import { joinedAtLanes, unsettledAtLanes } from './lane-facts.ts'

export interface Neighbourhood {
  /** Facts that count, of all stays touched. */
  facts: StayFact[]
  /** Which stay each of them belonged to until now, by fact. */
  stayOf: ReadonlyMap<string, string>
  /** References of the named stays, all of whose facts are loaded. */
  stayRefs: ReadonlySet<string>
  /** What the site's cameras were known to mix up whenever a plate was perhaps misread, the latest first. */
  plateModels: readonly ModelInForce[]
  /** By reads of cameras beside the parking system the facts of their car. */
  joined: ReadonlyMap<string, readonly string[]>
}

/**
 * Everything that hangs together with the changed facts: named stays whole, the requests of passages, and unnamed passages
 * from the last instant at which no stay of the credentials involved was open. Nothing before that can change
 * (test/domain/stay/stay-order.property.test.ts), so in the daily run it is one entry and one exit. A passage that pairs with nothing
 * exactly brings the stays of that instant whose plates are near, and a stay brings such passages.
 */
export async function loadNeighbourhood(
  db: Kysely<HubTables>,
  source: ParkingSource,
  changed: readonly StayFact[],
  profiles: CardProfiles,
): Promise<Neighbourhood> {
  const factOf = (row: ParkingFactRow) => decodedFact(factOfRow(row), profiles, source)
  const rows = new Map<string, ParkingFactRow>()
  const take = (more: readonly ParkingFactRow[]) => {
    for (const row of more) rows.set(row.fact_id, row)
  }
  const asked = new Set<string>()
  const stayRefs = new Set<string>()
  const unnamed: Unnamed = { keys: new Set(), since: Number.POSITIVE_INFINITY, near: new Set() }
  const met: Met = { asked: '', passages: new Set(), instants: [] }
  take(await unsettledAtLanes(db, source, changed, factOf))
  for (;;) {
    const known = [...changed, ...[...rows.values()].map(factOf)]
    const requests = known.flatMap((fact) => {
      const requestId = requestIdOf(fact)
      const name = `${requestId}@${fact.occurredAt.getTime()}`
      if (requestId === null || asked.has(name)) return []
      asked.add(name)
      return [{ requestId, at: fact.occurredAt }]
    })
    if (requests.length > 0) {
      take(await factsOfRequests(db, source, requests, longestMovementMs))
      continue
    }
    const refs = known.flatMap(({ stayRef }) => (stayRef === undefined || stayRefs.has(stayRef) ? [] : [stayRef]))
    if (refs.length > 0) {
      for (const ref of refs) stayRefs.add(ref)
      take(
        await factsOfStayKeys(
          db,
          source,
          [...new Set(refs)].map((ref) => `ref:${ref}`),
        ),
      )
      continue
    }
    const wider =
      widen(unnamed, known) || (await meetNear(db, source, unnamed, met, take, () => [...rows.values()].map(factOf)))
    if (!wider) break
    const since = { keys: [...unnamed.keys], at: new Date(unnamed.since) }
    takeIn(unnamed, await unnamedStaysSpanning(db, source, [since], repeatedExitMs))
    take(await unnamedGateFacts(db, source, [...unnamed.keys], new Date(unnamed.since)))
  }
  const cars = [...rows.values()].map(factOf).filter(isCarAtLane)
  const { joined, rows: reads } = await joinedAtLanes(db, source, cars, factOf)
  take(reads.filter(({ fact_id }) => joined.has(fact_id)))
  const stayOf = new Map<string, string>()
  for (const row of rows.values()) if (row.stay_id !== null) stayOf.set(row.fact_id, row.stay_id)
  const plateModels = await plateModelsAt(db, source, met.instants)
  return { facts: [...rows.values()].map(factOf), stayOf, stayRefs, joined, plateModels }
}

interface Unnamed {
  keys: Set<string>
  since: number
  /** Under which plates that are nearly the same are found. */
  near: Set<string>
}

/** What was looked for by near keys so far, and the instants at which something was found. */
interface Met {
  asked: string
  passages: Set<string>
  instants: Date[]
}

/** Whether another stay came in. */
function takeIn(unnamed: Unnamed, stays: readonly SpanningStay[]): boolean {
  const before = { size: unnamed.keys.size, since: unnamed.since }
  for (const { from, search_keys } of stays) {
    unnamed.since = Math.min(unnamed.since, from.getTime())
    for (const key of search_keys) if (!isNearKey(key)) unnamed.keys.add(key)
  }
  return unnamed.keys.size > before.size || unnamed.since < before.since
}

/**
 * Takes in what hangs on plates that are nearly those of the passages known: exits that no stay is sure of, and the stays that come
 * into question for such passages. False when there was nothing new.
 */
async function meetNear(
  db: Kysely<HubTables>,
  source: ParkingSource,
  unnamed: Unnamed,
  met: Met,
  take: (rows: readonly ParkingFactRow[]) => void,
  loaded: () => StayFact[],
): Promise<boolean> {
  if (unnamed.near.size === 0 || unnamed.since === Number.POSITIVE_INFINITY) return false
  let wider = false
  const asked = `${unnamed.near.size}@${unnamed.since}`
  if (asked !== met.asked) {
    met.asked = asked
    const [keys, since] = [[...unnamed.near], new Date(unnamed.since)]
    wider = takeIn(unnamed, await doubtfulStays(db, source, keys, since))
    const inside = await unnamedGateFacts(db, source, keys, since)
    take(inside)
    wider ||= inside.length > 0
  }
  if (wider) return true
  const name = ({ at, keys }: DoubtfulPassage) => `${at.getTime()} ${keys.join()}`
  const fresh = doubtfulPassages(loaded()).filter((one) => one.keys.length > 0 && !met.passages.has(name(one)))
  for (const one of fresh) met.passages.add(name(one))
  if (fresh.length === 0) return false
  const spanning = await unnamedStaysSpanning(db, source, fresh, repeatedExitMs)
  if (spanning.length > 0) met.instants.push(...fresh.map(({ at }) => at))
  return takeIn(unnamed, spanning)
}

/** Takes in the credentials and times of unnamed passages and their requests; false when all of that was known. */
function widen(unnamed: Unnamed, known: readonly StayFact[]): boolean {
  const gates = known.filter(({ type, stayRef }) => stayRef === undefined && type.startsWith('gate.'))
  const passages = gates.filter((fact) => fact.type === 'gate.passed' || isLooseBackout(fact))
  const passed = new Set(passages.map(requestIdOf))
  const isAnswered = (fact: StayFact) => requestIdOf(fact) !== null && passed.has(requestIdOf(fact))
  const shown = gates
    .filter((fact) => fact.type === 'gate.passed' || isLooseBackout(fact) || isAnswered(fact))
    .flatMap(credentialsOf)
  const keys = searchKeysOf(shown).filter((key) => !unnamed.keys.has(key))
  for (const key of nearKeysOf(shown)) unnamed.near.add(key)
  // A backout reaches back to the passage that it undoes.
  const from = (fact: StayFact) => fact.occurredAt.getTime() - (isLooseBackout(fact) ? longestBackoutMs : 0)
  const since = Math.min(unnamed.since, ...passages.map(from))
  const wider = keys.length > 0 || (since < unnamed.since && unnamed.keys.size > 0)
  for (const key of keys) unnamed.keys.add(key)
  unnamed.since = since
  return wider
}
