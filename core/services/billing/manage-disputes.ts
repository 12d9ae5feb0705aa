// Owns the life of a dispute: opened with a deadline, then accepted (and credited), refused or withdrawn, once.
// Must not edit a bill; what is accepted becomes a grant, and that an adjustment.
import { billingSettings } from '../../domain/bill/index.ts'
import { addDays, localDate, startOfLocalDate } from '../../domain/local-time.ts'
import { minor } from '../../domain/money.ts'
import { appendAudit } from '../../store/audit.ts'
import { readBillingSite } from '../../store/billing-facts.ts'
import {
  type Decision,
  type Dispute,
  decideDispute,
  disputes,
  insertDispute,
  openDisputeOf,
} from '../../store/disputes.ts'
import { appendEvents } from '../../store/event-log.ts'
import { type Db, getRecord } from '../../store/record-table.ts'
import { closeReviewsOf, openReview } from '../../store/review-items.ts'
import { clearTimer, setTimer } from '../../store/timers.ts'
import { transaction } from '../../store/transaction.ts'
import { refusable } from '../manage/manage-record.ts'
import { type Access, notFound, type Outcome, ok } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { amountProblem, findCreditable, writeCredit } from './grant-credit.ts'

export interface DisputeInput {
  line?: number
  /** With tax. Left out: all that stands. */
  amountMinor?: number
  reason: string
  evidence?: string
}

export type DisputeVerdict =
  | { state: 'accepted'; amountMinor?: number; decision: string }
  | { state: 'refused' | 'withdrawn'; decision: string }

const overdue = 'dispute_overdue'
const timerOf = (organizationId: string, disputeId: string) => ({
  organizationId,
  kind: 'dispute.due',
  key: `dispute:${disputeId}`,
})

export function openDispute(
  deps: ServiceDeps,
): (access: Access, billId: string, input: DisputeInput) => Promise<Outcome<Dispute>> {
  return (access, billId, input) =>
    refusable(deps, async (trx) => {
      const { organizationId } = access
      const now = deps.clock.now()
      const line = input.line ?? null
      const found = await findCreditable(trx, access, { billId, line }, now)
      if ('kind' in found) return found
      const { bill, part } = found
      const amountMinor = input.amountMinor ?? found.mostMinor
      const problem = amountProblem(amountMinor, found.mostMinor)
      if (problem) return problem
      if ((await openDisputeOf(trx, { organizationId, billId, line })) !== undefined) {
        return { kind: 'conflict', message: 'There is an open dispute about this already.' }
      }
      const site = await readBillingSite(trx, organizationId, bill.siteId)
      const { disputeDays } = billingSettings(site?.settings, site?.code ?? '')
      const zone = site?.zone ?? 'UTC'
      const dueAt = startOfLocalDate(addDays(localDate(now, zone), disputeDays + 1), zone)
      const disputeId = deps.newId()
      await insertDispute(trx, {
        organizationId,
        siteId: bill.siteId,
        disputeId,
        billId,
        line,
        ...part,
        amountMinor: minor(amountMinor),
        currency: bill.currency,
        reason: input.reason,
        evidence: input.evidence ?? null,
        openedBy: access.actor,
        openedAt: now,
        dueAt,
      })
      const data = { organizationId, disputeId }
      await setTimer(trx, { ...timerOf(organizationId, disputeId), siteId: bill.siteId, dueAt, data })
      const after = await reread(trx, access, disputeId)
      await tell(deps, trx, access, null, after, now)
      return ok(after)
    })
}

