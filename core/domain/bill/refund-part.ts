// Owns giving back part of a line: a credit of its own with the same price and tax, never an edit of what was billed.
// Must not give back more than was charged.
import { Decimal } from '../money.ts'
import type { PricedLine } from '../price.ts'

export type PartRefund = { kind: 'refund'; line: PricedLine } | { kind: 'refused'; reason: string }

/** @param quantity in the line's own unit, of what was billed: "4" (kWh) */
export function refundOfPart(line: PricedLine, quantity: string): PartRefund {
  const part = new Decimal(quantity)
  const billed = new Decimal(line.billedQuantity)
  if (part.lte(0) || part.gt(billed)) {
    return {
      kind: 'refused',
      reason: `Of ${billed} ${line.unit}, more than nothing and at most all can be given back.`,
    }
  }
  // Multiplied before it is divided: the whole gives back exactly what was charged.
  const share = (amount: string) => new Decimal(amount).times(part).div(billed).neg().toString()
  return {
    kind: 'refund',
    line: {
      ...line,
      key: `refund:${line.key}`,
      description: `Refund: ${line.description}`,
      quantity: part.neg().toString(),
      billedQuantity: part.neg().toString(),
      net: share(line.net),
      ...(line.gross === undefined ? {} : { gross: share(line.gross) }),
      explanation: [`${part} of ${billed} ${line.unit} are given back at the price and tax they were charged at.`],
    },
  }
}
