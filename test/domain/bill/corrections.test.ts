// Owns the proof that corrections add up: bill and adjustments say what the last facts say, and the journal says the same.
// Must not edit a posted line.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  accountOf,
  accounts,
  type BillLine,
  billPostings,
  clearing,
  diffLines,
  outstandingLines,
  type Posting,
  paymentPostings,
  roundingPolicies,
  taxPayable,
  taxSums,
  toBillLines,
  totalsOf,
} from '../../../core/domain/bill/index.ts'
import { minor } from '../../../core/domain/money.ts'
import { groupOf, line, pricedLines } from './lines.ts'

const policies = Object.values(roundingPolicies)
const billed = (amount: string, more: object = {}) =>
  toBillLines(groupOf([line('energy', amount, { taxRate: '19', ...more })]), 'EUR', roundingPolicies.line_half_up)

function balances(postings: readonly Posting[]): Map<string, number> {
  const sums = new Map<string, number>()
  for (const { debit, credit, amountMinor } of postings) {
    sums.set(debit, (sums.get(debit) ?? 0) + amountMinor)
    sums.set(credit, (sums.get(credit) ?? 0) - amountMinor)
  }
  return sums
}

test('nothing to say when the facts say the same', () => {
  const standing = outstandingLines(billed('10.00'))
  expect(diffLines(billed('10.00'), standing)).toEqual([])
  expect(diffLines(billed('10.001'), standing)).toEqual([])
  // Other words for the same charge are no reason for a new bill, another quantity is.
  expect(diffLines(billed('10.00', { description: 'Strom' }), standing)).toEqual([])
  expect(diffLines(billed('10.00', { billedQuantity: '2' }), standing)).toHaveLength(2)
})

test('a change takes the old line back whole and bills the new one', () => {
  const lines = diffLines(billed('12.00'), outstandingLines(billed('10.00')))
  expect(
    lines.map((each) => [each.description, each.billedQuantity, each.netMinor, each.taxMinor, each.totalMinor]),
  ).toEqual([
    ['Taken back: energy', '-1', -1000, -190, -1190],
    ['energy', '1', 1200, 228, 1428],
  ])
  expect(totalsOf(lines).totalMinor).toBe(238)
})

test('a charge that is gone is taken back, and can come again', () => {
  const gone = diffLines([], outstandingLines(billed('10.00')))
  expect(gone.map((each) => each.totalMinor)).toEqual([-1190])
  const standing = outstandingLines([...billed('10.00'), ...gone])
  expect(standing.size).toBe(0)
  expect(diffLines(billed('10.00'), standing)).toHaveLength(1)
})

test('bill and adjustments come to the pricing of the last facts, line by line, whatever the facts did in between', () => {
  fc.assert(
    fc.property(
      fc.array(pricedLines, { minLength: 1, maxLength: 8 }),
      fc.constantFrom(...policies),
      (history, policy) => {
        const posted: BillLine[] = []
        const postings: Posting[] = []
        for (const lines of history) {
          const target = toBillLines(groupOf(lines), 'EUR', policy)
          const now = diffLines(target, outstandingLines(posted))
          posted.push(...now)
          postings.push(...billPostings(now))
          // Repeating is free.
          expect(diffLines(target, outstandingLines(posted))).toEqual([])
        }
        const target = toBillLines(groupOf(history.at(-1) ?? []), 'EUR', policy)
        expect(totalsOf(posted)).toEqual(totalsOf(target))
        const said = (lines: readonly BillLine[]) =>
          new Map(lines.map((each) => [each.key, [each.kind, each.netMinor, each.taxMinor, each.taxCode]]))
        expect(said([...outstandingLines(posted).values()])).toEqual(said(target))

        // The journal: all amounts positive, every account where the lines say, receivable the total.
        expect(postings.every((each) => each.amountMinor > 0 && each.debit !== each.credit)).toBe(true)
        const sums = balances(postings)
        expect([...sums.values()].reduce((a, b) => a + b, 0)).toBe(0)
        expect(sums.get(accounts.receivable) ?? 0).toBe(totalsOf(target).totalMinor)
        for (const account of new Set(target.map((each) => accountOf[each.kind]))) {
          const net = target
            .filter((each) => accountOf[each.kind] === account)
            .reduce((sum, each) => sum + each.netMinor, 0)
          expect(sums.get(account) ?? 0).toBe(net === 0 ? 0 : -net)
        }
        for (const code of new Set(target.map((each) => each.taxCode))) {
          const tax = target.filter((each) => each.taxCode === code).reduce((sum, each) => sum + each.taxMinor, 0)
          expect(sums.get(taxPayable(code)) ?? 0).toBe(tax === 0 ? 0 : -tax)
        }
      },
    ),
    { numRuns: 500 },
  )
})

test('rounding is said on the line, where there was any', () => {
  expect(billed('10.00')[0]?.explanation).toEqual([])
  expect(billed('6.04905')[0]).toMatchObject({
    rounding: 'line_half_up',
    explanation: ['Rounded once (half up): 6.04905 to 6.05.'],
  })
})

test('taxes are summed by code and rate', () => {
  const lines = toBillLines(
    groupOf([
      line('a', '10.00', { taxRate: '19' }),
      line('b', '5.00', { taxRate: '19.0' }),
      line('c', '5.00', { taxRate: '7' }),
    ]),
    'EUR',
    roundingPolicies.line_half_up,
  )
  expect(taxSums(lines)).toEqual([
    { code: 'VAT', rate: '7', netMinor: 500, taxMinor: 35, totalMinor: 535 },
    { code: 'VAT', rate: '19', netMinor: 1500, taxMinor: 285, totalMinor: 1785 },
  ])
})

test('payments move money from clearing to what is owed, refunds back', () => {
  const payment = { kind: 'captured', method: 'Credit Card', amountMinor: minor(500), pays: 'bill' } as const
  expect(paymentPostings(payment)).toEqual([
    { debit: 'clearing.credit_card', credit: 'receivable', amountMinor: 500, line: null },
  ])
  expect(paymentPostings({ ...payment, kind: 'refunded' })).toEqual([
    { debit: 'receivable', credit: 'clearing.credit_card', amountMinor: 500, line: null },
  ])
  expect(paymentPostings({ ...payment, pays: 'nothing', method: 'Cash' })).toEqual([
    { debit: 'cash', credit: 'payments.unapplied', amountMinor: 500, line: null },
  ])
  expect(paymentPostings({ ...payment, kind: 'failed' })).toEqual([])
  expect(clearing(null)).toBe('clearing.unknown')
})
