// Owns what people and programs may ask of a payment order: take, cancel, give back, approve, and settle what nobody else can know.
// Must not call the provider; follow-order.ts does.
import {
  isOpenOrder,
  moveOperation,
  type OperationState,
  type PaymentOrderState,
  paymentSettings,
  refundableMinor,
} from '../../domain/payment/index.ts'
import { appendAudit } from '../../store/audit.ts'
import { readBillingSite } from '../../store/billing-facts.ts'
import { addJobs } from '../../store/event-log.ts'
import {
  changeOperation,
  changePaymentOrder,
  insertOperation,
  lockPaymentOrder,
  operationsOf,
  type PaymentOperationRow,
  type PaymentOrderRow,
  partsPaid,
  paymentJob,
  paymentOrders,
  readPaymentOrder,
} from '../../store/payment-orders.ts'
import { type Db, getRecord } from '../../store/record-table.ts'
import { refusable } from '../manage/manage-record.ts'
import { type Access, invalid, notFound, type Outcome, type Refusal } from '../manage/outcome.ts'
import { newOperation } from './new-operation.ts'
import { closeOrderReviews, refundFailed, reviewOrder, tellStory } from './order-events.ts'
import type { PaymentDeps } from './payment-deps.ts'
import { getPaymentOrder, type PaymentOrderDetail, refundsUnderWay, withinBalance } from './read-orders.ts'
import { moneyOf, settleOrder } from './settle-order.ts'
import { balanceLeft, leavesBalance } from './top-up-balance.ts'
import { askersTurnMs, withdrawAsked } from './withdraw-refund.ts'
import { words } from './words.ts'

type Detail = Promise<Outcome<PaymentOrderDetail>>
type Change = (trx: Db, order: PaymentOrderRow, operations: readonly PaymentOperationRow[]) => Promise<Refusal | null>

/** `said`: what the audit entry tells beside who and when. */
async function changeOrder(
  deps: PaymentDeps,
  access: Access,
  orderId: string,
  [what, said]: readonly [what: string, said: object],
  change: Change,
): Detail {
  const changed = await refusable(deps, async (trx) => {
    const { organizationId } = access
    if ((await getRecord(trx, paymentOrders, access, orderId)) === undefined) return notFound
    const order = await lockPaymentOrder(trx, organizationId, orderId)
    if (order === undefined) return notFound
    const refusal = await change(trx, order, await operationsOf(trx, organizationId, orderId))
    if (refusal !== null) return refusal
    await appendAudit(trx, organizationId, {
      auditId: deps.newId(),
      siteId: order.site_id,
      at: deps.clock.now(),
      actor: access.actor,
      action: `payment_order.${what}`,
      subjectType: 'payment_order',
      subjectId: orderId,
      before: { state: order.state },
      after: { amountMinor: order.amount_minor, currency: order.currency, ...said },
      requestId: access.requestId,
    })
    await addJobs(trx, [paymentJob({ organizationId, orderId })])
    return getPaymentOrder({ db: trx })(access, orderId)
  })
  return withinBalance(deps, access, changed)
}

const conflict = (message: string): Refusal => ({ kind: 'conflict', message })

export function capturePaymentOrder(deps: PaymentDeps) {
  return (access: Access, orderId: string, { amountMinor }: { amountMinor?: number }): Detail =>
    changeOrder(deps, access, orderId, ['capture', {}], async (trx, order, operations) => {
      if (order.state === 'captured') return conflict('The money was taken already.')
      if (order.state !== 'authorised') return conflict(`No money is held: the payment is ${order.state}.`)
      if (operations.some(({ kind, state }) => kind === 'cancel' && state !== 'refused' && state !== 'dropped'))
        return conflict('The payment is being cancelled.')
      const held = moneyOf(order)?.authorisedMinor ?? order.amount_minor
      const amount = amountMinor ?? held
      if (amount > held) return invalid('/amountMinor', `is more than is held: ${held}`)
      const [door] = deps.paymentDoors(order.connection_id)
      if (amount < held && door !== undefined && !door.features.includes('partial_capture'))
        return invalid('/amountMinor', `this provider takes all or nothing: ${held}`)
      const now = deps.clock.now()
      const times = operations.filter(({ kind }) => kind === 'capture').length
      const wish = {
        id: deps.newId(),
        kind: 'capture',
        by: access.actor,
        reason: null,
        now,
        amountMinor: amount,
      } as const
      await insertOperation(trx, newOperation(order, { ...wish, cause: `capture/${times + 1}` }))
      await tellStory(deps, trx, order, access.actor, words.captureAsked(amount, order))
      await settleOrder(deps, trx, order, null)
      return null
    })
}

