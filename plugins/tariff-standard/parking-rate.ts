// Owns what a length of stay costs by one rate card: days, stretches, started intervals, maxima.
// Must not know tax, discounts or kinds of parkers.
import { Decimal } from '../../core/plugin/index.ts'
import { durationText } from './line.ts'
import {
  type BandSum,
  bandItem,
  dayItem,
  freeItem,
  overstayItems,
  type RateItem,
  stayItem,
  stretchText,
  weekItem,
  windowItem,
} from './rate-items.ts'
import type { Band, RateCard } from './rules.ts'
import { daysOfStay, type StayDay, type Stretch } from './stay-days.ts'

const minuteMs = 60_000

/** Time of the stay that costs nothing whatever the card says, and why. */
export interface TimeOff {
  stretches: readonly Stretch[]
  notes: readonly string[]
}

const nothingOff: TimeOff = { stretches: [], notes: [] }

export function rateStay(
  card: RateCard,
  enteredAt: number,
  exitedAt: number,
  zone: string,
  off: TimeOff = nothingOff,
): RateItem[] {
  const elapsed = Math.max(exitedAt - enteredAt, 0)
  const facts = `Stayed ${durationText(elapsed)}.`
  const { grace } = card
  if (grace?.mode === 'turnaround' && elapsed <= grace.minutes * minuteMs) {
    return [freeItem(elapsed, '/grace', [facts, `Left within ${grace.minutes} minutes: nothing is charged.`])]
  }
  const counted = countedPart(card, enteredAt, exitedAt)
  const notes = [facts, ...counted.notes, ...off.notes]
  if (counted.to <= counted.from) return [freeItem(elapsed, counted.rulePath, notes)]
  const days = daysOfStay(card, { enteredAt, exitedAt }, counted, zone, off.stretches)
  const items = limitedItems(card, days, notes)
  const longer = overstayItems(card, elapsed)
  if (items.length === 0) items.push(freeItem(elapsed, off.notes.length > 0 ? '/charging' : '/windows', notes))
  return [...items, ...longer]
}

/** The stay without what is free of it at its beginning and end. */
function countedPart(card: RateCard, enteredAt: number, exitedAt: number) {
  const { freeMinutes, exitMinutes, grace } = card
  const notes: string[] = []
  if (freeMinutes !== undefined) notes.push(`The first ${freeMinutes} minutes are free.`)
  if (exitMinutes !== undefined) notes.push(`The last ${exitMinutes} minutes, to the exit, are not counted.`)
  const tolerated = grace?.mode === 'interval' ? grace.minutes : 0
  if (tolerated > 0) notes.push(`${tolerated} minutes are tolerated at the end of each interval.`)
  return {
    from: enteredAt + (freeMinutes ?? 0) * minuteMs,
    to: exitedAt - (tolerated + (exitMinutes ?? 0)) * minuteMs,
    rulePath: freeMinutes !== undefined ? '/freeMinutes' : exitMinutes !== undefined ? '/exitMinutes' : '/grace',
    notes,
  }
}

interface DayPrice {
  bands: BandSum[]
  /** How often each window's price is due. */
  windows: number[]
  total: Decimal
  ms: number
}

