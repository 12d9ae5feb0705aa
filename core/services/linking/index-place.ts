// Owns where a stay or session stands in the index by which they find each other, and from when on it stands there no more.
// Must not read or write the index.
import { linkIndexKeys, type SessionView, type StayView } from '../../domain/link/index.ts'
import type { IndexPlace } from '../../store/links.ts'
import type { StayRow } from '../../store/stays.ts'

/** How long before its exit a car whose entry was not seen is looked for. */
const longestUnseenMs = 7 * 86_400_000

/** A session that is gone, or history by now, has none. */
export function placeInIndex(session: SessionView | undefined, ended: Date): IndexPlace | null {
  if (session === undefined || isPast(session, ended)) return null
  return { keys: linkIndexKeys(session), from_at: session.pluggedAt, to_at: session.pluggedAt }
}

export function placeOfStay(stay: StayView, row: StayRow): IndexPlace | null {
  const { entered_at, exited_at, exit_before, state } = row
  const from = entered_at ?? (exited_at ? new Date(exited_at.getTime() - longestUnseenMs) : null)
  if (state === 'voided' || from === null) return null
  return { keys: linkIndexKeys(stay), from_at: from, to_at: exited_at ?? exit_before }
}

export function isPast({ pluggedAt, unpluggedAt }: SessionView, ended: Date): boolean {
  return (unpluggedAt ?? pluggedAt) < ended
}

export function isHistory(
  { entered_at, exited_at, exit_before }: StayRow,
  since: { ended: Date; open: Date },
): boolean {
  const end = exited_at ?? exit_before
  return end !== null ? end < since.ended : entered_at !== null && entered_at < since.open
}
