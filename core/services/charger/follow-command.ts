// Owns the second half of commands that promise something: a report complete in its parts, a file that has arrived, firmware installed.
// Must not send anything; it reads what the station told and settles the command that asked for it.

import { HubError } from '../../domain/hub-error.ts'
import type { ReportKind } from '../../domain/station-notice.ts'
import type { CommandOutcome, CommandRow } from '../../store/commands.ts'
import { transaction } from '../../store/transaction.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { tellFinished } from './finish-command.ts'

export interface FollowPayload {
  organizationId: string
  stationId: string
  noticeId: string
  /** Null where the version has none (1.6): then it is the latest command of its kind. */
  requestId: number | null
}

interface Settlement {
  outcome: Extract<CommandOutcome, 'completed' | 'failed'>
  reason: string | null
  result: Record<string, unknown>
}

const names: Readonly<Record<string, readonly string[]>> = {
  'firmware.status': ['update_firmware'],
  'publish_firmware.status': ['publish_firmware'],
  'log.status': ['get_log'],
}

const reportOf: Readonly<Record<string, ReportKind>> = {
  read_report: 'variables',
  read_profiles: 'profiles',
  read_monitors: 'monitors',
  read_messages: 'messages',
  read_der_controls: 'der_controls',
  customer_information: 'customer',
}

/** The words that end it, each with what it comes to; anything else is on the way (2.0.1 FirmwareStatusEnumType, UploadLogStatusEnumType). */
const ends: Readonly<Record<string, Readonly<Record<string, Settlement['outcome']>>>> = {
  'firmware.status': {
    installed: 'completed',
    download_failed: 'failed',
    installation_failed: 'failed',
    install_verification_failed: 'failed',
    invalid_signature: 'failed',
  },
  'publish_firmware.status': {
    published: 'completed',
    download_failed: 'failed',
    invalid_checksum: 'failed',
    publish_failed: 'failed',
  },
  'log.status': {
    uploaded: 'completed',
    upload_failure: 'failed',
    upload_failed: 'failed',
    bad_message: 'failed',
    not_supported_operation: 'failed',
    permission_denied: 'failed',
    accepted_canceled: 'failed',
  },
}

/** Task `command.follow`: one notice that may end a command. */
export function followCommand(deps: ServiceDeps) {
  return async (payload: FollowPayload): Promise<void> => {
    const { organizationId, stationId } = payload
    const notice = await deps.db
      .selectFrom('station_notice')
      .selectAll()
      .where('organization_id', '=', organizationId)
      .where('notice_id', '=', payload.noticeId)
      .executeTakeFirst()
    if (notice === undefined) return
    const command = await commandOf(deps, payload, notice.topic)
    if (command === undefined) return
    const settlement =
      notice.topic === 'report.part'
        ? await reportState(deps, payload, command)
        : statusState(notice.topic, notice.data as { status?: string })
    if (settlement === null) return
    const now = deps.clock.now()
    const state = await transaction(deps.db, async (trx) => {
      const row = await trx
        .updateTable('command')
        .set({
          outcome: settlement.outcome,
          outcome_at: now,
          reason: settlement.reason,
          result: JSON.stringify({ ...(command.result as object | null), ...settlement.result }),
        })
        .where('organization_id', '=', organizationId)
        .where('command_id', '=', command.command_id)
        .where('outcome', '=', 'pending')
        .returningAll()
        .executeTakeFirst()
      if (row === undefined) return 'not pending'
      await trx
        .deleteFrom('timer')
        .where('organization_id', '=', organizationId)
        .where('kind', '=', 'command.not_started')
        .where('key', '=', row.command_id)
        .execute()
      await tellFinished(deps, trx, row, now)
      return 'settled'
    })
    // The notice can overtake the answer that makes the command pending; the queue tries again.
    if (state === 'not pending' && command.state === 'sent') {
      throw new HubError('not_yet', `${stationId}: the command has no answer yet`, { level: 'info' })
    }
  }
}

async function commandOf(
  { db }: ServiceDeps,
  { organizationId, stationId, requestId }: FollowPayload,
  topic: string,
): Promise<CommandRow | undefined> {
  let query = db
    .selectFrom('command')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('station_id', '=', stationId)
    .where('state', 'in', ['sent', 'answered'])
  const of = names[topic]
  if (requestId !== null) query = query.where('request_id', '=', requestId)
  else if (of === undefined) return undefined
  if (of !== undefined) query = query.where('name', 'in', of)
  return query.orderBy('created_at', 'desc').limit(1).executeTakeFirst()
}

function statusState(topic: string, { status = '' }: { status?: string }): Settlement | null {
  const outcome = ends[topic]?.[status]
  if (outcome === undefined) return null
  return {
    outcome,
    reason: outcome === 'failed' ? `The station reported ${status.replaceAll('_', ' ')}.` : null,
    result: { status },
  }
}

/** Complete when the last part and every part before it are there, in whatever order they came. */
async function reportState(
  { db }: ServiceDeps,
  payload: FollowPayload,
  command: CommandRow,
): Promise<Settlement | null> {
  const report = reportOf[command.name]
  if (report === undefined || payload.requestId === null) return null
  const parts = await db
    .selectFrom('station_notice')
    .select(['sequence', 'data'])
    .where('organization_id', '=', payload.organizationId)
    .where('station_id', '=', payload.stationId)
    .where('request_id', '=', payload.requestId)
    .where('topic', '=', 'report.part')
    .where('received_at', '>=', command.created_at)
    .execute()
  const bySequence = new Map<number, { last: boolean; items: unknown[] }>()
  for (const { sequence, data } of parts) {
    const part = data as { report: string; last: boolean; items: unknown[] }
    if (part.report === report && sequence !== null) bySequence.set(sequence, part)
  }
  const last = Math.max(-1, ...[...bySequence].filter(([, part]) => part.last).map(([sequence]) => sequence))
  if (last < 0) return null
  for (let sequence = 0; sequence <= last; sequence++) if (!bySequence.has(sequence)) return null
  const items = [...bySequence.values()].reduce((sum, part) => sum + part.items.length, 0)
  return { outcome: 'completed', reason: null, result: { parts: last + 1, items } }
}
