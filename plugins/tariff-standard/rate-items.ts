// Owns the items that the price of a stay is made of, each with its words.
// Must not decide which are due.
import { Decimal } from '../../core/plugin/index.ts'
import { durationText, minutesText, windowText } from './line.ts'
import type { Band, RateCard, RateWindow } from './rules.ts'

const minuteMs = 60_000

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

export interface BandSum {
  ms: number
  /** Started intervals, or how often the flat price was due. */
  count: number
}

/** What a day is on this card, in words. */
export function dayText(card: RateCard): string {
  if (card.day === 'calendar') return 'calendar day'
  return card.day === 'operating' ? `day from ${card.dayStartsAt} on` : '24 hours from entry'
}

export function weekText(card: RateCard): string {
  return card.week === 'calendar' ? 'week from Monday on' : '7 days from entry'
}

export function stretchText(bands: readonly Band[], index: number): string {
  const start = bands[index - 1]?.untilMinutes ?? 0
  const end = bands[index]?.untilMinutes
  if (end !== undefined)
    return start === 0 ? `first ${durationText(end * minuteMs)}` : `up to ${durationText(end * minuteMs)}`
  return start === 0 ? '' : `after ${durationText(start * minuteMs)}`
}

export function bandItem(
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

export function dayItem(card: RateCard, count: number, ms: number, notes: readonly string[]): RateItem {
  const price = card.dayMaximum ?? '0'
  const amount = new Decimal(price).times(count)
  const day = dayText(card)
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

export function stayItem(price: string, total: Decimal, notes: readonly string[]): RateItem {
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

export function freeItem(elapsed: number, rulePath: string, explanation: string[]): RateItem {
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

export function weekItem(card: RateCard, count: number, ms: number, notes: readonly string[]): RateItem {
  const price = card.weekMaximum ?? '0'
  const amount = new Decimal(price).times(count)
  return {
    key: 'week',
    description: 'Parking, weekly maximum',
    quantity: `${count}`,
    billedQuantity: `${count}`,
    unit: 'piece',
    unitPrice: price,
    amount,
    rulePath: '/weekMaximum',
    explanation: [
      ...notes,
      `${durationText(ms)} fall on ${count} weeks (${weekText(card)}) whose days would cost more than ${price}.`,
      `${count} × ${price} = ${amount}.`,
    ],
  }
}

export function windowItem(window: RateWindow, index: number, count: number, notes: readonly string[]): RateItem[] {
  if (count === 0) return []
  const amount = new Decimal(window.price).times(count)
  const what = window.mode === 'maximum' ? 'reached its maximum' : 'was due'
  return [
    {
      key: `window:${index}`,
      description: `Parking, ${window.name ?? windowText(window)}`,
      quantity: `${count}`,
      billedQuantity: `${count}`,
      unit: 'piece',
      unitPrice: window.price,
      amount,
      rulePath: `/windows/${index}`,
      explanation: [
        ...notes,
        `The price for parking ${windowText(window)} ${what} ${count === 1 ? 'once' : `${count} times`}.`,
        `${count} × ${window.price} = ${amount}.`,
      ],
    },
  ]
}

/** Beyond the longest stay; on top of everything, whatever the maxima are. */
export function overstayItems({ maxStay }: RateCard, elapsed: number): RateItem[] {
  if (maxStay === undefined) return []
  const over = elapsed - maxStay.minutes * minuteMs
  if (over <= 0) return []
  const price = maxStay.price ?? '0'
  const { everyMinutes } = maxStay
  const count = everyMinutes === undefined ? 1 : Math.ceil(over / (everyMinutes * minuteMs))
  const amount = new Decimal(price).times(count)
  const measured =
    everyMinutes === undefined
      ? { quantity: '1', billedQuantity: '1', unit: 'piece' as const }
      : {
          quantity: minutesText(over),
          billedQuantity: `${count * everyMinutes}`,
          unit: 'minute' as const,
          per: `${everyMinutes}`,
        }
  return [
    {
      key: 'overstay',
      description: 'Parking, longer than allowed',
      ...measured,
      unitPrice: price,
      amount,
      rulePath: '/maxStay',
      explanation: [
        `The longest stay is ${durationText(maxStay.minutes * minuteMs)}; this one is ${durationText(over)} longer.`,
        maxStay.price === undefined ? 'Nothing is charged for that.' : `${count} × ${price} = ${amount}.`,
      ],
    },
  ]
}

export function flatItem(name: string, price: string, rulePath: string, explanation: string[]): RateItem {
  return {
    key: 'flat',
    description: `Parking, ${name}`,
    quantity: '1',
    billedQuantity: '1',
    unit: 'stay',
    unitPrice: price,
    amount: new Decimal(price),
    rulePath,
    explanation,
  }
}
