// Owns the one place where exact amounts become coins: named rounding policies, tax per line or per rate group.
// Must not round a total: the sum of the posted lines is the total.
import { Decimal, type Minor, majorText, minor, type RoundingMode, roundingModes, sumMinor, toMinor } from '../money.ts'
import type { PricedLine } from '../price.ts'

export interface RoundingPolicy {
  /** Stored on every bill and line, so that each can be computed again. */
  name: string
  mode: RoundingMode
  /** `per_line`: each line's own tax. `per_rate_group`: tax of the sum of one code and rate, shared out to its lines. */
  tax: 'per_line' | 'per_rate_group'
}

export const roundingPolicies = {
  line_half_up: { name: 'line_half_up', mode: 'half_up', tax: 'per_line' },
  line_half_even: { name: 'line_half_even', mode: 'half_even', tax: 'per_line' },
  group_half_up: { name: 'group_half_up', mode: 'half_up', tax: 'per_rate_group' },
} as const satisfies Record<string, RoundingPolicy>

export type RoundingPolicyName = keyof typeof roundingPolicies
export const defaultRounding: RoundingPolicy = roundingPolicies.line_half_up

export function isRoundingPolicyName(value: unknown): value is RoundingPolicyName {
  return typeof value === 'string' && Object.hasOwn(roundingPolicies, value)
}

export interface Amounts {
  netMinor: Minor
  taxMinor: Minor
  totalMinor: Minor
}

type Priced = Pick<PricedLine, 'net' | 'gross' | 'taxCode' | 'taxRate' | 'exactTax'>

const hundred = new Decimal(100)

/**
 * Posted amounts of each line, in order. Prices with tax included keep the gross (what the driver was told), others the net.
 * Opposite lines round to exactly opposite amounts.
 */
export function roundLines(lines: readonly Priced[], currency: string, policy: RoundingPolicy): Amounts[] {
  const stated = lines.map((line) => toMinor(new Decimal(line.gross ?? line.net), currency, policy.mode))
  const taxes =
    policy.tax === 'per_line' ? lineTaxes(lines, stated, currency, policy) : groupTaxes(lines, stated, policy)
  return lines.map((line, i) => {
    const amount = stated[i] ?? minor(0)
    const taxMinor =
      line.exactTax === undefined ? (taxes[i] ?? minor(0)) : toMinor(new Decimal(line.exactTax), currency, policy.mode)
    return line.gross === undefined
      ? { netMinor: amount, taxMinor, totalMinor: minor(amount + taxMinor) }
      : { netMinor: minor(amount - taxMinor), taxMinor, totalMinor: amount }
  })
}

/** Tax of a posted amount, exact, in minor units. */
function exactTax(line: Priced, stated: Minor): Decimal {
  const share = new Decimal(stated).times(line.taxRate)
  return share.div(line.gross === undefined ? hundred : hundred.plus(line.taxRate))
}

function lineTaxes(
  lines: readonly Priced[],
  stated: readonly Minor[],
  currency: string,
  policy: RoundingPolicy,
): Minor[] {
  return lines.map((line, i) => {
    const amount = stated[i] ?? minor(0)
    if (line.gross !== undefined) return roundMinor(exactTax(line, amount), policy.mode)
    return toMinor(new Decimal(majorText(amount, currency)).times(line.taxRate).div(hundred), currency, policy.mode)
  })
}

function roundMinor(amount: Decimal, mode: RoundingMode): Minor {
  return minor(amount.toDecimalPlaces(0, roundingModes[mode]).toNumber())
}

/** Largest remainder: each line gets its share rounded down, the cents that are left go to the largest fractions. */
function groupTaxes(lines: readonly Priced[], stated: readonly Minor[], policy: RoundingPolicy): Minor[] {
  const taxes: Minor[] = lines.map(() => minor(0))
  const groups = new Map<string, number[]>()
  for (const [i, line] of lines.entries()) {
    if (line.exactTax !== undefined) continue
    const key = `${line.taxCode} ${line.taxRate} ${line.gross === undefined ? 'added' : 'included'}`
    groups.set(key, [...(groups.get(key) ?? []), i])
  }
  for (const members of groups.values()) {
    const first = lines[members[0] ?? 0]
    if (first === undefined) continue
    const whole = roundMinor(exactTax(first, sumMinor(members.map((i) => stated[i] ?? minor(0)))), policy.mode)
    const shares = members.map((i) => {
      const exact = exactTax(first, stated[i] ?? minor(0))
      return { i, floor: exact.floor().toNumber(), rest: exact.minus(exact.floor()) }
    })
    let left = whole - shares.reduce((sum, share) => sum + share.floor, 0)
    for (const { i, floor } of [...shares].sort((a, b) => b.rest.comparedTo(a.rest) || a.i - b.i)) {
      taxes[i] = minor(floor + (left > 0 ? 1 : 0))
      left -= 1
    }
  }
  return taxes
}
