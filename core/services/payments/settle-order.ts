// Owns bringing an order in line with what its provider said: joined, booked, named by its state, told on. Idempotent.
// Must not call a provider. The order's row must be locked.
import {
  joinReports,
  type Movement,
  moneyTotals,
  moneyTrouble,
  movementsDue,
  type OperationState,
  type OrderMoney,
  orderState,
  type PaymentOperationKind,
  type PaymentOrderState,
  type ProviderPayment,
  refundsFailed,
} from '../../domain/payment/index.ts'
import { jsonText } from '../../store/json-text.ts'
import {
  bookedMovements,
  changePaymentOrder,
  operationsOf,
  type PaymentOperationRow,
  type PaymentOrderRow,
} from '../../store/payment-orders.ts'
import type { Db } from '../../store/record-table.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { bookMovements } from './book-movements.ts'
import { headlines, orderEvent, refundFailed, reviewOrder, tellStory } from './order-events.ts'
import { words } from './words.ts'

export async function settleOrder(
  deps: Pick<ServiceDeps, 'clock' | 'newId'>,
  trx: Db,
  order: PaymentOrderRow,
  told: ProviderPayment | null,
  ended: 'cancelled' | 'expired' | null = order.ended as 'cancelled' | 'expired' | null,
): Promise<PaymentOrderRow> {
  const now = deps.clock.now()
  const known = moneyOf(order)
  const wrong = told === null ? null : strange(order, known, told)
  if (wrong !== null) {
    await trouble(deps, trx, order, `strange/${wrong}`, wrong)
    return order
  }
  const money = told === null ? known : joinReports(known, told)
  const before = order.state as PaymentOrderState
  const operations = await operationsOf(trx, order.organization_id, order.order_id)
  const state = orderState(money, operations.map(sketch), ended)
  const totals = moneyTotals(money)
  const unknown = operations.filter((one) => one.state === 'unknown')
  const problem =
    money === null
      ? null
      : moneyTrouble(money, {
          amountMinor: order.amount_minor,
          currency: order.currency,
          endedBefore: before === 'cancelled' || before === 'expired' || before === 'declined',
        })
  const changed = await changePaymentOrder(
    trx,
    order,
    {
      state,
      ended,
      money: money === null ? null : jsonText(money),
      reference: money?.reference ?? order.reference,
      checkout_url: money?.checkoutUrl ?? order.checkout_url,
      card_brand: money?.card?.brand ?? order.card_brand,
      card_last_four: money?.card?.lastFour ?? order.card_last_four,
      captured_minor: totals.capturedMinor,
      refunded_minor: totals.refundedMinor,
      unknown_since: oldest(unknown),
    },
    now,
  )
  if (money !== null) {
    await bookMovements(deps, trx, changed, await due(trx, order, known, money))
    for (const { operationId } of refundsFailed(known, money)) {
      const operation = operations.find((one) => one.operation_id === operationId && one.state !== 'refused')
      if (operation === undefined) continue
      const failed = words.refundFailed(operation.amount_minor, changed)
      await tellStory(deps, trx, changed, 'provider', failed)
      await refundFailed(deps, trx, changed, operation, failed, failed)
    }
  }
  if (problem !== null) await trouble(deps, trx, changed, problem, problem)
  if (state !== before) await tellState(deps, trx, changed, money, now)
  return changed
}

/** Of an order that somebody else books, what is new is what was not known before. */
async function due(trx: Db, order: PaymentOrderRow, known: OrderMoney | null, money: OrderMoney): Promise<Movement[]> {
  if (order.booking === 'hub')
    return movementsDue(money, await bookedMovements(trx, order.organization_id, order.order_id))
  const seen = known === null ? [] : movementsDue(known, new Map())
  return movementsDue(money, new Map(seen.map(({ key, amountMinor }) => [key, amountMinor])))
}

async function tellState(
  deps: Pick<ServiceDeps, 'clock' | 'newId'>,
  trx: Db,
  order: PaymentOrderRow,
  money: OrderMoney | null,
  now: Date,
): Promise<void> {
  const state = order.state as PaymentOrderState
  await tellStory(deps, trx, order, 'hub', words.state[state])
  const data = headlines(order)
  if (state === 'authorised') {
    const held = { ...data, amountMinor: money?.authorisedMinor ?? order.amount_minor }
    await orderEvent(deps, trx, order, now, { type: 'payment.authorised', data: held })
  }
  if (state === 'declined' || state === 'expired' || state === 'cancelled') {
    const reason = money?.reason ?? null
    await orderEvent(deps, trx, order, now, { type: 'payment.failed', data: { ...data, state, reason } })
  }
}

async function trouble(
  deps: Pick<ServiceDeps, 'clock' | 'newId'>,
  trx: Db,
  order: PaymentOrderRow,
  key: string,
  reason: string,
): Promise<void> {
  if (await reviewOrder(deps, trx, order, 'payment_trouble', key, reason))
    await tellStory(deps, trx, order, 'hub', words.trouble(reason))
}

/** What cannot be about this order; none of it is believed. */
function strange(order: PaymentOrderRow, known: OrderMoney | null, told: ProviderPayment): string | null {
  if (told.currency !== order.currency)
    return `The provider speaks of ${told.currency}, and the order is in ${order.currency}.`
  if (known !== null && known.reference !== told.reference)
    return `The provider speaks of another payment (${told.reference}) than before (${known.reference}).`
  return null
}

/** As it was stored: instants are text there. */
export function moneyOf(order: PaymentOrderRow): OrderMoney | null {
  const money = order.money as OrderMoney | null
  if (money === null) return null
  const dated = <T extends { at: Date }>(list: readonly T[]) => list.map((one) => ({ ...one, at: new Date(one.at) }))
  return { ...money, captures: dated(money.captures), refunds: dated(money.refunds) }
}

export function sketch({ kind, state }: PaymentOperationRow) {
  return { kind: kind as PaymentOperationKind, state: state as OperationState }
}

function oldest(unknown: readonly PaymentOperationRow[]): Date | null {
  const times = unknown.flatMap(({ unknown_since: since }) => (since === null ? [] : [since.getTime()]))
  return times.length === 0 ? null : new Date(Math.min(...times))
}
