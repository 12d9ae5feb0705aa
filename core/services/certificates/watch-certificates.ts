// Owns the watch over the ends of station certificates: what has ended is told, what ends soon is renewed or told.
// Must not issue: a station that is to renew makes a new key and asks.
import {
  type CertificateRow,
  certificatesEnded,
  certificatesEnding,
  moveCertificate,
} from '../../store/certificates.ts'
import { appendEvents } from '../../store/event-log.ts'
import { transaction } from '../../store/transaction.ts'
import { queueCommand } from '../charger/queue-command.ts'
import type { CertificateDeps } from './certificate-deps.ts'
import { certificateNews } from './certificate-news.ts'

const day = 86_400_000
/** A station that did not ask in time is told again after a day. */
const againMs = day
const batch = 200

/** One pass; called about once an hour. Returns what was done, for the log. */
export function watchCertificates(deps: CertificateDeps) {
  return async (): Promise<{ expired: number; renewing: number }> => {
    const now = deps.clock.now()
    let expired = 0
    for (const row of await certificatesEnded(deps.db, now, batch)) {
      await transaction(deps.db, async (trx) => {
        const moved = await moveCertificate(trx, row.organization_id, row.certificate_id, ['issued', 'installed'], {
          state: 'expired',
          reason: 'Its time is over.',
          updated_at: now,
        })
        if (moved === undefined) return
        expired += 1
        await appendEvents(trx, [certificateNews(deps.newId, moved, now)])
      })
    }
    const soon = new Date(now.getTime() + deps.settings.renewDays * day)
    const ending = await certificatesEnding(deps.db, { now, soon, before: new Date(now.getTime() - againMs) }, batch)
    for (const row of ending) await renew(deps, row, now)
    return { expired, renewing: ending.length }
  }
}

async function renew(
  deps: CertificateDeps,
  row: CertificateRow & { security_profile: number },
  now: Date,
): Promise<void> {
  const wakes = new Set<string>()
  const { organization_id, site_id, station_id, certificate_id, not_after } = row
  await transaction(deps.db, async (trx) => {
    wakes.clear()
    const marked = await trx
      .updateTable('station_certificate')
      .set({ renewal_at: now })
      .where('organization_id', '=', organization_id)
      .where('certificate_id', '=', certificate_id)
      .where((eb) => (row.renewal_at === null ? eb('renewal_at', 'is', null) : eb('renewal_at', '=', row.renewal_at)))
      .returning('certificate_id')
      .executeTakeFirst()
    // Another node was faster.
    if (marked === undefined) return
    if (row.renewal_at === null) {
      await appendEvents(trx, [
        {
          id: deps.newId(),
          type: 'station.certificate_expiring',
          organizationId: organization_id,
          siteId: site_id,
          subject: { type: 'station', id: station_id },
          occurredAt: now,
          recordedAt: now,
          data: { stationId: station_id, certificateId: certificate_id, notAfter: not_after?.toISOString() ?? '' },
        },
      ])
    }
    // Only the hub's own can be renewed by asking, and only where the station cannot do without.
    if (row.origin !== 'hub' || row.security_profile !== 3) return
    await queueCommand({ ...deps, db: trx, wake: (id) => wakes.add(id) })({
      organizationId: organization_id,
      stationId: station_id,
      command: { name: 'trigger', message: 'sign_station_certificate' },
      requestedBy: 'hub',
      ttlMs: againMs,
    })
  })
  for (const stationId of wakes) deps.wake(stationId)
}
