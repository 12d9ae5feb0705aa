// Owns the price in plain words, complete enough to be shown before anybody starts.
// Must not compute a price.
import type { LocalWindow } from '../../core/plugin/index.ts'
import { variantText } from './charging-variants.ts'
import { durationText, windowText } from './line.ts'

import { dayText, weekText } from './rate-items.ts'
import type {
  Band,
  ChargingPart,
  ChargingPrices,
  ChargingRules,
  ParkingProduct,
  ParkingRules,
  PriceWindow,
  RateCard,
  Rules,
  TimePrice,
} from './rules.ts'

const minuteMs = 60_000

export function describeRules(rules: Rules, currency: string): string[] {
  const money = (price: string) => `${currency} ${price}`
  const lines = rules.scope === 'parking' ? parkingWords(rules, money) : chargingWords(rules, money)
  return [...lines, ...taxWords(rules)]
}

type Money = (price: string) => string

function taxWords(rules: Rules): string[] {
  if (rules.tax === undefined) return []
  const { code, percent, included } = rules.tax
  return [included ? `Prices include ${percent} % tax (${code}).` : `${percent} % tax (${code}) is added.`]
}

function parkingWords(rules: ParkingRules, money: Money): string[] {
  const lines = cardWords(rules, money)
  const { products = [], groups = [], charging } = rules
  for (const product of products) lines.push(...productWords(product, money))
  if (products.length > 0 && rules.select === 'cheapest') lines.push('Of the rates that fit, the cheapest holds.')
  if (charging?.freeMinutes !== undefined) {
    const what = charging.counts === 'plugged' ? 'plugged in' : 'charging'
    lines.push(`Parking is free for the first ${durationText(charging.freeMinutes * minuteMs)} ${what}.`)
  }
  if (charging?.idleReplacesParking) lines.push('Once the car is full, the idle fee is charged instead of parking.')
  for (const each of groups) {
    const name = `Group ${each.group}`
    if ('included' in each) lines.push(`${name}: parking is included.`)
    else lines.push(...cardWords(each.rates, money).map((text) => `${name}: ${text}`))
  }
  const parkers = { contract: { included: true } as const, ...rules.parkers }
  for (const [kind, rates] of Object.entries(parkers)) {
    if (rates === undefined) continue
    const name = `${kind[0]?.toUpperCase()}${kind.slice(1)} parkers`
    if ('included' in rates) lines.push(`${name}: parking is included.`)
    else lines.push(...cardWords(rates, money).map((text) => `${name}: ${text}`))
  }
  return lines
}

function productWords(product: ParkingProduct, money: Money): string[] {
  const { name, entry, exit, sameDay, exitBefore, minMinutes, maxMinutes, event, parkers, groups, flat, rates } =
    product
  const anyOf = (windows: readonly LocalWindow[]) => windows.map(windowText).join(' or ')
  const conditions = [
    ...(entry === undefined ? [] : [`entry ${anyOf(entry)}`]),
    ...(exit === undefined ? [] : [`exit ${anyOf(exit)}`]),
    ...(sameDay === undefined ? [] : ['on the same day']),
    ...(exitBefore === undefined
      ? []
      : [`exit before the next ${exitBefore.day === undefined ? '' : `${exitBefore.day} `}${exitBefore.time}`]),
    ...(minMinutes === undefined ? [] : [`at least ${durationText(minMinutes * minuteMs)}`]),
    ...(maxMinutes === undefined ? [] : [`at most ${durationText(maxMinutes * minuteMs)}`]),
    ...(event === undefined ? [] : [`entry between ${event.from} and ${event.to}`]),
    ...(parkers === undefined ? [] : [`${parkers.join(', ')} parkers`]),
    ...(groups === undefined ? [] : [`group ${groups.join(', ')}`]),
  ]
  const title = conditions.length === 0 ? name : `${name} (${conditions.join(', ')})`
  if (rates === undefined) return [`${title}: ${money(flat ?? '0')}.`]
  return cardWords(rates, money).map((text) => `${title}: ${text}`)
}

