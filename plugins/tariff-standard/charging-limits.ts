// Owns the least and most that a session costs, and the most that an account pays in a day or month.
// Must not let a maximum take from a line more than it holds.
import { Decimal, type PricedLine, type PricedSession, type PriceInput } from '../../core/plugin/index.ts'
import type { PricesFor } from './charging-variants.ts'
import { noTax, pricedLine, statedAmount, taxOf } from './line.ts'
import type { ChargingPart, ChargingPrices, ChargingRules } from './rules.ts'

export interface ChargingContext extends PricesFor {
  main: ChargingRules['tax']
  /** Its periods in order of time. */
  session: PricedSession
  input: PriceInput
}

/** What a maximum takes away first: the driver should rather have paid for energy than for idling. */
const givenUpFirst = ['IDLE', 'CHARGE_TIME', 'SESSION', 'ENERGY'] as const
const named = { IDLE: 'idle fee', CHARGE_TIME: 'time', SESSION: 'session fee', ENERGY: 'energy' } as const

export function limitLines(context: ChargingContext, lines: readonly PricedLine[]): PricedLine[] {
  const { prices, session, main, pathOf } = context
  const total = Decimal.sum(0, ...lines.map(statedAmount))
  const limit = lowest(prices, context.input.used, main?.included === true ? 'gross' : 'net')
  const { minimum } = prices
  if (minimum !== undefined && session.energyWh > 0 && total.lt(minimum)) {
    const amount = Decimal.min(minimum, limit?.most ?? minimum).minus(total)
    if (amount.lte(0)) return []
    const why = `The session came to ${total}; its minimum is ${minimum}.`
    return [
      limitLine('minimum', 'SESSION', 'Up to the minimum per session', amount, taxOf(main), pathOf('minimum'), why),
    ]
  }
  if (limit === null || total.lte(limit.most)) return []
  let excess = total.minus(limit.most)
  const why = `The session came to ${total}; ${limit.why}.`
  const { part } = limit
  return givenUpFirst.flatMap((kind) =>
    lines
      .filter((line) => line.kind === kind)
      .flatMap((line) => {
        const amount = Decimal.min(excess, statedAmount(line))
        if (amount.lte(0)) return []
        excess = excess.minus(amount)
        const included = line.gross !== undefined
        const tax = line.taxCode === noTax.code ? noTax : { code: line.taxCode, percent: line.taxRate, included }
        const text = `${limit.name} (${named[kind]})`
        return [limitLine(`${part}:${line.key}`, kind, text, amount.neg(), tax, pathOf(part), why)]
      }),
  )
}

interface Limit {
  part: ChargingPart
  most: Decimal
  name: string
  why: string
}

/** Of the session, and what the account has left of its day and month. */
function lowest(prices: ChargingPrices, used: PriceInput['used'], stated: 'net' | 'gross'): Limit | null {
  const limits: Limit[] = []
  const { maximum, dayMaximum, monthMaximum } = prices
  if (maximum !== undefined) {
    const why = `its maximum is ${maximum}`
    limits.push({ part: 'maximum', most: new Decimal(maximum), name: 'Maximum per session', why })
  }
  const left = (part: 'dayMaximum' | 'monthMaximum', price: string | undefined, before: string, what: string) => {
    if (price === undefined) return
    const most = Decimal.max(new Decimal(price).minus(before), 0)
    const why = `the maximum per ${what} is ${price}, of which ${most} are left`
    limits.push({ part, most, name: `Maximum per ${what}`, why })
  }
  left('dayMaximum', dayMaximum, used?.day[stated] ?? '0', 'day')
  left('monthMaximum', monthMaximum, used?.month[stated] ?? '0', 'month')
  return limits.reduce<Limit | null>((least, each) => (least === null || each.most.lt(least.most) ? each : least), null)
}

function limitLine(
  key: string,
  kind: PricedLine['kind'],
  description: string,
  amount: Decimal,
  tax: ReturnType<typeof taxOf>,
  rulePath: string,
  why: string,
): PricedLine {
  return pricedLine({
    key,
    kind,
    description,
    quantity: '1',
    billedQuantity: '1',
    unit: 'session',
    unitPrice: amount.toString(),
    amount,
    tax,
    rulePath,
    explanation: [why],
  })
}
