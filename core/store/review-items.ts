// Owns putting a doubtful record before a person from a service's own transaction, and taking it back when time has answered it.
// Must not be used on the charger path: its reviews ride the group commit (core/store/charger-effects.ts).
import { appendEvents } from './event-log.ts'
import { jsonText } from './json-text.ts'
import type { Db } from './record-table.ts'

export interface NewReview {
  organizationId: string
  siteId: string | null
  reviewId: string
  /** The same key is the same review: it is opened once. */
  contentKey: string
  kind: string
  subjectType: string
  subjectId: string
  reason: string
  data: object
  at: Date
}

/** False when it was there before. */
export async function openReview(trx: Db, newId: () => string, review: NewReview): Promise<boolean> {
  const { organizationId, siteId, reviewId, kind, reason, at } = review
  const added = await trx
    .insertInto('review_item')
    .values({
      organization_id: organizationId,
      site_id: siteId,
      review_id: reviewId,
      content_key: review.contentKey,
      kind,
      subject_type: review.subjectType,
      subject_id: review.subjectId,
      reason,
      data: jsonText(review.data),
      at,
    })
    .onConflict((conflict) => conflict.columns(['organization_id', 'content_key']).doNothing())
    .returning('review_id')
    .executeTakeFirst()
  if (added === undefined) return false
  const subject = { type: 'review', id: reviewId }
  const base = { id: newId(), organizationId, siteId, subject, occurredAt: at, recordedAt: at }
  await appendEvents(trx, [{ ...base, type: 'review.opened', data: { reviewId, kind, reason } }])
  return true
}

/** Closes the open reviews of a subject. */
export async function closeReviewsOf(
  trx: Db,
  newId: () => string,
  of: { organizationId: string; kind: string; subjectId: string },
  resolution: { by: string; text: string; at: Date },
): Promise<void> {
  const closed = await trx
    .updateTable('review_item')
    .set({ state: 'resolved', resolved_at: resolution.at, resolved_by: resolution.by, resolution: resolution.text })
    .where('organization_id', '=', of.organizationId)
    .where('kind', '=', of.kind)
    .where('subject_id', '=', of.subjectId)
    .where('state', '=', 'open')
    .returning(['review_id', 'site_id'])
    .execute()
  const { at, text } = resolution
  await appendEvents(
    trx,
    closed.map(({ review_id: reviewId, site_id: siteId }) => ({
      id: newId(),
      type: 'review.resolved' as const,
      organizationId: of.organizationId,
      siteId,
      subject: { type: 'review', id: reviewId },
      occurredAt: at,
      recordedAt: at,
      data: { reviewId, resolution: text },
    })),
  )
}
