// Owns the dispute about a partner's record: opened with what we expect, answered by the partner, settled at an amount.
// Must not change the record; the statement takes what was settled.
import { appendAudit } from '../../store/audit.ts'
import { appendEvents } from '../../store/event-log.ts'
import { type CdrDispute, cdrDisputes, partnerCdrs } from '../../store/partners.ts'
import { type Db, getRecord, insertRecord, updateRecord } from '../../store/record-table.ts'
import { refusable } from '../manage/manage-record.ts'
import { type Access, notFound, type Outcome, ok } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'

type Deps = Pick<ServiceDeps, 'db' | 'clock' | 'newId'>

export function openDispute(deps: Deps) {
  return (
    access: Access,
    cdrId: string,
    input: { reason: string; expectedMinor?: number },
  ): Promise<Outcome<CdrDispute>> =>
    refusable(deps, async (trx) => {
      const cdr = await getRecord(trx, partnerCdrs, access, cdrId, 'lock')
      if (cdr === undefined) return notFound
      if (cdr.state !== 'agreed' && cdr.state !== 'differs')
        return { kind: 'conflict', message: 'This record does not count.' }
      if (cdr.disputed) return { kind: 'conflict', message: 'It is disputed already.' }
      const now = deps.clock.now()
      const dispute = await insertRecord(trx, cdrDisputes, {
        organization_id: access.organizationId,
        site_id: cdr.siteId,
        dispute_id: deps.newId(),
        cdr_id: cdrId,
        partner_id: cdr.partnerId,
        state: 'open',
        reason: input.reason,
        expected_minor: input.expectedMinor ?? cdr.repriced?.totalMinor ?? 0,
        opened_by: access.actor,
        created_at: now,
        updated_at: now,
      })
      await tell(deps, trx, access, null, dispute, now)
      return ok(dispute)
    })
}

export function answerDispute(deps: Deps) {
  return (access: Access, disputeId: string, input: { answer: string }): Promise<Outcome<CdrDispute>> =>
    move(deps, access, disputeId, (now) => ({ state: 'answered', answer: input.answer, answered_at: now }))
}

export function settleDispute(deps: Deps) {
  return (
    access: Access,
    disputeId: string,
    input: { netMinor: number; taxMinor: number; settlement: string },
  ): Promise<Outcome<CdrDispute>> =>
    move(deps, access, disputeId, (now) => ({
      state: 'settled',
      settled_at: now,
      settlement: input.settlement,
      settled_net_minor: input.netMinor,
      settled_tax_minor: input.taxMinor,
    }))
}

function move(
  deps: Deps,
  access: Access,
  disputeId: string,
  changes: (now: Date) => Record<string, unknown>,
): Promise<Outcome<CdrDispute>> {
  return refusable(deps, async (trx) => {
    const before = await getRecord(trx, cdrDisputes, access, disputeId, 'lock')
    if (before === undefined) return notFound
    if (before.state === 'settled') return { kind: 'conflict', message: 'It is settled; open another.' }
    const now = deps.clock.now()
    const after = await updateRecord(trx, cdrDisputes, access.organizationId, disputeId, {
      ...changes(now),
      updated_at: now,
    })
    await tell(deps, trx, access, before, after, now)
    return ok(after)
  })
}

async function tell(
  deps: Deps,
  trx: Db,
  access: Access,
  before: CdrDispute | null,
  after: CdrDispute,
  now: Date,
): Promise<void> {
  const { disputeId, cdrId, partnerId, state, siteId } = after
  await appendAudit(trx, access.organizationId, {
    auditId: deps.newId(),
    siteId,
    at: now,
    actor: access.actor,
    action: `cdr_dispute.${state}`,
    subjectType: 'cdr_dispute',
    subjectId: disputeId,
    before,
    after,
    requestId: access.requestId,
  })
  await appendEvents(trx, [
    {
      id: deps.newId(),
      type: 'cdr_dispute.changed',
      organizationId: access.organizationId,
      siteId,
      subject: { type: 'cdr_dispute', id: disputeId },
      occurredAt: now,
      recordedAt: now,
      data: { disputeId, cdrId, partnerId, state },
    },
  ])
}
