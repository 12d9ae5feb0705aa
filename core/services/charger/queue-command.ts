// Owns putting a command in the queue of its station: a row, an event, a deadline, and a hint to whoever holds the socket.
// Must not send it.
import type { StationCommand } from '../../domain/station-command.ts'
import { type CommandRow, insertCommand } from '../../store/commands.ts'
import { appendEvents } from '../../store/event-log.ts'
import { transaction } from '../../store/transaction.ts'
import type { Actor, ServiceDeps } from '../service-deps.ts'

export interface QueueCommandInput {
  organizationId: string
  stationId: string
  command: StationCommand
  requestedBy: Actor
  /** Milliseconds until it is no use any more. */
  ttlMs?: number
}

export type QueueCommandOutcome =
  | { kind: 'queued'; command: CommandRow }
  | { kind: 'no_such_station' }
  | { kind: 'vetoed'; reason: string }

export interface QueueCommandDeps extends ServiceDeps {
  /** Wakes the node that holds the station's socket. */
  wake(stationId: string): void
  /** The interception point `command`. */
  veto?(ask: { siteId: string | null; stationId: string; name: string; requestedBy: string }): Promise<string | null>
}

const defaultTtlMs = 60_000

export function queueCommand(deps: QueueCommandDeps) {
  return async (input: QueueCommandInput): Promise<QueueCommandOutcome> => {
    const station = await deps.db
      .selectFrom('station')
      .select(['organization_id', 'site_id', 'station_id'])
      .where('organization_id', '=', input.organizationId)
      .where('station_id', '=', input.stationId)
      .where('archived_at', 'is', null)
      .executeTakeFirst()
    if (station === undefined) return { kind: 'no_such_station' }
    const { name, ...args } = input.command
    const ask = { siteId: station.site_id, stationId: station.station_id, name, requestedBy: input.requestedBy }
    const veto = await deps.veto?.(ask)
    if (veto != null) return { kind: 'vetoed', reason: veto }
    const commandId = deps.newId()
    const now = deps.clock.now()
    const deadline = new Date(now.getTime() + (input.ttlMs ?? defaultTtlMs))
    const place = { organization_id: station.organization_id, site_id: station.site_id }
    const row = await transaction(deps.db, async (trx) => {
      await insertCommand(trx, {
        ...place,
        command_id: commandId,
        station_id: station.station_id,
        name,
        args: JSON.stringify(args),
        request_id: 'requestId' in args ? (args.requestId ?? null) : null,
        state: 'queued',
        requested_by: input.requestedBy,
        deadline,
        created_at: now,
      })
      await trx
        .insertInto('timer')
        .values({
          ...place,
          kind: 'command.expire',
          key: commandId,
          due_at: deadline,
          data: JSON.stringify({ organizationId: station.organization_id, commandId }),
        })
        .execute()
      await appendEvents(trx, [
        {
          id: deps.newId(),
          type: 'command.queued',
          organizationId: station.organization_id,
          siteId: station.site_id,
          subject: { type: 'command', id: commandId },
          occurredAt: now,
          recordedAt: now,
          data: { commandId, stationId: station.station_id, name },
        },
      ])
      return trx
        .selectFrom('command')
        .selectAll()
        .where('organization_id', '=', station.organization_id)
        .where('command_id', '=', commandId)
        .executeTakeFirstOrThrow()
    })
    deps.wake(station.station_id)
    return { kind: 'queued', command: row }
  }
}
