// Owns turning an amount and its tax into a priced line, and the words for lengths of time.
// Must not round amounts: that is done once, on the bill.
import { Decimal, type LocalWindow, type PricedLine } from '../../core/plugin/index.ts'
import type { Tax } from './rules.ts'

export interface LineTax {
  code: string
  percent: string
  included: boolean
}

export const noTax: LineTax = { code: 'none', percent: '0', included: false }

export function taxOf(main: (Tax & { included: boolean }) | undefined, own?: Tax): LineTax {
  if (main === undefined) return noTax
  return own === undefined ? main : { ...own, included: main.included }
}

export type LineDraft = Omit<PricedLine, 'net' | 'gross' | 'taxCode' | 'taxRate'> & { amount: Decimal; tax: LineTax }

export function pricedLine({ amount, tax, ...line }: LineDraft): PricedLine {
  const taxed = { ...line, taxCode: tax.code, taxRate: tax.percent }
  if (!tax.included) return { ...taxed, net: amount.toString() }
  const net = amount.times(100).div(new Decimal(100).plus(tax.percent)).toDecimalPlaces(10)
  return { ...taxed, net: net.toString(), gross: amount.toString() }
}

/** The amount that the tariff speaks of: with tax where its prices include it, without where not. */
export function statedAmount(line: PricedLine): Decimal {
  return new Decimal(line.gross ?? line.net)
}

/** Exact where it can be, to four digits where not: 90,000 ms is "1.5". */
export function minutesText(ms: number): string {
  return new Decimal(ms).div(60_000).toDecimalPlaces(4).toString()
}

/** "2 h 5 min", "45 min", "1 d 3 h"; seconds only where there are any. */
export function durationText(ms: number): string {
  const seconds = Math.round(ms / 1000)
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const
  const said = parts.filter(([count]) => count > 0).map(([count, unit]) => `${count} ${unit}`)
  return said.length === 0 ? '0 min' : said.join(' ')
}

export function windowText(window: LocalWindow): string {
  const days = window.days === undefined ? '' : ` on ${window.days.join(', ')}`
  return `from ${window.from} to ${window.to}${days}`
}