/** Days at most at the daily maximum, weeks at the weekly one, the stay at its own: in this order. */
function limitedItems(card: RateCard, days: readonly StayDay[], notes: readonly string[]): RateItem[] {
  const { bands } = card
  const windows = card.windows ?? []
  const sum: DayPrice = dayPrice(card, { ms: 0, occurrences: [], week: 0 })
  const capped = { days: 0, dayMs: 0, weeks: 0, weekMs: 0 }
  for (const week of new Set(days.map((day) => day.week))) {
    const priced = days
      .filter((day) => day.week === week)
      .map((day) => dayPrice(card, day))
      .filter((day) => day.ms > 0)
    const over = (day: DayPrice) => card.dayMaximum !== undefined && day.total.gt(card.dayMaximum)
    const due = Decimal.sum(0, ...priced.map((day) => (over(day) ? new Decimal(card.dayMaximum ?? 0) : day.total)))
    if (card.weekMaximum !== undefined && due.gt(card.weekMaximum)) {
      capped.weeks += 1
      capped.weekMs += priced.reduce((all, day) => all + day.ms, 0)
      continue
    }
    for (const day of priced) {
      if (over(day)) {
        capped.days += 1
        capped.dayMs += day.ms
      } else {
        addTo(sum.bands, day.bands)
        for (const [i, count] of day.windows.entries()) sum.windows[i] = (sum.windows[i] ?? 0) + count
      }
    }
  }
  const items = [
    ...bands.flatMap((band, i) => bandItem(band, i, stretchText(bands, i), sum.bands[i], notes)),
    ...windows.flatMap((window, i) => windowItem(window, i, sum.windows[i] ?? 0, notes)),
    ...(capped.days > 0 ? [dayItem(card, capped.days, capped.dayMs, notes)] : []),
    ...(capped.weeks > 0 ? [weekItem(card, capped.weeks, capped.weekMs, notes)] : []),
  ]
  const total = totalOf(items)
  if (card.stayMaximum !== undefined && total.gt(card.stayMaximum)) return [stayItem(card.stayMaximum, total, notes)]
  return items
}

export function totalOf(items: readonly RateItem[]): Decimal {
  return Decimal.sum(0, ...items.map((item) => item.amount))
}

function dayPrice(card: RateCard, day: StayDay): DayPrice {
  const bands = inBands(card, day.ms)
  const windows = (card.windows ?? []).map(() => 0)
  let flat = new Decimal(0)
  for (const { window, ms } of day.occurrences) {
    const rule = card.windows?.[window]
    if (rule === undefined) continue
    const inside = inBands(card, ms)
    if (rule.mode === 'maximum' && sumOf(card.bands, inside).lte(rule.price)) addTo(bands, inside)
    else {
      windows[window] = (windows[window] ?? 0) + 1
      flat = flat.plus(rule.price)
    }
  }
  const ms = day.ms + day.occurrences.reduce((sum, each) => sum + each.ms, 0)
  return { bands, windows, total: sumOf(card.bands, bands).plus(flat), ms }
}

/** What each stretch holds of a length of time. With total prices the last one reached stands for all before it. */
function inBands(card: RateCard, length: number): BandSum[] {
  const sums = card.bands.map((band, i) => inBand(band, card.bands[i - 1], length))
  if (card.bandPrices !== 'total') return sums
  const last = card.bands.findLastIndex((band, i) => band.everyMinutes === undefined && (sums[i]?.ms ?? 0) > 0)
  const before = sums.slice(0, Math.max(last, 0)).reduce((ms, sum) => ms + sum.ms, 0)
  return sums.map(({ ms, count }, i) =>
    i < last ? { ms: 0, count: 0 } : i === last ? { ms: ms + before, count } : { ms, count },
  )
}

function inBand(band: Band, before: Band | undefined, length: number): BandSum {
  const start = (before?.untilMinutes ?? 0) * minuteMs
  const end = band.untilMinutes === undefined ? length : Math.min(band.untilMinutes * minuteMs, length)
  const ms = Math.max(end - start, 0)
  if (ms === 0) return { ms, count: 0 }
  return { ms, count: band.everyMinutes === undefined ? 1 : Math.ceil(ms / (band.everyMinutes * minuteMs)) }
}

function addTo(sums: BandSum[], more: readonly BandSum[]): void {
  for (const [i, { ms, count }] of more.entries()) {
    const sum = sums[i]
    if (sum === undefined) continue
    sum.ms += ms
    sum.count += count
  }
}

function sumOf(bands: readonly Band[], sums: readonly BandSum[]): Decimal {
  return Decimal.sum(0, ...bands.map((band, i) => new Decimal(band.price).times(sums[i]?.count ?? 0)))
}
