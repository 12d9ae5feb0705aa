// Owns finding the pictures that belong to a fact: those that its adapter put on it or on a credential, and those of the read it tells.
// Must not fetch one: a picture is looked at by whoever may, where it is kept.
import type { ParkingFactRow } from '../../store/parking-facts.ts'
import { picturesOfArrivals } from '../../store/readers.ts'
import type { Db } from '../../store/record-table.ts'
import { arrivalOfFact } from '../readers/read-fact.ts'

export interface FactImage {
  factId: string
  at: Date
  lane: string | null
  place: string | null
  /** As the adapter told it: its kind, and a file of the hub or an address of the vendor. */
  image: Record<string, unknown>
}

/** Of one fact; nobody looks at more. */
const mostImages = 10

/** The pictures of any of these facts, with one look at what cameras reported. */
export async function imagesOfFacts(
  db: Db,
  organizationId: string,
  facts: readonly ParkingFactRow[],
): Promise<(fact: ParkingFactRow) => FactImage[]> {
  const arrivals = [...new Set(facts.flatMap((fact) => arrivalOfFact(fact.vendor_event_id) ?? []))]
  const kept = new Map<string, Record<string, unknown>[]>()
  for (const { arrivalId, reportId, number, kind, url } of await picturesOfArrivals(db, organizationId, arrivals)) {
    const image = { kind, url: url ?? `/api/v1/reader-reports/${reportId}/images/${number}` }
    kept.set(arrivalId, [...(kept.get(arrivalId) ?? []), image])
  }
  return (fact) => [...told(fact, kept.get(arrivalOfFact(fact.vendor_event_id) ?? '') ?? []), ...imagesOf(fact)]
}

function imagesOf(fact: ParkingFactRow): FactImage[] {
  const data = fact.data as { images?: unknown; credentials?: unknown }
  const credentials = Array.isArray(data.credentials) ? data.credentials : []
  const all = [data, ...credentials].flatMap((one: unknown) => {
    const images = isObject(one) ? one.images : undefined
    return Array.isArray(images) ? images.filter(isObject) : []
  })
  return told(fact, all)
}

function told(fact: ParkingFactRow, images: readonly Record<string, unknown>[]): FactImage[] {
  return images.slice(0, mostImages).map((image) => ({
    factId: fact.fact_id,
    at: fact.occurred_at,
    lane: fact.lane_code,
    place: fact.place_code,
    image,
  }))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
