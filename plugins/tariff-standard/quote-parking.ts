// Owns the price of one stay: which rate card applies to this parker, its items as lines, validations taken off.
// Must not reach below zero: a validation is worth at most what is left to pay.
import { Decimal, type PricedStay, type PriceInput, type PriceResult } from '../../core/plugin/index.ts'
import { creditLines, discountLines } from './discounts.ts'
import { minutesText, pricedLine, taxOf } from './line.ts'
import { chooseRate } from './parking-products.ts'
import { totalOf } from './parking-rate.ts'
import type { RateItem } from './rate-items.ts'
import type { ParkingRules, RateCard } from './rules.ts'

export function quoteParking(rules: ParkingRules, stay: PricedStay, input: PriceInput): PriceResult {
  const enteredAt = stay.enteredAt === null ? null : Date.parse(stay.enteredAt)
  const exitedAt = stay.exitedAt === null ? null : Date.parse(stay.exitedAt)
  if (Number.isNaN(exitedAt) || Number.isNaN(enteredAt)) return unpriceable('A time of the stay is not a date.')
  if (enteredAt !== null && exitedAt !== null && exitedAt < enteredAt)
    return unpriceable('The exit lies before the entry.')

  const { card, at } = cardOf(rules, stay, input.groups)
  let items: RateItem[]
  /** What the stay costs when its end comes `minutes` sooner; a fixed price does not become less. */
  let costWithout = (_minutes: number) => totalOf(items)
  if (card === null) items = [includedItem(stay, enteredAt, exitedAt, at)]
  else if (stay.lostTicket === true || enteredAt === null) {
    if (card.lostTicket === undefined) {
      const what = stay.lostTicket === true ? 'The ticket was lost' : 'No entry is known'
      return unpriceable(`${what}, and the tariff says no price for a lost ticket.`)
    }
    items = [{ ...lostItem(card.lostTicket, enteredAt === null), rulePath: `${at}/lostTicket` }]
  } else if (exitedAt === null) return unpriceable('The exit was never reported.')
  else {
    const endsAt = paidUntil(card, stay, enteredAt, exitedAt)
    const chosen = chooseRate(rules, { card, at }, { stay, enteredAt, exitedAt: endsAt }, input)
    items = endsAt === exitedAt ? chosen.items(endsAt) : leftInTime(chosen.items(endsAt), card, exitedAt - endsAt)
    costWithout = (minutes) => totalOf(chosen.items(Math.max(endsAt - minutes * 60_000, enteredAt)))
  }

  const tax = taxOf(rules.tax)
  const context = { rules, tax, currency: input.currency, costWithout }
  const lines = items.map((item) => pricedLine({ ...item, kind: 'PARKING', tax }))
  const discounts = discountLines(items, stay.discounts, context)
  const credits = creditLines(items, discounts, stay.discounts, context)
  return { kind: 'priced', lines: [...lines, ...discounts.lines, ...credits] }
}

/** The stay ends with its payment for who is out in time. */
function paidUntil(
  { exitGraceMinutes }: RateCard,
  { paidAt }: PricedStay,
  enteredAt: number,
  exitedAt: number,
): number {
  if (exitGraceMinutes === undefined || paidAt === undefined) return exitedAt
  const paid = Date.parse(paidAt)
  return paid >= enteredAt && paid <= exitedAt && exitedAt - paid <= exitGraceMinutes * 60_000 ? paid : exitedAt
}

function leftInTime(items: readonly RateItem[], { exitGraceMinutes }: RateCard, ms: number): RateItem[] {
  const said = `Left ${minutesText(ms)} minutes after paying: of that, ${exitGraceMinutes} minutes are free.`
  return items.map((item, i) => (i === 0 ? { ...item, explanation: [...item.explanation, said] } : item))
}

function unpriceable(reason: string): PriceResult {
  return { kind: 'unpriceable', reason }
}

/** Null: included, as in a contract. */
function cardOf(
  rules: ParkingRules,
  stay: PricedStay,
  groups: readonly string[],
): { card: RateCard | null; at: string } {
  const group = rules.groups?.findIndex((each) => groups.includes(each.group)) ?? -1
  const ofGroup = rules.groups?.[group]
  if (ofGroup !== undefined) {
    return 'rates' in ofGroup
      ? { card: ofGroup.rates, at: `/groups/${group}/rates` }
      : { card: null, at: `/groups/${group}` }
  }
  const own = rules.parkers?.[stay.parkerKind]
  if (own === undefined) {
    return stay.parkerKind === 'contract' ? { card: null, at: '/parkers/contract' } : { card: rules, at: '' }
  }
  return { card: 'bands' in own ? own : null, at: `/parkers/${stay.parkerKind}` }
}

/** Kept as a line of nothing, so that occupancy and contracts can be counted from bills. */
function includedItem(stay: PricedStay, enteredAt: number | null, exitedAt: number | null, rulePath: string): RateItem {
  return {
    key: 'included',
    description: stay.parkerKind === 'contract' ? 'Parking, included in the contract' : 'Parking, included',
    quantity: enteredAt === null || exitedAt === null ? '0' : minutesText(exitedAt - enteredAt),
    billedQuantity: '0',
    unit: 'minute',
    unitPrice: '0',
    amount: new Decimal(0),
    rulePath,
    explanation: [
      rulePath.startsWith('/groups')
        ? 'Parking is included for a group of this account.'
        : `Parking is included for ${stay.parkerKind} parkers.`,
    ],
  }
}

function lostItem(price: string, entryUnknown: boolean): Omit<RateItem, 'rulePath'> {
  return {
    key: 'lost-ticket',
    description: entryUnknown ? 'Parking, entry unknown' : 'Parking, lost ticket',
    quantity: '1',
    billedQuantity: '1',
    unit: 'stay',
    unitPrice: price,
    amount: new Decimal(price),
    explanation: [`${entryUnknown ? 'No entry is known' : 'The ticket was lost'}: the price for that is ${price}.`],
  }
}
