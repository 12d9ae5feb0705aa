// Owns what a revocation asks of stations: to forget what they remember, and to stop a session where the site says so.
// Must not touch local lists; core/services/desired does.
import type { StationCommand } from '../../domain/station-command.ts'
import { type CommandRow, getCommand } from '../../store/commands.ts'
import type { Db } from '../../store/record-table.ts'
import {
  connectedStations,
  type PlaceState,
  type Revocation,
  type RevocationPlace,
  sessionStates,
} from '../../store/revocations.ts'
import { openTransaction } from '../../store/sessions-read.ts'
import { queueCommand } from '../charger/queue-command.ts'
import type { RevocationDeps } from './revocation-deps.ts'

export interface PlaceNews {
  state: PlaceState
  reason?: string | null
  commandId?: string | null
}

/** Asks for it are told from people's by this. */
const revoker = 'hub:revocation'
const commandTtlMs = 60_000

export const backSoon = 'It is away; it will be done when it is back.'

type News = Map<RevocationPlace, PlaceNews>

export async function followCaches(
  deps: RevocationDeps,
  trx: Db,
  { organizationId }: Revocation,
  open: readonly RevocationPlace[],
  news: News,
): Promise<void> {
  if (open.length === 0) return
  const connected = await connectedStations(
    trx,
    organizationId,
    open.map(({ placeId }) => placeId),
  )
  for (const place of open) {
    const row = place.commandId === null ? undefined : await getCommand(trx, organizationId, place.commandId)
    const told = row === undefined ? undefined : heard(row)
    if (told?.state === 'done' || told?.state === 'refused' || told?.state === 'waiting') news.set(place, told)
    // A station that cannot do this has nothing that it could remember.
    else if (row?.state === 'failed') news.set(place, { state: 'done', reason: 'The station has no cache.' })
    else if (!connected.has(place.placeId)) news.set(place, { state: 'away', reason: backSoon, commandId: null })
    else news.set(place, await ask(deps, organizationId, place.placeId, { name: 'clear_cache' }))
  }
}

export async function followSessions(
  deps: RevocationDeps,
  trx: Db,
  { organizationId }: Revocation,
  open: readonly RevocationPlace[],
  news: News,
): Promise<void> {
  if (open.length === 0) return
  const sessions = await sessionStates(
    trx,
    organizationId,
    open.map(({ placeId }) => placeId),
  )
  for (const place of open) {
    const session = sessions.get(place.placeId)
    const transaction = await openTransaction(trx, organizationId, place.placeId)
    if (session === undefined || session.state !== 'active' || transaction === undefined) {
      news.set(place, { state: 'done' })
      continue
    }
    const row = place.commandId === null ? undefined : await getCommand(trx, organizationId, place.commandId)
    const told = row === undefined ? undefined : heard(row)
    // "Accepted" is not "stopped": the session says when it is.
    if (told?.state === 'done') news.set(place, { state: 'waiting', reason: 'The station said it will stop.' })
    else if (told !== undefined) news.set(place, told)
    else if (!session.connected) news.set(place, { state: 'away', reason: backSoon, commandId: null })
    else {
      const { number, ref } = transaction
      const named = { ...(number === null ? {} : { number }), ...(ref === null ? {} : { ref }) }
      news.set(place, await ask(deps, organizationId, session.stationId, { name: 'stop', transaction: named }))
    }
  }
}

async function ask(
  deps: RevocationDeps,
  organizationId: string,
  stationId: string,
  command: StationCommand,
): Promise<PlaceNews> {
  const queued = await queueCommand(deps)({
    organizationId,
    stationId,
    command,
    requestedBy: revoker,
    ttlMs: commandTtlMs,
  })
  switch (queued.kind) {
    case 'queued':
      return { state: 'waiting', commandId: queued.command.command_id }
    case 'vetoed':
      return { state: 'refused', reason: queued.reason }
    case 'no_such_station':
      return { state: 'done', reason: 'The station is archived.' }
  }
}

/** Undefined when the station never heard it: it is asked again. */
function heard(row: CommandRow): PlaceNews | undefined {
  if (row.state === 'queued' || row.state === 'sent') return { state: 'waiting' }
  if (row.state !== 'answered') return undefined
  return row.outcome === 'accepted' ? { state: 'done' } : { state: 'refused', reason: row.reason }
}
