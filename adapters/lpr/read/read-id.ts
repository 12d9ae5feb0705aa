// Owns the name of a read where its vendor gives none: the same delivery twice must have the same.
// Must not hold a plate in clear: names of reads stand in logs.
import { createHash } from 'node:crypto'

export function readId(...parts: readonly (string | undefined)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 32)
}

/** A name without a time of the camera's own: the same car in the same minute is the same delivery again. */
export function minuteOf(receivedAt: Date): string {
  return `received ${Math.floor(receivedAt.getTime() / 60_000)}`
}
