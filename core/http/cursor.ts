// Owns the text of a cursor: a place in a sorted list, opaque to callers.
// Must not trust one that comes back; the store checks that it fits the list.
import { HubError } from '../domain/hub-error.ts'
import type { ListQuery } from '../services/manage/records.ts'

type Place = NonNullable<ListQuery['after']>

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

/** The query of a list as its service takes it: the cursor read, everything else as it is. */
export function listQuery<Q extends { cursor?: string }>(query: Q): Omit<Q, 'cursor'> & { after: Place | undefined } {
  const { cursor, ...rest } = query
  return { ...rest, after: placeOf(cursor) }
}
