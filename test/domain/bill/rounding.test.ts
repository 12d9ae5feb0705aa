// Owns the proof that amounts become coins once: named policies, tax per line and per group, sums that are the total.
// Must not use floats to check decimals.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  isRoundingPolicyName,
  type RoundingPolicy,
  roundingPolicies,
  roundLines,
  totalsOf,
} from '../../../core/domain/bill/index.ts'
import { Decimal, majorText } from '../../../core/domain/money.ts'
import { line, pricedLines } from './lines.ts'

const { line_half_up: perLine, line_half_even: halfEven, group_half_up: perGroup } = roundingPolicies
const taxed = (net: string, taxRate: string) => line(net, net, { taxRate })
const included = (gross: string, taxRate: string) => line(gross, '0', { taxRate, gross })

test('two taxes on one bill, each rounded on its line', () => {
  const amounts = roundLines([taxed('8.00', '12.5'), taxed('8.40', '6')], 'USD', perLine)
  expect(amounts).toEqual([
    { netMinor: 800, taxMinor: 100, totalMinor: 900 },
    { netMinor: 840, taxMinor: 50, totalMinor: 890 },
  ])
  expect(totalsOf(amounts)).toEqual({ netMinor: 1640, taxMinor: 150, totalMinor: 1790 })
})

test('prices with tax included keep what was announced', () => {
  expect(roundLines([included('9.99', '19')], 'EUR', perLine)).toEqual([
    { netMinor: 839, taxMinor: 160, totalMinor: 999 },
  ])
  expect(roundLines([included('-9.99', '19')], 'EUR', perLine)).toEqual([
    { netMinor: -839, taxMinor: -160, totalMinor: -999 },
  ])
})

test('ties go where the policy says, and energy to the tenth of a cent is rounded once', () => {
  const net = (policy: RoundingPolicy, amount: string) => roundLines([taxed(amount, '0')], 'USD', policy)[0]?.netMinor
  expect([net(perLine, '4.325'), net(halfEven, '4.325'), net(perLine, '-4.325')]).toEqual([433, 432, -433])
  expect([net(perLine, '4.3249999999'), net(perLine, '0.005'), net(halfEven, '0.005')]).toEqual([432, 1, 0])
})

test('currencies without and with three digits', () => {
  expect(roundLines([taxed('300.5', '10')], 'JPY', perLine)[0]).toEqual({
    netMinor: 301,
    taxMinor: 30,
    totalMinor: 331,
  })
  expect(roundLines([taxed('1.2345', '5')], 'KWD', perLine)[0]).toEqual({
    netMinor: 1235,
    taxMinor: 62,
    totalMinor: 1297,
  })
})

describe('tax per rate group', () => {
  test('the cents that lines would each round away are kept', () => {
    const lines = [taxed('0.33', '10'), taxed('0.33', '10'), taxed('0.33', '10')]
    expect(roundLines(lines, 'EUR', perLine).map((each) => each.taxMinor)).toEqual([3, 3, 3])
    expect(roundLines(lines, 'EUR', perGroup).map((each) => each.taxMinor)).toEqual([4, 3, 3])
  })

  test('a group is one code at one rate', () => {
    const lines = [taxed('0.14', '10'), taxed('0.14', '5'), taxed('0.14', '10')]
    expect(roundLines(lines, 'EUR', perGroup).map((each) => each.taxMinor)).toEqual([2, 1, 1])
  })
})

test('for any lines and policy: net and tax make the total of each line, tax is right to the cent, opposites are opposite', () => {
  fc.assert(
    fc.property(
      pricedLines,
      fc.constantFrom(perLine, halfEven, perGroup),
      fc.constantFrom('EUR', 'JPY', 'KWD'),
      (lines, policy, currency) => {
        const amounts = roundLines(lines, currency, policy)
        for (const [i, amount] of amounts.entries()) {
          const priced = lines[i]
          if (priced === undefined) throw new Error('a line more than there were')
          expect(amount.netMinor + amount.taxMinor).toBe(amount.totalMinor)
          const kept = priced.gross === undefined ? amount.netMinor : amount.totalMinor
          const unit = new Decimal(majorText(kept, currency)).minus(priced.gross ?? priced.net).abs()
          expect(unit.lte(new Decimal(majorText(1 as never, currency)).div(2))).toBe(true)
          const base = priced.gross === undefined ? 100 : new Decimal(100).plus(priced.taxRate)
          const exact = new Decimal(kept).times(priced.taxRate).div(base)
          expect(
            exact
              .minus(amount.taxMinor)
              .abs()
              .lte(policy.tax === 'per_line' ? 0.5 : 1),
          ).toBe(true)
        }
        if (policy.tax === 'per_rate_group') {
          const groups = new Map<string, { exact: Decimal; posted: number }>()
          for (const [i, priced] of lines.entries()) {
            const amount = amounts[i]
            if (amount === undefined) continue
            const key = `${priced.taxCode} ${priced.taxRate} ${priced.gross === undefined}`
            const base = priced.gross === undefined ? 100 : new Decimal(100).plus(priced.taxRate)
            const kept = priced.gross === undefined ? amount.netMinor : amount.totalMinor
            const group = groups.get(key) ?? { exact: new Decimal(0), posted: 0 }
            groups.set(key, {
              exact: group.exact.plus(new Decimal(kept).times(priced.taxRate).div(base)),
              posted: group.posted + amount.taxMinor,
            })
          }
          for (const group of groups.values()) expect(group.exact.minus(group.posted).abs().lte(0.5)).toBe(true)
        } else {
          const opposite = lines.map((each) => ({
            ...each,
            net: new Decimal(each.net).neg().toString(),
            ...(each.gross === undefined ? {} : { gross: new Decimal(each.gross).neg().toString() }),
          }))
          expect(roundLines(opposite, currency, policy)).toEqual(
            amounts.map((amount) => ({
              netMinor: 0 - amount.netMinor,
              taxMinor: 0 - amount.taxMinor,
              totalMinor: 0 - amount.totalMinor,
            })),
          )
        }
      },
    ),
    { numRuns: 500 },
  )
})

test('policies are known by name', () => {
  expect(isRoundingPolicyName('line_half_up')).toBe(true)
  expect(isRoundingPolicyName('toString')).toBe(false)
})
