// Owns what becomes of certificates and security changes once the station has answered the command that brought them.
// Must not guess: a station that did not answer may have taken the new password all the same.
import type { StationCommand } from '../../domain/station-command.ts'
import { type CertificateRow, moveCertificate, type SecurityChangeRow } from '../../store/certificates.ts'
import { type CommandRow, getCommand } from '../../store/commands.ts'
import { appendEvents } from '../../store/event-log.ts'
import type { Db } from '../../store/record-table.ts'
import { transaction } from '../../store/transaction.ts'
import type { CertificateDeps } from './certificate-deps.ts'
import { certificateNews } from './certificate-news.ts'
import { sendStep } from './change-security.ts'
import { securityNews } from './security-news.ts'

export interface FollowSecurityPayload {
  organizationId: string
  commandId: string
}

/** Task `security.follow`: a command that the hub gave for the sake of security has come to an end. */
export function followSecurity(deps: CertificateDeps) {
  return async ({ organizationId, commandId }: FollowSecurityPayload): Promise<void> => {
    const wakes = new Set<string>()
    await transaction(deps.db, async (trx) => {
      wakes.clear()
      const command = await getCommand(trx, organizationId, commandId)
      if (command === undefined || command.state === 'queued' || command.state === 'sent') return
      const inside = { ...deps, db: trx, wake: (id: string) => wakes.add(id) }
      const certificate = await trx
        .selectFrom('station_certificate')
        .selectAll()
        .where('organization_id', '=', organizationId)
        .where('command_id', '=', commandId)
        .executeTakeFirst()
      if (certificate !== undefined) await settleCertificate(inside, trx, certificate, command)
      const change = await trx
        .selectFrom('station_security_change')
        .selectAll()
        .where('organization_id', '=', organizationId)
        .where('command_id', '=', commandId)
        .where('state', 'in', ['requested', 'sent'])
        .forUpdate()
        .executeTakeFirst()
      if (change !== undefined) await settleChange(inside, trx, change, command)
    })
    for (const stationId of wakes) deps.wake(stationId)
  }
}

type End = 'yes' | 'no' | 'unknown'

function endOf({ state, outcome }: CommandRow): End {
  if (outcome === 'accepted' || outcome === 'completed' || outcome === 'pending') return 'yes'
  return state === 'timed_out' ? 'unknown' : 'no'
}

async function settleCertificate(
  deps: CertificateDeps,
  trx: Db,
  certificate: CertificateRow,
  command: CommandRow,
): Promise<void> {
  const end = endOf(command)
  // It may have it: what was issued stays good.
  if (end === 'unknown') return
  const now = deps.clock.now()
  const moved = await moveCertificate(trx, certificate.organization_id, certificate.certificate_id, ['issued'], {
    state: end === 'yes' ? 'installed' : 'refused',
    reason: end === 'yes' ? null : (command.reason ?? 'The station did not take the certificate.'),
    updated_at: now,
  })
  if (moved !== undefined) await appendEvents(trx, [certificateNews(deps.newId, moved, now)])
}

async function settleChange(
  deps: CertificateDeps,
  trx: Db,
  change: SecurityChangeRow,
  command: CommandRow,
): Promise<void> {
  const last = (change.steps as StationCommand[]).length - 1
  const end = endOf(command)
  const now = deps.clock.now()
  if (end === 'yes' && change.step < last) {
    const next = await trx
      .updateTable('station_security_change')
      .set({ step: change.step + 1, updated_at: now })
      .where('organization_id', '=', change.organization_id)
      .where('change_id', '=', change.change_id)
      .returningAll()
      .executeTakeFirstOrThrow()
    await sendStep(deps, next)
    return
  }
  // Every step but the first may have changed the station already; so may the first where it is the only one.
  if (end === 'yes' || (end === 'unknown' && (last === 0 || change.step > 0))) {
    await endChange(deps, trx, change, {
      state: 'sent',
      reason:
        end === 'yes' ? null : 'The station did not answer; it may have taken this. Both are good until it comes.',
    })
    return
  }
  if (last > 0 && change.step === last) {
    await endChange(deps, trx, change, {
      state: 'sent',
      reason: `${command.reason ?? 'The station did not restart.'} It takes this up at its next start.`,
    })
    return
  }
  await endChange(deps, trx, change, {
    state: 'failed',
    reason: command.reason ?? `The command ended as ${command.outcome ?? command.state}.`,
  })
}

/** `sent` still waits for the station; the others end it, and what was on its way is good no longer. */
export async function endChange(
  deps: Pick<CertificateDeps, 'clock' | 'newId'>,
  trx: Db,
  change: SecurityChangeRow,
  end: { state: 'sent' | 'failed' | 'cancelled'; reason: string | null },
): Promise<void> {
  const now = deps.clock.now()
  const over = end.state !== 'sent'
  const row = await trx
    .updateTable('station_security_change')
    .set({ ...end, updated_at: now, sealed_secret: null, ended_at: over ? now : null })
    .where('organization_id', '=', change.organization_id)
    .where('change_id', '=', change.change_id)
    .where('state', 'in', ['requested', 'sent'])
    .returningAll()
    .executeTakeFirst()
  if (row === undefined) return
  if (over) {
    await trx
      .updateTable('station')
      .set(change.kind === 'password' ? { pending_secret_hash: null } : { pending_profile: null })
      .where('organization_id', '=', change.organization_id)
      .where('station_id', '=', change.station_id)
      .execute()
  }
  await appendEvents(trx, [securityNews(deps.newId, row, now)])
}