export function cancelPaymentOrder(deps: PaymentDeps) {
  return (access: Access, orderId: string, { reason }: { reason?: string }): Detail =>
    changeOrder(deps, access, orderId, ['cancel', { reason }], async (trx, order, operations) => {
      if (!isOpenOrder(order.state as PaymentOrderState))
        return conflict(
          `The payment is ${order.state}${order.state === 'captured' ? '; give the money back instead' : ''}.`,
        )
      if (operations.some(({ kind, state }) => kind === 'cancel' && state !== 'refused' && state !== 'dropped'))
        return conflict('It is being cancelled already.')
      const now = deps.clock.now()
      const ended = await changePaymentOrder(trx, order, { ended: 'cancelled' }, now)
      const times = operations.filter(({ kind }) => kind === 'cancel').length
      const wish = { id: deps.newId(), kind: 'cancel', by: access.actor, reason: reason ?? null, now } as const
      await insertOperation(trx, newOperation(ended, { ...wish, cause: `cancel/${times + 1}` }))
      await tellStory(deps, trx, ended, access.actor, words.cancelAsked(reason ?? null))
      return null
    })
}

export interface RefundRequest {
  amountMinor: number
  reason: string
  /** For which bill; left out, what was paid last goes back first. */
  billId?: string
  idempotencyKey?: string
}

export function refundPaymentOrder(deps: PaymentDeps) {
  return async (access: Access, orderId: string, request: RefundRequest): Detail => {
    const { amountMinor, reason, billId, idempotencyKey } = request
    const seen = await getRecord(deps.db, paymentOrders, access, orderId)
    // Looked at beforehand, to say so at once; what counts is what the balance gives up before the refund is sent.
    const left = seen?.purpose === 'top_up' ? await balanceLeft(deps, access.organizationId, seen) : null
    const said = { refundMinor: amountMinor, reason }
    const id = deps.newId()
    const asked = await changeOrder(deps, access, orderId, ['refund', said], async (trx, order, operations) => {
      const cause = `refund/${access.actor}/${idempotencyKey ?? id}`
      if (operations.some((one) => one.cause === cause)) return null
      const [door] = deps.paymentDoors(order.connection_id)
      if (door !== undefined && !door.features.includes('refund')) return conflict('This provider gives no money back.')
      const most = refundableMinor(moneyOf(order), refundsUnderWay(order, operations))
      if (amountMinor > most) return invalid('/amountMinor', `is more than can be given back: ${most}`)
      if (order.purpose === 'top_up') {
        if (left === null)
          return conflict('What is left of the balance that it filled cannot be told: nobody at work keeps it.')
        if (amountMinor > left)
          return invalid('/amountMinor', `is more than is left of the balance that it filled: ${left}`)
      }
      const part = (await partsPaid(trx, order.organization_id, orderId)).find((one) => one.billId === billId)
      if (billId !== undefined && part === undefined) return invalid('/billId', 'was not paid by this payment')
      const waits = await needsApproval(trx, order, amountMinor)
      const wish = {
        id,
        kind: 'refund',
        cause,
        by: access.actor,
        reason,
        now: deps.clock.now(),
        amountMinor,
        waits,
      } as const
      const operation = newOperation(order, {
        ...wish,
        subjectKey: billId === undefined ? null : (part?.subjectKey ?? null),
      })
      const askersTurn = order.purpose === 'top_up' ? { next_at: new Date(wish.now.getTime() + askersTurnMs) } : {}
      await insertOperation(trx, { ...operation, ...(waits ? {} : askersTurn) })
      const told = words.refundAsked(amountMinor, order, reason, waits)
      await tellStory(deps, trx, order, access.actor, told)
      if (waits) await reviewOrder(deps, trx, order, 'refund_approval', id, told)
      return null
    })
    return asked.kind === 'ok' && seen?.purpose === 'top_up' ? takenOut(deps, access, orderId, id) : asked
  }
}

