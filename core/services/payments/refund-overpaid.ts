// Owns the task `refund.consider`: after an adjustment lowered what was paid, the difference is given back or proposed, as the site says.
// Must not give back more than is over, nor what a person or another run already asked back.
import type { SubjectKey } from '../../domain/bill/index.ts'
import { paymentSettings, refundableMinor } from '../../domain/payment/index.ts'
import { readBillingSite } from '../../store/billing-facts.ts'
import { lockSubjects } from '../../store/billing-subjects.ts'
import { addJobs } from '../../store/event-log.ts'
import { insertOperation, lockPaymentOrder, operationsOf, partsPaid, paymentJob } from '../../store/payment-orders.ts'
import { paidKeys, subjectStanding } from '../../store/subject-standing.ts'
import { transaction } from '../../store/transaction.ts'
import { needsApproval } from './manage-orders.ts'
import { newOperation } from './new-operation.ts'
import { reviewOrder, tellStory } from './order-events.ts'
import type { PaymentDeps } from './payment-deps.ts'
import { refundsUnderWay } from './read-orders.ts'
import { moneyOf } from './settle-order.ts'
import { words } from './words.ts'

export interface OverpaidQuestion {
  organizationId: string
  siteId: string
  subjectKey: string
  /** The adjustment. */
  billId: string
  number: string
}

export function refundOverpaid(deps: PaymentDeps) {
  return (question: OverpaidQuestion): Promise<void> =>
    transaction(deps.db, async (trx) => {
      const { organizationId, siteId, subjectKey, billId, number } = question
      const site = await readBillingSite(trx, organizationId, siteId)
      const way = paymentSettings(site?.settings).refundAfterAdjustment
      if (way === 'none') return
      const now = deps.clock.now()
      await lockSubjects(trx, { organizationId, siteId }, [subjectKey as SubjectKey], now)
      const standing = (await subjectStanding(trx, organizationId, [subjectKey])).get(subjectKey)
      let over = standing === undefined ? 0 : -standing.openMinor - standing.refundingMinor
      if (over <= 0) return
      const keys = await paidKeys(trx, organizationId, subjectKey)
      for (const orderId of await paidOrders(trx, organizationId, keys)) {
        const order = await lockPaymentOrder(trx, organizationId, orderId)
        if (order === undefined || over <= 0) break
        const part = (await partsPaid(trx, organizationId, orderId)).find((one) => keys.includes(one.subjectKey))
        const most = refundableMinor(
          moneyOf(order),
          refundsUnderWay(order, await operationsOf(trx, organizationId, orderId)),
        )
        const amountMinor = Math.min(over, part?.paidMinor ?? 0, most)
        if (amountMinor <= 0) continue
        const waits = way === 'propose' || (await needsApproval(trx, order, amountMinor))
        const reason = `Adjustment ${number} lowered what was paid.`
        const wish = { id: deps.newId(), kind: 'refund', cause: `bill/${billId}`, by: 'hub:billing' } as const
        if (
          !(await insertOperation(
            trx,
            newOperation(order, {
              ...wish,
              reason,
              now,
              amountMinor,
              subjectKey: part?.subjectKey ?? subjectKey,
              waits,
            }),
          ))
        )
          continue
        const asked = words.refundAsked(amountMinor, order, reason, waits)
        await tellStory(deps, trx, order, 'hub', asked)
        if (waits) await reviewOrder(deps, trx, order, 'refund_approval', wish.id, asked)
        await addJobs(trx, [paymentJob({ organizationId, orderId })])
        over -= amountMinor
      }
    })
}

/** Newest first; only those whose money the hub books, and that was money. */
async function paidOrders(
  trx: PaymentDeps['db'],
  organizationId: string,
  subjectKeys: readonly string[],
): Promise<string[]> {
  if (subjectKeys.length === 0) return []
  const rows = await trx
    .selectFrom('payment_order as o')
    .innerJoin('payment_order_part as p', (on) =>
      on.onRef('p.organization_id', '=', 'o.organization_id').onRef('p.order_id', '=', 'o.order_id'),
    )
    .select('o.order_id')
    .where('o.organization_id', '=', organizationId)
    .where('p.subject_key', 'in', [...subjectKeys])
    .where('o.state', '=', 'captured')
    .where('o.booking', '=', 'hub')
    .where('o.method', '<>', 'free')
    .orderBy('o.created_at', 'desc')
    .execute()
  return rows.map(({ order_id }) => order_id)
}
