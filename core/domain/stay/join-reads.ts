// Owns which car at a lane a camera saw that stands there beside a parking system: the system knows the stay, the camera the plate.
// Must not guess: where two cars, or two plates, come into question, the read stays alone.
import type { ReportedCredential } from '../parking-fact.ts'
import { samePlate } from '../reader-binding.ts'
import { credentialsOf, type FactOf, requestIdOf, type StayFact, searchKeysOf } from './stay-fact.ts'

/** Our own figure: two clocks that are kept roughly right, and less than the time between two cars at one gate. */
export const seenTogetherMs = 5_000

export type LaneRead = FactOf<'credential.observed'> & { lane: string }

export function isLaneRead(fact: StayFact): fact is LaneRead {
  return (
    fact.type === 'credential.observed' &&
    fact.data.role === 'gate' &&
    fact.lane !== undefined &&
    fact.stayRef === undefined &&
    fact.data.credentials.length > 0
  )
}

/** A car stood at a lane, and the parking system knows something of it. */
export function isCarAtLane(fact: StayFact): boolean {
  const tells = fact.type.startsWith('gate.') || fact.type === 'stay.opened' || fact.type === 'stay.closed'
  return tells && fact.lane !== undefined
}

/**
 * For each read the facts of its car, by fact id. What decides about a read is all within three times `seenTogetherMs` of the car's
 * facts, at the same lane: given that much, more facts change nothing.
 */
export function joinReads(facts: readonly StayFact[]): ReadonlyMap<string, readonly string[]> {
  const reads = facts.filter(isLaneRead)
  const cars = facts.filter(isCarAtLane)
  const joined = new Map<string, readonly string[]>()
  for (const read of reads) {
    const car = carOf(
      read,
      cars.filter((fact) => together(fact, read)),
      reads,
    )
    if (car)
      joined.set(
        read.factId,
        car.map(({ factId }) => factId),
      )
  }
  return joined
}

function carOf(read: LaneRead, near: readonly StayFact[], reads: readonly LaneRead[]): readonly StayFact[] | undefined {
  const groups = oneCarEach(near)
  const keys = new Set(keysOf(read))
  // Both tell the same plate or card: that is the car, whoever else is there.
  const [named, ...others] = groups.filter((group) => group.some((fact) => keysOf(fact).some((key) => keys.has(key))))
  if (named) return others.length === 0 ? named : undefined
  const [only, ...more] = groups
  if (only === undefined || more.length > 0) return undefined
  const plates = only.flatMap(credentialsOf).filter(({ kind }) => kind === 'plate')
  const another = plates.length > 0 && !plates.some((plate) => read.data.credentials.some((one) => isSame(one, plate)))
  const rival = reads.some((one) => only.some((fact) => together(fact, one)) && tellsAnother(one, read))
  return another || rival ? undefined : only
}

function together(a: StayFact, b: StayFact): boolean {
  return a.lane === b.lane && Math.abs(a.occurredAt.getTime() - b.occurredAt.getTime()) <= seenTogetherMs
}

function keysOf(fact: StayFact): readonly string[] {
  return searchKeysOf(credentialsOf(fact))
}

/** Facts that hang together by the vendor's reference, the request or what was shown. */
function oneCarEach(facts: readonly StayFact[]): StayFact[][] {
  let groups: StayFact[][] = []
  for (const fact of facts) {
    const own = groups.filter((group) => group.some((one) => isOneCar(one, fact)))
    groups = [...groups.filter((group) => !own.includes(group)), [...own.flat(), fact]]
  }
  return groups
}

function isOneCar(a: StayFact, b: StayFact): boolean {
  if (a.stayRef !== undefined && a.stayRef === b.stayRef) return true
  const requestId = requestIdOf(a)
  if (requestId !== null && requestId === requestIdOf(b)) return true
  const keys = new Set(keysOf(a))
  return keysOf(b).some((key) => keys.has(key))
}

/** A card and a plate may be of one car; two plates that are no reading of each other are not. */
function tellsAnother(a: LaneRead, b: LaneRead): boolean {
  return a.data.credentials.some((one) =>
    b.data.credentials.some((other) => one.kind === other.kind && !isSame(one, other)),
  )
}

function isSame(a: ReportedCredential, b: ReportedCredential): boolean {
  if (a.kind !== b.kind) return false
  if (a.kind !== 'plate') {
    const keys = new Set(searchKeysOf([a]))
    return searchKeysOf([b]).some((key) => keys.has(key))
  }
  return samePlate(shown(a), shown(b))
}

function shown({ value, country }: ReportedCredential): { text: string; country?: string } {
  return { text: value, ...(country === undefined ? {} : { country }) }
}
