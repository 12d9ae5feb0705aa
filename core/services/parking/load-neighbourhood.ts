// Owns loading every stored fact that the stays touched by some changed facts are made of.
// Must not derive or write.
import type { Kysely } from 'kysely'
import type { CardProfiles } from '../../domain/credential/index.ts'
import {
  credentialsOf,
  decodedFact,
  isCarAtLane,
  isLaneRead,
  isLooseBackout,
  joinReads,
  longestBackoutMs,
  longestMovementMs,
  repeatedExitMs,
  requestIdOf,
  type StayFact,
  searchKeysOf,
  seenTogetherMs,
} from '../../domain/stay/index.ts'
import {
  factOfRow,
  factsNearAtLanes,
  factsOfRequests,
  factsOfStayKeys,
  type ParkingFactRow,
  type ParkingSource,
  unnamedGateFacts,
} from '../../store/parking-facts.ts'
import type { HubTables } from '../../store/schema.ts'
import { unnamedStaysSpanning } from '../../store/stays.ts'

export interface Neighbourhood {
  /** Facts that count, of all stays touched. */
  facts: StayFact[]
  /** Which stay each of them belonged to until now, by fact. */
  stayOf: ReadonlyMap<string, string>
  /** References of the named stays, all of whose facts are loaded. */
  stayRefs: ReadonlySet<string>
  /** By reads of cameras beside the parking system the facts of their car. */
  joined: ReadonlyMap<string, readonly string[]>
}

/**
 * Everything that hangs together with the changed facts: named stays whole, the requests of passages, and unnamed passages
 * from the last instant at which no stay of the credentials involved was open. Nothing before that can change
 * (test/domain/stay/stay-order.property.test.ts), so in the daily run it is one entry and one exit.
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
  const unnamed: Unnamed = { keys: new Set(), since: Number.POSITIVE_INFINITY }
  const near = await laneFacts(db, source, changed, factOf)
  if ([...changed, ...near.map(factOf)].some(isLaneRead)) take(near.filter((row) => mayChange(factOf(row), changed)))
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
    if (!widen(unnamed, known)) break
    const spanning = await unnamedStaysSpanning(db, source, [...unnamed.keys], new Date(unnamed.since), repeatedExitMs)
    for (const { from, search_keys } of spanning) {
      unnamed.since = Math.min(unnamed.since, from.getTime())
      for (const key of search_keys) unnamed.keys.add(key)
    }
    take(await unnamedGateFacts(db, source, [...unnamed.keys], new Date(unnamed.since)))
  }
  const around = await laneFacts(db, source, [...rows.values()].map(factOf).filter(isCarAtLane), factOf)
  const joined = joinReads(around.map(factOf))
  take(around.filter((row) => joined.get(row.fact_id)?.some((factId) => rows.has(factId))))
  const stayOf = new Map<string, string>()
  for (const row of rows.values()) if (row.stay_id !== null) stayOf.set(row.fact_id, row.stay_id)
  return { facts: [...rows.values()].map(factOf), stayOf, stayRefs, joined }
}

/** Everything at the lanes of these facts that has a say in which reads belong to them. */
async function laneFacts(
  db: Kysely<HubTables>,
  source: ParkingSource,
  facts: readonly StayFact[],
  factOf: (row: ParkingFactRow) => StayFact,
): Promise<ParkingFactRow[]> {
  const near = facts.flatMap((fact) =>
    fact.lane !== undefined && (isCarAtLane(fact) || isLaneRead(fact))
      ? [{ lane: fact.lane, at: fact.occurredAt }]
      : [],
  )
  const rows = await factsNearAtLanes(db, source, near, 3 * seenTogetherMs)
  return rows.filter((row) => isCarAtLane(factOf(row)) || isLaneRead(factOf(row)))
}

/** A read further away than the car of a rival is not touched; its own car would not be here either. */
function mayChange(fact: StayFact, changed: readonly StayFact[]): boolean {
  if (!isLaneRead(fact)) return true
  const reach = 2 * seenTogetherMs
  return changed.some(
    (one) => one.lane === fact.lane && Math.abs(one.occurredAt.getTime() - fact.occurredAt.getTime()) <= reach,
  )
}

interface Unnamed {
  keys: Set<string>
  since: number
}

/** Takes in the credentials and times of unnamed passages and their requests; false when all of that was known. */
function widen(unnamed: Unnamed, known: readonly StayFact[]): boolean {
  const gates = known.filter(({ type, stayRef }) => stayRef === undefined && type.startsWith('gate.'))
  const passages = gates.filter((fact) => fact.type === 'gate.passed' || isLooseBackout(fact))
  const passed = new Set(passages.map(requestIdOf))
  const isAnswered = (fact: StayFact) => requestIdOf(fact) !== null && passed.has(requestIdOf(fact))
  const keys = gates
    .filter((fact) => fact.type === 'gate.passed' || isLooseBackout(fact) || isAnswered(fact))
    .flatMap((fact) => searchKeysOf(credentialsOf(fact)))
    .filter((key) => !unnamed.keys.has(key))
  // A backout reaches back to the passage that it undoes.
  const from = (fact: StayFact) => fact.occurredAt.getTime() - (isLooseBackout(fact) ? longestBackoutMs : 0)
  const since = Math.min(unnamed.since, ...passages.map(from))
  const wider = keys.length > 0 || (since < unnamed.since && unnamed.keys.size > 0)
  for (const key of keys) unnamed.keys.add(key)
  unnamed.since = since
  return wider
}
