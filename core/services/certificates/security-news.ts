// Owns the event that tells how far a change of a station's password or security profile has come.
// Must not hold the password.
import type { NewId } from '../../domain/ids.ts'
import type { SecurityChangeRow } from '../../store/certificates.ts'
import type { NewEvent } from '../../store/event-log.ts'

export function securityNews(newId: NewId, row: SecurityChangeRow, now: Date): NewEvent {
  return {
    id: newId(),
    type: 'station.security_changed',
    organizationId: row.organization_id,
    siteId: row.site_id,
    subject: { type: 'station', id: row.station_id },
    occurredAt: now,
    recordedAt: now,
    data: {
      stationId: row.station_id,
      changeId: row.change_id,
      kind: row.kind,
      state: row.state,
      reason: row.reason,
    },
  }
}
