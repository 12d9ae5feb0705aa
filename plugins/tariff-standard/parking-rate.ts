// Owns what a length of stay costs by one rate card: days, stretches, started intervals, maxima.
// Must not know tax, discounts or kinds of parkers.
import { Decimal, dayStartsBetween } from '../../core/plugin/index.ts'
import { durationText, minutesText } from './line.ts'
import type { Band, RateCard } from './rules.ts'

const minuteMs = 60_000
const dayMs = 1440 * minuteMs

/** An item of the price; the amount is quantity after steps times price, always. */
export interface RateItem {
  key: string
  description: string
  quantity: string
  billedQuantity: string
  unit: 'minute' | 'day' | 'stay' | 'piece'
  unitPrice: string
  per?: string
  amount: Decimal
  rulePath: string
  explanation: string[]
}

interface BandSum {
  ms: number
  /** Started intervals, or how often the flat price was due. */
  count: number
}

export function rateStay(card: RateCard, enteredAt: number, exitedAt: number, zone: string): RateItem[] {
  const elapsed = Math.max(exitedAt - enteredAt, 0)
  const facts = `Stayed ${durationText(elapsed)}.`
  const { grace } = card
  if (grace?.mode === 'turnaround' && elapsed <= grace.minutes * minuteMs) {
    return [freeItem(elapsed, '/grace', [facts, `Left within ${grace.minutes} minutes: nothing is charged.`])]
  }
  const from = enteredAt + (card.freeMinutes ?? 0) * minuteMs
  const to = exitedAt - (grace?.mode === 'interval' ? grace.minutes * minuteMs : 0)
  if (to <= from) {
    const why = card.freeMinutes === undefined ? [] : [`The first ${card.freeMinutes} minutes are free.`]
    return [freeItem(elapsed, card.freeMinutes === undefined ? '/grace' : '/freeMinutes', [facts, ...why])]
  }

  const notes = [facts]
  if (card.freeMinutes !== undefined) notes.push(`The first ${card.freeMinutes} minutes are free.`)
  if (grace?.mode === 'interval') notes.push(`${grace.minutes} minutes are tolerated at the end of each interval.`)
  const sums: BandSum[] = card.bands.map(() => ({ ms: 0, count: 0 }))
  let cappedDays = 0
  let cappedMs = 0
  const starts = [enteredAt, ...dayStarts(card, enteredAt, exitedAt, zone)]
  for (const [i, start] of starts.entries()) {
    const length = Math.min(starts[i + 1] ?? exitedAt, to) - Math.max(start, from)
    if (length <= 0) continue
    const day = card.bands.map((band, index) => inBand(band, card.bands[index - 1], length))
    if (card.dayMaximum !== undefined && sumOf(card.bands, day).gt(card.dayMaximum)) {
      cappedDays += 1
      cappedMs += length
    } else {
      for (const [index, sum] of sums.entries()) {
        sum.ms += day[index]?.ms ?? 0
        sum.count += day[index]?.count ?? 0
      }
    }
  }
  const items = [
    ...card.bands.flatMap((band, i) => bandItem(band, i, stretchText(card.bands, i), sums[i], notes)),
    ...(cappedDays > 0 ? [dayItem(card, cappedDays, cappedMs, notes)] : []),
  ]
  const total = Decimal.sum(0, ...items.map((item) => item.amount))
  if (card.stayMaximum !== undefined && total.gt(card.stayMaximum)) return [stayItem(card.stayMaximum, total, notes)]
  return items
}

export function totalOf(items: readonly RateItem[]): Decimal {
  return Decimal.sum(0, ...items.map((item) => item.amount))
}

/** Rolling days are 24 hours of elapsed time; a calendar day may have 23 or 25 and still has one maximum. */
function dayStarts(card: RateCard, from: number, to: number, zone: string): number[] {
  if (card.day === 'calendar') return dayStartsBetween(from, to, zone)
  const starts: number[] = []
  if (card.day === 'rolling') for (let at = from + dayMs; at < to; at += dayMs) starts.push(at)
  return starts
}

