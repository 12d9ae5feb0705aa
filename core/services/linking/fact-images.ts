// Owns finding the pictures that a fact refers to, wherever its adapter put them: on the fact or on a credential of it.
// Must not fetch one: a picture is looked at by whoever may, where it is kept.
import type { ParkingFactRow } from '../../store/parking-facts.ts'

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

export function imagesOf(fact: ParkingFactRow): FactImage[] {
  const data = fact.data as { images?: unknown; credentials?: unknown }
  const credentials = Array.isArray(data.credentials) ? data.credentials : []
  const all = [data, ...credentials].flatMap((one: unknown) => {
    const images = isObject(one) ? one.images : undefined
    return Array.isArray(images) ? images.filter(isObject) : []
  })
  return all.slice(0, mostImages).map((image) => ({
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
