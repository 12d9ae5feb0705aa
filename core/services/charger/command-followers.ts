// Owns who else has to hear that a command has come to an end: jobs added in the transaction that ends it.
// Must not do their work.
import type { CommandRow } from '../../store/commands.ts'
import type { NewJob } from '../../store/event-log.ts'
import { guardJob, loadGuard } from '../load/guard-job.ts'

/** Commands by which the hub brings certificates, passwords and profiles to stations (core/services/certificates). */
const ofSecurity: ReadonlySet<string> = new Set(['send_certificate', 'write_setting', 'set_network_profile', 'reset'])

export function followers({
  name,
  organization_id,
  site_id,
  station_id,
  command_id,
  requested_by,
}: CommandRow): NewJob[] {
  if (requested_by === 'hub' && ofSecurity.has(name)) {
    const payload = { organizationId: organization_id, commandId: command_id }
    return [{ task: 'security.follow', payload, queue: `security:${station_id}` }]
  }
  switch (name) {
    case 'update_firmware':
      return [campaignJob(organization_id, station_id)]
    case 'clear_cache':
      return [
        {
          task: 'revocation.station',
          payload: { organizationId: organization_id, stationId: station_id },
          key: `revocation-station:${station_id}`,
          queue: `revocation-station:${station_id}`,
        },
      ]
    case 'reserve':
    case 'cancel_reservation':
      return [
        {
          task: 'reservation.follow',
          payload: { organizationId: organization_id, stationId: station_id, commandId: command_id },
          queue: `reservation:${station_id}`,
        },
      ]
    case 'limit':
      return requested_by === loadGuard && site_id !== null
        ? [guardJob({ organizationId: organization_id, siteId: site_id })]
        : []
    default:
      return []
  }
}

export function campaignJob(organizationId: string, stationId: string): NewJob {
  return {
    task: 'campaign.follow',
    payload: { organizationId, stationId },
    queue: `campaign-station:${stationId}`,
    key: `campaign-station:${stationId}`,
  }
}