function cardWords(card: RateCard, money: Money): string[] {
  const lines: string[] = []
  if (card.freeMinutes !== undefined) lines.push(`The first ${durationText(card.freeMinutes * minuteMs)} are free.`)
  if (card.exitMinutes !== undefined) {
    lines.push(`The last ${durationText(card.exitMinutes * minuteMs)}, to the exit, are not counted.`)
  }
  if (card.exitGraceMinutes !== undefined)
    lines.push(`After paying, ${durationText(card.exitGraceMinutes * minuteMs)} to leave are free.`)
  if (card.grace?.mode === 'turnaround')
    lines.push(`Leaving within ${durationText(card.grace.minutes * minuteMs)} is free.`)
  if (card.grace?.mode === 'interval') {
    lines.push(`${durationText(card.grace.minutes * minuteMs)} are tolerated at the end of each interval.`)
  }
  for (const [i, band] of card.bands.entries()) lines.push(bandWords(card, band, card.bands[i - 1], money))
  for (const window of card.windows ?? []) {
    const name = window.name === undefined ? '' : ` (${window.name})`
    const price =
      window.mode === 'maximum'
        ? `at most ${money(window.price)}`
        : Number(window.price) === 0
          ? 'free'
          : money(window.price)
    lines.push(`Parking ${windowText(window)}${name}: ${price}.`)
  }
  if (card.dayMaximum !== undefined) lines.push(`At most ${money(card.dayMaximum)} per ${dayText(card)}.`)
  if (card.day !== undefined && card.day !== 'none') lines.push(`Counting begins anew each ${dayText(card)}.`)
  if (card.weekMaximum !== undefined) lines.push(`At most ${money(card.weekMaximum)} per ${weekText(card)}.`)
  if (card.stayMaximum !== undefined) lines.push(`At most ${money(card.stayMaximum)} per stay.`)
  if (card.maxStay !== undefined) {
    const { minutes, price, everyMinutes } = card.maxStay
    const each = everyMinutes === undefined ? '' : ` per started ${durationText(everyMinutes * minuteMs)}`
    const fee = price === undefined ? '' : `; longer costs ${money(price)}${each} on top`
    lines.push(`The longest stay is ${durationText(minutes * minuteMs)}${fee}.`)
  }
  if (card.lostTicket !== undefined) lines.push(`Lost ticket: ${money(card.lostTicket)}.`)
  return lines
}

function bandWords(card: RateCard, band: Band, before: Band | undefined, money: Money): string {
  const start = before?.untilMinutes
  const whole = card.bandPrices === 'total' ? `${money(band.price)} in all` : money(band.price)
  const price =
    band.everyMinutes === undefined
      ? whole
      : `${money(band.price)} per started ${durationText(band.everyMinutes * minuteMs)}`
  const when =
    band.untilMinutes !== undefined
      ? `up to ${durationText(band.untilMinutes * minuteMs)}`
      : start !== undefined
        ? `after ${durationText(start * minuteMs)}`
        : ''
  return `Parking${when === '' ? '' : ` ${when}`}: ${price}.`
}

function chargingWords(rules: ChargingRules, money: Money): string[] {
  const lines = pricesWords(rules, money)
  if (rules.energy === undefined) lines.unshift('Energy is free.')
  for (const variant of rules.variants ?? []) {
    const title = `${variantText(variant).replace('for ', 'For ')}: `
    lines.push(...pricesWords(variant, money).map((text) => `${title}${text}`))
    for (const part of variant.without ?? []) lines.push(`${title}without ${partNames[part]}.`)
  }
  return lines
}

const partNames = {
  energy: 'a price of energy',
  time: 'a price of time',
  session: 'session fee',
  reservation: 'reservation fee',
  idle: 'idle fee',
  allowance: 'free energy',
  minimum: 'minimum',
  maximum: 'maximum per session',
  dayMaximum: 'maximum per day',
  monthMaximum: 'maximum per month',
} as const satisfies Record<ChargingPart, string>

