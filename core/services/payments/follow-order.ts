// Owns the task `payment.follow`: the open operations of one order, one at a time. Each is committed with its key before the provider is
// called, and what nobody knows is asked after before anything else is done.
// Must not decide what an answer means; core/domain/payment does.
import {
  isOpenOrder,
  judgeAnswer,
  moneyTotals,
  moveOperation,
  type OpenPaymentDoor,
  type OperationState,
  type OperationVerdict,
  type PaymentInquiry,
  type PaymentOperationKind,
  type PaymentOrderState,
} from '../../domain/payment/index.ts'
import type { JobOutcome } from '../../store/job-worker.ts'
import {
  changeOperation,
  changePaymentOrder,
  insertOperation,
  lockPaymentOrder,
  operationsOf,
  type PaymentOperationRow,
  type PaymentOrderRow,
} from '../../store/payment-orders.ts'
import type { Db } from '../../store/record-table.ts'
import { setTimer } from '../../store/timers.ts'
import { transaction } from '../../store/transaction.ts'
import { newOperation } from './new-operation.ts'
import { closeOrderReviews, headlines, orderEvent, refundFailed, reviewOrder, tellStory } from './order-events.ts'
import type { PaymentDeps } from './payment-deps.ts'
import { operationOf } from './sent-operation.ts'
import { moneyOf, settleOrder } from './settle-order.ts'
import { balanceDoor, leavesBalance } from './top-up-balance.ts'
import { withdrawRefund } from './withdraw-refund.ts'
import { words } from './words.ts'

interface Of {
  organizationId: string
  orderId: string
}

const mostPerRun = 20
/** A call of a process that died may still be on its way to the provider, who would say "not done" a moment too early. */
const graceMs = 5_000
/** The provider's connection is not at work. */
const awayMs = 30_000

type Due = { order: PaymentOrderRow; operation: PaymentOperationRow }
type Call = Due & { how: 'send' | 'ask' }
type Step = 'idle' | 'again' | Call | (Due & { how: 'withdraw' })

export function followOrder(deps: PaymentDeps) {
  return async (of: Of): Promise<JobOutcome> => {
    // Not stored: a refund that may have been taken out of its balance is taken out again, under its id, which is once.
    const withdrawn = new Set<string>()
    for (let n = 0; n < mostPerRun; n++) {
      const step = await transaction(deps.db, (trx) => next(deps, trx, of, withdrawn))
      if (step === 'idle') return undefined
      if (step === 'again') continue
      if (step.how === 'withdraw') {
        if ((await withdrawRefund(deps, step.order, step.operation)) === 'held')
          withdrawn.add(step.operation.operation_id)
        continue
      }
      const [door] = deps.paymentDoors(step.order.connection_id)
      if (door !== undefined) await call(deps, door, step)
    }
    return { again: 0 }
  }
}

async function next(deps: PaymentDeps, trx: Db, of: Of, withdrawn: ReadonlySet<string>): Promise<Step> {
  const now = deps.clock.now()
  const order = await lockPaymentOrder(trx, of.organizationId, of.orderId)
  if (order === undefined) return 'idle'
  const operations = await operationsOf(trx, of.organizationId, of.orderId)
  const expired = await expire(deps, trx, order, operations, now)
  if (expired) return 'again'
  const open = operations.filter(({ state }) => state === 'queued' || state === 'sent' || state === 'unknown')
  const [operation] = open
  if (operation === undefined) {
    if (order.state === 'requested' || order.state === 'authorising') await lookAgain(trx, order, order.expires_at)
    return 'idle'
  }
  if (operation.state === 'queued' && moot(order, operation, operations)) {
    await move(trx, operation, 'drop', {}, now)
    await tellStory(deps, trx, order, 'hub', words.dropped(operation.kind as PaymentOperationKind))
    await settleOrder(deps, trx, order, null)
    return 'again'
  }
  if (operation.state === 'sent') {
    // Jobs of an order run one after the other: whoever sent it is gone.
    const sent = operation.sent_at ?? now
    const nextAt = new Date(Math.max(now.getTime(), sent.getTime() + graceMs))
    const reason = 'The hub stopped before the provider had answered.'
    const verdict = { trigger: 'lose', reason, code: null, nextAt, needsPerson: false } as const
    await take(deps, trx, order, operation, verdict, null)
    return 'again'
  }
  if (operation.next_at !== null && operation.next_at > now) {
    // The end of the time to pay matters before the first try alone; what was sent is resolved first.
    const unsent = isWaitingToBePaid(order) && operation.attempt === 0 ? order.expires_at : null
    await lookAgain(trx, order, earliest(operation.next_at, unsent))
    return 'idle'
  }
  const leaving = leavesBalance(order, operation) && !withdrawn.has(operation.operation_id)
  const away = leaving && balanceDoor(deps, order.organization_id) === undefined
  if (away || deps.paymentDoors(order.connection_id).length === 0) {
    const look = new Date(now.getTime() + awayMs)
    await lookAgain(trx, order, order.expires_at > now ? earliest(look, order.expires_at) : look)
    return 'idle'
  }
  if (leaving) return { how: 'withdraw', order, operation }
  const kind = operation.kind as PaymentOperationKind
  if (operation.state === 'unknown') {
    const asked = await changeOperation(trx, operation, { asks: operation.asks + 1, updated_at: now })
    await tellStory(deps, trx, order, 'hub', words.asking(kind, asked.asks))
    return { how: 'ask', order, operation: asked }
  }
  const set = { attempt: operation.attempt + 1, asks: 0, sent_at: now, next_at: null }
  const sent = await move(trx, operation, 'send', set, now)
  await tellStory(deps, trx, order, 'hub', words.sent(kind, operation.attempt > 0))
  return { how: 'send', order: await settleOrder(deps, trx, order, null), operation: sent }
}

