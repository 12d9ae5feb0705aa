// Owns saying what is wrong with a set of rules, and where, by JSON pointer.
// Must not repair anything.
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import {
  currencyExponent,
  Decimal,
  instantsOfWallTime,
  pointerTo,
  type RulesCheck,
  type RulesContext,
} from '../../core/plugin/index.ts'
import type {
  Band,
  ChargingPrices,
  ChargingRules,
  EnergyTier,
  ParkingProduct,
  ParkingRules,
  RateCard,
} from './rules.ts'
import { chargingSchema, parkingSchema } from './rules-schema.ts'

interface Problem {
  pointer: string
  message: string
}

/** Longest local day in minutes: the night on which clocks go back. */
const longestDay = { rolling: 1440, calendar: 1500, operating: 1500, none: Number.POSITIVE_INFINITY } as const

export function rulesChecker(): (rules: unknown, context?: RulesContext) => RulesCheck {
  const ajv = new Ajv2020({ allErrors: true, strict: false })
  const compiled = new Map<string, ValidateFunction>()
  const validate = (scope: 'parking' | 'charging', rules: unknown): Problem[] => {
    const check = compiled.get(scope) ?? ajv.compile(scope === 'parking' ? parkingSchema : chargingSchema)
    compiled.set(scope, check)
    return check(rules) ? [] : distinct((check.errors ?? []).flatMap(problemOf))
  }

  return (rules, context) => {
    const scope = scopeOf(rules)
    if (scope === null) {
      return { kind: 'invalid', problems: [{ pointer: '/scope', message: 'Say "parking" or "charging".' }] }
    }
    if (context !== undefined && context.scope !== scope) {
      return { kind: 'invalid', problems: [{ pointer: '/scope', message: `This tariff is for ${context.scope}.` }] }
    }
    const shape = validate(scope, rules)
    const problems =
      shape.length > 0
        ? shape
        : scope === 'parking'
          ? parkingProblems(rules as ParkingRules, context)
          : chargingProblems(rules as ChargingRules)
    return problems.length === 0 ? { kind: 'valid' } : { kind: 'invalid', problems }
  }
}

function scopeOf(rules: unknown): 'parking' | 'charging' | null {
  if (typeof rules !== 'object' || rules === null) return null
  const { scope } = rules as { scope?: unknown }
  return scope === 'parking' || scope === 'charging' ? scope : null
}

function problemOf(error: ErrorObject): Problem[] {
  // The branches of a choice report themselves; the choice as a whole only adds noise.
  if (error.keyword === 'oneOf') return []
  const { missingProperty, additionalProperty, allowedValues } = error.params as Record<string, unknown>
  if (typeof missingProperty === 'string') {
    return [{ pointer: `${error.instancePath}${pointerTo(missingProperty)}`, message: 'This is needed.' }]
  }
  if (typeof additionalProperty === 'string') {
    return [{ pointer: `${error.instancePath}${pointerTo(additionalProperty)}`, message: 'There is no such setting.' }]
  }
  if (Array.isArray(allowedValues)) {
    return [{ pointer: error.instancePath, message: `It is one of ${allowedValues.join(', ')}.` }]
  }
  if (error.keyword === 'pattern') {
    return [{ pointer: error.instancePath, message: `It does not look right (expected ${error.params.pattern}).` }]
  }
  return [{ pointer: error.instancePath, message: `It ${error.message ?? 'is not valid'}.` }]
}

