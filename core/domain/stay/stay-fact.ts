// Owns the form in which parking facts enter the derivation of stays, and which of several revisions counts.
// Must not decide what a fact means for a stay; the folds do.
import {
  type DecodeProfile,
  normalisePlate,
  type Presentation,
  plateNeighbourKeys,
  searchKeys,
} from '../credential/index.ts'
import type { LinkPolicy, PlateModel } from '../link/index.ts'
import type { ParkingFact, ReportedCredential } from '../parking-fact.ts'

/** A stored fact: what was reported, under which row it is kept. */
export type StayFact = ParkingFact & { factId: string }

/** With the profile of the reader that reported it, where it has one: set by the hub whenever facts are read. */
export type SeenCredential = ReportedCredential & { readerProfile?: DecodeProfile }

export type FactOf<T extends ParkingFact['type']> = Extract<StayFact, { type: T }>

/** What the canonical form and the money of a stay depend on besides its facts. */
export interface StayContext {
  siteId: string
  /** Country of plates that come without one. */
  country?: string | undefined
  /** ISO 4217; payments in another currency are kept but not added up. */
  currency: string
  /** What the site's cameras were known to mix up at that instant; without it the usual confusions alone. */
  plateModelAt?: ((at: Date) => PlateModel) | undefined
  /** The site's thresholds as they are set now: what is derived again later goes by those of then. Without it the usual ones. */
  linkPolicy?: LinkPolicy | undefined
}

/** The highest revision of each id, in order of time: the same set gives the same list, however it arrived. */
export function effectiveFacts(facts: readonly StayFact[]): StayFact[] {
  const newest = new Map<string, StayFact>()
  for (const fact of facts) {
    const known = newest.get(fact.id)
    if (!known || known.revision < fact.revision) newest.set(fact.id, fact)
  }
  return [...newest.values()].sort(byTime)
}

export function byTime(a: StayFact, b: StayFact): number {
  return a.occurredAt.getTime() - b.occurredAt.getTime() || compareText(a.id, b.id)
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

export function presentationOf(reported: SeenCredential): Presentation {
  const { value, kind, encoding, bitLength, country, readerProfile } = reported
  return { raw: value, kind, encoding, bitLength, country, readerProfile }
}

export function credentialsOf(fact: ParkingFact): readonly ReportedCredential[] {
  switch (fact.type) {
    case 'gate.requested':
    case 'gate.decided':
    case 'gate.passed':
    case 'gate.backedOut':
    case 'credential.observed':
      return fact.data.credentials
    case 'stay.opened':
    case 'stay.closed':
    case 'stay.voided':
    case 'stay.priced':
    case 'bay.changed':
      return fact.data.credentials ?? []
    case 'stay.corrected': {
      const { credentials, plate } = fact.data.changed
      return [...(credentials ?? []), ...(plate === undefined ? [] : [{ kind: 'plate', value: plate } as const])]
    }
    default:
      return []
  }
}

export function requestIdOf(fact: ParkingFact): string | null {
  switch (fact.type) {
    case 'gate.requested':
    case 'gate.decided':
    case 'gate.passed':
    case 'gate.backedOut':
      return fact.data.requestId ?? null
    default:
      return null
  }
}

/** Index keys of everything the fact presents, sorted. */
export function searchKeysOf(credentials: readonly ReportedCredential[]): string[] {
  return [...new Set(credentials.flatMap((one) => searchKeys(presentationOf(one))))].sort(compareText)
}

/** Marks index keys of plates that were perhaps misread, so that they are never taken for those of what was shown. */
const nearMark = 'near:'

export function isNearKey(key: string): boolean {
  return key.startsWith(nearMark)
}

/** Index keys under which the plates shown, and the camera's other guesses at them, meet plates that are nearly the same. */
export function nearKeysOf(credentials: readonly ReportedCredential[]): string[] {
  const texts = credentials.flatMap(({ kind, value, candidates = [] }) =>
    kind === 'plate' ? [value, ...candidates.map((guess) => guess.value)] : [],
  )
  const keys = texts.flatMap((text) => {
    const plate = normalisePlate(text)
    return plate.outcome === 'plate' ? plateNeighbourKeys(plate.text) : []
  })
  return [...new Set(keys)].sort(compareText).map((key) => nearMark + key)
}

/** Keys under which a stored fact is found. A car driving on inside has no stay to be found by when its plate was misread there. */
export function factKeysOf(fact: ParkingFact): string[] {
  const credentials = credentialsOf(fact)
  const inside = fact.type === 'gate.passed' && fact.data.direction === 'internal'
  return [...searchKeysOf(credentials), ...(inside ? nearKeysOf(credentials) : [])]
}
