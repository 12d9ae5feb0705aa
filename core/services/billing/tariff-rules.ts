// Owns asking a tariff engine about rules: whether they hold, and what they say in plain words.
// Must not know what rules look like.
import type { RulesContext } from '../../domain/price.ts'
import type { Tariff, TariffVersion } from '../../store/tariffs.ts'
import { invalid, type Refusal } from '../manage/outcome.ts'
import type { BillingDeps } from './billing-deps.ts'

export interface TariffVersionView extends TariffVersion {
  /** The rules in plain words; empty while the engine is not running. */
  description: readonly string[]
}

/** Undefined when the rules hold. Pointers begin at `/rules`. */
export function brokenRules(
  deps: Pick<BillingDeps, 'engine'>,
  engineName: string,
  rules: unknown,
  context: RulesContext,
): Refusal | undefined {
  const engine = deps.engine(engineName)
  if (engine === null) return invalid('/engine', 'No running plugin provides this tariff engine.')
  const result = engine.check(rules, context)
  if (result.kind === 'valid') return undefined
  const problems = result.problems.map(({ pointer, message }) => ({ pointer: `/rules${pointer}`, message }))
  return { kind: 'invalid', problems }
}

export function describedVersion(
  deps: Pick<BillingDeps, 'engine'>,
  tariff: Pick<Tariff, 'engine' | 'currency'>,
  version: TariffVersion,
): TariffVersionView {
  const engine = deps.engine(tariff.engine)
  const words = engine?.describe(version.rules, { currency: tariff.currency, zone: 'UTC' }) ?? []
  return { ...version, description: words }
}
