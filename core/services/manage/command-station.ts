// Owns turning what a caller asks of a station into a command in its queue.
// Must not send it; core/services/charger does, and tells what came of it.
import type { IdToken } from '../../domain/charger-fact.ts'
import type { StationCommand } from '../../domain/station-command.ts'
import { appendAudit } from '../../store/audit.ts'
import { type Command, commands } from '../../store/commands-read.ts'
import { type Db, getRecord, listRecords } from '../../store/record-table.ts'
import { chargingSessions, openTransaction } from '../../store/sessions-read.ts'
import { evses, stations } from '../../store/stations.ts'
import { cancelCommand as cancelQueued } from '../charger/finish-command.ts'
import { type QueueCommandDeps, queueCommand } from '../charger/queue-command.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { refusable } from './manage-record.ts'
import { type Access, invalid, notFound, type Outcome, ok, type Refusal } from './outcome.ts'

/** As the API takes it: a stop names the session, not the number that the station knows it by. */
export type CommandRequest = { ttlSeconds?: number } & (
  | { name: 'start'; evse?: number; token: IdToken }
  | { name: 'stop'; sessionId: string }
  | Exclude<StationCommand, { name: 'start' | 'stop' }>
)

export interface CommandStationDeps extends QueueCommandDeps {
  entropy(into: Uint8Array): void
}

export function commandStation(deps: CommandStationDeps) {
  return (access: Access, stationId: string, request: CommandRequest): Promise<Outcome<Command>> =>
    refusable(deps, async (trx) => {
      const station = await getRecord(trx, stations, access, stationId)
      if (!station || station.archivedAt) return notFound
      if (station.admission !== 'accepted') return { kind: 'conflict', message: 'The station has not been accepted.' }
      const command = await commandOf({ ...deps, db: trx }, access, stationId, request)
      if ('kind' in command) return command
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

async function commandOf(
  deps: CommandStationDeps,
  access: Access,
  stationId: string,
  { ttlSeconds: _, ...request }: CommandRequest,
): Promise<StationCommand | Refusal> {
  if ('evse' in request && request.evse !== undefined && !(await hasEvse(deps.db, access, stationId, request.evse))) {
    return invalid('/evse', 'the station has no such EVSE')
  }
  if (request.name === 'start') return { ...request, remoteStartId: newRemoteStartId(deps) }
  if (request.name !== 'stop') return request
  const session = await getRecord(deps.db, chargingSessions, access, request.sessionId)
  if (session?.stationId !== stationId) return invalid('/sessionId', 'no such session at this station')
  const open = await openTransaction(deps.db, access.organizationId, request.sessionId)
  if (!open)
    return { kind: 'conflict', message: 'The session has no transaction that could be stopped.', pointer: '/sessionId' }
  const { number, ref } = open
  return { name: 'stop', transaction: { ...(number === null ? {} : { number }), ...(ref === null ? {} : { ref }) } }
}

async function hasEvse(db: Db, access: Access, stationId: string, number: number): Promise<boolean> {
  const { items } = await listRecords(db, evses, access, { stationId, limit: 200 })
  return items.some((evse) => evse.number === number)
}

/** 1 to 2^31 - 1: OCPP's integers are signed, and 0 means none to some stations. */
function newRemoteStartId({ entropy }: CommandStationDeps): number {
  const bytes = new Uint8Array(4)
  entropy(bytes)
  return new DataView(bytes.buffer).getUint32(0) & 0x7fffffff || 1
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
