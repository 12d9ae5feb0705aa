// Owns what the clocks say: whether stay and session can overlap at all, and how well their times fit.
// Must never identify anyone; times only exclude, support or cast doubt.
import { durationText, type Evidence, type Exclusion, instant, minutesBetween } from './evidence.ts'
import type { LinkPolicy } from './link-policy.ts'
import type { SessionView, StayView } from './link-view.ts'
import { linkWeights } from './link-weights.ts'

/** The cable can go in only while the car is there, give or take what gate and charger clocks disagree by. */
export function timeExclusion(stay: StayView, session: SessionView, policy: LinkPolicy): Exclusion | null {
  const plugged = instant(session.pluggedAt)
  if (plugged === null) return { reason: 'no-time', detail: 'It is not known when the cable went in.' }
  const entered = instant(stay.enteredAt)
  const exited = instant(stay.exitedAt)
  const early = entered === null ? 0 : minutesBetween(plugged, entered)
  if (early > policy.skewToleranceMinutes) {
    return { reason: 'before-entry', detail: `The stay began ${durationText(early)} after the cable went in.` }
  }
  const late = exited === null ? 0 : minutesBetween(exited, plugged)
  if (late > policy.skewToleranceMinutes) {
    return { reason: 'after-exit', detail: `The stay ended ${durationText(late)} before the cable went in.` }
  }
  return null
}

/**
 * How well the times fit, for a pair that `timeExclusion` lets pass.
 * @param impliedExit when the same car was seen entering again, for a stay whose exit is missing
 */
export function timeEvidence(
  stay: StayView,
  session: SessionView,
  policy: LinkPolicy,
  impliedExit: number | null,
): Evidence | null {
  const plugged = instant(session.pluggedAt) ?? 0
  const entered = instant(stay.enteredAt)
  const exited = instant(stay.exitedAt)
  const unplugged = instant(session.unpluggedAt)
  const parts: { weight: number; text: string }[] = []
  const say = (weight: number, text: string) => parts.push({ weight, text })

  if (entered !== null) {
    const gap = minutesBetween(entered, plugged)
    if (gap < 0) say(linkWeights.beforeEntry, `the cable went in ${durationText(-gap)} before the entry, by the clocks`)
    else if (gap <= 15) say(linkWeights.pluggedSoon, `the cable went in ${durationText(gap)} after the entry`)
    else if (gap <= 60) say(linkWeights.pluggedWithinHour, `the cable went in ${durationText(gap)} after the entry`)
    else if (gap > 240) say(linkWeights.pluggedLate, `the cable went in only ${durationText(gap)} after the entry`)
  }
  if (exited !== null && plugged > exited) {
    say(
      linkWeights.afterExit,
      `the cable went in ${durationText(minutesBetween(exited, plugged))} after the exit, by the clocks`,
    )
  }
  if (exited === null && impliedExit !== null && plugged >= impliedExit) {
    say(linkWeights.enteredAgain, 'the same car was seen entering again before the cable went in')
  }
  if (exited !== null && unplugged !== null) {
    const after = minutesBetween(exited, unplugged)
    if (after > policy.skewToleranceMinutes) {
      say(linkWeights.pluggedAfterExit, `the cable stayed in ${durationText(after)} beyond the exit`)
    } else if (after >= -30 && plugged <= exited) {
      say(linkWeights.leftSoonAfter, `the car left ${durationText(Math.max(0, -after))} after unplugging`)
    }
  }
  if (parts.length === 0) return null
  const text = parts.map((part) => part.text).join('; ')
  return {
    method: 'time',
    weight: parts.reduce((sum, { weight }) => sum + weight, 0),
    detail: `${text.charAt(0).toUpperCase()}${text.slice(1)}.`,
    certain: false,
  }
}
