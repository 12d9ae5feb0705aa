// Owns the moment at which a station has come with its new password or in its new profile: from then on only that is good.
// Must not be asked for anything but what a connection has shown.
import type { Arrived } from '../../domain/security-profile.ts'
import { promoteSecurity } from '../../store/certificates.ts'
import { appendEvents } from '../../store/event-log.ts'
import { transaction } from '../../store/transaction.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { securityNews } from './security-news.ts'

export function securityArrived(deps: Pick<ServiceDeps, 'db' | 'clock' | 'newId'>) {
  return async (station: { organizationId: string; stationId: string }, arrived: Arrived): Promise<void> => {
    await transaction(deps.db, async (trx) => {
      const now = deps.clock.now()
      await promoteSecurity(trx, station, arrived, now)
      const kinds = [arrived.password ? 'password' : '', arrived.profile ? 'profile' : ''].filter((k) => k !== '')
      const rows = await trx
        .updateTable('station_security_change')
        .set({ state: 'applied', reason: null, sealed_secret: null, updated_at: now, ended_at: now })
        .where('organization_id', '=', station.organizationId)
        .where('station_id', '=', station.stationId)
        .where('kind', 'in', kinds)
        .where('state', 'in', ['requested', 'sent'])
        .returningAll()
        .execute()
      await appendEvents(
        trx,
        rows.map((row) => securityNews(deps.newId, row, now)),
      )
    })
  }
}
