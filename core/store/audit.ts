// Owns the audit log's rows: who changed what, with the record before and after.
// Must not be written outside the transaction that makes the change. Secrets never go in.
import { jsonText } from './json-text.ts'
import type { Db } from './record-table.ts'
import { before, from, is, recordTable } from './record-table.ts'

export interface AuditEntry {
  auditId: string
  siteId: string | null
  at: Date
  actor: string
  action: string
  subjectType: string
  subjectId: string
  before: Record<string, unknown> | null
  after: Record<string, unknown> | null
  requestId: string | null
}

export const auditLog = recordTable<AuditEntry>()('audit_log', {
  type: 'audit',
  columns: {
    auditId: 'audit_id',
    siteId: 'site_id',
    at: 'at',
    actor: 'actor',
    action: 'action',
    subjectType: 'subject_type',
    subjectId: 'subject_id',
    before: 'before',
    after: 'after',
    requestId: 'request_id',
  },
  reach: 'site',
  // Ids are uuidv7: their order is the order of writing, and the primary key serves it.
  sorts: { at: [{ expression: 't.audit_id', type: 'uuid' }] },
  defaultSort: '-at',
  filters: {
    siteId: is('site_id'),
    subjectType: is('subject_type'),
    subjectId: is('subject_id'),
    actor: is('actor'),
    from: from('t.at'),
    to: before('t.at'),
  },
})

export interface NewAuditEntry extends Omit<AuditEntry, 'before' | 'after'> {
  before: object | null
  after: object | null
}

export async function appendAudit(db: Db, organizationId: string, entry: NewAuditEntry): Promise<void> {
  await db
    .insertInto('audit_log')
    .values({
      organization_id: organizationId,
      site_id: entry.siteId,
      audit_id: entry.auditId,
      at: entry.at,
      actor: entry.actor,
      action: entry.action,
      subject_type: entry.subjectType,
      subject_id: entry.subjectId,
      before: entry.before === null ? null : jsonText(entry.before),
      after: entry.after === null ? null : jsonText(entry.after),
      request_id: entry.requestId,
    })
    .execute()
}
