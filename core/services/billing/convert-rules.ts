// Owns carrying rules from one tariff format to another: valid rules in, rules and a list of what was lost out.
// Must not store anything.
import {
  type ConvertedTariff,
  convertTariff,
  isExchangeEngine,
  type TariffFormat,
} from '../../domain/tariff-exchange/index.ts'
import { invalid, type Outcome, ok } from '../manage/outcome.ts'
import type { BillingDeps } from './billing-deps.ts'
import { brokenRules } from './tariff-rules.ts'

export interface ConversionRequest {
  engine: string
  currency: string
  rules: unknown
  to: TariffFormat
}

export function convertRules(
  deps: Pick<BillingDeps, 'engine'>,
): (input: ConversionRequest) => Outcome<ConvertedTariff> {
  return ({ engine, currency, rules, to }) => {
    if (!isExchangeEngine(engine)) return invalid('/engine', 'Tariffs of this engine cannot be carried over.')
    const refusal = brokenRules(deps, engine, rules, { scope: 'charging', currency })
    return refusal ?? ok(convertTariff({ engine, rules, currency }, to))
  }
}
