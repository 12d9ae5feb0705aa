// Owns the standard tariff engine: what the hub calls, sent on to the rules of parking or of charging.
// Must not keep anything between two calls but the compiled schemas.
import type {
  PriceInput,
  PriceNeed,
  PriceResult,
  RulesCheck,
  RulesContext,
  TariffEngine,
} from '../../core/plugin/index.ts'
import { rulesChecker } from './check-rules.ts'
import { describeRules } from './describe-rules.ts'
import { lintRules } from './lint-rules.ts'
import { quoteCharging } from './quote-charging.ts'
import { quoteParking } from './quote-parking.ts'
import type { Rules } from './rules.ts'
import { rulesSchema } from './rules-schema.ts'

export function standardEngine(): TariffEngine {
  const check: (rules: unknown, context?: RulesContext) => RulesCheck = rulesChecker()
  /** Rules are checked before they are stored; rules that are not valid price nothing, whatever way they came. */
  const valid = (rules: unknown): rules is Rules => check(rules).kind === 'valid'

  const quote = (input: PriceInput): PriceResult => {
    const { rules } = input
    if (!valid(rules)) return { kind: 'unpriceable', reason: 'The rules of this tariff are not valid.' }
    if (rules.scope !== input.scope) {
      return { kind: 'unpriceable', reason: `This tariff is for ${rules.scope}, not for ${input.scope}.` }
    }
    if (rules.scope === 'parking') {
      return input.stay === null
        ? { kind: 'unpriceable', reason: 'There is no stay to price.' }
        : quoteParking(rules, input.stay, input)
    }
    return input.session === null
      ? { kind: 'unpriceable', reason: 'There is no charging session to price.' }
      : quoteCharging(rules, input.session, input)
  }

  return {
    schema: rulesSchema,
    check,
    quote,
    describe: (rules, { currency }) => (valid(rules) ? describeRules(rules, currency) : []),
    lint: (rules, context) => (valid(rules) ? lintRules(rules, context) : []),
    needs: (rules) => (valid(rules) ? needsOf(rules) : []),
  }
}

function needsOf(rules: Rules): PriceNeed[] {
  if (rules.scope === 'parking') return rules.charging === undefined ? [] : ['sessions']
  const limited = [rules, ...(rules.variants ?? [])].some(
    ({ allowance, dayMaximum, monthMaximum }) =>
      dayMaximum !== undefined ||
      monthMaximum !== undefined ||
      (allowance !== undefined && allowance.per !== 'session'),
  )
  return limited ? ['used'] : []
}