/** Of several that are asked for in one moment the balance gives up what it has, and who comes too late is told so at once. */
async function takenOut(deps: PaymentDeps, access: Access, orderId: string, operationId: string): Detail {
  const { organizationId } = access
  const order = await readPaymentOrder(deps.db, organizationId, orderId)
  const operations = await operationsOf(deps.db, organizationId, orderId)
  const operation = operations.find(({ operation_id: id }) => id === operationId)
  if (order !== undefined && operation !== undefined && leavesBalance(order, operation)) {
    if ((await withdrawAsked(deps, order, operation)) === 'refused') {
      const of = { accountId: order.account_id, currency: order.currency }
      const left = await balanceLeft(deps, organizationId, of)
      return conflict(`That is more than is left of the balance that it filled by now: ${left ?? 0}`)
    }
  }
  return withinBalance(deps, access, await getPaymentOrder(deps)(access, orderId))
}

export async function needsApproval(trx: Db, order: PaymentOrderRow, amountMinor: number): Promise<boolean> {
  const site = await readBillingSite(trx, order.organization_id, order.site_id)
  const { refundApprovalAboveMinor: above } = paymentSettings(site?.settings)
  return above !== null && amountMinor > above
}

export interface OperationDecision {
  /** `ask`: ask the provider now. `not_done`: a person has looked at the provider's desk and it was not done. */
  decision: 'approve' | 'reject' | 'ask' | 'not_done'
  reason?: string
}

export function decideOperation(deps: PaymentDeps) {
  return (access: Access, orderId: string, operationId: string, { decision, reason }: OperationDecision): Detail =>
    changeOrder(deps, access, orderId, [decision, { operationId, reason }], async (trx, order, operations) => {
      const operation = operations.find(({ operation_id: id }) => id === operationId)
      if (operation === undefined) return notFound
      const now = deps.clock.now()
      const closed = { by: access.actor, text: reason ?? decision }
      if (decision === 'ask' || decision === 'not_done') {
        if (operation.state !== 'unknown') return conflict(`It is known what became of it: ${operation.state}.`)
        if (decision === 'ask') {
          await changeOperation(trx, operation, { next_at: null, updated_at: now })
          return null
        }
        if (reason === undefined) return invalid('/reason', 'is needed: what was seen at the provider')
        const state = moveOperation('unknown', 'refuse')
        const set = {
          state,
          outcome: reason,
          decided_by: decider(access, operation),
          unknown_since: null,
          updated_at: now,
        }
        const moved = await changeOperation(trx, operation, set)
        await tellStory(deps, trx, order, access.actor, words.givenUp(operation.kind as 'refund', reason))
        const settled = await settleOrder(deps, trx, order, null)
        if (moved.kind === 'refund') await refundFailed(deps, trx, settled, moved, reason, null)
        await closeOrderReviews(deps, trx, order, 'payment_unknown', closed)
        return null
      }
      if (operation.state !== 'waiting') return conflict(`It does not wait for approval: it is ${operation.state}.`)
      if (decision === 'approve' && operation.requested_by === access.actor)
        return { kind: 'forbidden', message: 'Who asked for a refund cannot approve it.' }
      const state = moveOperation(operation.state as OperationState, decision === 'approve' ? 'approve' : 'drop')
      await changeOperation(trx, operation, {
        state,
        decided_by: decider(access, operation),
        outcome: reason ?? null,
        updated_at: now,
      })
      await tellStory(deps, trx, order, access.actor, words.decided(decision === 'approve', reason ?? null))
      const waiting = operations.filter((one) => one.state === 'waiting' && one.operation_id !== operationId)
      if (waiting.length === 0) await closeOrderReviews(deps, trx, order, 'refund_approval', closed)
      return null
    })
}

/** Who asked may take it back; that is no decision of a second person. */
function decider(access: Access, operation: PaymentOperationRow): string | null {
  return operation.requested_by === access.actor ? null : access.actor
}
