// Owns what validations, promotions and prepayments take off a stay's price, each as lines of its own.
// Must not change the lines it takes from, and must not take more than they hold.
import {
  type AppliedDiscount,
  currencyExponent,
  Decimal,
  majorText,
  minor,
  type PricedLine,
  sumMinor,
  toMinor,
} from '../../core/plugin/index.ts'
import { durationText, type LineTax, noTax, pricedLine } from './line.ts'
import type { RateItem } from './rate-items.ts'
import type { ParkingRules, Treatment, ValidationWorth } from './rules.ts'

export interface DiscountContext {
  rules: ParkingRules
  tax: LineTax
  currency: string
  costWithout: (minutes: number) => Decimal
}

export interface Discounted {
  lines: PricedLine[]
  /** What is left of each item, in the order of the items. */
  left: Decimal[]
  /** Minutes that have been taken off already. */
  minutes: number
}

const hundred = new Decimal(100)

/** Somebody else's money (a prepaid credential always is) does not make the sale smaller, nor its tax. */
function treatmentOf(discount: AppliedDiscount, rules: ParkingRules): Treatment {
  if (discount.kind === 'prepaid') return 'payment'
  if (discount.kind !== 'validation') return 'discount'
  const own = discount.providerNo === undefined ? undefined : rules.validations?.providers?.[discount.providerNo]
  return own ?? rules.validations?.treatment ?? 'discount'
}

function chosen(discounts: readonly AppliedDiscount[], rules: ParkingRules, wanted: Treatment): AppliedDiscount[] {
  const seen = new Set<string>()
  return discounts.filter((discount) => {
    if (seen.has(discount.factId) || treatmentOf(discount, rules) !== wanted) return false
    seen.add(discount.factId)
    return true
  })
}

/** Takes each discount off in the order in which they were applied. */
export function discountLines(
  items: readonly RateItem[],
  discounts: readonly AppliedDiscount[],
  context: DiscountContext,
): Discounted {
  const result: Discounted = { lines: [], left: items.map((item) => item.amount), minutes: 0 }
  for (const discount of chosen(discounts, context.rules, 'discount')) {
    const worth = worthOf(discount, result, context)
    let taken = 0
    for (const [i, item] of items.entries()) {
      const amount = Decimal.max(worth.of(i), 0)
      if (amount.isZero()) continue
      taken += 1
      result.left[i] = (result.left[i] ?? new Decimal(0)).minus(amount)
      result.lines.push(
        line(discount, `${discount.factId}@${item.key}`, amount, context.tax, [
          ...worth.explanation,
          `From: ${item.description}.`,
        ]),
      )
    }
    if (taken === 0) {
      const why = [...worth.explanation, 'There was nothing (left) that it could lower.']
      result.lines.push(line(discount, `${discount.factId}@`, new Decimal(0), context.tax, why))
    }
    result.minutes = worth.minutes
  }
  return result
}

/** Takes what others pay off the rest, with its tax; to the cent, since it is money. */
export function creditLines(
  items: readonly RateItem[],
  discounted: Discounted,
  discounts: readonly AppliedDiscount[],
  context: DiscountContext,
): PricedLine[] {
  const { currency, tax } = context
  const toPay = (amount: Decimal) => {
    if (tax.included) return toMinor(amount, currency)
    const net = toMinor(amount, currency)
    return minor(net + toMinor(new Decimal(majorText(net, currency)).times(tax.percent).div(hundred), currency))
  }
  const full = sumMinor(items.map((item) => toPay(item.amount)))
  const off = sumMinor(discounted.lines.map((each) => toPay(new Decimal(each.gross ?? each.net).neg())))
  let rest = minor(Math.max(full - off, 0))
  let state: Discounted = { ...discounted, left: [...discounted.left] }
  const lines: PricedLine[] = []
  for (const discount of chosen(discounts, context.rules, 'payment')) {
    const worth = worthOf(discount, state, context)
    const stated = Decimal.sum(0, ...state.left.map((_, i) => Decimal.max(worth.of(i), 0)))
    const asked = discount.amountMinor === undefined ? toPay(stated) : Math.max(discount.amountMinor, 0)
    const amount = minor(Math.min(asked, rest))
    rest = minor(rest - amount)
    state = {
      ...state,
      left: state.left.map((left, i) => left.minus(Decimal.max(worth.of(i), 0))),
      minutes: worth.minutes,
    }
    const explanation = [...worth.explanation, 'Paid by somebody else: the sale and its tax stay as they are.']
    lines.push({
      ...line(discount, discount.factId, new Decimal(majorText(amount, currency)), noTax, explanation),
      kind: 'CREDIT',
    })
  }
  return lines
}

