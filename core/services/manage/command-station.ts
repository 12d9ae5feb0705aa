// Owns turning what a caller asks of a station into a command in its queue.
// Must not send it; core/services/charger does, and tells what came of it.
import type { StationCommand } from '../../domain/station-command.ts'
import { appendAudit } from '../../store/audit.ts'
import { isGuarded } from '../../store/circuits.ts'
import { type Command, commands } from '../../store/commands-read.ts'
import { getRecord } from '../../store/record-table.ts'
import { stations } from '../../store/stations.ts'
import { cancelCommand as cancelQueued } from '../charger/finish-command.ts'
import { type QueueCommandDeps, queueCommand } from '../charger/queue-command.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { type CommandRequest, type CommandRequestDeps, commandOf } from './command-request.ts'
import { refusable } from './manage-record.ts'
import { type Access, notFound, type Outcome, ok } from './outcome.ts'

export interface CommandStationDeps extends QueueCommandDeps, CommandRequestDeps {}

export function commandStation(deps: CommandStationDeps) {
  return (access: Access, stationId: string, request: CommandRequest): Promise<Outcome<Command>> =>
    refusable(deps, async (trx) => {
      const station = await getRecord(trx, stations, access, stationId)
      if (!station || station.archivedAt) return notFound
      if (station.admission !== 'accepted') return { kind: 'conflict', message: 'The station has not been accepted.' }
      const command = await commandOf({ ...deps, db: trx }, access, stationId, request)
      if ('refusal' in command) return command.refusal
      if (setsLimits(command) && (await isGuarded(trx, access.organizationId, stationId)))
        return {
          kind: 'conflict',
          message: 'The load guard sets the limits here: an EVSE of the station hangs on a circuit.',
        }
      const queued = await queueCommand({ ...deps, db: trx })({
        organizationId: access.organizationId,
        stationId,
        command,
        requestedBy: access.actor,
        ttlMs: (request.ttlSeconds ?? 60) * 1000,
      })
      if (queued.kind === 'no_such_station') return notFound
      if (queued.kind === 'vetoed') return { kind: 'forbidden', message: queued.reason }
      const row = await getRecord(trx, commands, access, queued.command.command_id)
      if (!row) throw new Error('the queued command is not there')
      await log({ ...deps, db: trx }, access, 'queued', row)
      return ok(row)
    })
}

/** What would raise, or take away, a limit that the load guard counts on. A profile for the whole station only binds it further. */
function setsLimits(command: StationCommand): boolean {
  switch (command.name) {
    case 'limit':
    case 'unlimit':
    case 'clear_profiles':
    case 'update_schedule':
      return true
    case 'set_profile':
      return command.profile.purpose !== 'station_max'
    case 'start':
      return command.profile !== undefined
    default:
      return false
  }
}

export function cancelCommand(deps: ServiceDeps) {
  return (access: Access, commandId: string): Promise<Outcome<Command>> =>
    refusable(deps, async (trx) => {
      const before = await getRecord(trx, commands, access, commandId)
      if (!before) return notFound
      // Only an answer sets the time that a remote start is waited for; a cancelled command has none.
      const cancelled = await cancelQueued({ ...deps, db: trx }, 0)(access.organizationId, commandId, access.actor)
      if (cancelled.kind === 'not_found') return notFound
      if (cancelled.kind === 'too_late') {
        return { kind: 'conflict', message: `It is too late: the command is ${cancelled.command.state}.` }
      }
      const row = (await getRecord(trx, commands, access, commandId)) ?? before
      await log({ ...deps, db: trx }, access, 'cancelled', row)
      return ok(row)
    })
}

async function log(deps: ServiceDeps, access: Access, action: string, command: Command): Promise<void> {
  await appendAudit(deps.db, access.organizationId, {
    auditId: deps.newId(),
    siteId: command.siteId,
    at: deps.clock.now(),
    actor: access.actor,
    action: `command.${action}`,
    subjectType: 'command',
    subjectId: command.commandId,
    before: null,
    after: { stationId: command.stationId, name: command.name, args: command.args, state: command.state },
    requestId: access.requestId,
  })
}
