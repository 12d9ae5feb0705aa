// Owns saying what is wrong with a set of rules, and where, by JSON pointer.
// Must not repair anything.
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import { currencyExponent, Decimal, type RulesCheck, type RulesContext } from '../../core/plugin/index.ts'
import {
  type Band,
  type ChargingRules,
  chargingSchema,
  type ParkingRules,
  parkingSchema,
  type RateCard,
} from './rules.ts'

interface Problem {
  pointer: string
  message: string
}

/** Longest local day in minutes: the night on which clocks go back. */
const longestDay = { rolling: 1440, calendar: 1500, none: Number.POSITIVE_INFINITY } as const

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
    return [{ pointer: `${error.instancePath}/${pointerPart(missingProperty)}`, message: 'This is needed.' }]
  }
  if (typeof additionalProperty === 'string') {
    return [
      { pointer: `${error.instancePath}/${pointerPart(additionalProperty)}`, message: 'There is no such setting.' },
    ]
  }
  if (Array.isArray(allowedValues)) {
    return [{ pointer: error.instancePath, message: `It is one of ${allowedValues.join(', ')}.` }]
  }
  if (error.keyword === 'pattern') {
    return [{ pointer: error.instancePath, message: `It does not look right (expected ${error.params.pattern}).` }]
  }
  return [{ pointer: error.instancePath, message: `It ${error.message ?? 'is not valid'}.` }]
}

const pointerPart = (name: string) => name.replaceAll('~', '~0').replaceAll('/', '~1')

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
  problems.push(...bandProblems(card.bands, `${at}/bands`, longestDay[day]))
  if (card.grace?.mode === 'turnaround' && card.freeMinutes !== undefined && card.freeMinutes >= card.grace.minutes) {
    problems.push({ pointer: `${at}/grace`, message: 'The free minutes already cover it.' })
  }
  if (context !== undefined) problems.push(...finePrices(card, at, context.currency))
  return problems
}

/** An amount that cannot be paid in coins would leave crumbs when a validation takes it away again. */
function finePrices(card: RateCard, at: string, currency: string): Problem[] {
  const digits = currencyExponent(currency)
  const amounts: [string, string | undefined][] = [
    [`${at}/dayMaximum`, card.dayMaximum],
    [`${at}/stayMaximum`, card.stayMaximum],
    [`${at}/lostTicket`, card.lostTicket],
    ...card.bands.map((band, i): [string, string] => [`${at}/bands/${i}/price`, band.price]),
  ]
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
  const problems: Problem[] = []
  const { minimum, maximum } = rules
  if (minimum !== undefined && maximum !== undefined && new Decimal(minimum).gt(maximum)) {
    problems.push({ pointer: '/minimum', message: 'The minimum is above the maximum.' })
  }
  for (const name of ['energy', 'time', 'session', 'idle'] as const) {
    if (rules[name]?.tax !== undefined && rules.tax === undefined) {
      problems.push({ pointer: '/tax', message: `Say the main tax too: ${name} has one of its own.` })
    }
  }
  return problems
}
