// Owns generators of priced lines for the tests beside it.
// Must not assert anything.
import fc from 'fast-check'
import type { LineOrigin, PricedGroup } from '../../../core/domain/bill/index.ts'
import { Decimal } from '../../../core/domain/money.ts'
import { type LineKind, lineKinds, type PricedLine } from '../../../core/domain/price.ts'

export const origin: LineOrigin = {
  scope: 'parking',
  stayId: '0190b5a0-0000-7000-8000-000000000001',
  sessionId: null,
  tariffId: null,
  tariffVersion: null,
  addedBy: null,
}

export function line(key: string, amount: string, more: Partial<PricedLine> = {}): PricedLine {
  return {
    key,
    kind: 'PARKING',
    description: key,
    quantity: '1',
    billedQuantity: '1',
    unit: 'piece',
    unitPrice: amount,
    net: amount,
    taxCode: 'VAT',
    taxRate: '0',
    rulePath: '',
    explanation: [],
    ...more,
  }
}

const amount = fc
  .tuple(fc.integer({ min: -2_000_000, max: 2_000_000 }), fc.constantFrom(100, 1000, 10_000))
  .map(([value, scale]) => new Decimal(value).div(scale).toString())

/** Lines with distinct keys, both signs, mixed tax codes, rates and ways of stating the price. */
export const pricedLines: fc.Arbitrary<PricedLine[]> = fc
  .uniqueArray(
    fc.record({
      key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
      kind: fc.constantFrom<LineKind>(...lineKinds),
      amount,
      quantity: fc.integer({ min: 0, max: 99_999 }).map((value) => new Decimal(value).div(1000).toString()),
      tax: fc.constantFrom(['VAT', '19'], ['VAT', '7'], ['city', '8.875'], ['none', '0'] as const),
      included: fc.boolean(),
    }),
    { selector: (each) => each.key, maxLength: 6 },
  )
  .map((all) =>
    all.map(({ key, kind, amount, quantity, tax, included }) =>
      line(key, amount, {
        kind,
        quantity,
        billedQuantity: quantity,
        taxCode: tax[0] ?? 'none',
        taxRate: tax[1] ?? '0',
        ...(included ? { gross: amount } : {}),
      }),
    ),
  )

export const groupOf = (lines: readonly PricedLine[]): PricedGroup[] => [{ origin, lines }]
