// Owns what is doubtful about valid rules: what overlaps, what never holds, what is missing, what is impossible.
// Must not refuse anything, and must not price but by the engine's own functions.
import type { LintContext, LintFinding } from '../../core/plugin/index.ts'
import { lintCharging } from './lint-charging.ts'
import { hoursFindings, unreachable } from './lint-windows.ts'
import { rateStay, totalOf } from './parking-rate.ts'
import type { ParkingProduct, ParkingRules, RateCard, Rules } from './rules.ts'

const dayMs = 86_400_000

export function lintRules(rules: Rules, context: LintContext): LintFinding[] {
  const findings = rules.scope === 'parking' ? lintParking(rules) : lintCharging(rules, context)
  return [...findings, ...zoneFindings(rules, context.zone)]
}

/** Hours of a site that is said to live in UTC are most likely read on the wrong wall. */
function zoneFindings(rules: Rules, zone: string): LintFinding[] {
  if (!/^(utc|gmt|etc\/.*|[+-]\d.*)$/i.test(zone)) return []
  if (!/"(from|day|exitBefore|per|dayMaximum|monthMaximum)":/.test(JSON.stringify(rules))) return []
  const message = `Hours and days are read in ${zone}, where no site has its wall clock: say the zone of the site.`
  return [{ pointer: '', severity: 'warning', code: 'zone', message }]
}

function lintParking(rules: ParkingRules): LintFinding[] {
  const findings = lintCard(rules, '')
  if (rules.lostTicket === undefined) {
    const message = 'There is no price for a lost ticket or an unknown entry: such stays cannot be priced.'
    findings.push({ pointer: '/lostTicket', severity: 'warning', code: 'missing-default', message })
  }
  for (const [kind, rates] of Object.entries(rules.parkers ?? {})) {
    if (rates !== undefined && 'bands' in rates) findings.push(...lintCard(rates, `/parkers/${kind}`))
  }
  const seen = new Map<string, number>()
  for (const [i, group] of (rules.groups ?? []).entries()) {
    const earlier = seen.get(group.group)
    if (earlier !== undefined) findings.push(unreachable(`/groups/${i}`, `/groups/${earlier} is for the same group.`))
    else seen.set(group.group, i)
    if ('rates' in group) findings.push(...lintCard(group.rates, `/groups/${i}/rates`))
  }
  const { products = [] } = rules
  for (const [i, product] of products.entries()) {
    const at = `/products/${i}`
    const hider =
      rules.select === 'cheapest' ? undefined : products.slice(0, i).findIndex((each) => hides(each, product))
    if (hider !== undefined && hider !== -1) {
      findings.push(unreachable(at, `/products/${hider} fits whenever this one does, and comes first.`))
    }
    findings.push(...impossible(product, at))
    if (product.rates !== undefined) findings.push(...lintCard(product.rates, `${at}/rates`))
  }
  if (rules.select !== undefined && products.length === 0) {
    findings.push(unreachable('/select', 'There are no products to select from.'))
  }
  return findings
}

function conditionsOf({ name: _, flat: __, rates: ___, ...conditions }: ParkingProduct): [string, string][] {
  return Object.entries(conditions).map(([name, value]) => [name, JSON.stringify(value)])
}

/** Each condition of the earlier product is one of the later one, too. */
function hides(earlier: ParkingProduct, later: ParkingProduct): boolean {
  const own = new Map(conditionsOf(later))
  return conditionsOf(earlier).every(([name, value]) => own.get(name) === value)
}

function impossible(product: ParkingProduct, at: string): LintFinding[] {
  const { entry, exit, sameDay, minMinutes } = product
  const error = (pointer: string, message: string): LintFinding => ({
    pointer,
    severity: 'error',
    code: 'impossible',
    message,
  })
  if (sameDay && minMinutes !== undefined && minMinutes > 1500) {
    return [error(`${at}/minMinutes`, 'No day is that long, and the stay has to end on the day it began.')]
  }
  if (!sameDay || entry === undefined || exit === undefined) return []
  const wraps = (window: { from: string; to: string }) => window.to <= window.from
  const never = exit.every((out) => !wraps(out) && entry.every((inn) => !wraps(inn) && out.to < inn.from))
  return never ? [error(`${at}/exit`, 'On one day nobody can leave before the first entry.')] : []
}

function lintCard(card: RateCard, at: string): LintFinding[] {
  const findings = hoursFindings(card.windows ?? [], `${at}/windows`, `${at}/bands`)
  if (card.bandPrices === 'total') {
    let highest = 0
    for (const [i, band] of card.bands.entries()) {
      if (band.everyMinutes !== undefined) continue
      if (Number(band.price) < highest) {
        const message = 'A longer stay costs less than a shorter one.'
        findings.push({ pointer: `${at}/bands/${i}/price`, severity: 'warning', code: 'falling-price', message })
      }
      highest = Math.max(highest, Number(band.price))
    }
  }
  const { dayMaximum, weekMaximum, stayMaximum, windows: _, maxStay: __, ...plain } = card
  const cost = (rates: RateCard, length: number) => totalOf(rateStay(rates, 0, length, 'UTC'))
  if (
    dayMaximum !== undefined &&
    cost({ ...plain, windows: [] }, dayMs).lte(dayMaximum) &&
    card.windows === undefined
  ) {
    findings.push(unreachable(`${at}/dayMaximum`, 'A whole day does not cost more.', 'info'))
  }
  const withDay = dayMaximum === undefined ? plain : { ...plain, dayMaximum }
  if (weekMaximum !== undefined && card.windows === undefined && cost(withDay, 7 * dayMs).lte(weekMaximum)) {
    findings.push(unreachable(`${at}/weekMaximum`, 'Seven days do not cost more.', 'info'))
  }
  const open = card.bands.at(-1)?.everyMinutes !== undefined
  if (open && dayMaximum === undefined && weekMaximum === undefined && stayMaximum === undefined) {
    const message = 'Nothing limits what a forgotten car costs.'
    findings.push({ pointer: `${at}/dayMaximum`, severity: 'info', code: 'no-maximum', message })
  }
  if (card.maxStay !== undefined && (card.freeMinutes ?? 0) >= card.maxStay.minutes) {
    findings.push(unreachable(`${at}/bands`, 'All of the longest stay is free.'))
  }
  return findings
}
