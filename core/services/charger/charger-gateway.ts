// Owns the charger door of this node: who is connected under which epoch, one lane per station, commands on their way out.
// Must not know a protocol: adapters come through ChargerPort and get nothing else.
import type { Kysely } from 'kysely'
import type { ChargerFact, ChargerOutcome, WireFrame } from '../../domain/charger-fact.ts'
import type { ChargerPort, StationOpening, StationSink } from '../../domain/charger-port.ts'
import type { StationCommand } from '../../domain/station-command.ts'
import { batchRead } from '../../store/batch-read.ts'
import { effect } from '../../store/charger-effects.ts'
import {
  claimStations,
  findStations,
  loadStations,
  releaseStation,
  type StationKey,
} from '../../store/charger-state.ts'
import { type CommandRow, moveCommand, nextQueued, sentBefore, withOpenCommands } from '../../store/commands.ts'
import type { HubTables } from '../../store/schema.ts'
import { admitStation } from './admit-station.ts'
import type { ChargerDeps } from './charger-deps.ts'
import { deviationRows } from './count-deviation.ts'
import { endOfReply, finishCommand } from './finish-command.ts'
import { settleSessions } from './settle-sessions.ts'
import { StaleEpoch, StationLane } from './station-lane.ts'
import { sameTraits } from './station-state.ts'

interface Connected {
  opening: StationOpening
  lane: StationLane
  epoch: number
  /** A command of this station is on its way. */
  sending: boolean
  seenAt: Date
  /** A secret that was sent on this socket: the journal does not have it. */
  secret: string | null
}

export interface ChargerGateway {
  port: ChargerPort
  /** Sends what waits for this station, if its socket is here. */
  wake(stationId: string): void
  /** The operator changed the station: its socket is closed, so that it comes back under the new terms. */
  refresh(stationId: string): void
  /** Task `charger.orphan`: the connector has been free for a while and no stop came. */
  closeOrphan(payload: {
    organizationId: string
    stationId: string
    transactionId: string
    freeAt: string
  }): Promise<void>
  /** Runs `body` while no fact of the station is worked on by this node; its rows are read again afterwards. */
  quietly<T>(station: StationKey, body: () => Promise<T>): Promise<T>
  /** Stores journal lines and counters that no commit has taken along yet; called about once a second. */
  sweep(): Promise<void>
  /** Writes when each connected station was last heard; called now and then. */
  writeSeen(): Promise<void>
  connected(): number
  close(): Promise<void>
}

