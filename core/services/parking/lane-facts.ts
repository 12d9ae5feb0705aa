// Owns loading what stands together at lanes within moments: cars that a parking system tells of, and reads of cameras beside it.
// Must not decide which read belongs to which car; core/domain/stay/join-reads.ts does.
import type { Kysely } from 'kysely'
import { isCarAtLane, isLaneRead, joinReads, type StayFact, seenTogetherMs } from '../../domain/stay/index.ts'
import { factsNearAtLanes, type ParkingFactRow, type ParkingSource } from '../../store/parking-facts.ts'
import type { HubTables } from '../../store/schema.ts'

type FactOf = (row: ParkingFactRow) => StayFact

/** Everything at the lanes of these facts that has a say in which reads belong to them. */
async function laneFacts(
  db: Kysely<HubTables>,
  source: ParkingSource,
  facts: readonly StayFact[],
  factOf: FactOf,
): Promise<ParkingFactRow[]> {
  const near = facts.flatMap((fact) =>
    fact.lane !== undefined && (isCarAtLane(fact) || isLaneRead(fact))
      ? [{ lane: fact.lane, at: fact.occurredAt }]
      : [],
  )
  const rows = await factsNearAtLanes(db, source, near, 3 * seenTogetherMs)
  return rows.filter((row) => isCarAtLane(factOf(row)) || isLaneRead(factOf(row)))
}

/** Cars and reads whose belonging together may be another one because of the changed facts; none where no camera stands. */
export async function unsettledAtLanes(
  db: Kysely<HubTables>,
  source: ParkingSource,
  changed: readonly StayFact[],
  factOf: FactOf,
): Promise<ParkingFactRow[]> {
  const near = await laneFacts(db, source, changed, factOf)
  if (![...changed, ...near.map(factOf)].some(isLaneRead)) return []
  return near.filter((row) => mayChange(factOf(row), changed))
}

/** By reads of cameras the facts of their car, as far as one or the other is among those given; and the rows of both. */
export async function joinedAtLanes(
  db: Kysely<HubTables>,
  source: ParkingSource,
  facts: readonly StayFact[],
  factOf: FactOf,
): Promise<{ joined: Map<string, readonly string[]>; rows: ParkingFactRow[] }> {
  const around = await laneFacts(db, source, facts, factOf)
  const given = new Set(facts.map(({ factId }) => factId))
  const joined = new Map(
    [...joinReads(around.map(factOf))].filter(([read, car]) => given.has(read) || car.some((id) => given.has(id))),
  )
  const both = new Set([...joined].flatMap(([read, car]) => [read, ...car]))
  return { joined, rows: around.filter(({ fact_id }) => both.has(fact_id)) }
}

/** A read further away than the car of a rival is not touched; its own car would not be here either. */
function mayChange(fact: StayFact, changed: readonly StayFact[]): boolean {
  if (!isLaneRead(fact)) return true
  const reach = 2 * seenTogetherMs
  return changed.some(
    (one) => one.lane === fact.lane && Math.abs(one.occurredAt.getTime() - fact.occurredAt.getTime()) <= reach,
  )
}
