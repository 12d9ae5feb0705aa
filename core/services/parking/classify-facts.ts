// Owns what each incoming fact is beside what is stored: new, the same again, older than what we have, or at odds with it.
// Must not touch the database.
import { contentText } from '../../domain/content-text.ts'
import type { ParkingFact, ParkingResult } from '../../domain/parking-fact.ts'
import { factKeysOf, requestIdOf, type StayFact } from '../../domain/stay/index.ts'
import type { NewParkingFact, ParkingSource } from '../../store/parking-facts.ts'

export interface Classified {
  /** One per incoming fact, in order. */
  results: ParkingResult[]
  insert: NewParkingFact[]
  /** Stored facts that a higher revision has replaced. */
  superseded: string[]
  /** Facts that count now and did not before. */
  gained: StayFact[]
  /** Facts that counted before and do not now. */
  lost: StayFact[]
}

interface Known {
  fact: StayFact
  content: string
  isNew: boolean
}

/**
 * Takes the facts one after the other. A second, different content under the same id and revision is refused: which of the two
 * is right cannot be told, and the vendor has revisions to say so.
 */
export function classifyFacts(
  stored: readonly StayFact[],
  incoming: readonly ParkingFact[],
  source: ParkingSource,
  newFactId: () => string,
  receivedAt: Date,
  /** The fact as the readers' profiles tell it. */
  decoded: (fact: StayFact) => StayFact,
): Classified {
  const known = new Map<string, Map<number, Known>>()
  const remember = (fact: StayFact, isNew: boolean) => {
    const revisions = known.get(fact.id) ?? new Map<number, Known>()
    known.set(fact.id, revisions.set(fact.revision, { fact, content: contentOf(fact), isNew }))
  }
  for (const fact of stored) remember(fact, false)
  const before = newest(known)
  const results = incoming.map((fact): ParkingResult => {
    const { id, revision } = fact
    const revisions = known.get(id)
    const same = revisions?.get(revision)
    if (same) {
      if (same.content === contentOf(fact)) return { id, revision, status: 'duplicate' }
      return { id, revision, status: 'rejected', reason: 'revision_conflict', pointer: '/revision' }
    }
    const isOld = revisions !== undefined && Math.max(...revisions.keys()) > revision
    remember({ ...fact, factId: newFactId() } as StayFact, true)
    return { id, revision, status: isOld ? 'superseded' : 'stored' }
  })
  const after = newest(known)
  const gained: StayFact[] = []
  const lost: StayFact[] = []
  for (const [id, { fact, isNew }] of after) {
    const replaced = before.get(id)
    if (replaced?.fact === fact) continue
    if (isNew) gained.push(fact)
    if (replaced) lost.push(replaced.fact)
  }
  const insert = [...known.values()].flatMap((revisions) =>
    [...revisions.values()].flatMap(({ fact, isNew }) =>
      isNew ? [rowOf(fact, source, receivedAt, after.get(fact.id)?.fact !== fact, factKeysOf(decoded(fact)))] : [],
    ),
  )
  return {
    results,
    insert,
    superseded: lost.map(({ factId }) => factId),
    gained: gained.map(decoded),
    lost: lost.map(decoded),
  }
}

function newest(known: ReadonlyMap<string, ReadonlyMap<number, Known>>): Map<string, Known> {
  const effective = new Map<string, Known>()
  for (const [id, revisions] of known) {
    const last = revisions.get(Math.max(...revisions.keys()))
    if (last) effective.set(id, last)
  }
  return effective
}

/** What the fact says. That it was sent late is about the delivery: a repeat after an outage is still the same fact. */
function contentOf({ type, occurredAt, stayRef, lane, device, data }: ParkingFact): string {
  return contentText({ type, occurredAt, stayRef, lane, device, data })
}

function rowOf(
  fact: StayFact,
  source: ParkingSource,
  receivedAt: Date,
  superseded: boolean,
  searchKeys: string[],
): NewParkingFact {
  return {
    organization_id: source.organizationId,
    site_id: source.siteId,
    connection_id: source.connectionId,
    vendor_event_id: fact.id,
    revision: fact.revision,
    fact_id: fact.factId,
    type: fact.type,
    occurred_at: fact.occurredAt,
    received_at: receivedAt,
    backfilled: fact.backfilled,
    stay_ref: fact.stayRef ?? null,
    stay_key: fact.stayRef === undefined ? null : `ref:${fact.stayRef}`,
    request_id: requestIdOf(fact),
    lane_code: fact.lane ?? null,
    device_code: fact.device ?? null,
    place_code: placeOf(fact),
    search_keys: searchKeys,
    data: JSON.stringify(fact.data),
    superseded,
  }
}

/** The code under which the newest fact about a place is found. */
export function placeOf(fact: ParkingFact): string | null {
  switch (fact.type) {
    case 'bay.changed':
      return fact.data.bay
    case 'credential.observed':
      return fact.data.evse ?? fact.data.bay ?? null
    case 'occupancy.changed':
      return JSON.stringify([fact.data.counter, fact.data.category ?? ''])
    case 'equipment.changed':
      return fact.device ?? null
    case 'reservation.changed':
      return fact.data.reservationRef
    default:
      return null
  }
}
