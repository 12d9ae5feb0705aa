// Owns reading a tariff's least and highest price, as each edition writes it.
// Must not apply them.
import { Decimal, type PriceLimit } from '../../core/plugin/index.ts'
import type { Amount, Limit } from './tariff.ts'

export function limitOf(limit: Amount | Limit | undefined, rulePath: string): PriceLimit | undefined {
  if (limit === undefined) return undefined
  if (typeof limit !== 'object') return { excl: decimal(limit), rulePath }
  const excl = limit.before_taxes ?? limit.excl_vat
  const incl = limit.after_taxes ?? limit.incl_vat ?? sumOf(excl, limit.taxes)
  return {
    ...(excl === undefined ? {} : { excl: decimal(excl) }),
    ...(incl === undefined ? {} : { incl: decimal(incl) }),
    rulePath,
  }
}

function sumOf(excl: Amount | undefined, taxes: Limit['taxes']): Amount | undefined {
  if (excl === undefined || taxes === undefined || taxes.length === 0) return undefined
  return Decimal.sum(excl, ...taxes.map(({ amount }) => amount)).toString()
}

/** "10.00" and 10 are one amount. */
const decimal = (amount: Amount) => new Decimal(amount).toString()
