// Owns the journal entry of one payment, refund or void of either; posted once, however often it is asked for.
// Must not take money nor change the payment.
import { paymentPostings } from '../../domain/bill/index.ts'
import { businessClock, businessDate } from '../../domain/business-day.ts'
import { appendEntry } from '../../store/journal.ts'
import { readPayment } from '../../store/payments.ts'
import { transaction } from '../../store/transaction.ts'
import type { ServiceDeps } from '../service-deps.ts'

export type PostingOutcome =
  | { kind: 'posted'; entryId: string }
  /** It was posted before, or nothing was paid. */
  | { kind: 'nothing' }
  | { kind: 'not_found' }

/** Joins the caller's transaction when `deps.db` is one. */
export function postPayment(
  deps: Pick<ServiceDeps, 'db' | 'clock' | 'newId'>,
): (input: { organizationId: string; paymentId: string }) => Promise<PostingOutcome> {
  return ({ organizationId, paymentId }) =>
    transaction(deps.db, async (trx) => {
      const payment = await readPayment(trx, organizationId, paymentId)
      if (payment === undefined) return { kind: 'not_found' }
      const now = deps.clock.now()
      const entryId = deps.newId()
      const clock = businessClock(payment.zone, payment.siteSettings)
      const what = payment.kind === 'refunded' ? 'Refund' : 'Payment'
      const added = await appendEntry(
        trx,
        {
          organizationId,
          siteId: payment.siteId,
          entryId,
          sourceType: 'payment',
          sourceId: paymentId,
          description: `${what}${payment.method === null ? '' : ` by ${payment.method}`}${payment.reference === null ? '' : `, ${payment.reference}`}`,
          businessDate: businessDate(now, clock),
          factDate: businessDate(payment.at, clock),
          corrects: null,
          postedAt: now,
          currency: payment.currency,
          billId: null,
        },
        paymentPostings(payment),
      )
      return added ? { kind: 'posted', entryId } : { kind: 'nothing' }
    })
}
