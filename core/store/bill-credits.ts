// Owns the rows of what people granted on bills: written once, never edited.
// Must not decide whether a grant is right, nor what it comes to on a bill.
import { sql } from 'kysely'
import type { BillCredit, SubjectKey } from '../domain/bill/index.ts'
import { minor } from '../domain/money.ts'
import type { LineKind } from '../domain/price.ts'
import { type Db, is, recordTable } from './record-table.ts'

/** Grants that count on the bills of a subject, in the order in which they were made. */
export async function creditsFor(
  db: Db,
  of: { organizationId: string; subjectKey: SubjectKey; sessionIds: readonly string[] },
): Promise<BillCredit[]> {
  const { rows } = await sql<BillCredit & { amountMinor: number; lineKind: LineKind | null }>`
    select credit_id as "creditId", kind, session_id as "sessionId", line_kind as "lineKind", amount_minor as "amountMinor",
      currency, reason
    from bill_credit
    where organization_id = ${of.organizationId} and (
      (subject_key = ${of.subjectKey} and session_id is null) or session_id = any(${of.sessionIds}::uuid[]))
    order by approved_at, credit_id`.execute(db)
  return rows.map((row) => ({ ...row, amountMinor: minor(row.amountMinor) }))
}

export interface CreditRecord {
  creditId: string
  siteId: string
  kind: BillCredit['kind']
  billId: string
  subjectKey: string
  sessionId: string | null
  lineKind: string | null
  amountMinor: number
  currency: string
  reason: string
  requestedBy: string
  approvedBy: string
  approvedAt: Date
  disputeId: string | null
  /** What of it stands on the bills now; late facts may leave less to give back. */
  creditedMinor: number
  /** The adjustments that carry it, the first one first. */
  adjustmentBillIds: string[]
}

export const billCredits = recordTable<CreditRecord>()('bill_credit', {
  type: 'bill_credit',
  id: 'credit_id',
  columns: {
    creditId: 'credit_id',
    siteId: 'site_id',
    kind: 'kind',
    billId: 'bill_id',
    subjectKey: 'subject_key',
    sessionId: 'session_id',
    lineKind: 'line_kind',
    amountMinor: 'amount_minor',
    currency: 'currency',
    reason: 'reason',
    requestedBy: 'requested_by',
    approvedBy: 'approved_by',
    approvedAt: 'approved_at',
    disputeId: 'dispute_id',
  },
  expressions: {
    creditedMinor: `(select coalesce(-sum(l.total_minor), 0)::bigint from bill_line l where l.organization_id = t.organization_id
      and l.line_key like 'credit:%' and l.line_key like 'credit:' || t.credit_id || '/%')`,
    adjustmentBillIds: `array(select distinct l.bill_id::text from bill_line l where l.organization_id = t.organization_id
      and l.line_key like 'credit:%' and l.line_key like 'credit:' || t.credit_id || '/%' order by 1)`,
  },
  reach: 'site',
  sorts: {
    approvedAt: [
      { expression: 't.approved_at', type: 'timestamptz' },
      { expression: 't.credit_id', type: 'uuid' },
    ],
  },
  defaultSort: '-approvedAt',
  filters: { siteId: is('site_id'), billId: is('bill_id'), kind: is('kind') },
})

export interface NewCredit extends BillCredit {
  organizationId: string
  siteId: string
  billId: string
  subjectKey: string
  requestedBy: string
  approvedBy: string
  approvedAt: Date
  disputeId: string | null
}

export async function insertCredit(trx: Db, credit: NewCredit): Promise<void> {
  await trx
    .insertInto('bill_credit')
    .values({
      organization_id: credit.organizationId,
      site_id: credit.siteId,
      credit_id: credit.creditId,
      kind: credit.kind,
      bill_id: credit.billId,
      subject_key: credit.subjectKey,
      session_id: credit.sessionId,
      line_kind: credit.lineKind,
      amount_minor: credit.amountMinor,
      currency: credit.currency,
      reason: credit.reason,
      requested_by: credit.requestedBy,
      approved_by: credit.approvedBy,
      approved_at: credit.approvedAt,
      dispute_id: credit.disputeId,
    })
    .execute()
}