function inBand(band: Band, before: Band | undefined, length: number): BandSum {
  const start = (before?.untilMinutes ?? 0) * minuteMs
  const end = band.untilMinutes === undefined ? length : Math.min(band.untilMinutes * minuteMs, length)
  const ms = Math.max(end - start, 0)
  if (ms === 0) return { ms, count: 0 }
  return { ms, count: band.everyMinutes === undefined ? 1 : Math.ceil(ms / (band.everyMinutes * minuteMs)) }
}

function sumOf(bands: readonly Band[], sums: readonly BandSum[]): Decimal {
  return Decimal.sum(0, ...bands.map((band, i) => new Decimal(band.price).times(sums[i]?.count ?? 0)))
}

function stretchText(bands: readonly Band[], index: number): string {
  const start = bands[index - 1]?.untilMinutes ?? 0
  const end = bands[index]?.untilMinutes
  if (end !== undefined)
    return start === 0 ? `first ${durationText(end * minuteMs)}` : `up to ${durationText(end * minuteMs)}`
  return start === 0 ? '' : `after ${durationText(start * minuteMs)}`
}

function bandItem(
  band: Band,
  index: number,
  stretch: string,
  sum: BandSum | undefined,
  notes: readonly string[],
): RateItem[] {
  if (sum === undefined || sum.count === 0) return []
  const amount = new Decimal(band.price).times(sum.count)
  const shared = { key: `band:${index}`, unitPrice: band.price, amount, rulePath: `/bands/${index}` }
  const description = stretch === '' ? 'Parking' : `Parking, ${stretch}`
  if (band.everyMinutes === undefined) {
    const explanation = [...notes, `${sum.count} × ${band.price} flat = ${amount}.`]
    const times = `${sum.count}`
    return [{ ...shared, description, quantity: times, billedQuantity: times, unit: 'piece', explanation }]
  }
  const explanation = [
    ...notes,
    `${durationText(sum.ms)} are ${sum.count} started intervals of ${band.everyMinutes} minutes.`,
    `${sum.count} × ${band.price} = ${amount}.`,
  ]
  const billedQuantity = `${sum.count * band.everyMinutes}`
  const measured = {
    quantity: minutesText(sum.ms),
    billedQuantity,
    unit: 'minute' as const,
    per: `${band.everyMinutes}`,
  }
  return [{ ...shared, description, ...measured, explanation }]
}

function dayItem(card: RateCard, count: number, ms: number, notes: readonly string[]): RateItem {
  const price = card.dayMaximum ?? '0'
  const amount = new Decimal(price).times(count)
  const day = card.day === 'calendar' ? 'calendar day' : '24 hours from entry'
  return {
    key: 'day',
    description: 'Parking, daily maximum',
    quantity: `${count}`,
    billedQuantity: `${count}`,
    unit: 'day',
    unitPrice: price,
    amount,
    rulePath: '/dayMaximum',
    explanation: [
      ...notes,
      `${durationText(ms)} fall on ${count} days (${day}) on which the intervals would cost more than ${price}.`,
      `${count} × ${price} = ${amount}.`,
    ],
  }
}

function stayItem(price: string, total: Decimal, notes: readonly string[]): RateItem {
  return {
    key: 'stay',
    description: 'Parking, maximum per stay',
    quantity: '1',
    billedQuantity: '1',
    unit: 'stay',
    unitPrice: price,
    amount: new Decimal(price),
    rulePath: '/stayMaximum',
    explanation: [...notes, `The stay would cost ${total}; its maximum is ${price}.`],
  }
}

function freeItem(elapsed: number, rulePath: string, explanation: string[]): RateItem {
  return {
    key: 'free',
    description: 'Parking, free of charge',
    quantity: minutesText(elapsed),
    billedQuantity: '0',
    unit: 'minute',
    unitPrice: '0',
    amount: new Decimal(0),
    rulePath,
    explanation,
  }
}
