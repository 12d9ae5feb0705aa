// Owns the least and the most that a session costs, before and after taxes: lines that lift or lower it there.
// Must not change a line: what was measured and priced stays to be seen.
import { Decimal } from '../money.ts'
import type { PricedLine } from '../price.ts'
import { exclOf, inclOf } from './taxed-line.ts'

export interface PriceLimit {
  /** Before taxes. */
  excl?: string
  /** After taxes. */
  incl?: string
  rulePath: string
}

export type LimitedPrice =
  | { kind: 'limited'; lines: PricedLine[] }
  /** The limit after taxes alone would change a tax that the law sets: nobody may bill that unseen. */
  | { kind: 'review'; reason: string }

interface TaxGroup {
  taxCode: string
  taxRate: string
  included: boolean
  codes: readonly { code: string; percent: string; share: Decimal }[]
  amount: Decimal
}

type Way = 'minimum' | 'maximum'

/** Both limits apply on their own, as OCPI 2.2.1 and OCPP 2.1 have them. */
export function limitedPrice(
  lines: readonly PricedLine[],
  limits: { minimum?: PriceLimit; maximum?: PriceLimit },
): LimitedPrice {
  const maximum = limits.maximum === undefined ? none : limitedTo('maximum', limits.maximum, lines)
  if (maximum.kind === 'review' || maximum.lines.length > 0 || limits.minimum === undefined) return maximum
  return limitedTo('minimum', limits.minimum, lines)
}

const none: LimitedPrice = { kind: 'limited', lines: [] }

function limitedTo(way: Way, limit: PriceLimit, lines: readonly PricedLine[]): LimitedPrice {
  const excl = Decimal.sum(0, ...lines.map(exclOf))
  const incl = Decimal.sum(0, ...lines.map(inclOf))
  const unknown = lines.some((line) => line.taxCode === 'unknown')
  const netUnknown = unknown && lines.some((line) => line.gross !== undefined)
  const beyond = (amount: Decimal, bound: string | undefined) =>
    bound !== undefined && (way === 'maximum' ? amount.gt(bound) : amount.lt(bound))
  const exclLimit = netUnknown ? undefined : limit.excl
  // Without knowing the taxes, only the side that the tariff states can be held against its limit.
  const inclLimit = unknown && !netUnknown && exclLimit !== undefined ? undefined : limit.incl
  if (beyond(excl, exclLimit) && exclLimit !== undefined) {
    const factor = excl.isZero() ? null : new Decimal(exclLimit).div(excl)
    const made = adjustments(way, limit, lines, factor, new Decimal(exclLimit), excl)
    const then = incl.plus(Decimal.sum(0, ...made.map(inclOf)))
    if (limit.incl !== undefined && beyond(then, limit.incl)) {
      made.push(taxLine(way, limit, new Decimal(limit.incl).minus(then), limit.incl))
    }
    return { kind: 'limited', lines: made }
  }
  if (inclLimit === undefined || !beyond(incl, inclLimit)) return none
  if (exclLimit !== undefined) {
    return {
      kind: 'review',
      reason: `Only the ${way} after taxes (${inclLimit}) applies, to ${incl}: the taxes would not be the legal ones any more.`,
    }
  }
  const factor = incl.isZero() ? null : new Decimal(inclLimit).div(incl)
  return { kind: 'limited', lines: adjustments(way, limit, lines, factor, new Decimal(inclLimit), incl) }
}

/** In proportion over the tax rates, so that each keeps its share; a line for each. */
function adjustments(
  way: Way,
  limit: PriceLimit,
  lines: readonly PricedLine[],
  factor: Decimal | null,
  bound: Decimal,
  total: Decimal,
): PricedLine[] {
  const why = `The session came to ${shown(total)}; its ${way} is ${bound}.`
  const groups = groupsOf(lines)
  if (factor === null) {
    const [first] = groups
    return [adjustment(way, limit, first ?? untaxed, bound, why)]
  }
  return groups
    .filter((group) => !group.amount.isZero())
    .map((group) => adjustment(way, limit, group, group.amount.times(factor.minus(1)), why))
}

const untaxed: TaxGroup = { taxCode: 'none', taxRate: '0', included: false, codes: [], amount: new Decimal(0) }

function groupsOf(lines: readonly PricedLine[]): TaxGroup[] {
  const groups = new Map<string, TaxGroup>()
  for (const line of lines) {
    const included = line.gross !== undefined
    const key = `${line.taxCode} ${line.taxRate} ${included}`
    const amount = new Decimal(line.gross ?? line.net)
    const before = groups.get(key)
    const codes = before?.codes.length ? before.codes : sharesOf(line)
    groups.set(key, {
      taxCode: line.taxCode,
      taxRate: line.taxRate,
      included,
      codes,
      amount: amount.plus(before?.amount ?? 0),
    })
  }
  return [...groups.values()]
}

function sharesOf(line: PricedLine): TaxGroup['codes'] {
  const net = exclOf(line)
  if (net.isZero()) return []
  return (line.taxes ?? []).map(({ code, percent, amount }) => ({
    code,
    percent,
    share: new Decimal(amount).div(net),
  }))
}

function adjustment(way: Way, limit: PriceLimit, group: TaxGroup, amount: Decimal, why: string): PricedLine {
  const net = group.included ? amount.div(new Decimal(group.taxRate).div(100).plus(1)) : amount
  const exact = (value: Decimal) => value.toDecimalPlaces(20).toString()
  return {
    ...line(way, limit, group.taxCode === 'none' ? way : `${way}:${group.taxCode}:${group.taxRate}`, why),
    unitPrice: exact(amount),
    net: exact(net),
    ...(group.included ? { gross: exact(amount) } : {}),
    taxCode: group.taxCode,
    taxRate: group.taxRate,
    ...(group.codes.length > 0
      ? {
          taxes: group.codes.map(({ code, percent, share }) => ({ code, percent, amount: exact(net.times(share)) })),
        }
      : {}),
  }
}

/** Rates differ, so taxes in proportion miss the limit after taxes: this is what is left. */
function taxLine(way: Way, limit: PriceLimit, tax: Decimal, bound: string): PricedLine {
  return {
    ...line(way, limit, `${way}:tax`, `After taxes the ${way} is ${bound}: taxes change by ${shown(tax)}.`),
    unitPrice: '0',
    net: '0',
    exactTax: tax.toDecimalPlaces(20).toString(),
    taxCode: 'none',
    taxRate: '0',
  }
}

function line(way: Way, limit: PriceLimit, key: string, why: string) {
  const description = way === 'minimum' ? 'Up to the minimum per session' : 'Down to the maximum per session'
  return {
    key,
    kind: 'SESSION' as const,
    description,
    quantity: '1',
    billedQuantity: '1',
    unit: 'session' as const,
    rulePath: limit.rulePath,
    explanation: [why],
  }
}

const shown = (amount: Decimal) => amount.toDecimalPlaces(6).toString()
