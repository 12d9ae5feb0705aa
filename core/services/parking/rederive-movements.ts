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
import type { ParkingChange } from './parking-change.ts'

/** @param lostMovements those that facts belonged to which do not count any more */
export async function rederiveMovements(change: ParkingChange, lostMovements: readonly string[]): Promise<void> {
  const { trx, source, newId } = change
  const changed = [...change.gained, ...change.lost].filter(isMovementFact)
  if (changed.length === 0) return
  const rows = await loadNeighbours(
    change,
    changed.map((fact) => ({ ...fact, connectionId: source.connectionId })),
  )
  const before = new Map(rows.map((row) => [row.fact_id, row.movement_id]))
  const free = new Set([...lostMovements, ...[...before.values()].filter((id) => id !== null)])
  const moved: { factId: string; movementId: string | null }[] = []
  const written = deriveMovements(rows.map(movementFact)).map((movement) => {
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

async function loadNeighbours(change: ParkingChange, changed: readonly MovementFact[]): Promise<ParkingFactRow[]> {
  const { trx, source } = change
  const rows = new Map<string, ParkingFactRow>()
  const looked = new Set<string>()
  let fresh: readonly MovementFact[] = changed
  while (fresh.length > 0) {
    const asked = fresh.flatMap((fact) => {
      const requestId = requestIdOf(fact)
      return requestId === null ? [] : [{ connectionId: fact.connectionId, requestId, at: fact.occurredAt }]
    })
    const seen = fresh.flatMap((fact) => {
      const keys = searchKeysOf(credentialsOf(fact))
      return keys.length === 0 ? [] : [{ lane: fact.lane ?? null, keys, at: fact.occurredAt }]
    })
    const found = [
      ...(await factsOfSiteRequests(trx, source, asked, longestMovementMs)),
      ...(await factsAtLanes(trx, source, seen, longestBackoutMs)),
    ]
    for (const row of found) rows.set(row.fact_id, row)
    // A fact that shows nothing and answers nothing is a movement by itself.
    fresh = found.filter((row) => !looked.has(row.fact_id)).map(movementFact)
    for (const { factId } of fresh) looked.add(factId)
    fresh = fresh.filter(isMovementFact)
  }
  const alone = change.gained.filter((fact) => isMovementFact(fact) && !rows.has(fact.factId))
  for (const row of await factsByIds(change, alone)) rows.set(row.fact_id, row)
  return [...rows.values()].filter((row) => isMovementFact(factOfRow(row)))
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
