// Owns what counted time costs by the minute: hours and tiers with their own price, what is free of it, started minutes.
// Must not know what the time is (charging, idle, reserved).
import { Decimal, localSegments } from '../../core/plugin/index.ts'
import { durationText, minutesText, windowText } from './line.ts'
import type { Tax, TimePrice } from './rules.ts'
import type { Stretch } from './stay-days.ts'

const minuteMs = 60_000

export interface TimeShare {
  /** "", ":window:0", ":tier:1". */
  suffix: string
  /** Words for a line of several, "" for the plain price. */
  name: string
  /** Below the rule: "", "/windows/0", "/tiers/1". */
  path: string
  price: string
  tax: Tax | undefined
  /** Before anything was taken off. */
  measuredMs: number
  /** What is charged, before it is rounded up. */
  ms: number
  unit: 'minute' | 'second'
  quantity: string
  billedQuantity: string
  per?: string
  amount: Decimal
}

/** Free time, of the first of it or of the last. */
export interface FreeTime {
  ms: number
  from: 'start' | 'end'
}

const nothingFree: FreeTime = { ms: 0, from: 'start' }

/**
 * Each price with its time, in the order in which it was first due, at least one; others that nothing is charged by are left
 * out. A started minute is charged at the price at which it starts, so the whole is rounded up once.
 */
export function timeShares(
  stretches: readonly Stretch[],
  zone: string,
  rule: TimePrice,
  free = nothingFree,
): TimeShare[] {
  const pieces = piecesOf(stretches, zone, rule)
  const left = withoutFree(
    pieces.map(({ ms }) => ms),
    free,
  )
  const unitMs = rule.step === 'second' ? 1000 : minuteMs
  const shares = new Map<string, { key: PriceKey; measuredMs: number; ms: number; units: number }>()
  let charged = 0
  for (const [i, { key, ms }] of pieces.entries()) {
    const share = shares.get(key.suffix) ?? { key, measuredMs: 0, ms: 0, units: 0 }
    const before = Math.ceil(charged / unitMs)
    charged += left[i] ?? 0
    share.measuredMs += ms
    share.ms += left[i] ?? 0
    share.units += Math.ceil(charged / unitMs) - before
    shares.set(key.suffix, share)
  }
  const all = [...shares.values()]
  const due = all.filter((share) => share.units > 0)
  return (due.length > 0 ? due : all.slice(-1)).map(({ key, measuredMs, ms, units }) => {
    const seconds = rule.step === 'second'
    return {
      ...key,
      measuredMs,
      ms,
      unit: seconds ? ('second' as const) : ('minute' as const),
      quantity: quantityText(measuredMs, rule.step),
      billedQuantity: `${units}`,
      ...(seconds ? { per: '60' } : {}),
      // Multiplied before it is divided: a price per minute for seconds stays exact wherever it can be.
      amount: new Decimal(key.price).times(units).div(seconds ? 60 : 1),
    }
  })
}

export function quantityText(ms: number, step: TimePrice['step']): string {
  return step === 'second' ? new Decimal(ms).div(1000).toString() : minutesText(ms)
}

/** How a share came to be charged, for its explanation. */
export function shareText(share: TimeShare): string {
  const per = share.per === undefined ? '' : ` / ${share.per}`
  return `${share.billedQuantity} ${share.unit}s × ${share.price}${per} = ${share.amount}.`
}

type PriceKey = Pick<TimeShare, 'suffix' | 'name' | 'path' | 'price' | 'tax'>

function piecesOf(stretches: readonly Stretch[], zone: string, rule: TimePrice): { key: PriceKey; ms: number }[] {
  const windows = rule.windows ?? []
  const inWindows = windows.map(
    (window, i): PriceKey => ({
      suffix: `:window:${i}`,
      name: window.name ?? windowText(window),
      path: `/windows/${i}`,
      price: window.price,
      tax: window.tax ?? rule.tax,
    }),
  )
  const tiers = tierKeys(rule)
  const pieces: { key: PriceKey; ms: number }[] = []
  let counted = 0
  for (const stretch of stretches) {
    for (const { from, to, window } of localSegments(stretch.from, stretch.to, zone, windows)) {
      const ofWindow = inWindows[window]
      const end = counted + to - from
      if (ofWindow !== undefined) pieces.push({ key: ofWindow, ms: to - from })
      else {
        for (const { key, startMs, endMs } of tiers) {
          const ms = Math.min(endMs, end) - Math.max(startMs, counted)
          if (ms > 0) pieces.push({ key, ms })
        }
      }
      counted = end
    }
  }
  const [first] = tiers
  if (pieces.length === 0 && first !== undefined) pieces.push({ key: first.key, ms: 0 })
  return pieces
}

function tierKeys(rule: TimePrice): { key: PriceKey; startMs: number; endMs: number }[] {
  if (rule.tiers === undefined) {
    const key = { suffix: '', name: '', path: '', price: rule.price, tax: rule.tax }
    return [{ key, startMs: 0, endMs: Number.POSITIVE_INFINITY }]
  }
  return rule.tiers.map((tier, i, all) => {
    const startMs = (all[i - 1]?.untilMinutes ?? 0) * minuteMs
    const endMs = tier.untilMinutes === undefined ? Number.POSITIVE_INFINITY : tier.untilMinutes * minuteMs
    const name = tier.untilMinutes === undefined ? `after ${durationText(startMs)}` : `up to ${durationText(endMs)}`
    const key = { suffix: `:tier:${i}`, name, path: `/tiers/${i}`, price: tier.price, tax: tier.tax ?? rule.tax }
    return { key, startMs, endMs }
  })
}

function withoutFree(lengths: readonly number[], free: FreeTime): number[] {
  let left = free.ms
  const take = (ms: number) => {
    const taken = Math.min(ms, left)
    left -= taken
    return ms - taken
  }
  return free.from === 'start' ? lengths.map(take) : lengths.toReversed().map(take).toReversed()
}
