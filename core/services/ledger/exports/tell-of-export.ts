// Owns how the rest of the world learns what happened to an export: its line in the audit log and its event.
// Must not be called outside the transaction that makes it happen.

import { appendAudit } from '../../../store/audit.ts'
import { appendEvents } from '../../../store/event-log.ts'
import type { LedgerExport } from '../../../store/ledger-exports.ts'
import type { Db } from '../../../store/record-table.ts'
import type { Access } from '../../manage/outcome.ts'
import type { ServiceDeps } from '../../service-deps.ts'

export async function tellOfExport(
  { newId }: Pick<ServiceDeps, 'newId'>,
  trx: Db,
  { organizationId, actor, requestId }: Access,
  what: 'created' | 'delivered' | 'cancelled',
  before: LedgerExport | null,
  after: LedgerExport,
  now: Date,
): Promise<void> {
  const { siteId, exportId, periodId, target, number, format, hash, entryCount } = after
  await appendAudit(trx, organizationId, {
    auditId: newId(),
    siteId,
    at: now,
    actor,
    action: `ledger_export.${what}`,
    subjectType: 'ledger_export',
    subjectId: exportId,
    before,
    after,
    requestId,
  })
  const event = {
    id: newId(),
    organizationId,
    siteId,
    subject: { type: 'ledger_export', id: exportId },
    occurredAt: now,
    recordedAt: now,
  }
  const batch = { exportId, periodId, target, number, format }
  switch (what) {
    case 'created': {
      const { supersedes, deliveredBefore } = after
      const data = { ...batch, hash, entries: entryCount, supersedes, deliveredBefore: deliveredBefore.length > 0 }
      return appendEvents(trx, [{ ...event, type: 'ledger.export.created', data }])
    }
    case 'delivered': {
      const data = { ...batch, hash, reference: after.reference ?? '' }
      return appendEvents(trx, [{ ...event, type: 'ledger.export.delivered', data }])
    }
    case 'cancelled':
      return appendEvents(trx, [{ ...event, type: 'ledger.export.cancelled', data: { ...batch, note: after.note } }])
  }
}