function pricesWords(prices: ChargingPrices, money: Money): string[] {
  const lines: string[] = []
  const { energy, time, session, reservation, idle, allowance } = prices
  if (allowance !== undefined) lines.push(`The first ${allowance.kwh} kWh per ${allowance.per} are free.`)
  if (energy !== undefined) {
    lines.push(...hourWords(energy.windows, 'Energy', 'kWh', money))
    const tiers = (energy.tiers ?? []).map((tier, i, all) => {
      const words = (each: (typeof all)[number] | undefined) =>
        each?.untilKwh !== undefined ? `${each.untilKwh} kWh` : durationText((each?.untilMinutes ?? 0) * minuteMs)
      const open = tier.untilKwh === undefined && tier.untilMinutes === undefined
      return `Energy ${open ? `after ${words(all[i - 1])}` : `up to ${words(tier)}`}: ${money(tier.price)} per kWh.`
    })
    const others = energy.windows === undefined ? '' : ' at other times'
    lines.push(...(tiers.length > 0 ? tiers : [`Energy${others}: ${money(energy.price)} per kWh.`]))
  }
  if (time !== undefined) {
    const what = time.counts === 'plugged' ? 'plugged in' : 'charging'
    lines.push(...timeWords(time, `Time ${what}`, '', money))
  }
  if (session !== undefined) lines.push(`Session fee: ${money(session.price)}.`)
  if (reservation !== undefined) lines.push(...timeWords(reservation, 'Reservation', '', money))
  if (idle !== undefined) lines.push(...idleWords(idle, money))
  if (prices.minimum !== undefined) lines.push(`At least ${money(prices.minimum)} per session in which energy flows.`)
  if (prices.maximum !== undefined) lines.push(`At most ${money(prices.maximum)} per session.`)
  if (prices.dayMaximum !== undefined) lines.push(`At most ${money(prices.dayMaximum)} per account and day.`)
  if (prices.monthMaximum !== undefined) lines.push(`At most ${money(prices.monthMaximum)} per account and month.`)
  return lines
}

function hourWords(windows: readonly PriceWindow[] | undefined, what: string, unit: string, money: Money): string[] {
  return (windows ?? []).map((window) => {
    const name = window.name === undefined ? '' : ` (${window.name})`
    return `${what} ${windowText(window)}${name}: ${money(window.price)} per ${unit}.`
  })
}

function timeWords(rule: TimePrice, what: string, after: string, money: Money): string[] {
  const counted = rule.step === 'second' ? 'minute, counted by the second' : 'started minute'
  const tiers = (rule.tiers ?? []).map((tier, i, all) => {
    const end = tier.untilMinutes ?? all[i - 1]?.untilMinutes ?? 0
    const when = `${tier.untilMinutes === undefined ? 'after' : 'up to'} ${durationText(end * minuteMs)}`
    return `${what} ${when}: ${money(tier.price)} per ${counted}${after}.`
  })
  const plain = `${what}${rule.windows === undefined ? '' : ' at other times'}: ${money(rule.price)} per ${counted}${after}.`
  return [...hourWords(rule.windows, what, counted, money), ...(tiers.length > 0 ? tiers : [plain])]
}

function idleWords(idle: NonNullable<ChargingPrices['idle']>, money: Money): string[] {
  const when = idle.counts === 'everyPause' ? 'whenever the car takes no energy' : 'after charging has ended'
  const minutes = idle.graceMinutes ?? 0
  const grace =
    minutes === 0
      ? ''
      : idle.graceMode === 'cliff'
        ? `, nothing up to ${minutes} minutes`
        : `, the ${idle.graceMode === 'deduct' ? 'last' : 'first'} ${minutes} minutes free`
  const cap = idle.maximum === undefined ? '' : `, at most ${money(idle.maximum)} per session`
  const quiet = (idle.quietHours ?? []).map((window) => `No idle fee ${windowText(window)}.`)
  return [
    ...timeWords(idle, `Idle fee ${when}`, `${grace}${cap}`, money),
    ...quiet,
    'No idle fee while the charging station itself holds the energy back.',
  ]
}
