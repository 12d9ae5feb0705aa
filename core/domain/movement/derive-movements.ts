// Owns the middle of the three levels (event, movement, stay): which facts tell of one vehicle at one lane, and what became of it.
// Must not open or close stays, and must not depend on the order in which facts arrived.
import { normalisePlate } from '../credential/index.ts'
import type { Direction } from '../parking-fact.ts'
import {
  compareText,
  credentialsOf,
  isLooseBackout,
  longestBackoutMs,
  longestMovementMs,
  requestIdOf,
  type StayFact,
  searchKeysOf,
} from '../stay/index.ts'

/** A fact that counts (superseded ones are left out), with the connection that reported it: request numbers are its own. */
export type MovementFact = StayFact & { connectionId: string }

export const movementKinds = ['passed', 'turned_round', 'refused', 'granted', 'asked', 'seen'] as const
export type MovementKind = (typeof movementKinds)[number]

export interface Movement {
  /** `granted` and `asked`: nothing is known of what the vehicle did then. `seen`: only a camera or reader tells of it. */
  kind: MovementKind
  /** When it passed, turned round or was decided about; else when it was first told of. */
  at: Date
  from: Date
  lane: string | null
  direction: Direction | null
  /** Why it was refused, in the parking system's code. */
  reason: string | null
  plate: string | null
  searchKeys: readonly string[]
  factIds: readonly string[]
}

/** A passage without a request number belongs to the last request at its lane that showed the same credential. */
export const longestApproachMs = 5 * 60_000
/** Two reads of one vehicle, two reports of one passage. */
export const sameMomentMs = 2 * 60_000

interface Group {
  facts: MovementFact[]
  keys: Set<string>
}

export function isMovementFact(fact: StayFact): boolean {
  return (
    fact.type.startsWith('gate.') ||
    (fact.type === 'credential.observed' && fact.data.role === 'gate' && fact.lane !== undefined)
  )
}

/**
 * Movements in order of time. Facts that are about no lane are left out.
 * @param joined by reads of cameras the facts of their car, as core/domain/stay/join-reads.ts gives them for each connection
 */
export function deriveMovements(
  facts: readonly MovementFact[],
  joined: ReadonlyMap<string, readonly string[]> = new Map(),
): Movement[] {
  const sorted = facts.filter(isMovementFact).sort(byTimeAndName)
  const gates = sorted.filter((fact) => fact.type !== 'credential.observed')
  const asked = chained(
    gates.filter((fact) => requestIdOf(fact) !== null),
    (a, b) => sameRequest(a, b) && gap(a, b) <= longestMovementMs,
  )
  const unasked = chained(
    gates.filter((fact) => requestIdOf(fact) === null),
    (a, b) =>
      sameSide(a, b) &&
      sharesKey(keysOf(a), keysOf(b)) &&
      gap(a, b) <= (isLooseBackout(a) || isLooseBackout(b) ? longestBackoutMs : sameMomentMs),
  )
  const groups = [...asked, ...attachPassages(unasked, asked)]
  const reads = chained(
    sorted.filter((fact) => fact.type === 'credential.observed'),
    (a, b) => a.lane === b.lane && sharesKey(keysOf(a), keysOf(b)) && gap(a, b) <= sameMomentMs,
  )
  return [...groups, ...attachReads(reads, groups, joined)]
    .map(movementOf)
    .sort((a, b) => a.at.getTime() - b.at.getTime() || compareText(a.factIds[0] ?? '', b.factIds[0] ?? ''))
}

function byTimeAndName(a: MovementFact, b: MovementFact): number {
  return (
    a.occurredAt.getTime() - b.occurredAt.getTime() ||
    compareText(a.id, b.id) ||
    compareText(a.connectionId, b.connectionId)
  )
}

function gap(a: MovementFact, b: MovementFact): number {
  return Math.abs(a.occurredAt.getTime() - b.occurredAt.getTime())
}

function directionOf(fact: MovementFact): Direction | null {
  return 'direction' in fact.data ? fact.data.direction : null
}

function sameRequest(a: MovementFact, b: MovementFact): boolean {
  return a.connectionId === b.connectionId && requestIdOf(a) === requestIdOf(b) && directionOf(a) === directionOf(b)
}

function sameSide(a: MovementFact, b: MovementFact): boolean {
  return a.lane === b.lane && directionOf(a) === directionOf(b)
}

function keysOf(fact: MovementFact): readonly string[] {
  return searchKeysOf(credentialsOf(fact))
}

function sharesKey(a: Iterable<string>, b: Iterable<string>): boolean {
  const known = new Set(a)
  for (const key of b) if (known.has(key)) return true
  return false
}

/** Everything that hangs together, directly or through others: the same groups whatever the order. */
function chained(facts: readonly MovementFact[], belongs: (a: MovementFact, b: MovementFact) => boolean): Group[] {
  let groups: Group[] = []
  for (const fact of facts) {
    const near = groups.filter((group) => group.facts.some((one) => belongs(one, fact)))
    const merged = groupOf([...near.flatMap((group) => group.facts), fact])
    groups = [...groups.filter((group) => !near.includes(group)), merged]
  }
  return groups
}

