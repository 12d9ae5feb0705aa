// Owns how a stay is cut: into days and weeks as a rate card means them, and into hours that count and hours that do not.
// Must not price.
import { dayStartsBetween, localSegments, timesOfDayBetween, wallClock } from '../../core/plugin/index.ts'
import type { RateCard } from './rules.ts'

const dayMs = 86_400_000

export interface Stretch {
  from: number
  to: number
}

/** An unbroken stretch inside one of the card's windows. */
export interface Occurrence {
  window: number
  ms: number
}

export interface StayDay {
  /** Time in the open, for the bands. */
  ms: number
  occurrences: Occurrence[]
  /** Which week of the stay it begins in, from 0. */
  week: number
}

/**
 * @param counted the part of the stay that is charged for; days are still counted from `enteredAt`
 * @param off stretches that cost nothing, in order and apart from each other
 */
export function daysOfStay(
  card: RateCard,
  stay: { enteredAt: number; exitedAt: number },
  counted: Stretch,
  zone: string,
  off: readonly Stretch[],
): StayDay[] {
  const { enteredAt, exitedAt } = stay
  const weeks = card.weekMaximum === undefined ? [] : weekStarts(card, enteredAt, exitedAt, zone)
  const days = dayStarts(card, enteredAt, exitedAt, zone)
  const starts = [enteredAt, ...((card.day ?? 'none') === 'none' ? weeks : days)]
  const weekOf = (at: number) => weeks.filter((week) => week <= at).length
  const result: StayDay[] = starts.map((at) => ({ ms: 0, occurrences: [], week: weekOf(at) }))
  for (const segment of localSegments(counted.from, counted.to, zone, card.windows ?? [])) {
    if (segment.window !== -1) {
      const ms = lengthWithout(segment, off)
      // An occurrence belongs to the day that it begins on, so that a night is charged once.
      if (ms > 0) result[starts.findLastIndex((at) => at <= segment.from)]?.occurrences.push({ ...segment, ms })
      continue
    }
    for (const [i, start] of starts.entries()) {
      const piece = { from: Math.max(start, segment.from), to: Math.min(starts[i + 1] ?? exitedAt, segment.to) }
      const day = result[i]
      if (day !== undefined) day.ms += lengthWithout(piece, off)
    }
  }
  return result
}

function lengthWithout({ from, to }: Stretch, off: readonly Stretch[]): number {
  if (to <= from) return 0
  const lost = off.reduce((sum, each) => sum + Math.max(Math.min(each.to, to) - Math.max(each.from, from), 0), 0)
  return to - from - lost
}

/** Rolling days are 24 hours of elapsed time; a day of the wall may have 23 or 25 and still has one maximum. */
function dayStarts(card: RateCard, from: number, to: number, zone: string): number[] {
  if (card.day === 'calendar') return dayStartsBetween(from, to, zone)
  if (card.day === 'operating') return timesOfDayBetween(from, to, zone, card.dayStartsAt ?? '00:00')
  return card.day === 'rolling' ? every(dayMs, from, to) : []
}

function weekStarts(card: RateCard, from: number, to: number, zone: string): number[] {
  if (card.week !== 'calendar') return every(7 * dayMs, from, to)
  const days =
    card.day === 'operating'
      ? timesOfDayBetween(from, to, zone, card.dayStartsAt ?? '00:00')
      : dayStartsBetween(from, to, zone)
  return days.filter((at) => wallClock(at, zone).weekday === 'mon')
}

function every(length: number, from: number, to: number): number[] {
  const starts: number[] = []
  for (let at = from + length; at < to; at += length) starts.push(at)
  return starts
}
