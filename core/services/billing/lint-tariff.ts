// Owns asking about rules what is wrong with them and what is doubtful, of whatever engine they are.
// Must not refuse doubtful rules: it only says so.
import { isTimeZone } from '../../domain/local-time.ts'
import type { LintContext, LintFinding } from '../../domain/price.ts'
import { invalid, type Outcome, ok } from '../manage/outcome.ts'
import type { BillingDeps } from './billing-deps.ts'
import { standardTariffEngine } from './manage-tariffs.ts'

export interface LintRequest extends Omit<LintContext, 'zone'> {
  engine?: string
  timeZone: string
  rules: unknown
}

export interface TariffLint {
  /** The rules can be stored; findings that are errors may still be in the way of publishing them. */
  valid: boolean
  /** Pointers begin in the rules. */
  findings: readonly LintFinding[]
}

export function lintTariff(deps: Pick<BillingDeps, 'engine'>): (input: LintRequest) => Outcome<TariffLint> {
  return ({ engine: name = standardTariffEngine, timeZone: zone, rules, ...context }) => {
    const engine = deps.engine(name)
    if (engine === null) return invalid('/engine', 'No running plugin provides this tariff engine.')
    if (!isTimeZone(zone)) return invalid('/timeZone', 'There is no such time zone.')
    const checked = engine.check(rules, context)
    if (checked.kind === 'invalid') {
      const findings = checked.problems.map(
        (problem): LintFinding => ({ ...problem, severity: 'error', code: 'invalid' }),
      )
      return ok({ valid: false, findings })
    }
    return ok({ valid: true, findings: engine.lint?.(rules, { ...context, zone }) ?? [] })
  }
}