interface Worth {
  /** What it takes from the item with this index. */
  of(index: number): Decimal
  minutes: number
  explanation: string[]
}

function worthOf(discount: AppliedDiscount, state: Discounted, context: DiscountContext): Worth {
  const stated = { ...worthByRules(discount, context.rules), ...definedWorth(discount) }
  const { percent, minutes, flat } = stated
  const left = Decimal.sum(0, ...state.left)
  if (percent !== undefined) {
    const share = Decimal.min(Decimal.max(percent, 0), hundred)
    return {
      of: (i) => (state.left[i] ?? new Decimal(0)).times(share).div(hundred),
      minutes: state.minutes,
      explanation: [`${share} % of what is left to pay.`],
    }
  }
  if (minutes !== undefined) {
    const until = state.minutes + Math.max(minutes, 0)
    const worth = context.costWithout(state.minutes).minus(context.costWithout(until))
    const text = durationText(Math.max(minutes, 0) * 60_000)
    const explanation = [`${text} less would cost ${worth} less.`]
    return { of: inTurn(worth, state.left), minutes: until, explanation }
  }
  if (flat !== undefined) {
    const explanation = [`The stay then costs ${flat} ${context.currency}; ${left} were left to pay.`]
    return { of: inTurn(Decimal.max(left.minus(flat), 0), state.left), minutes: state.minutes, explanation }
  }
  const amount = Decimal.max(stated.amount ?? 0, 0)
  return {
    of: inTurn(amount, state.left),
    minutes: state.minutes,
    explanation: [`Worth ${amount} ${context.currency}.`],
  }

  function definedWorth({ amountMinor, ...said }: AppliedDiscount) {
    if (said.percent !== undefined) return { percent: said.percent }
    if (said.minutes !== undefined) return { minutes: said.minutes }
    if (amountMinor === undefined) return {}
    return { amount: new Decimal(amountMinor).div(new Decimal(10).pow(currencyExponent(context.currency))) }
  }
}

/** A parking system often says no more than that a provider validated. */
function worthByRules(discount: AppliedDiscount, rules: ParkingRules): ValidationWorth {
  const { kind, amountMinor, percent, minutes, providerNo } = discount
  if (kind !== 'validation' || providerNo === undefined) return {}
  if (amountMinor !== undefined || percent !== undefined || minutes !== undefined) return {}
  return rules.validations?.worth?.[providerNo] ?? {}
}

/** Takes from the first item until it is used up, then from the next. */
function inTurn(worth: Decimal, left: readonly Decimal[]): (index: number) => Decimal {
  let rest = worth
  const shares = left.map((amount) => {
    const share = Decimal.max(Decimal.min(rest, amount), 0)
    rest = rest.minus(share)
    return share
  })
  return (index) => shares[index] ?? new Decimal(0)
}

function line(
  discount: AppliedDiscount,
  key: string,
  amount: Decimal,
  tax: LineTax,
  explanation: readonly string[],
): PricedLine {
  const names = { validation: 'Validation', promotion: 'Promotion', product: 'Product', prepaid: 'Prepaid' } as const
  const what = discount.reason ?? (discount.providerNo === undefined ? '' : `provider ${discount.providerNo}`)
  return pricedLine({
    key: `${discount.kind}:${key}`,
    kind: discount.kind === 'validation' ? 'VALIDATION' : 'DISCOUNT',
    description: what === '' ? names[discount.kind] : `${names[discount.kind]}: ${what}`,
    quantity: '1',
    billedQuantity: '1',
    unit: 'piece',
    unitPrice: amount.neg().toString(),
    amount: amount.neg(),
    tax,
    rulePath: '/validations',
    explanation,
  })
}
