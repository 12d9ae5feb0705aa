// Owns reading OCPI rules: absent where JSON says null, and every fault with its JSON pointer.
// Must not repair anything.
import { Ajv2020 } from 'ajv/dist/2020.js'
import {
  Decimal,
  type RulesCheck,
  type RulesContext,
  type RulesProblem,
  rulesProblems,
} from '../../core/plugin/index.ts'
import { limitOf } from './limits.ts'
import { type Amount, type OcpiRules, rulesSchema, type Tariff, type TariffElement } from './tariff.ts'

export type ReadRules = { kind: 'read'; rules: OcpiRules } | { kind: 'bad'; problems: RulesProblem[] }

export function rulesReader(): (rules: unknown) => ReadRules {
  const validate = new Ajv2020({ allErrors: true, strict: false }).compile<OcpiRules>(rulesSchema)
  return (given) => {
    const rules = withoutNulls(given, 0)
    if (!validate(rules)) return { kind: 'bad', problems: rulesProblems(validate.errors) }
    const problems = [
      ...tariffProblems(rules.tariff, '/tariff'),
      ...(rules.alternatives ?? []).flatMap((each, i) => tariffProblems(each, `/alternatives/${i}`)),
    ]
    return problems.length === 0 ? { kind: 'read', rules } : { kind: 'bad', problems }
  }
}

export function checked(read: ReadRules, context: RulesContext | undefined): RulesCheck {
  if (read.kind === 'bad') return { kind: 'invalid', problems: read.problems }
  if (context === undefined) return { kind: 'valid' }
  const problems: RulesProblem[] = []
  if (context.scope !== 'charging') problems.push({ pointer: '', message: 'OCPI tariffs price charging only.' })
  const wrongCurrency = (tariff: Tariff, pointer: string) => {
    if (tariff.currency === context.currency) return
    problems.push({ pointer: `${pointer}/currency`, message: `This tariff is to be in ${context.currency}.` })
  }
  wrongCurrency(read.rules.tariff, '/tariff')
  for (const [i, each] of (read.rules.alternatives ?? []).entries()) wrongCurrency(each, `/alternatives/${i}`)
  return problems.length === 0 ? { kind: 'valid' } : { kind: 'invalid', problems }
}

/** Deeper than any tariff: what is nested further is left, and found wrong by the schema. */
const deepest = 30

/** Many senders write null for what they leave out. */
function withoutNulls(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || depth > deepest) return value
  if (Array.isArray(value)) return value.map((each) => withoutNulls(each, depth + 1))
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, each]) => each !== null)
      .map(([name, each]) => [name, withoutNulls(each, depth + 1)]),
  )
}

function tariffProblems(tariff: Tariff, at: string): RulesProblem[] {
  const problems = tariff.elements.flatMap((element, i) => elementProblems(element, `${at}/elements/${i}`))
  const least = limitOf(tariff.min_price, '')
  const most = limitOf(tariff.max_price, '')
  for (const side of ['excl', 'incl'] as const) {
    const [low, high] = [least?.[side], most?.[side]]
    if (low !== undefined && high !== undefined && new Decimal(low).gt(high)) {
      problems.push({ pointer: `${at}/min_price`, message: 'The minimum is above the maximum.' })
    }
  }
  return problems
}

function elementProblems({ price_components, restrictions = {} }: TariffElement, at: string): RulesProblem[] {
  const problems: RulesProblem[] = []
  const seen = new Set<string>()
  for (const [i, { type }] of price_components.entries()) {
    const pointer = `${at}/price_components/${i}/type`
    if (seen.has(type)) problems.push({ pointer, message: `This element has a price for ${type} already.` })
    seen.add(type)
    if (restrictions.reservation !== undefined && type !== 'FLAT' && type !== 'TIME') {
      problems.push({ pointer, message: 'A reservation can have a FLAT and a TIME price only.' })
    }
  }
  const order = (name: string, low: Amount | undefined, high: Amount | undefined) => {
    if (low === undefined || high === undefined || new Decimal(low).lt(high)) return
    problems.push({ pointer: `${at}/restrictions/max_${name}`, message: 'Nothing lies between minimum and maximum.' })
  }
  order('kwh', restrictions.min_kwh, restrictions.max_kwh)
  order('current', restrictions.min_current, restrictions.max_current)
  order('power', restrictions.min_power, restrictions.max_power)
  order('duration', restrictions.min_duration, restrictions.max_duration)
  const { start_date, end_date } = restrictions
  if (start_date !== undefined && end_date !== undefined && start_date >= end_date) {
    problems.push({ pointer: `${at}/restrictions/end_date`, message: 'It has to be later than the first date.' })
  }
  return problems
}
