// Owns reading OCPP rules: every fault with its JSON pointer.
// Must not repair anything.
import { Ajv2020 } from 'ajv/dist/2020.js'
import {
  Decimal,
  type RulesCheck,
  type RulesContext,
  type RulesProblem,
  rulesProblems,
} from '../../core/plugin/index.ts'
import { type Conditions, type Dimension, type OcppRules, rulesSchema, type Tariff } from './tariff.ts'

export type ReadRules = { kind: 'read'; rules: OcppRules } | { kind: 'bad'; problems: RulesProblem[] }

export const dimensions: readonly Dimension[] = [
  'fixedFee',
  'energy',
  'chargingTime',
  'idleTime',
  'reservationFixed',
  'reservationTime',
]

export function rulesReader(): (rules: unknown) => ReadRules {
  const validate = new Ajv2020({ allErrors: true, strict: false }).compile<OcppRules>(rulesSchema)
  return (rules) => {
    if (!validate(rules)) return { kind: 'bad', problems: rulesProblems(validate.errors) }
    const problems = tariffProblems(rules.tariff)
    return problems.length === 0 ? { kind: 'read', rules } : { kind: 'bad', problems }
  }
}

export function checked(read: ReadRules, context: RulesContext | undefined): RulesCheck {
  if (read.kind === 'bad') return { kind: 'invalid', problems: read.problems }
  const problems: RulesProblem[] = []
  if (context !== undefined && context.scope !== 'charging') {
    problems.push({ pointer: '', message: 'OCPP tariffs price charging only.' })
  }
  if (context !== undefined && read.rules.tariff.currency !== context.currency) {
    problems.push({ pointer: '/tariff/currency', message: `This tariff is to be in ${context.currency}.` })
  }
  return problems.length === 0 ? { kind: 'valid' } : { kind: 'invalid', problems }
}

function tariffProblems(tariff: Tariff): RulesProblem[] {
  const problems: RulesProblem[] = []
  if (dimensions.every((name) => tariff[name] === undefined)) {
    problems.push({ pointer: '/tariff', message: 'It has no price at all; a free tariff has one of 0.' })
  }
  for (const name of dimensions) {
    for (const [i, { conditions = {} }] of (tariff[name]?.prices ?? []).entries()) {
      problems.push(...conditionProblems(conditions, `/tariff/${name}/prices/${i}/conditions`))
    }
  }
  for (const side of ['exclTax', 'inclTax'] as const) {
    const [least, most] = [tariff.minCost?.[side], tariff.maxCost?.[side]]
    if (least !== undefined && most !== undefined && new Decimal(least).gt(most)) {
      problems.push({ pointer: `/tariff/minCost/${side}`, message: 'The minimum is above the maximum.' })
    }
  }
  return problems
}

const ranges = ['Energy', 'Current', 'Power', 'Time', 'ChargingTime', 'IdleTime'] as const

function conditionProblems(conditions: Conditions, at: string): RulesProblem[] {
  const problems: RulesProblem[] = []
  for (const name of ranges) {
    const [min, max] = [conditions[`min${name}`], conditions[`max${name}`]]
    if (min !== undefined && max !== undefined && new Decimal(min).gte(max)) {
      problems.push({ pointer: `${at}/max${name}`, message: 'Nothing lies between minimum and maximum.' })
    }
  }
  const { validFromDate, validToDate } = conditions
  if (validFromDate !== undefined && validToDate !== undefined && validFromDate >= validToDate) {
    problems.push({ pointer: `${at}/validToDate`, message: 'It has to be later than the first date.' })
  }
  return problems
}
