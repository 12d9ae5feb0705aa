// Owns gate movements: a passage together with the request it answers, and the backout that undoes it.
// Must not open or close stays. A request or decision without a passage is no movement (Arivo's three levels).
import { credentialsOf, type FactOf, requestIdOf, type StayFact, searchKeysOf } from './stay-fact.ts'

export interface Pass {
  fact: FactOf<'gate.passed'>
  at: Date
  lane: string | null
  /** The request, decisions and backouts of the same movement. */
  mates: readonly StayFact[]
}

export type RequestFact = FactOf<'gate.requested' | 'gate.decided' | 'gate.backedOut'>

export function isRequestFact(fact: StayFact): fact is RequestFact {
  return fact.type === 'gate.requested' || fact.type === 'gate.decided' || fact.type === 'gate.backedOut'
}

/** Vendors that count their requests begin again some day: only facts this close are one movement. */
export const longestMovementMs = 60 * 60_000

type GateFact = FactOf<'gate.passed'> | RequestFact

function isGateFact(fact: StayFact): fact is GateFact {
  return fact.type === 'gate.passed' || isRequestFact(fact)
}

/** Same request at the same side of the gate, in one stretch of time. */
function isSameMovement(a: GateFact, b: GateFact): boolean {
  return (
    a.data.direction === b.data.direction &&
    Math.abs(a.occurredAt.getTime() - b.occurredAt.getTime()) <= longestMovementMs
  )
}

/** The reference that another fact of the same movement gives; the earliest that does. */
export function refsOfMovements(facts: readonly StayFact[]): (fact: StayFact) => string | undefined {
  const naming = new Map<string, (GateFact & { stayRef: string })[]>()
  for (const fact of facts) {
    const { requestId } = isGateFact(fact) ? fact.data : {}
    if (requestId === undefined || fact.stayRef === undefined) continue
    naming.set(requestId, [...(naming.get(requestId) ?? []), fact as GateFact & { stayRef: string }])
  }
  return (fact) => {
    if (!isGateFact(fact) || fact.data.requestId === undefined) return undefined
    return naming.get(fact.data.requestId)?.find((one) => isSameMovement(one, fact))?.stayRef
  }
}

/** Requests, decisions and backouts by the request they belong to. */
export function requestsOf(facts: readonly StayFact[]): ReadonlyMap<string, readonly RequestFact[]> {
  const requests = new Map<string, RequestFact[]>()
  for (const fact of facts) {
    const requestId = requestIdOf(fact)
    if (requestId === null || !isRequestFact(fact)) continue
    const known = requests.get(requestId)
    if (known) known.push(fact)
    else requests.set(requestId, [fact])
  }
  return requests
}

/** A vendor without request numbers tells by the credential who backed out, and soon. */
export const longestBackoutMs = 10 * 60_000

/** A backout that names no request. */
export function isLooseBackout(fact: StayFact): fact is FactOf<'gate.backedOut'> {
  return fact.type === 'gate.backedOut' && fact.data.requestId === undefined
}

/** Passages that backouts without a request number undo: each the last one before it that showed the same credential. */
function undoneByCredential(facts: readonly StayFact[]): ReadonlySet<StayFact> {
  const undone = new Set<StayFact>()
  for (const backout of facts.filter(isLooseBackout)) {
    const keys = new Set(searchKeysOf(credentialsOf(backout)))
    const passage = facts.findLast(
      (fact) =>
        fact.type === 'gate.passed' &&
        fact.data.requestId === undefined &&
        fact.data.direction === backout.data.direction &&
        fact.occurredAt < backout.occurredAt &&
        backout.occurredAt.getTime() - fact.occurredAt.getTime() <= longestBackoutMs &&
        searchKeysOf(credentialsOf(fact)).some((key) => keys.has(key)),
    )
    if (passage) undone.add(passage)
  }
  return undone
}

/** Passages that stand: one that the car reversed out of afterwards is none. Going in again after a backout counts. */
export function passesOf(facts: readonly StayFact[], requests: ReadonlyMap<string, readonly RequestFact[]>): Pass[] {
  const backedOut = undoneByCredential(facts)
  return facts.flatMap((fact) => {
    if (fact.type !== 'gate.passed' || backedOut.has(fact)) return []
    const asked = fact.data.requestId === undefined ? [] : (requests.get(fact.data.requestId) ?? [])
    const mates = asked.filter((mate) => isSameMovement(mate, fact))
    const undone = mates.some((mate) => mate.type === 'gate.backedOut' && mate.occurredAt > fact.occurredAt)
    return undone ? [] : [{ fact, at: fact.occurredAt, lane: fact.lane ?? null, mates }]
  })
}
