// Owns closing a doubtful record once a person has looked at it.
// Must not act on what the resolution says.
import { appendAudit } from '../../store/audit.ts'
import { appendEvents } from '../../store/event-log.ts'
import { closeReview as markClosed, type Review, reviews } from '../../store/parking-read.ts'
import { noteNeedsPerson } from '../../store/payment-orders.ts'
import { getRecord } from '../../store/record-table.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { refusable } from './manage-record.ts'
import { type Access, notFound, type Outcome, ok } from './outcome.ts'

export function closeReview(deps: ServiceDeps) {
  return (access: Access, reviewId: string, resolution: string): Promise<Outcome<Review>> =>
    refusable(deps, async (trx) => {
      const before = await getRecord(trx, reviews, access, reviewId, 'lock')
      if (!before) return notFound
      const now = deps.clock.now()
      const closing = { by: access.actor, at: now, text: resolution }
      if (!(await markClosed(trx, access.organizationId, reviewId, closing))) {
        return { kind: 'conflict', message: 'It has been resolved already.' }
      }
      if (before.subjectType === 'payment_order' && before.subjectId !== null)
        await noteNeedsPerson(trx, access.organizationId, before.subjectId, now)
      await appendEvents(trx, [
        {
          id: deps.newId(),
          type: 'review.resolved',
          organizationId: access.organizationId,
          siteId: before.siteId,
          subject: { type: 'review', id: reviewId },
          occurredAt: now,
          recordedAt: now,
          data: { reviewId, resolution },
        },
      ])
      const after = (await getRecord(trx, reviews, access, reviewId)) ?? before
      await appendAudit(trx, access.organizationId, {
        auditId: deps.newId(),
        siteId: before.siteId,
        at: now,
        actor: access.actor,
        action: 'review.resolved',
        subjectType: 'review',
        subjectId: reviewId,
        before: { state: before.state },
        after: { state: after.state, resolution },
        requestId: access.requestId,
      })
      return ok(after)
    })
}