export function chargerGateway(deps: ChargerDeps & { db: Kysely<HubTables> }): ChargerGateway {
  const lanes = new Map<string, StationLane>()
  const sockets = new Map<string, Connected>()
  /** Sockets whose end is being written; the hub goes down after them. */
  const partings = new Set<Promise<void>>()
  const find = batchRead({ load: (ids: readonly string[]) => findStations(deps.pool, ids) })
  const load = batchRead({
    load: async (keys: readonly string[]) => {
      const found = await loadStations(deps.pool, keys.map(keyFromText))
      return new Map(
        [...found].map(([id, memory]) => [
          textOf({ organizationId: memory.station.organization_id, stationId: id }),
          memory,
        ]),
      )
    },
  })
  const finish = finishCommand(deps, deps.settings.remoteStartMs)

  const laneOf = (key: StationKey): StationLane => {
    const known = lanes.get(key.stationId)
    if (known !== undefined) return known
    const lane = new StationLane(deps, key, (k) => load(textOf(k)))
    lanes.set(key.stationId, lane)
    return lane
  }

  // Two sockets of one station in one tick must not share a statement: each is to get an epoch of its own.
  const claimTails = new Map<string, Promise<unknown>>()
  const claimBatch = batchRead({
    load: async (keys: readonly string[]) => {
      const claims = keys.map((k) => JSON.parse(k) as ReturnType<typeof claimOf>)
      const epochs = await claimStations(
        deps.pool,
        claims.map((c) => ({ ...c, at: new Date(c.at) })),
      )
      return new Map(keys.map((k, i) => [k, epochs.get(claims[i]?.stationId ?? '') ?? 0]))
    },
  })
  const claimOf = (opening: StationOpening) => ({
    organizationId: opening.station.organizationId,
    stationId: opening.station.stationId,
    siteId: opening.station.siteId,
    nodeId: deps.nodeId,
    protocol: opening.protocol,
    remoteAddress: opening.remoteAddress,
    at: deps.clock.now().toISOString(),
  })
  const claim = async (opening: StationOpening): Promise<number> => {
    const id = opening.station.stationId
    const before = claimTails.get(id)
    const mine = (before ?? Promise.resolve()).then(() => claimBatch(JSON.stringify(claimOf(opening))))
    const settled = mine.catch(() => undefined)
    claimTails.set(id, settled)
    const epoch = await mine
    if (claimTails.get(id) === settled) claimTails.delete(id)
    if (epoch === undefined) throw new Error('a claimed station must have an epoch')
    return epoch
  }

  const open = async (opening: StationOpening): Promise<StationSink> => {
    const { station } = opening
    const key = { organizationId: station.organizationId, stationId: station.stationId }
    const epoch = await claim(opening)
    const older = sockets.get(station.stationId)
    if (older !== undefined && older.epoch > epoch) throw new StaleEpoch()
    const lane = laneOf(key)
    lane.epoch = epoch
    // What an older socket left uncommitted is fenced off; its memory may be ahead of the database.
    lane.forget()
    const entry: Connected = { opening, lane, epoch, sending: false, seenAt: deps.clock.now(), secret: null }
    sockets.set(station.stationId, entry)
    older?.opening.displaced('A newer connection of this station was admitted.')
    await announce(lane, epoch, 'station.connected', { protocol: opening.protocol })
    const traits = opening.traits ?? {}
    if (!sameTraits(station.traits ?? {}, traits)) await lane.takeTraits(epoch, traits)
    const sink = sinkOf(entry)
    void sendWaiting(entry)
    return sink
  }

  const announce = (
    lane: StationLane,
    epoch: number,
    type: 'station.connected' | 'station.disconnected',
    more: { protocol: string } | { reason: string },
  ): Promise<void> => {
    const now = deps.clock.now()
    const { organizationId, stationId } = lane.key
    const siteId = lane.siteId ?? sockets.get(stationId)?.opening.station.siteId ?? null
    const base = { id: deps.newId(), organizationId, siteId, subject: { type: 'station', id: stationId } }
    const event =
      type === 'station.connected' && 'protocol' in more
        ? { ...base, type, occurredAt: now, recordedAt: now, data: { stationId, protocol: more.protocol } }
        : {
            ...base,
            type: 'station.disconnected' as const,
            occurredAt: now,
            recordedAt: now,
            data: { stationId, reason: 'reason' in more ? more.reason : '' },
          }
    return lane.write(epoch, [effect.event(event)])
  }

  const parting = async (entry: Connected, reason: string, offCourse: (error: unknown) => void): Promise<void> => {
    const { lane, epoch } = entry
    const { stationId } = lane.key
    if (sockets.get(stationId) !== entry) return
    sockets.delete(stationId)
    await lane.sweep().catch(offCourse)
    await releaseStation(deps.pool, lane.key, epoch, deps.clock.now()).catch(offCourse)
    await announce(lane, epoch, 'station.disconnected', { reason }).catch(offCourse)
    if (lane.epoch === epoch && !sockets.has(stationId)) {
      lane.epoch = null
      lanes.delete(stationId)
    }
  }

  const sinkOf = (entry: Connected): StationSink => {
    const { lane, epoch, opening } = entry
    const { station } = opening
    const offCourse = (error: unknown) => {
      if (!(error instanceof StaleEpoch))
        deps.log.warn({ err: error, station: station.code }, 'journal or counter not written')
    }
    return {
      epoch,
      station,
      record<F extends ChargerFact>(fact: F, wire: readonly WireFrame[] = []): Promise<ChargerOutcome<F>> {
        entry.seenAt = deps.clock.now()
        return lane.record(fact, wire, epoch)
      },
      journal(frame) {
        const { secret } = entry
        const shown =
          secret !== null && frame.text.includes(secret)
            ? { ...frame, text: frame.text.replaceAll(secret, '[not shown]') }
            : frame
        lane.aside(epoch, lane.frameEffect(station.siteId, shown, epoch))
      },
      deviation(code, sample) {
        // What it said at boot is newer than what was known at the door.
        const { vendor, model, firmware } = lane.state?.record ?? station
        const kind = { vendor: vendor ?? '', model: model ?? '', firmware: firmware ?? '' }
        for (const row of deviationRows({ station, kind, code, sample, at: deps.clock.now() })) lane.aside(epoch, row)
      },
      seen(at) {
        entry.seenAt = at
      },
      close(reason) {
        const goodbye = parting(entry, reason, offCourse).finally(() => partings.delete(goodbye))
        partings.add(goodbye)
        return goodbye
      },
    }
  }

  const openCommands = batchRead({
    load: async (keys: readonly string[]) => {
      const found = await withOpenCommands(deps.pool, keys.map(keyFromText))
      return new Map(keys.map((key) => [key, found.has(keyFromText(key).stationId)]))
    },
  })
  const sendWaiting = async (entry: Connected): Promise<void> => {
    const open = await openCommands(textOf(entry.lane.key)).catch(() => true)
    if (open) await sendQueued(entry)
  }

  const sendQueued = async (entry: Connected): Promise<void> => {
    if (entry.sending) return
    entry.sending = true
    const { organizationId, stationId } = entry.lane.key
    const current = () => sockets.get(stationId) === entry
    try {
      for (const lost of await sentBefore(deps.db, organizationId, stationId, entry.epoch)) {
        await finish(lost, ['sent'], endOfReply(lost.name, { kind: 'disconnected' }))
      }
      while (current()) {
        const row = await nextQueued(deps.db, organizationId, stationId)
        if (row === undefined) break
        await sendOne(entry, row)
      }
    } catch (error) {
      deps.log.warn({ err: error, station: entry.opening.station.code }, 'commands of this station wait')
    } finally {
      entry.sending = false
    }
    // One that was queued between the last look and the flag going down.
    if (current() && (await nextQueued(deps.db, organizationId, stationId).catch(() => undefined)) !== undefined)
      void sendQueued(entry)
  }

  const sendOne = async (entry: Connected, row: CommandRow): Promise<void> => {
    const now = deps.clock.now()
    if (row.deadline <= now) {
      await finish(row, ['queued'], {
        state: 'expired',
        outcome: null,
        reason: 'The station was not reachable before the deadline.',
      })
      return
    }
    const sent = await moveCommand(deps.db, row.organization_id, row.command_id, ['queued'], {
      state: 'sent',
      attempts: row.attempts + 1,
      // A start is pending from the moment it is on its way: its transaction may overtake the answer.
      ...(row.name === 'start' ? { outcome: 'pending' as const } : {}),
      sent_epoch: entry.epoch,
      sent_at: now,
    })
    if (sent === undefined) return
    const stored = { name: row.name, ...(row.args as object) } as StationCommand
    const revealed = deps.reveal === undefined ? { command: stored, secret: null } : await deps.reveal(row, stored)
    if (revealed === null) {
      await finish(sent, ['sent'], { state: 'cancelled', outcome: null, reason: 'It was taken back meanwhile.' })
      return
    }
    const { command } = revealed
    if (revealed.secret !== null) entry.secret = revealed.secret
    if (command.name === 'start') {
      entry.lane.expectStart({
        command_id: row.command_id,
        evse: command.evse ?? null,
        token: command.token.value,
        remote_start_id: command.remoteStartId,
        sent_at: now,
      })
    }
    const reply = await entry.opening.deliver({ id: row.command_id, command, deadline: row.deadline })
    await finish(sent, ['sent'], endOfReply(row.name, reply))
    if (command.name === 'start' && reply.kind !== 'accepted') entry.lane.dropStart(row.command_id)
  }

  /** Of a station without a socket nothing is kept, once nothing of it is in work. */
  const letGo = (lane: StationLane): void => {
    const { stationId } = lane.key
    if (lane.idle && !sockets.has(stationId) && lanes.get(stationId) === lane) lanes.delete(stationId)
  }

  const closeOrphan: ChargerGateway['closeOrphan'] = async (payload) => {
    const lane = laneOf({ organizationId: payload.organizationId, stationId: payload.stationId })
    await lane.runReaching(deps.clock.now(), async (station, work) => {
      for (const evse of station.evses.values()) {
        const orphan = evse.transactions.find((t) => t.row.transaction_id === payload.transactionId)
        if (orphan === undefined || orphan.row.state !== 'open') continue
        const free = evse.statuses.findLast((s) => s.at >= orphan.row.started_at)
        if (free?.status !== 'available') return
        const end = orphan.lastSeenAt < free.at ? orphan.lastSeenAt : free.at
        orphan.row = {
          ...orphan.row,
          state: 'ended',
          ended_at: end < orphan.row.started_at ? orphan.row.started_at : end,
          stop_reason: 'stop_missing',
          flags: [...orphan.row.flags, 'orphan_closed'],
        }
        await settleSessions(deps, station, evse, work, new Set([orphan]), new Set([orphan]))
      }
    })
    letGo(lane)
  }

  const quietly: ChargerGateway['quietly'] = async (station, body) => {
    const lane = laneOf(station)
    try {
      return await lane.quiet(body)
    } finally {
      letGo(lane)
    }
  }

  const sweep = async (): Promise<void> => {
    await Promise.all(
      [...lanes.values()].map((lane) =>
        lane
          .sweep()
          .catch((error) =>
            deps.log.warn({ err: error, station: lane.key.stationId }, 'journal or counter not written'),
          ),
      ),
    )
  }

  const writeSeen = async (): Promise<void> => {
    const seen = [...sockets.values()].map((s) => ({ ...s.lane.key, at: s.seenAt }))
    if (seen.length === 0) return
    await deps.pool.query({
      name: 'charger-write-seen',
      text: `update station s set last_seen_at = k.at
        from unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) k(organization_id, station_id, at)
        where s.organization_id = k.organization_id and s.station_id = k.station_id
          and (s.last_seen_at is null or s.last_seen_at < k.at)`,
      values: [seen.map((s) => s.organizationId), seen.map((s) => s.stationId), seen.map((s) => s.at)],
    })
  }

  return {
    port: { admit: admitStation(deps, find), open },
    wake(stationId) {
      const entry = sockets.get(stationId)
      if (entry !== undefined) void sendQueued(entry)
    },
    refresh(stationId) {
      lanes.get(stationId)?.forget()
      sockets.get(stationId)?.opening.displaced('The operator changed this station.')
    },
    closeOrphan,
    quietly,
    sweep,
    writeSeen,
    connected: () => sockets.size,
    async close() {
      await sweep()
      for (const entry of sockets.values()) entry.opening.displaced('The hub is shutting down.')
      await Promise.all(partings)
      await writeSeen().catch((error) => deps.log.warn({ err: error }, 'last contact times not written'))
    },
  }
}

function textOf(key: StationKey): string {
  return `${key.organizationId}/${key.stationId}`
}

function keyFromText(text: string): StationKey {
  const [organizationId = '', stationId = ''] = text.split('/')
  return { organizationId, stationId }
}
