// Owns the proof that part of a line is given back exactly, and never more than it holds.
// Must not test rounding.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { refundOfPart } from '../../../core/domain/bill/index.ts'
import { Decimal } from '../../../core/domain/money.ts'
import type { PricedLine } from '../../../core/domain/price.ts'

const line: PricedLine = {
  key: 'energy',
  kind: 'ENERGY',
  description: 'Energy',
  quantity: '7',
  billedQuantity: '7',
  unit: 'kWh',
  unitPrice: '0.3',
  net: '1.7647058824',
  gross: '2.1',
  taxCode: 'VAT',
  taxRate: '19',
  rulePath: '/energy',
  explanation: ['x'],
}

test('the whole of it leaves nothing, parts add up, too much is refused', () => {
  expect(refundOfPart(line, '7')).toMatchObject({ line: { net: '-1.7647058824', gross: '-2.1', billedQuantity: '-7' } })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6999 }), (wh) => {
      const part = new Decimal(wh).div(1000)
      const gross = [part, new Decimal(7).minus(part)].map((each) => {
        const refund = refundOfPart(line, each.toString())
        return refund.kind === 'refund' ? (refund.line.gross ?? '') : ''
      })
      expect(
        Decimal.sum(...gross)
          .plus('2.1')
          .abs()
          .lt('1e-30'),
      ).toBe(true)
    }),
  )
  for (const quantity of ['0', '7.001', '-1']) expect(refundOfPart(line, quantity).kind).toBe('refused')
})
