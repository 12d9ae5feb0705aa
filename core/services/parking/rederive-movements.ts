// Owns bringing the movements that changed facts touch up to date.
// Must not be called without the site's parking lock, and must not load more than what hangs together with the changed facts.
import { deriveMovements, isMovementFact, type MovementFact } from '../../domain/movement/index.ts'
import {
  credentialsOf,
  longestBackoutMs,
  longestMovementMs,
  requestIdOf,
  searchKeysOf,
} from '../../domain/stay/index.ts'
import { factsAtLanes, factsOfSiteRequests, writeMovements } from '../../store/movements.ts'
import { factOfRow, type ParkingFactRow } from '../../store/parking-facts.ts'
import { joinedAtLanes, unsettledAtLanes } from './lane-facts.ts'
import type { ParkingChange } from './parking-change.ts'

/** @param lostMovements those that facts belonged to which do not count any more */
export async function rederiveMovements(change: ParkingChange, lostMovements: readonly string[]): Promise<void> {
  const { trx, source, newId } = change
  const all = [...change.gained, ...change.lost]
  const changed = [
    ...all.map((fact) => ({ ...fact, connectionId: source.connectionId })),
    ...(await unsettledAtLanes(trx, source, all, factOfRow)).map(movementFact),
  ].filter(isMovementFact)
  if (changed.length === 0) return
  const { rows, joined } = await loadNeighbours(change, changed)
  const before = new Map(rows.map((row) => [row.fact_id, row.movement_id]))
  const free = new Set([...lostMovements, ...[...before.values()].filter((id) => id !== null)])
  const moved: { factId: string; movementId: string | null }[] = []
  const written = deriveMovements(rows.map(movementFact), joined).map((movement) => {
    const known = movement.factIds.map((id) => before.get(id) ?? '').find((id) => free.delete(id))
    const movementId = known ?? newId()
    for (const factId of movement.factIds) {
      if (before.get(factId) !== movementId) moved.push({ factId, movementId })
    }
    return { movementId, movement }
  })
  await writeMovements(trx, source, written, [...free], moved)
}

function movementFact(row: ParkingFactRow): MovementFact {
  return { ...factOfRow(row), connectionId: row.connection_id }
}

async function loadNeighbours(
  change: ParkingChange,
  changed: readonly MovementFact[],
): Promise<{ rows: ParkingFactRow[]; joined: ReadonlyMap<string, readonly string[]> }> {
  const { trx, source } = change
  const joined = new Map<string, readonly string[]>()
  const rows = new Map<string, ParkingFactRow>()
  const looked = new Set<string>()
  let fresh: readonly MovementFact[] = changed
  while (fresh.length > 0) {
    const asked = fresh.flatMap((fact) => {
      const requestId = requestIdOf(fact)
      return requestId === null ? [] : [{ connectionId: fact.connectionId, requestId, at: fact.occurredAt }]
    })
    // What one fact of a request shows, cameras may have seen where another one was told of.
    const seen = fresh.flatMap((fact) =>
      matesOf(fact, [...rows.values()].map(movementFact)).flatMap((mate) => [
        sighting(fact, mate),
        sighting(mate, fact),
      ]),
    )
    const found = [
      ...(await factsOfSiteRequests(trx, source, asked, longestMovementMs)),
      ...(await factsAtLanes(
        trx,
        source,
        seen.filter(({ keys }) => keys.length > 0),
        longestBackoutMs,
      )),
    ]
    for (const connectionId of new Set(fresh.map((fact) => fact.connectionId))) {
      const own = fresh.filter((fact) => fact.connectionId === connectionId)
      const both = await joinedAtLanes(trx, { ...source, connectionId }, own, factOfRow)
      for (const [read, car] of both.joined) joined.set(read, car)
      found.push(...both.rows)
    }
    for (const row of found) rows.set(row.fact_id, row)
    // A fact that shows nothing and answers nothing is a movement by itself.
    fresh = found.filter((row) => !looked.has(row.fact_id)).map(movementFact)
    for (const { factId } of fresh) looked.add(factId)
    fresh = fresh.filter(isMovementFact)
  }
  const alone = changed.filter(({ factId }) => !rows.has(factId))
  for (const row of await factsByIds(change, alone)) rows.set(row.fact_id, row)
  return { rows: [...rows.values()].filter((row) => isMovementFact(factOfRow(row))), joined }
}

function matesOf(fact: MovementFact, known: readonly MovementFact[]): MovementFact[] {
  const requestId = requestIdOf(fact)
  const isMate = (one: MovementFact) => one.connectionId === fact.connectionId && requestIdOf(one) === requestId
  return [fact, ...(requestId === null ? [] : known.filter(isMate))]
}

function sighting({ lane, occurredAt }: MovementFact, shown: MovementFact) {
  return { lane: lane ?? null, keys: searchKeysOf(credentialsOf(shown)), at: occurredAt }
}

async function factsByIds({ trx, source }: ParkingChange, facts: readonly { id: string }[]): Promise<ParkingFactRow[]> {
  if (facts.length === 0) return []
  return trx
    .selectFrom('parking_fact')
    .selectAll()
    .where('organization_id', '=', source.organizationId)
    .where('connection_id', '=', source.connectionId)
    .where(
      'vendor_event_id',
      'in',
      facts.map(({ id }) => id),
    )
    .where('superseded', '=', false)
    .execute()
}
