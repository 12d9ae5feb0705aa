// Owns turning an amount and its taxes into a priced line: several taxes, taxes on taxes, prices with the tax inside.
// Must not round amounts to coins: that is done once, on the bill.
import { Decimal } from '../money.ts'
import type { PricedLine, TaxShare } from '../price.ts'

export interface TaxRate {
  code: string
  percent: string
  /** Taxes of one stack have the same base; a higher stack also taxes the lower ones. */
  stack?: number
}

export interface LineTaxes {
  rates: readonly TaxRate[]
  /** The price holds them. */
  included: boolean
  /** The tariff does not say which taxes there are. */
  unknown?: boolean
}

export type TaxedDraft = Omit<PricedLine, 'net' | 'gross' | 'exactTax' | 'taxes' | 'taxCode' | 'taxRate'> & {
  /** As the tariff states it: with tax where its prices include it. */
  amount: Decimal
  taxes: LineTaxes
}

/** Digits that are kept of what no decimal can hold exactly, such as thirds. */
const digits = 20

export function taxedLine({ amount, taxes, ...line }: TaxedDraft): PricedLine {
  const stacks = stacked(taxes.rates)
  const rate = stacks.reduce((sum, { factor }) => sum.plus(factor), new Decimal(0))
  const net = taxes.included ? amount.div(rate.plus(1)) : amount
  const shares: TaxShare[] = stacks.map(({ code, percent, factor }) => ({
    code,
    percent,
    amount: text(net.times(factor)),
  }))
  return {
    ...line,
    net: text(net),
    ...(taxes.included ? { gross: text(amount) } : {}),
    taxCode: taxes.rates.length === 0 ? (taxes.unknown ? 'unknown' : 'none') : shares.map(({ code }) => code).join('+'),
    taxRate: rate.times(100).toString(),
    ...(shares.length > 0 ? { taxes: shares } : {}),
  }
}

function stacked(rates: readonly TaxRate[]): { code: string; percent: string; factor: Decimal }[] {
  const sorted = [...rates].sort((a, b) => (a.stack ?? 0) - (b.stack ?? 0))
  let base = new Decimal(1)
  let reached = new Decimal(1)
  let stack = sorted[0]?.stack ?? 0
  return sorted.map((rate) => {
    if ((rate.stack ?? 0) !== stack) {
      stack = rate.stack ?? 0
      base = reached
    }
    const factor = base.times(rate.percent).div(100)
    reached = reached.plus(factor)
    return { code: rate.code, percent: new Decimal(rate.percent).toString(), factor }
  })
}

function text(amount: Decimal): string {
  return amount.toDecimalPlaces(digits).toString()
}

/** Without tax; exact to twenty digits. */
export function exclOf(line: PricedLine): Decimal {
  return new Decimal(line.net)
}

/** What is to be paid. */
export function inclOf(line: PricedLine): Decimal {
  if (line.gross !== undefined) return new Decimal(line.gross)
  const net = new Decimal(line.net)
  return line.exactTax === undefined ? net.plus(net.times(line.taxRate).div(100)) : net.plus(line.exactTax)
}
