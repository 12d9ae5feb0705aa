// Owns how a list's query is handed to its service: the cursor read, everything else as it is.
// Must not know what a cursor holds.
import { placeOf } from '../services/page-cursor.ts'

export { cursorOf, placeOf } from '../services/page-cursor.ts'

export function listQuery<Q extends { cursor?: string }>(
  query: Q,
): Omit<Q, 'cursor'> & { after: ReturnType<typeof placeOf> } {
  const { cursor, ...rest } = query
  return { ...rest, after: placeOf(cursor) }
}
