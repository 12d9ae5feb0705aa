// Owns bringing the stays that changed facts touch up to date: derive, match holders, write, assign facts to stays.
// Must not be called without the site's parking lock.
import { type PlateModel, untaughtPlateModel } from '../../domain/link/index.ts'
import { type DerivedStay, deriveStays, type StayFact } from '../../domain/stay/index.ts'
import { assignFacts } from '../../store/parking-facts.ts'
import { lockStays, type StayRow, writeStays } from '../../store/stays.ts'
import { watchExits } from './check-plugged-exit.ts'
import { loadNeighbourhood, type Neighbourhood } from './load-neighbourhood.ts'
import { matchHolders } from './match-holder.ts'
import { evaluateBill, evaluateLinks, type ParkingChange } from './parking-change.ts'
import { changeOf, type StayChange, stayEvents, stayRow, withdrawnRow } from './stay-row.ts'
import { wakeEvBays } from './wake-ev-bays.ts'

/**
 * @param lostStayOf the stay that each fact belonged to which does not count any more
 * @returns the id that each vendor reference stands for, with or without a stay so far
 */
export async function rederiveStays(
  change: ParkingChange,
  lostStayOf: ReadonlyMap<string, string>,
): Promise<(stayRef: string) => string | null> {
  const { trx, source, context, newId, now } = change
  const near = await loadNeighbourhood(trx, source, [...change.gained, ...change.lost], change.profiles)
  const derived = deriveStays(near.facts, { ...context, plateModelAt: (at) => modelAt(near, at) }, near.joined)
  const before = await lockStays(
    trx,
    source,
    [...derived.map(({ key }) => key), ...[...near.stayRefs].map((ref) => `ref:${ref}`)],
    [...new Set([...near.stayOf.values(), ...lostStayOf.values()])],
  )
  const rows = pairRows(derived, before, near.stayOf)
  const holders = await matchHolders(trx, source.organizationId, derived)
  const ids = idsByRef(near, before, { facts: change.lost, stayOf: lostStayOf }, newId)
  const stayIds = derived.map((stay) => rows.get(stay)?.stay_id ?? ids.get(stay.stayRef ?? '') ?? newId())
  const changes = derived.flatMap((stay, index): StayChange[] => {
    const row = rows.get(stay) ?? null
    const holder = holders[index]
    const stayId = stayIds[index]
    if (!holder || stayId === undefined) return []
    const next = changeOf(stayRow(source, stayId, stay, holder, row, now), row)
    return next ? [next] : []
  })
  const kept = new Set([...rows.values()].map((row) => row.stay_id))
  for (const row of before) {
    const isComplete = row.stay_ref === null || near.stayRefs.has(row.stay_ref)
    if (kept.has(row.stay_id) || row.flags.includes('withdrawn') || !isComplete) continue
    changes.push({ row: withdrawnRow(row, now), before: row, changed: ['state'] })
  }
  changes.sort((a, b) => (a.row.stay_id < b.row.stay_id ? -1 : 1))
  await writeStays(
    trx,
    changes.map(({ row }) => row),
  )
  await assignFacts(trx, source, assignments(near.facts, derived, stayIds, ids, near.stayOf))
  await watchExits(trx, source.organizationId, changes, now)
  await wakeEvBays(
    change,
    changes.map(({ row }) => row.stay_id),
  )
  for (const one of changes) {
    change.events.push(...stayEvents(one, newId, now))
    evaluateLinks(change, { stayId: one.row.stay_id })
    evaluateBill(change, `stay:${one.row.stay_id}`)
  }
  return (stayRef) => ids.get(stayRef) ?? null
}

/** A version counts from when it was made: what was decided before it is decided the same whenever it is derived again. */
function modelAt({ plateModels }: Neighbourhood, at: Date): PlateModel {
  return plateModels.find(({ since }) => since <= at)?.model ?? untaughtPlateModel
}

/** The stored row of each stay: the one of the same key, else one that its facts belonged to. */
function pairRows(
  derived: readonly DerivedStay[],
  before: readonly StayRow[],
  stayOf: ReadonlyMap<string, string>,
): Map<DerivedStay, StayRow> {
  const pairs = new Map<DerivedStay, StayRow>()
  const free = new Map(before.map((row) => [row.stay_id, row]))
  const pair = (stay: DerivedStay, row: StayRow | undefined) => {
    if (!row || !free.delete(row.stay_id)) return
    pairs.set(stay, row)
  }
  for (const stay of derived) {
    pair(
      stay,
      before.find((row) => row.stay_key === stay.key),
    )
  }
  for (const stay of derived) {
    if (pairs.has(stay)) continue
    // A named stay keeps to its name, and a row of another name is another stay.
    const rows = stay.factIds
      .map((factId) => free.get(stayOf.get(factId) ?? ''))
      .filter((row) => row?.stay_ref === null && stay.stayRef === null)
    pair(stay, rows[0])
  }
  return pairs
}

/**
 * A name gets its id with its first fact, so that a payment can be booked before the gate has told of the stay. It keeps the id
 * when that fact gives way to its next revision: the payment stands under it.
 */
function idsByRef(
  near: Neighbourhood,
  before: readonly StayRow[],
  lost: Pick<Neighbourhood, 'stayOf'> & { facts: readonly StayFact[] },
  newId: () => string,
): ReadonlyMap<string, string> {
  const ids = new Map<string, string>()
  for (const row of before) if (row.stay_ref !== null) ids.set(row.stay_ref, row.stay_id)
  for (const fact of [...near.facts, ...lost.facts]) {
    const stayId = near.stayOf.get(fact.factId) ?? lost.stayOf.get(fact.factId)
    if (fact.stayRef !== undefined && stayId !== undefined && !ids.has(fact.stayRef)) ids.set(fact.stayRef, stayId)
  }
  for (const ref of near.stayRefs) if (!ids.has(ref)) ids.set(ref, newId())
  return ids
}

function assignments(
  facts: readonly StayFact[],
  derived: readonly DerivedStay[],
  stayIds: readonly string[],
  ids: ReadonlyMap<string, string>,
  stayOf: ReadonlyMap<string, string>,
): { factId: string; stayId: string | null }[] {
  const owner = new Map<string, string>()
  for (const fact of facts) {
    const stayId = fact.stayRef === undefined ? undefined : ids.get(fact.stayRef)
    if (stayId !== undefined) owner.set(fact.factId, stayId)
  }
  for (const [index, stay] of derived.entries()) {
    for (const factId of stay.factIds) owner.set(factId, owner.get(factId) ?? stayIds[index] ?? '')
  }
  return facts
    .map(({ factId }) => ({ factId, stayId: owner.get(factId) ?? null }))
    .filter(({ factId, stayId }) => (stayOf.get(factId) ?? null) !== stayId)
}
