// Owns the ends a command can come to: answered, timed out, expired, cancelled, not started.
// Must not send; every end writes the row and its event in one transaction.
import { withoutSecrets } from '../../domain/secret-setting.ts'
import type { CommandName, CommandReply } from '../../domain/station-command.ts'
import {
  type CommandOutcome,
  type CommandRow,
  type CommandState,
  getCommand,
  moveCommand,
} from '../../store/commands.ts'
import { addJobs, appendEvents } from '../../store/event-log.ts'
import type { Db } from '../../store/record-table.ts'
import { reconcileJob, reconciler } from '../../store/station-actual.ts'
import { transaction } from '../../store/transaction.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { followers } from './command-followers.ts'

interface End {
  state: CommandState
  outcome: CommandOutcome | null
  reason: string | null
  result?: Record<string, unknown>
}

const minute = 60_000

/**
 * Commands whose "accepted" is only a promise, and how long the hub waits for it to be kept: a report in parts, a file that
 * travels, a transaction that begins. What ends them is a notice of the station (follow-command.ts) or its transaction.
 */
const promises: { readonly [N in CommandName]?: number } = {
  start: 2 * minute,
  read_report: 5 * minute,
  read_profiles: 2 * minute,
  read_monitors: 5 * minute,
  read_messages: 2 * minute,
  read_der_controls: 2 * minute,
  customer_information: 5 * minute,
  update_firmware: 24 * 60 * minute,
  publish_firmware: 24 * 60 * minute,
  get_log: 60 * minute,
}

/** "Accepted" is not "started": what is promised stays pending until the promise is kept or its timer comes. */
export function endOfReply(name: string, reply: CommandReply): End {
  switch (reply.kind) {
    case 'accepted':
      return {
        state: 'answered',
        // Stations may say yes and have nothing to tell: then nothing follows.
        outcome: Object.hasOwn(promises, name) && reply.result?.empty !== true ? 'pending' : 'accepted',
        reason: null,
        ...(reply.result === undefined ? {} : { result: reply.result }),
      }
    case 'refused':
      return {
        state: 'answered',
        outcome: 'refused',
        reason: reply.reason,
        ...(reply.result === undefined ? {} : { result: reply.result }),
      }
    case 'unsupported':
      return { state: 'failed', outcome: 'refused', reason: reply.reason }
    case 'timed_out':
      return { state: 'timed_out', outcome: 'unknown', reason: 'The station did not answer in time.' }
    case 'disconnected':
      return { state: 'timed_out', outcome: 'unknown', reason: 'The connection was lost before the station answered.' }
  }
}

export function finishCommand(deps: ServiceDeps, remoteStartMs: number) {
  return async (command: CommandRow, from: readonly CommandState[], end: End): Promise<CommandRow | undefined> => {
    const now = deps.clock.now()
    return transaction(deps.db, async (trx) => {
      const patience =
        command.name === 'start' ? remoteStartMs : (promises[command.name as CommandName] ?? remoteStartMs)
      // What was promised may have come before the answer did (a transaction overtakes it); then nothing is left to wait for.
      const promised = end.outcome === 'pending' && !(await isKept(trx, command))
      const deadline = promised ? new Date(now.getTime() + patience) : null
      const row = await moveCommand(trx, command.organization_id, command.command_id, from, {
        state: end.state,
        ...(end.outcome !== 'pending' || promised ? { outcome: end.outcome, outcome_at: promised ? null : now } : {}),
        outcome_deadline: deadline,
        answered_at: now,
        reason: end.reason,
        result: end.result === undefined ? null : JSON.stringify(withoutSecrets(end.result)),
      })
      if (row === undefined) return undefined
      await trx
        .deleteFrom('timer')
        .where('organization_id', '=', row.organization_id)
        .where('kind', '=', 'command.expire')
        .where('key', '=', row.command_id)
        .execute()
      if (deadline !== null) {
        await trx
          .insertInto('timer')
          .values({
            organization_id: row.organization_id,
            site_id: row.site_id,
            kind: 'command.not_started',
            key: row.command_id,
            due_at: deadline,
            data: JSON.stringify({ organizationId: row.organization_id, commandId: row.command_id }),
          })
          .execute()
      }
      await tellFinished(deps, trx, row, now)
      return row
    })
  }
}