/** One decision ends it. Above the site's limit it takes another person than who opened it. */
export function decideOnDispute(
  deps: ServiceDeps,
): (access: Access, disputeId: string, verdict: DisputeVerdict, version?: number) => Promise<Outcome<Dispute>> {
  return (access, disputeId, verdict, version) =>
    refusable(deps, async (trx) => {
      const { organizationId, actor } = access
      const now = deps.clock.now()
      const before = await getRecord(trx, disputes, access, disputeId, 'lock')
      if (before === undefined) return notFound
      if (version !== undefined && version !== before.version) return { kind: 'stale', version: before.version }
      if (before.state !== 'open') return { kind: 'conflict', message: `The dispute is ${before.state} already.` }
      const decided: Decision = {
        state: verdict.state,
        decidedBy: actor,
        decidedAt: now,
        decision: verdict.decision,
        creditedMinor: null,
        creditId: null,
      }
      if (verdict.state === 'accepted') {
        const found = await findCreditable(trx, access, { billId: before.billId, line: before.line }, now)
        if ('kind' in found) return found
        const amountMinor = verdict.amountMinor ?? Math.min(before.amountMinor, found.mostMinor)
        const problem = amountProblem(amountMinor, found.mostMinor)
        if (problem) return problem
        const limit = found.approvalLimitMinor
        if (limit !== null && amountMinor > limit && actor === before.openedBy) {
          return { kind: 'forbidden', message: `Above ${limit} another person than who opened the dispute decides.` }
        }
        const credit = {
          kind: 'dispute' as const,
          amountMinor,
          reason: before.reason,
          requestedBy: before.openedBy,
          disputeId,
        }
        decided.creditId = await writeCredit(deps, trx, access, found, credit, now)
        decided.creditedMinor = minor(amountMinor)
      }
      await decideDispute(trx, { organizationId, disputeId }, decided)
      await clearTimer(trx, timerOf(organizationId, disputeId))
      const resolution = { by: actor, text: verdict.decision, at: now }
      await closeReviewsOf(trx, deps.newId, { organizationId, kind: overdue, subjectId: disputeId }, resolution)
      const after = await reread(trx, access, disputeId)
      await tell(deps, trx, access, before, after, now)
      return ok(after)
    })
}

/** The task `dispute.due`: whoever has to decide is told when the time is up. */
export function disputeDue(
  deps: ServiceDeps,
): (payload: { organizationId: string; disputeId: string }) => Promise<void> {
  return ({ organizationId, disputeId }) =>
    transaction(deps.db, async (trx) => {
      const dispute = await getRecord(trx, disputes, { organizationId, siteIds: null }, disputeId, 'lock')
      if (dispute === undefined || dispute.state !== 'open') return
      await openReview(trx, deps.newId, {
        organizationId,
        siteId: dispute.siteId,
        reviewId: deps.newId(),
        contentKey: `dispute:${disputeId}`,
        kind: overdue,
        subjectType: 'dispute',
        subjectId: disputeId,
        reason: `The dispute about ${dispute.billNumber} should have been decided by now.`,
        data: { billId: dispute.billId, dueAt: dispute.dueAt },
        at: deps.clock.now(),
      })
    })
}

async function reread(trx: Db, access: Access, disputeId: string): Promise<Dispute> {
  const dispute = await getRecord(trx, disputes, access, disputeId)
  if (dispute === undefined) throw new Error('a dispute that was just written is not there')
  return dispute
}

async function tell(
  deps: Pick<ServiceDeps, 'newId'>,
  trx: Db,
  { organizationId, actor, requestId }: Access,
  before: Dispute | null,
  after: Dispute,
  now: Date,
): Promise<void> {
  const { disputeId, siteId, billId, state, amountMinor, creditedMinor, currency } = after
  await appendAudit(trx, organizationId, {
    auditId: deps.newId(),
    siteId,
    at: now,
    actor,
    action: `dispute.${before === null ? 'opened' : state}`,
    subjectType: 'dispute',
    subjectId: disputeId,
    before: before === null ? null : { ...before },
    after: { ...after },
    requestId,
  })
  const event = {
    id: deps.newId(),
    organizationId,
    siteId,
    subject: { type: 'dispute', id: disputeId },
    occurredAt: now,
    recordedAt: now,
  }
  await appendEvents(trx, [
    before === null
      ? { ...event, type: 'dispute.opened', data: { disputeId, billId, amountMinor, currency } }
      : { ...event, type: 'dispute.decided', data: { disputeId, billId, state, creditedMinor, currency } },
  ])
}
