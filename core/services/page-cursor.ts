// Owns the text of a cursor: a place in a sorted list, opaque to callers.
// Must not trust one that comes back; the store checks that it fits the list.
import { HubError } from '../domain/hub-error.ts'
import type { Place } from '../store/keyset.ts'

export function cursorOf(place: Place | null): string | null {
  return place === null ? null : Buffer.from(JSON.stringify(place)).toString('base64url')
}

export function placeOf(cursor: string | undefined): Place | undefined {
  if (cursor === undefined) return undefined
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    if (Array.isArray(place) && place.every((part) => typeof part === 'string')) return place
  } catch {
    // Said below.
  }
  throw new HubError('invalid_cursor', 'This is no cursor that the hub gave.', {
    level: 'info',
    status: 422,
    pointer: '/cursor',
  })
}