function groupOf(facts: readonly MovementFact[]): Group {
  const sorted = [...facts].sort(byTimeAndName)
  return { facts: sorted, keys: new Set(sorted.flatMap(keysOf)) }
}

const firstOf = (group: Group) => group.facts[0] as MovementFact

/** Each group of passages goes to the nearest request before it that has no passage, the nearest of all first. */
function attachPassages(unasked: readonly Group[], asked: Group[]): Group[] {
  const pairs = unasked.flatMap((group) => {
    const passage = firstOf(group)
    return asked.flatMap((request) => {
      const first = firstOf(request)
      const apart = passage.occurredAt.getTime() - first.occurredAt.getTime()
      const fits =
        apart >= 0 &&
        apart <= longestApproachMs &&
        sameSide(first, passage) &&
        !request.facts.some((fact) => fact.type === 'gate.passed' || fact.type === 'gate.backedOut') &&
        sharesKey(request.keys, group.keys)
      return fits ? [{ group, request, apart }] : []
    })
  })
  pairs.sort(
    (a, b) =>
      a.apart - b.apart ||
      byTimeAndName(firstOf(a.group), firstOf(b.group)) ||
      byTimeAndName(firstOf(a.request), firstOf(b.request)),
  )
  const taken = new Set<Group>()
  const grown = new Map<Group, Group>()
  for (const { group, request } of pairs) {
    if (taken.has(group) || grown.has(request)) continue
    taken.add(group)
    grown.set(request, group)
  }
  for (const [request, group] of grown) Object.assign(request, groupOf([...request.facts, ...group.facts]))
  return unasked.filter((group) => !taken.has(group))
}

/**
 * Reads go to the nearest movement at their lane that shows the same vehicle, else to that of the car they were joined to; the rest
 * are movements that were only seen.
 */
function attachReads(
  reads: readonly Group[],
  movements: readonly Group[],
  joined: ReadonlyMap<string, readonly string[]>,
): Group[] {
  const taken = new Map<Group, MovementFact[]>()
  const alone = reads.filter((read) => {
    const lane = firstOf(read).lane
    const near = movements
      .filter((group) => group.facts.some((fact) => fact.lane === lane) && sharesKey(group.keys, read.keys))
      .map((group) => ({ group, apart: Math.min(...group.facts.flatMap((a) => read.facts.map((b) => gap(a, b)))) }))
      .filter(({ apart }) => apart <= sameMomentMs)
      .sort((a, b) => a.apart - b.apart || byTimeAndName(firstOf(a.group), firstOf(b.group)))[0]
    const car = read.facts.flatMap(({ factId }) => joined.get(factId) ?? [])
    const group = near?.group ?? movements.find(({ facts }) => facts.some(({ factId }) => car.includes(factId)))
    if (group === undefined) return true
    taken.set(group, [...(taken.get(group) ?? []), ...read.facts])
    return false
  })
  for (const [group, facts] of taken) Object.assign(group, groupOf([...group.facts, ...facts]))
  return alone
}

function movementOf({ facts, keys }: Group): Movement {
  const gates = facts.filter((fact) => fact.type !== 'credential.observed')
  const backout = gates.findLast((fact) => fact.type === 'gate.backedOut')
  const passage = gates.findLast(
    (fact) => fact.type === 'gate.passed' && !(backout !== undefined && backout.occurredAt > fact.occurredAt),
  )
  const decided = gates.findLast((fact) => 'decision' in fact.data && fact.data.decision !== undefined)
  const kind = kindOf({ passage, backout, decided, anything: gates.length > 0 })
  const told = { passed: passage, turned_round: backout, refused: decided, granted: decided }
  const main = (kind in told ? told[kind as keyof typeof told] : undefined) ?? (facts[0] as MovementFact)
  const { reasonCode = null } = decided !== undefined && 'reasonCode' in decided.data ? decided.data : {}
  return {
    kind,
    at: main.occurredAt,
    from: (facts[0] as MovementFact).occurredAt,
    lane: main.lane ?? facts.find((fact) => fact.lane !== undefined)?.lane ?? null,
    direction: gates[0] === undefined ? null : directionOf(gates[0]),
    reason: kind === 'refused' ? reasonCode : null,
    plate: plateIn(facts),
    searchKeys: [...keys].sort(compareText),
    factIds: facts.map((fact) => fact.factId),
  }
}

function kindOf(of: {
  passage: MovementFact | undefined
  backout: MovementFact | undefined
  decided: MovementFact | undefined
  anything: boolean
}): MovementKind {
  if (of.passage !== undefined) return 'passed'
  if (of.backout !== undefined) return 'turned_round'
  if (!of.anything) return 'seen'
  const decision = of.decided !== undefined && 'decision' in of.decided.data ? of.decided.data.decision : undefined
  return decision === 'declined' ? 'refused' : decision === 'granted' ? 'granted' : 'asked'
}

/** The passage's own reading before that of a request or camera. */
function plateIn(facts: readonly MovementFact[]): string | null {
  const passed = facts.filter((fact) => fact.type === 'gate.passed')
  for (const fact of [...passed, ...facts]) {
    for (const shown of credentialsOf(fact)) {
      const reading = shown.kind === 'plate' ? normalisePlate(shown.value, shown.country) : null
      if (reading?.outcome === 'plate') return reading.text
    }
  }
  return null
}