function distinct(problems: readonly Problem[]): Problem[] {
  const seen = new Set<string>()
  return problems.filter(({ pointer, message }) => {
    const key = `${pointer} ${message}`
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

function parkingProblems(rules: ParkingRules, context: RulesContext | undefined): Problem[] {
  const problems = cardProblems(rules, '', context)
  for (const [kind, rates] of Object.entries(rules.parkers ?? {})) {
    if (rates !== undefined && 'bands' in rates) problems.push(...cardProblems(rates, `/parkers/${kind}`, context))
  }
  for (const [i, group] of (rules.groups ?? []).entries()) {
    if ('rates' in group) problems.push(...cardProblems(group.rates, `/groups/${i}/rates`, context))
  }
  for (const [i, product] of (rules.products ?? []).entries()) {
    problems.push(...productProblems(product, `/products/${i}`, context))
  }
  const worth = Object.entries(rules.validations?.worth ?? {})
  if (context !== undefined) {
    const amounts = worth.flatMap(([provider, { amount, flat }]): [string, string | undefined][] => {
      const at = pointerTo('validations', 'worth', provider)
      return [
        [`${at}/amount`, amount],
        [`${at}/flat`, flat],
      ]
    })
    problems.push(...finePrices(amounts, context.currency))
  }
  return problems
}

function productProblems(product: ParkingProduct, at: string, context: RulesContext | undefined): Problem[] {
  const problems: Problem[] = []
  const { flat, rates, minMinutes, maxMinutes, event } = product
  if ((flat === undefined) === (rates === undefined)) {
    problems.push({ pointer: `${at}/flat`, message: 'Say either a flat price or rates.' })
  }
  if (minMinutes !== undefined && maxMinutes !== undefined && minMinutes > maxMinutes) {
    problems.push({ pointer: `${at}/minMinutes`, message: 'It is more than the most minutes.' })
  }
  if (event !== undefined) {
    const dates = [event.from, event.to].map((text) => instantsOfWallTime(text, 'UTC')[0])
    for (const [i, end] of (['from', 'to'] as const).entries()) {
      if (dates[i] === undefined) {
        problems.push({ pointer: `${at}/event/${end}`, message: 'No calendar has this date and time.' })
      }
    }
    if (dates[0] !== undefined && dates[1] !== undefined && dates[1] <= dates[0]) {
      problems.push({ pointer: `${at}/event/to`, message: 'It has to be later than the beginning.' })
    }
  }
  if (rates !== undefined) problems.push(...cardProblems(rates, `${at}/rates`, context))
  if (context !== undefined) problems.push(...finePrices([[`${at}/flat`, flat]], context.currency))
  return problems
}

function cardProblems(card: RateCard, at: string, context: RulesContext | undefined): Problem[] {
  const problems: Problem[] = []
  const day = card.day ?? 'none'
  if (card.dayMaximum !== undefined && day === 'none') {
    problems.push({
      pointer: `${at}/day`,
      message: 'A daily maximum needs to know what a day is: 24 hours from entry (rolling) or the calendar day.',
    })
  }
  if ((day === 'operating') !== (card.dayStartsAt !== undefined)) {
    problems.push({
      pointer: `${at}/dayStartsAt`,
      message: 'An operating day, and only that, has an hour at which it begins.',
    })
  }
  if (card.week !== undefined && card.weekMaximum === undefined) {
    problems.push({ pointer: `${at}/weekMaximum`, message: 'A week is only needed for a weekly maximum.' })
  }
  if (card.maxStay?.everyMinutes !== undefined && card.maxStay.price === undefined) {
    problems.push({ pointer: `${at}/maxStay/price`, message: 'This is needed for each interval.' })
  }
  problems.push(...bandProblems(card.bands, `${at}/bands`, longestDay[day]))
  if (card.grace?.mode === 'turnaround' && card.freeMinutes !== undefined && card.freeMinutes >= card.grace.minutes) {
    problems.push({ pointer: `${at}/grace`, message: 'The free minutes already cover it.' })
  }
  if (context !== undefined) problems.push(...finePrices(cardAmounts(card, at), context.currency))
  return problems
}

function cardAmounts(card: RateCard, at: string): [string, string | undefined][] {
  return [
    [`${at}/dayMaximum`, card.dayMaximum],
    [`${at}/weekMaximum`, card.weekMaximum],
    [`${at}/stayMaximum`, card.stayMaximum],
    [`${at}/lostTicket`, card.lostTicket],
    [`${at}/maxStay/price`, card.maxStay?.price],
    ...card.bands.map((band, i): [string, string] => [`${at}/bands/${i}/price`, band.price]),
    ...(card.windows ?? []).map((window, i): [string, string] => [`${at}/windows/${i}/price`, window.price]),
  ]
}

/** An amount that cannot be paid in coins would leave crumbs when a validation takes it away again. */
function finePrices(amounts: readonly [string, string | undefined][], currency: string): Problem[] {
  const digits = currencyExponent(currency)
  return amounts.flatMap(([pointer, amount]) =>
    amount !== undefined && new Decimal(amount).decimalPlaces() > digits
      ? [{ pointer, message: `${currency} has ${digits === 0 ? 'no' : digits} digits after the point.` }]
      : [],
  )
}

function bandProblems(bands: readonly Band[], at: string, needed: number): Problem[] {
  const problems: Problem[] = []
  let reached = 0
  for (const [i, band] of bands.entries()) {
    const end = band.untilMinutes
    const last = i === bands.length - 1
    if (end === undefined) {
      if (!last)
        problems.push({ pointer: `${at}/${i}/untilMinutes`, message: 'Only the last stretch may be open-ended.' })
      continue
    }
    if (end <= reached) {
      problems.push({ pointer: `${at}/${i}/untilMinutes`, message: `It must be more than ${reached}.` })
    }
    if (last && end < needed) {
      problems.push({
        pointer: `${at}/${i}/untilMinutes`,
        message: Number.isFinite(needed)
          ? `Nothing is said about the time after ${end} minutes; a day may have ${needed}.`
          : `Nothing is said about the time after ${end} minutes; leave the last stretch open-ended.`,
      })
    }
    reached = Math.max(reached, end)
  }
  return problems
}

function chargingProblems(rules: ChargingRules): Problem[] {
  const problems = pricesProblems(rules, '', rules)
  for (const [i, variant] of (rules.variants ?? []).entries()) {
    const at = `/variants/${i}`
    problems.push(...pricesProblems(variant, at, rules))
    for (const [k, part] of (variant.without ?? []).entries()) {
      if (variant[part] !== undefined) {
        problems.push({ pointer: `${at}/without/${k}`, message: `It is both left out and said: ${part}.` })
      }
    }
  }
  return problems
}

function pricesProblems(prices: ChargingPrices, at: string, { tax }: ChargingRules): Problem[] {
  const problems: Problem[] = []
  const { minimum, maximum, energy, time, idle } = prices
  if (minimum !== undefined && maximum !== undefined && new Decimal(minimum).gt(maximum)) {
    problems.push({ pointer: `${at}/minimum`, message: 'The minimum is above the maximum.' })
  }
  for (const name of ['energy', 'time', 'session', 'reservation', 'idle'] as const) {
    const part = prices[name]
    const taxes = [part, ...pricesWithin(part)].filter((each) => each?.tax !== undefined)
    if (taxes.length > 0 && tax === undefined) {
      problems.push({ pointer: '/tax', message: `Say the main tax too: ${name} has one of its own.` })
    }
  }
  problems.push(...tierProblems(energy?.tiers ?? [], `${at}/energy/tiers`))
  problems.push(...tierProblems(time?.tiers ?? [], `${at}/time/tiers`))
  problems.push(...tierProblems(idle?.tiers ?? [], `${at}/idle/tiers`))
  return problems
}

function pricesWithin(part: object | undefined): readonly { tax?: unknown }[] {
  const { windows, tiers } = (part ?? {}) as {
    windows?: readonly { tax?: unknown }[]
    tiers?: readonly { tax?: unknown }[]
  }
  return [...(windows ?? []), ...(tiers ?? [])]
}

function tierProblems(tiers: readonly EnergyTier[], at: string): Problem[] {
  const problems: Problem[] = []
  const measure = tiers[0]?.untilMinutes === undefined ? 'untilKwh' : 'untilMinutes'
  let reached = new Decimal(0)
  for (const [i, tier] of tiers.entries()) {
    const other = measure === 'untilKwh' ? 'untilMinutes' : 'untilKwh'
    if (tier[other] !== undefined) {
      problems.push({ pointer: `${at}/${i}/${other}`, message: 'All tiers are counted in kWh, or all in minutes.' })
    }
    const end = tier[measure]
    const last = i === tiers.length - 1
    if (end === undefined) {
      if (!last) problems.push({ pointer: `${at}/${i}/${measure}`, message: 'Only the last tier may be open-ended.' })
      continue
    }
    if (last) problems.push({ pointer: `${at}/${i}/${measure}`, message: 'The last tier has to be open-ended.' })
    if (reached.gte(end))
      problems.push({ pointer: `${at}/${i}/${measure}`, message: `It must be more than ${reached}.` })
    reached = Decimal.max(reached, end)
  }
  return problems
}
