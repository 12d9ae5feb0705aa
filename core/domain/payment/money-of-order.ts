// Owns what the hub believes of one payment: reports of the provider joined so that any order, doubling or loss of some ends in the same.
// Must not forget money: a capture or refund that was once told of stays.
import type { ProviderCapture, ProviderPayment, ProviderRefund, ProviderState } from './payment-provider.ts'

/** The join of all reports; null before the first. */
export type OrderMoney = ProviderPayment

/** Later is nearer to the end. Money that moved outweighs every word that it did not. */
const stateRank: Readonly<Record<ProviderState, number>> = {
  open: 0,
  authorised: 1,
  declined: 2,
  expired: 3,
  cancelled: 4,
  captured: 5,
}
const refundRank = { pending: 0, done: 1, failed: 2 } as const

export function joinReports(known: OrderMoney | null, told: ProviderPayment): OrderMoney {
  if (known === null)
    return { ...told, captures: joinById([], told.captures, bigger), refunds: joinById([], told.refunds, further) }
  const captures = joinById(known.captures, told.captures, bigger)
  const state = stateRank[told.state] > stateRank[known.state] ? told.state : known.state
  const authorisedMinor = Math.max(known.authorisedMinor ?? 0, told.authorisedMinor ?? 0)
  const reason = state === told.state ? (told.reason ?? known.reason) : known.reason
  const checkoutUrl = known.checkoutUrl ?? told.checkoutUrl
  const card = known.card ?? told.card
  return {
    reference: known.reference,
    state,
    currency: known.currency,
    captures,
    refunds: joinById(known.refunds, told.refunds, further),
    ...(authorisedMinor === 0 ? {} : { authorisedMinor }),
    ...(checkoutUrl === undefined ? {} : { checkoutUrl }),
    ...(card === undefined ? {} : { card }),
    ...(reason === undefined ? {} : { reason }),
  }
}

function joinById<T extends { id: string }>(
  known: readonly T[],
  told: readonly T[],
  pick: (a: T, b: T) => T,
): readonly T[] {
  const all = new Map(known.map((one) => [one.id, one]))
  for (const one of told) {
    const before = all.get(one.id)
    all.set(one.id, before === undefined ? one : pick(before, one))
  }
  return [...all.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
}

const bigger = (a: ProviderCapture, b: ProviderCapture) => (b.amountMinor > a.amountMinor ? b : a)
const further = (a: ProviderRefund, b: ProviderRefund) =>
  refundRank[b.state] > refundRank[a.state]
    ? { ...b, operationId: b.operationId ?? a.operationId }
    : { ...a, operationId: a.operationId ?? b.operationId }

const sum = (list: readonly { amountMinor: number }[]) => list.reduce((all, { amountMinor }) => all + amountMinor, 0)

export interface Totals {
  capturedMinor: number
  refundedMinor: number
  /** Refunds that the provider has taken on and not finished. */
  pendingRefundMinor: number
}

export function moneyTotals(money: OrderMoney | null): Totals {
  const of = (state: ProviderRefund['state']) => sum((money?.refunds ?? []).filter((refund) => refund.state === state))
  return { capturedMinor: sum(money?.captures ?? []), refundedMinor: of('done'), pendingRefundMinor: of('pending') }
}

/** One movement of money as the books know it; the same key is the same movement for ever. */
export interface Movement {
  key: string
  kind: 'captured' | 'refunded'
  amountMinor: number
  at: Date
  reference: string
  operationId: string | null
}

/**
 * All movements that follow from what is known. It only grows: of a capture that was told of with more, the difference is a
 * movement of its own, and a refund that failed after it was done comes back as one.
 * @param booked movements in the books already, by key
 */
export function movementsDue(money: OrderMoney, booked: ReadonlyMap<string, number>): Movement[] {
  const due: Movement[] = []
  for (const { id, amountMinor, at } of money.captures) {
    const prefix = `capture/${id}`
    const before = [...booked].filter(([key]) => key === prefix || key.startsWith(`${prefix}/`))
    const rest = amountMinor - before.reduce((all, [, amount]) => all + amount, 0)
    if (rest <= 0) continue
    const key = before.length === 0 ? prefix : `${prefix}/${before.length}`
    due.push({ key, kind: 'captured', amountMinor: rest, at, reference: id, operationId: null })
  }
  for (const { id, amountMinor, at, state, operationId } of money.refunds) {
    const key = `refund/${id}`
    const movement = { at, reference: id, operationId }
    if (state === 'done' && !booked.has(key)) due.push({ ...movement, key, kind: 'refunded', amountMinor })
    const back = `${key}/back`
    const taken = booked.get(key)
    if (state === 'failed' && taken !== undefined && !booked.has(back))
      due.push({ ...movement, key: back, kind: 'captured', amountMinor: taken })
  }
  return due
}

/** Refunds that failed by what was told now, and were never done: nothing of them is or will be booked. */
export function refundsFailed(known: OrderMoney | null, money: OrderMoney): ProviderRefund[] {
  const before = new Map(known?.refunds.map(({ id, state }) => [id, state]))
  return money.refunds.filter(({ id, state }) => state === 'failed' && (before.get(id) ?? 'pending') === 'pending')
}