const isWaitingToBePaid = ({ state }: PaymentOrderRow) => state === 'requested' || state === 'authorising'

/** Whether it is of no use any more: nothing of it was ever sent. */
function moot(order: PaymentOrderRow, operation: PaymentOperationRow, all: readonly PaymentOperationRow[]): boolean {
  const money = moneyOf(order)
  const taken = moneyTotals(money).capturedMinor > 0
  const neverSent = !all.some(({ kind, state, attempt }) => kind === 'authorise' && (attempt > 0 || state === 'done'))
  switch (operation.kind) {
    case 'authorise':
      return operation.attempt === 0 && order.ended !== null
    case 'capture':
      return taken || !isOpenOrder(order.state as PaymentOrderState)
    case 'cancel':
      return taken || neverSent || !isOpenOrder(order.state as PaymentOrderState)
    default:
      return false
  }
}

/** The time to pay is over: what was never sent never will be, and what the provider has is closed there. */
async function expire(
  deps: PaymentDeps,
  trx: Db,
  order: PaymentOrderRow,
  operations: readonly PaymentOperationRow[],
  now: Date,
): Promise<boolean> {
  if (!isWaitingToBePaid(order) || order.ended !== null || order.expires_at > now) return false
  if (
    operations.some(
      ({ state, attempt }) => state === 'sent' || state === 'unknown' || (state === 'queued' && attempt > 0),
    )
  )
    return false
  const ended = await changePaymentOrder(trx, order, { ended: 'expired' }, now)
  await tellStory(deps, trx, order, 'hub', words.expired)
  await insertOperation(
    trx,
    newOperation(ended, {
      id: deps.newId(),
      kind: 'cancel',
      cause: 'expiry',
      by: 'hub',
      reason: 'The time to pay is over.',
      now,
    }),
  )
  return true
}

async function call(deps: PaymentDeps, door: OpenPaymentDoor, { how, order, operation }: Call): Promise<void> {
  const asked = operationOf(order, operation)
  const answer = how === 'send' ? await door.act(asked) : await door.ask(asked)
  await transaction(deps.db, async (trx) => {
    const now = deps.clock.now()
    const locked = await lockPaymentOrder(trx, order.organization_id, order.order_id)
    const current = (await operationsOf(trx, order.organization_id, order.order_id)).find(
      ({ operation_id: id }) => id === operation.operation_id,
    )
    if (locked === undefined || current === undefined) return
    const mine = current.attempt === operation.attempt && (current.state === 'sent' || current.state === 'unknown')
    if (!mine) {
      // What it says of money is true all the same.
      await settleOrder(deps, trx, locked, paymentIn(answer))
      return
    }
    const times = how === 'send' ? operation.attempt : operation.asks
    await take(deps, trx, locked, current, judgeAnswer(answer, times, how === 'ask', now), paymentIn(answer))
  })
}

const paymentIn = (answer: PaymentInquiry) => ('payment' in answer ? (answer.payment ?? null) : null)

/** Puts a verdict on an operation, and the order in line with it. */
async function take(
  deps: PaymentDeps,
  trx: Db,
  order: PaymentOrderRow,
  operation: PaymentOperationRow,
  verdict: OperationVerdict,
  payment: ReturnType<typeof paymentIn>,
): Promise<void> {
  const now = deps.clock.now()
  const { trigger, reason, code, nextAt, needsPerson } = verdict
  const kind = operation.kind as PaymentOperationKind
  const lost = trigger === 'lose'
  const first = lost && operation.state !== 'unknown'
  const set = {
    next_at: nextAt,
    outcome: reason,
    code,
    unknown_since: lost ? (operation.unknown_since ?? now) : null,
  }
  const moved = await move(trx, operation, trigger, set, now)
  if (first && reason !== null) {
    await tellStory(deps, trx, order, 'hub', words.lost(kind, reason))
    const data = { ...headlines(order), operationId: operation.operation_id, kind, reason }
    await orderEvent(deps, trx, order, now, { type: 'payment.unknown', data })
  }
  if (trigger === 'refuse') await tellStory(deps, trx, order, 'provider', words.refused(kind, reason ?? ''))
  if (trigger === 'postpone') await tellStory(deps, trx, order, 'provider', words.postponed(kind, reason ?? ''))
  if (!lost && operation.state === 'unknown') {
    const resolution = { by: 'hub', text: 'The provider has said what became of it.' }
    await closeOrderReviews(deps, trx, order, 'payment_unknown', resolution)
  }
  if (needsPerson)
    await reviewOrder(deps, trx, order, 'payment_unknown', operation.operation_id, words.lost(kind, reason ?? ''))
  const settled = await settleOrder(deps, trx, order, payment)
  if (kind === 'refund' && trigger === 'refuse')
    await refundFailed(deps, trx, settled, moved, reason ?? '', words.refused(kind, reason ?? ''))
}

function move(
  trx: Db,
  operation: PaymentOperationRow,
  trigger: OperationVerdict['trigger'],
  set: Parameters<typeof changeOperation>[2],
  now: Date,
): Promise<PaymentOperationRow> {
  const state = moveOperation(operation.state as OperationState, trigger)
  return changeOperation(trx, operation, { ...set, state, updated_at: now })
}

async function lookAgain(trx: Db, order: PaymentOrderRow, dueAt: Date): Promise<void> {
  const data = { organizationId: order.organization_id, orderId: order.order_id }
  await setTimer(trx, {
    organizationId: order.organization_id,
    siteId: order.site_id,
    kind: 'payment.follow',
    key: `payment:${order.order_id}`,
    dueAt,
    data,
  })
}

const earliest = (a: Date, b: Date | null): Date => (b !== null && b < a ? b : a)
