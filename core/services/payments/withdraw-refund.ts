// Owns taking the money of a top-up's refund out of the balance that it filled, before anybody is asked to give it back.
// Must not be called inside a transaction: the plugin that keeps the balance uses connections of the same pool.
import { moveOperation } from '../../domain/payment/index.ts'
import { addJobs } from '../../store/event-log.ts'
import {
  changeOperation,
  lockPaymentOrder,
  operationsOf,
  type PaymentOperationRow,
  type PaymentOrderRow,
  paymentJob,
} from '../../store/payment-orders.ts'
import { transaction } from '../../store/transaction.ts'
import { refundFailed, tellStory } from './order-events.ts'
import type { PaymentDeps } from './payment-deps.ts'
import { operationOf } from './sent-operation.ts'
import { settleOrder } from './settle-order.ts'
import { balanceDoor, leavesBalance } from './top-up-balance.ts'
import { words } from './words.ts'

/** Who keeps the balance is not at work, or does not answer. */
const awayMs = 30_000
/** So long it is left to whoever asked for it to take its money out; then the order's job does. */
export const askersTurnMs = 5_000

type Withdrawn = 'held' | 'refused' | 'later'

/** For the order's job. Who asked has had his answer long ago: a refusal is put before a person. */
export const withdrawRefund = (deps: PaymentDeps, order: PaymentOrderRow, operation: PaymentOperationRow) =>
  withdraw(deps, order, operation, 'job')

/** For whoever asks, who is answered with what comes of it. */
export const withdrawAsked = (deps: PaymentDeps, order: PaymentOrderRow, operation: PaymentOperationRow) =>
  withdraw(deps, order, operation, 'asker')

async function withdraw(
  deps: PaymentDeps,
  order: PaymentOrderRow,
  operation: PaymentOperationRow,
  by: 'asker' | 'job',
): Promise<Withdrawn> {
  const answer = await balanceDoor(deps, order.organization_id)?.withdraw(operationOf(order, operation))
  if (answer?.kind === 'done' && by === 'job') return 'held'
  return transaction(deps.db, async (trx): Promise<Withdrawn> => {
    const now = deps.clock.now()
    const { organization_id: organizationId, order_id: orderId } = order
    const locked = await lockPaymentOrder(trx, organizationId, orderId)
    const operations = await operationsOf(trx, organizationId, orderId)
    const current = operations.find(({ operation_id: id }) => id === operation.operation_id)
    if (locked === undefined || current === undefined || !leavesBalance(locked, current))
      return current?.state === 'refused' ? 'refused' : 'later'
    if (answer?.kind === 'done') {
      await changeOperation(trx, current, { next_at: null, updated_at: now })
      await addJobs(trx, [paymentJob({ organizationId, orderId })])
      return 'held'
    }
    if (answer?.kind !== 'refused') {
      const outcome = answer?.reason ?? 'Nobody at work keeps the balance.'
      await changeOperation(trx, current, { outcome, next_at: new Date(now.getTime() + awayMs), updated_at: now })
      return 'later'
    }
    const { reason, code = null } = answer
    const state = moveOperation('queued', 'refuse')
    const moved = await changeOperation(trx, current, { state, outcome: reason, code, next_at: null, updated_at: now })
    const told = words.notInBalance(reason)
    await tellStory(deps, trx, locked, 'hub', told)
    const settled = await settleOrder(deps, trx, locked, null)
    await refundFailed(deps, trx, settled, moved, reason, by === 'job' ? told : null)
    return 'refused'
  })
}
