// Owns which rate a stay is priced by: the product that fits, first or cheapest, else the card of its parker.
// Must not price a length of time itself.
import {
  type Decimal,
  dayStartsBetween,
  instantsOfWallTime,
  type LocalWindow,
  localDate,
  type PricedStay,
  type PriceInput,
  timesOfDayBetween,
  wallClock,
  windowAt,
} from '../../core/plugin/index.ts'
import { timeOff } from './charging-time-off.ts'
import { durationText, windowText } from './line.ts'
import { rateStay, totalOf } from './parking-rate.ts'
import { flatItem, type RateItem } from './rate-items.ts'
import type { ParkingProduct, ParkingRules, RateCard } from './rules.ts'

interface TimedStay {
  stay: PricedStay
  enteredAt: number
  exitedAt: number
}

interface Rate {
  /** What it would cost to leave at that instant. */
  items(exitedAt: number): RateItem[]
}

export function chooseRate(
  rules: ParkingRules,
  own: { card: RateCard; at: string },
  timed: TimedStay,
  input: PriceInput,
): Rate {
  const base = cardRate(own.card, own.at, [], rules, timed, input)
  if (own.at !== '') return base
  const select = rules.select ?? 'first'
  const fitting = (rules.products ?? []).flatMap((product, i) => {
    const why = fits(product, timed, input)
    return why === null ? [] : [productRate(product, `/products/${i}`, why, rules, timed, input)]
  })
  const [first] = fitting
  if (first === undefined) return base
  if (select === 'first') return first
  const candidates = [...fitting, base].map((rate) => ({ rate, total: totalOf(rate.items(timed.exitedAt)) }))
  const [cheapest = { rate: base, total: null }] = [...candidates].sort(byTotal)
  const note = `The cheapest of ${candidates.length} rates that fit.`
  return candidates.length === 1
    ? cheapest.rate
    : { items: (exitedAt) => cheapest.rate.items(exitedAt).map((item) => explained(item, note)) }
}

const byTotal = (a: { total: Decimal }, b: { total: Decimal }) => a.total.comparedTo(b.total)

function explained(item: RateItem, note: string): RateItem {
  return { ...item, explanation: [note, ...item.explanation] }
}

function productRate(
  product: ParkingProduct,
  at: string,
  why: readonly string[],
  rules: ParkingRules,
  timed: TimedStay,
  input: PriceInput,
): Rate {
  const notes = [`The product "${product.name}" fits: ${why.length === 0 ? 'it has no conditions' : why.join('; ')}.`]
  const { flat, rates } = product
  if (rates !== undefined) return cardRate(rates, `${at}/rates`, notes, rules, timed, input)
  const stayed = `Stayed ${durationText(timed.exitedAt - timed.enteredAt)}.`
  return { items: () => [flatItem(product.name, flat ?? '0', `${at}/flat`, [stayed, ...notes])] }
}

function cardRate(
  card: RateCard,
  at: string,
  notes: readonly string[],
  rules: ParkingRules,
  { enteredAt, exitedAt }: TimedStay,
  { zone, sessions }: PriceInput,
): Rate {
  const off = timeOff(rules, sessions ?? [], enteredAt, exitedAt)
  return {
    items: (until) =>
      rateStay(card, enteredAt, until, zone, off).map((item) => ({
        ...item,
        rulePath: item.rulePath === '/charging' ? item.rulePath : `${at}${item.rulePath}`,
        explanation: [...notes, ...item.explanation],
      })),
  }
}

/** Null when some condition is not met; else each that is, in words. */
function fits(product: ParkingProduct, timed: TimedStay, { zone, groups }: PriceInput): string[] | null {
  const { stay, enteredAt, exitedAt } = timed
  const elapsed = exitedAt - enteredAt
  const met: string[] = []
  const needs = (asked: boolean, holds: () => string | null): boolean => {
    if (!asked) return true
    const words = holds()
    if (words !== null) met.push(words)
    return words !== null
  }
  const { entry, exit, exitBefore, event, minMinutes, maxMinutes, parkers } = product
  const ok =
    needs(entry !== undefined, () => within(enteredAt, zone, entry ?? [], 'entered')) &&
    needs(exit !== undefined, () => within(exitedAt, zone, exit ?? [], 'left')) &&
    needs(product.sameDay === true, () =>
      localDate(new Date(enteredAt), zone) === localDate(new Date(exitedAt), zone) ? 'left on the same day' : null,
    ) &&
    needs(exitBefore !== undefined, () => {
      const { time, day } = exitBefore ?? { time: '00:00' }
      const limit = nextTime(enteredAt, zone, time, day)
      return exitedAt < limit ? `left before ${day === undefined ? '' : `${day} `}${time}` : null
    }) &&
    needs(event !== undefined, () =>
      event !== undefined && during(enteredAt, zone, event) ? `entered between ${event.from} and ${event.to}` : null,
    ) &&
    needs(minMinutes !== undefined, () =>
      elapsed >= (minMinutes ?? 0) * 60_000 ? `stayed at least ${minMinutes} minutes` : null,
    ) &&
    needs(maxMinutes !== undefined, () =>
      elapsed <= (maxMinutes ?? 0) * 60_000 ? `stayed at most ${maxMinutes} minutes` : null,
    ) &&
    needs(parkers !== undefined, () =>
      parkers?.includes(stay.parkerKind) ? `is a ${stay.parkerKind} parker` : null,
    ) &&
    needs(product.groups !== undefined, () => {
      const group = product.groups?.find((code) => groups.includes(code))
      return group === undefined ? null : `is in ${group}`
    })
  return ok ? met : null
}

/** The end belongs to it, "in by 9:00" holds at 9:00 sharp; the end of a day does not, it is the next day. */
function within(at: number, zone: string, windows: readonly LocalWindow[], verb: string): string | null {
  for (const window of windows) {
    const atEnd = window.to !== '24:00' && window.to !== window.from && windowAt(at - 1, zone, [window]) !== -1
    if (atEnd || windowAt(at, zone, [window]) !== -1) {
      return `${verb} ${windowText(window)}`
    }
  }
  return null
}

/** The next instant after another at which the wall comes to a time, on a weekday where one is named. */
function nextTime(after: number, zone: string, time: string, day?: string): number {
  const until = after + 9 * 86_400_000
  const times = time === '00:00' ? dayStartsBetween(after, until, zone) : timesOfDayBetween(after, until, zone, time)
  return times.find((at) => day === undefined || wallClock(at, zone).weekday === day) ?? until
}

function during(at: number, zone: string, event: { from: string; to: string }): boolean {
  const [from] = instantsOfWallTime(event.from, zone)
  const to = instantsOfWallTime(event.to, zone).at(-1)
  return from !== undefined && to !== undefined && at >= from.getTime() && at <= to.getTime()
}
