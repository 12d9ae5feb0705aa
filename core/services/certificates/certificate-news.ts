// Owns the event that tells that a station's certificate has another state.
// Must not change the row.

import type { NewId } from '../../domain/ids.ts'
import type { CertificateRow } from '../../store/certificates.ts'
import type { NewEvent } from '../../store/event-log.ts'

export function certificateNews(newId: NewId, row: CertificateRow, now: Date): NewEvent {
  return {
    id: newId(),
    type: 'station.certificate_changed',
    organizationId: row.organization_id,
    siteId: row.site_id,
    subject: { type: 'station', id: row.station_id },
    occurredAt: now,
    recordedAt: now,
    data: {
      stationId: row.station_id,
      certificateId: row.certificate_id,
      state: row.state,
      reason: row.reason,
    },
  }
}
