// Owns the rows of disputes: what is doubted on a bill, by whom, until when, and what was decided.
// Must not decide; core/services/billing does.
import { sql } from 'kysely'
import type { Minor } from '../domain/money.ts'
import { billNumberSql } from './bills.ts'
import { before, type Db, from, is, recordTable } from './record-table.ts'

export type DisputeState = 'open' | 'accepted' | 'refused' | 'withdrawn'

export interface Dispute {
  disputeId: string
  siteId: string
  billId: string
  billNumber: string
  /** Of the bill's lines; null: all of it. */
  line: number | null
  lineKind: string | null
  subjectKey: string
  sessionId: string | null
  accountId: string | null
  state: DisputeState
  /** What is doubted. */
  amountMinor: number
  currency: string
  reason: string
  evidence: string | null
  openedBy: string
  openedAt: Date
  dueAt: Date
  decidedBy: string | null
  decidedAt: Date | null
  decision: string | null
  /** What was granted. */
  creditedMinor: number | null
  creditId: string | null
  /** The adjustments that carry what was granted; they follow the decision at once, unless the bill waits for facts. */
  adjustmentBillIds: string[]
  version: number
}

const ofBill = (column: string) =>
  `(select ${column} from bill b where b.organization_id = t.organization_id and b.bill_id = t.bill_id)`

export const disputes = recordTable<Dispute>()('dispute', {
  type: 'dispute',
  id: 'dispute_id',
  columns: {
    disputeId: 'dispute_id',
    siteId: 'site_id',
    billId: 'bill_id',
    line: 'line',
    lineKind: 'line_kind',
    subjectKey: 'subject_key',
    sessionId: 'session_id',
    state: 'state',
    amountMinor: 'amount_minor',
    currency: 'currency',
    reason: 'reason',
    evidence: 'evidence',
    openedBy: 'opened_by',
    openedAt: 'opened_at',
    dueAt: 'due_at',
    decidedBy: 'decided_by',
    decidedAt: 'decided_at',
    decision: 'decision',
    creditedMinor: 'credited_minor',
    creditId: 'credit_id',
    version: 'version',
  },
  expressions: {
    billNumber: ofBill(billNumberSql('b')),
    accountId: ofBill('b.account_id'),
    adjustmentBillIds: `array(select distinct l.bill_id::text from bill_line l where l.organization_id = t.organization_id
      and l.line_key like 'credit:%' and l.line_key like 'credit:' || t.credit_id || '/%' order by 1)`,
  },
  reach: 'site',
  sorts: {
    openedAt: [
      { expression: 't.opened_at', type: 'timestamptz' },
      { expression: 't.dispute_id', type: 'uuid' },
    ],
    dueAt: [
      { expression: 't.due_at', type: 'timestamptz' },
      { expression: 't.dispute_id', type: 'uuid' },
    ],
  },
  defaultSort: '-openedAt',
  filters: {
    siteId: is('site_id'),
    state: is('state'),
    billId: is('bill_id'),
    accountId: (id: string) =>
      sql<boolean>`t.bill_id in (select b.bill_id from bill b
        where b.organization_id = t.organization_id and b.account_id = ${id})`,
    dueBefore: before('t.due_at'),
    from: from('t.opened_at'),
    to: before('t.opened_at'),
  },
})

export interface DisputedLine {
  subjectKey: string
  sessionId: string | null
  lineKind: string | null
}

/** What a bill, or one of its lines, is about: one session where all of it is about one. Undefined: no such line. */
export async function disputedPart(
  db: Db,
  of: { organizationId: string; billId: string; line: number | null },
): Promise<DisputedLine | undefined> {
  const { rows } = await sql<DisputedLine & { lines: number }>`
    select b.subject_key as "subjectKey", count(l.line)::int as lines,
      case when ${of.line}::int is not null then min(l.kind) end as "lineKind",
      case when count(l.session_id) = count(l.line) and min(l.session_id::text) = max(l.session_id::text)
        then min(l.session_id::text) end as "sessionId"
    from bill b left join bill_line l on l.organization_id = b.organization_id and l.bill_id = b.bill_id
      and (${of.line}::int is null or l.line = ${of.line}::int)
    where b.organization_id = ${of.organizationId} and b.bill_id = ${of.billId}
    group by b.subject_key`.execute(db)
  const found = rows[0]
  if (found === undefined || found.lines === 0) return undefined
  const { lines: _, ...part } = found
  return part
}

export async function openDisputeOf(
  db: Db,
  of: { organizationId: string; billId: string; line: number | null },
): Promise<string | undefined> {
  const row = await db
    .selectFrom('dispute')
    .select('dispute_id')
    .where('organization_id', '=', of.organizationId)
    .where('bill_id', '=', of.billId)
    .where('line', of.line === null ? 'is' : '=', of.line)
    .where('state', '=', 'open')
    .executeTakeFirst()
  return row?.dispute_id
}

export interface NewDispute extends DisputedLine {
  organizationId: string
  siteId: string
  disputeId: string
  billId: string
  line: number | null
  amountMinor: Minor
  currency: string
  reason: string
  evidence: string | null
  openedBy: string
  openedAt: Date
  dueAt: Date
}

export async function insertDispute(trx: Db, dispute: NewDispute): Promise<void> {
  await trx
    .insertInto('dispute')
    .values({
      organization_id: dispute.organizationId,
      site_id: dispute.siteId,
      dispute_id: dispute.disputeId,
      bill_id: dispute.billId,
      line: dispute.line,
      line_kind: dispute.lineKind,
      subject_key: dispute.subjectKey,
      session_id: dispute.sessionId,
      amount_minor: dispute.amountMinor,
      currency: dispute.currency,
      reason: dispute.reason,
      evidence: dispute.evidence,
      opened_by: dispute.openedBy,
      opened_at: dispute.openedAt,
      due_at: dispute.dueAt,
    })
    .execute()
}

export interface Decision {
  state: Exclude<DisputeState, 'open'>
  decidedBy: string
  decidedAt: Date
  decision: string
  creditedMinor: Minor | null
  creditId: string | null
}

/** The row must be locked and open. */
export async function decideDispute(
  trx: Db,
  of: { organizationId: string; disputeId: string },
  decision: Decision,
): Promise<void> {
  await trx
    .updateTable('dispute')
    .set((set) => ({
      state: decision.state,
      decided_by: decision.decidedBy,
      decided_at: decision.decidedAt,
      decision: decision.decision,
      credited_minor: decision.creditedMinor,
      credit_id: decision.creditId,
      version: set('version', '+', 1),
    }))
    .where('organization_id', '=', of.organizationId)
    .where('dispute_id', '=', of.disputeId)
    .execute()
}
