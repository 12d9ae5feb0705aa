// Owns the price in plain words, complete enough to be shown before anybody starts.
// Must not compute a price.
import { durationText } from './line.ts'
import { windowText } from './quote-charging.ts'
import type { ChargingRules, ParkingRules, RateCard, Rules } from './rules.ts'

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
  const parkers = { contract: { included: true } as const, ...rules.parkers }
  for (const [kind, rates] of Object.entries(parkers)) {
    if (rates === undefined) continue
    const name = `${kind[0]?.toUpperCase()}${kind.slice(1)} parkers`
    if ('included' in rates) lines.push(`${name}: parking is included.`)
    else lines.push(...cardWords(rates, money).map((text) => `${name}: ${text}`))
  }
  return lines
}

function cardWords(card: RateCard, money: Money): string[] {
  const lines: string[] = []
  if (card.freeMinutes !== undefined) lines.push(`The first ${durationText(card.freeMinutes * minuteMs)} are free.`)
  if (card.grace?.mode === 'turnaround')
    lines.push(`Leaving within ${durationText(card.grace.minutes * minuteMs)} is free.`)
  if (card.grace?.mode === 'interval') {
    lines.push(`${durationText(card.grace.minutes * minuteMs)} are tolerated at the end of each interval.`)
  }
  for (const [i, band] of card.bands.entries()) {
    const start = card.bands[i - 1]?.untilMinutes
    const price =
      band.everyMinutes === undefined
        ? money(band.price)
        : `${money(band.price)} per started ${durationText(band.everyMinutes * minuteMs)}`
    const when =
      band.untilMinutes !== undefined
        ? `up to ${durationText(band.untilMinutes * minuteMs)}`
        : start !== undefined
          ? `after ${durationText(start * minuteMs)}`
          : ''
    lines.push(`Parking${when === '' ? '' : ` ${when}`}: ${price}.`)
  }
  const day = card.day === 'calendar' ? 'calendar day' : '24 hours from entry'
  if (card.dayMaximum !== undefined) lines.push(`At most ${money(card.dayMaximum)} per ${day}.`)
  if (card.day === 'rolling' || card.day === 'calendar') lines.push(`Counting begins anew each ${day}.`)
  if (card.stayMaximum !== undefined) lines.push(`At most ${money(card.stayMaximum)} per stay.`)
  if (card.lostTicket !== undefined) lines.push(`Lost ticket: ${money(card.lostTicket)}.`)
  return lines
}

function chargingWords(rules: ChargingRules, money: Money): string[] {
  const lines: string[] = []
  const { energy, time, session, idle } = rules
  if (energy === undefined) lines.push('Energy is free.')
  else {
    for (const window of energy.windows ?? []) {
      const name = window.name === undefined ? '' : ` (${window.name})`
      lines.push(`Energy ${windowText(window)}${name}: ${money(window.price)} per kWh.`)
    }
    lines.push(`Energy${energy.windows === undefined ? '' : ' at other times'}: ${money(energy.price)} per kWh.`)
  }
  if (time !== undefined) {
    const what = time.counts === 'plugged' ? 'plugged in' : 'charging'
    const counted = time.step === 'second' ? 'minute, counted by the second' : 'started minute'
    lines.push(`Time ${what}: ${money(time.price)} per ${counted}.`)
  }
  if (session !== undefined) lines.push(`Session fee: ${money(session.price)}.`)
  if (idle !== undefined) {
    const after = idle.counts === 'everyPause' ? 'whenever the car takes no energy' : 'after charging has ended'
    const grace = idle.graceMinutes ? `, the first ${idle.graceMinutes} minutes free` : ''
    const cap = idle.maximum === undefined ? '' : `, at most ${money(idle.maximum)} per session`
    const counted = idle.step === 'second' ? 'minute, counted by the second' : 'started minute'
    lines.push(`Idle fee ${after}: ${money(idle.price)} per ${counted}${grace}${cap}.`)
    for (const window of idle.quietHours ?? []) lines.push(`No idle fee ${windowText(window)}.`)
    lines.push('No idle fee while the charging station itself holds the energy back.')
  }
  if (rules.minimum !== undefined) lines.push(`At least ${money(rules.minimum)} per session in which energy flows.`)
  if (rules.maximum !== undefined) lines.push(`At most ${money(rules.maximum)} per session.`)
  return lines
}
