// Owns local times without a zone, as the database has them: reading, stepping, and which instant each was.
// Must not compare them with instants: a wall clock goes back once a year.
import { instantOfWall, instantsOfWallTime, withOffset } from '../../../core/plugin/index.ts'

/** "2019-10-27T02:30:00.000"; sorts as it runs, except in the hour that comes twice. */
export type Wall = string

const pattern = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?$/

export function readWall(text: string | null | undefined): Wall | null {
  if (typeof text !== 'string' || !pattern.test(text.trim())) return null
  const at = Date.parse(`${text.trim().replace(' ', 'T')}Z`)
  return Number.isNaN(at) ? null : stepped(at)
}

const stepped = (ms: number): Wall => new Date(ms).toISOString().slice(0, 23)

export const step = (wall: Wall, ms: number): Wall => stepped(Date.parse(`${wall}Z`) + ms)

export const wallNow = (now: Date, zone: string): Wall => step(withOffset(now, zone).slice(0, 19), 0)

/**
 * When it was. Of a time that the wall shows twice: the first of two rows that are alike is the earlier and the second the
 * later; one alone is the one not before `notBefore`, and otherwise the one nearer to when it was read. One that the wall
 * never shows comes from a device whose clock was not set, and is read as if it had been.
 */
export function instantOf(
  wall: Wall,
  zone: string,
  { readAt, occurrence, alike, notBefore }: { readAt: Date; occurrence: number; alike: number; notBefore: Date | null },
): Date | null {
  const [earlier, later] = instantsOfWallTime(wall, zone)
  if (earlier === undefined || later === undefined) return instantOfWall(wall, zone, readAt)
  if (alike > 1) return occurrence === 1 ? earlier : later
  if (notBefore !== null && earlier < notBefore) return later
  return instantOfWall(wall, zone, readAt)
}
