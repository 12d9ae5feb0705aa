// Owns the judgement whether an EVSE keeps to what it may draw, by what its meter says (an answer "accepted" proves nothing).
// Must not act on it.
import type { GuardSettings, LoadEvse } from './load-site.ts'
import { worstOf } from './worst-case.ts'

export type Watched = Pick<LoadEvse, 'overSince' | 'ignoringSince'>

/**
 * Held against the most that it may have been bound by since shortly before the sample. One that draws more for longer than the grace
 * ignores its limits, and does so until a person trusts it again.
 */
export function watch(evse: LoadEvse, now: Date, settings: GuardSettings): Watched {
  const { measured, overSince, ignoringSince } = evse
  if (ignoringSince !== null || measured === null || measured.at > now) return { overSince, ignoringSince }
  const before = new Date(measured.at.getTime() - settings.settleMs)
  const allowed = worstOf(evse, before, before, settings)
  const tolerance = Math.max(settings.toleranceA, settings.tolerancePart * allowed)
  if (measured.amps <= allowed + tolerance) return { overSince: null, ignoringSince }
  const since = overSince ?? measured.at
  const ignores = measured.at.getTime() - since.getTime() >= settings.graceMs
  return { overSince: since, ignoringSince: ignores ? now : null }
}
