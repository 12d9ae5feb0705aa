// Owns the sums of a bill: net, tax, total, and tax by code and rate.
// Must not round: sums of posted lines are exact.
import { Decimal, type Minor, minor, sumMinor } from '../money.ts'
import type { BillLine } from './bill-line.ts'
import type { Amounts } from './rounding.ts'

export interface TaxSum {
  code: string
  /** Percent. */
  rate: string
  netMinor: Minor
  taxMinor: Minor
  totalMinor: Minor
}

export function totalsOf(lines: readonly Amounts[]): Amounts {
  return {
    netMinor: sumMinor(lines.map((line) => line.netMinor)),
    taxMinor: sumMinor(lines.map((line) => line.taxMinor)),
    totalMinor: sumMinor(lines.map((line) => line.totalMinor)),
  }
}

export function taxSums(lines: readonly BillLine[]): TaxSum[] {
  const sums = new Map<string, TaxSum>()
  for (const line of lines) {
    const rate = new Decimal(line.taxRate).toString()
    const key = `${line.taxCode} ${rate}`
    const sum = sums.get(key) ?? {
      code: line.taxCode,
      rate,
      netMinor: minor(0),
      taxMinor: minor(0),
      totalMinor: minor(0),
    }
    sums.set(key, {
      ...sum,
      netMinor: minor(sum.netMinor + line.netMinor),
      taxMinor: minor(sum.taxMinor + line.taxMinor),
      totalMinor: minor(sum.totalMinor + line.totalMinor),
    })
  }
  return [...sums.values()].sort((a, b) =>
    a.code < b.code ? -1 : a.code > b.code ? 1 : new Decimal(a.rate).comparedTo(b.rate),
  )
}
