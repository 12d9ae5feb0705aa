// Owns giving up what is open on a bill, with a reason: money that will not come, booked as a bad debt.
// Must not touch the bill.

import type { SubjectKey } from '../../domain/bill/index.ts'
import { appendAudit } from '../../store/audit.ts'
import { lockSubjects } from '../../store/billing-subjects.ts'
import { bills } from '../../store/bills.ts'
import { type Payment, payments } from '../../store/payments.ts'
import { getRecord } from '../../store/record-table.ts'
import { subjectStanding } from '../../store/subject-standing.ts'
import { refusable } from '../manage/manage-record.ts'
import { type Access, invalid, notFound, type Outcome, ok } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { recordPaymentRows } from './book-movements.ts'

export interface WriteOff {
  reason: string
  /** Left out: all that is open. */
  amountMinor?: number
}

export function writeOffBill(deps: ServiceDeps) {
  return (access: Access, billId: string, { reason, amountMinor }: WriteOff): Promise<Outcome<Payment>> =>
    refusable(deps, async (trx) => {
      const { organizationId } = access
      const bill = await getRecord(trx, bills, access, billId)
      if (bill === undefined) return notFound
      const { siteId, subjectKey, currency } = bill
      const now = deps.clock.now()
      await lockSubjects(trx, { organizationId, siteId }, [subjectKey as SubjectKey], now)
      const standing = (await subjectStanding(trx, organizationId, [subjectKey])).get(subjectKey)
      const open = standing?.openMinor ?? 0
      if (open <= 0) return { kind: 'conflict', message: 'Nothing is open on this bill.' }
      if ((standing?.askedMinor ?? 0) > 0)
        return { kind: 'conflict', message: 'A payment for this bill is open. Cancel it first, or let it be paid.' }
      const amount = amountMinor ?? open
      if (amount > open) return invalid('/amountMinor', `is more than is open: ${open}`)
      const paymentId = deps.newId()
      await recordPaymentRows(deps, trx, [
        {
          organization_id: organizationId,
          site_id: siteId,
          payment_id: paymentId,
          kind: 'captured',
          subject_key: subjectKey,
          stay_id: bill.stayId,
          content_key: `write_off/${paymentId}`,
          method: 'write_off',
          scope: 'both',
          amount_minor: amount,
          currency,
          at: now,
          recorded_at: now,
          reason,
        },
      ])
      await appendAudit(trx, organizationId, {
        auditId: deps.newId(),
        siteId,
        at: now,
        actor: access.actor,
        action: 'bill.write_off',
        subjectType: 'bill',
        subjectId: billId,
        before: { openMinor: open },
        after: { amountMinor: amount, currency, reason },
        requestId: access.requestId,
      })
      const written = await getRecord(trx, payments, access, paymentId)
      return written === undefined ? notFound : ok(written)
    })
}
