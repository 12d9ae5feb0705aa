// Owns putting a station's new password into the command that brings it there, at the moment of its sending.
// Must not write it anywhere.
import type { StationCommand } from '../../domain/station-command.ts'
import type { CommandRow } from '../../store/commands.ts'
import type { CertificateDeps } from './certificate-deps.ts'
import { secretPlaceholder } from './change-security.ts'

/** Null when the change that it belongs to has ended meanwhile. Other commands pass as they are. */
export function revealSecret(deps: Pick<CertificateDeps, 'db' | 'box'>) {
  return async (
    row: CommandRow,
    command: StationCommand,
  ): Promise<{ command: StationCommand; secret: string | null } | null> => {
    const hidden = row.requested_by === 'hub' && command.name === 'write_setting' && command.value === secretPlaceholder
    if (!hidden) return { command, secret: null }
    const change = await deps.db
      .selectFrom('station_security_change')
      .select(['change_id', 'sealed_secret'])
      .where('organization_id', '=', row.organization_id)
      .where('command_id', '=', row.command_id)
      .where('state', '=', 'requested')
      .executeTakeFirst()
    if (change === undefined || change.sealed_secret === null) return null
    const secret = deps.box.open(row.organization_id, change.change_id, change.sealed_secret)
    return { command: { ...command, value: secret }, secret }
  }
}