/** Looks under the row's lock: whoever settles the promise at this moment is waited for. */
async function isKept(trx: Db, { organization_id, command_id }: CommandRow): Promise<boolean> {
  const row = await trx
    .selectFrom('command')
    .select('outcome')
    .where('organization_id', '=', organization_id)
    .where('command_id', '=', command_id)
    .forUpdate()
    .executeTakeFirst()
  return row !== undefined && row.outcome !== null && row.outcome !== 'pending'
}

/** The event of an end, and the jobs of all who wait for it: campaigns, reservations, a station's desired state. */
export async function tellFinished(deps: ServiceDeps, trx: Db, row: CommandRow, now: Date): Promise<void> {
  await appendEvents(trx, [finished(deps, row, now)])
  const jobs = followers(row)
  if (row.requested_by === reconciler && row.outcome !== 'pending')
    jobs.push(reconcileJob({ organizationId: row.organization_id, stationId: row.station_id }))
  if (jobs.length > 0) await addJobs(trx, jobs)
}

function finished(deps: ServiceDeps, row: CommandRow, now: Date) {
  return {
    id: deps.newId(),
    type: 'command.finished' as const,
    organizationId: row.organization_id,
    siteId: row.site_id,
    subject: { type: 'command', id: row.command_id },
    occurredAt: now,
    recordedAt: now,
    data: {
      commandId: row.command_id,
      stationId: row.station_id,
      name: row.name,
      state: row.state,
      outcome: row.outcome,
    },
  }
}

/** Task `command.expire`: the deadline passed while the command was still waiting for its station. */
export function expireCommand(deps: ServiceDeps, remoteStartMs: number) {
  const finish = finishCommand(deps, remoteStartMs)
  return async (payload: { organizationId: string; commandId: string }): Promise<void> => {
    const row = await deps.db
      .selectFrom('command')
      .selectAll()
      .where('organization_id', '=', payload.organizationId)
      .where('command_id', '=', payload.commandId)
      .executeTakeFirst()
    if (row === undefined) return
    await finish(row, ['queued'], {
      state: 'expired',
      outcome: null,
      reason: 'The station was not reachable before the deadline.',
    })
  }
}

/** Task `command.not_started`: the station said yes, and what it promised did not come. */
export function giveUpPromise(deps: ServiceDeps) {
  return async (payload: { organizationId: string; commandId: string }): Promise<void> => {
    const now = deps.clock.now()
    await transaction(deps.db, async (trx) => {
      const { name } = (await getCommand(trx, payload.organizationId, payload.commandId)) ?? { name: 'start' }
      const row = await trx
        .updateTable('command')
        .set({
          outcome: name === 'start' ? 'not_started' : 'incomplete',
          outcome_at: now,
          reason:
            name === 'start'
              ? 'The station accepted the start, but no charging began.'
              : 'The station accepted this, but what should have followed did not come, or not all of it.',
        })
        .where('organization_id', '=', payload.organizationId)
        .where('command_id', '=', payload.commandId)
        .where('outcome', '=', 'pending')
        .returningAll()
        .executeTakeFirst()
      if (row !== undefined) await tellFinished(deps, trx, row, now)
    })
  }
}

/** An operator takes back what was not sent yet. */
export function cancelCommand(deps: ServiceDeps, remoteStartMs: number) {
  const finish = finishCommand(deps, remoteStartMs)
  return async (
    organizationId: string,
    commandId: string,
    by: string,
  ): Promise<
    { kind: 'cancelled'; command: CommandRow } | { kind: 'too_late'; command: CommandRow } | { kind: 'not_found' }
  > => {
    const row = await deps.db
      .selectFrom('command')
      .selectAll()
      .where('organization_id', '=', organizationId)
      .where('command_id', '=', commandId)
      .executeTakeFirst()
    if (row === undefined) return { kind: 'not_found' }
    const ended = await finish(row, ['queued'], { state: 'cancelled', outcome: null, reason: `Cancelled by ${by}.` })
    return ended === undefined ? { kind: 'too_late', command: row } : { kind: 'cancelled', command: ended }
  }
}
