// Owns a simulated charger as a device: its cables, cards and meters, driven one awaited step at a time.
// Must not keep timers of its own, nor know which protocol version its dialect speaks.
import { createRandom } from '../random.ts'
import { createDialect16 } from './dialect-16.ts'
import { createDialect201 } from './dialect-201.ts'
import type { Controls, DialectContext, EvseState, Outgoing, Payload, StationIdentity, Token } from './model.ts'
import { createOutbox } from './outbox.ts'
import { type BootResult, createLink } from './station-link.ts'
import type { StationOptions } from './station-options.ts'
import { uuid } from './uuid.ts'

export type CardResult = { kind: 'accepted' | 'refused'; status: string } | { kind: 'offline' }

export interface Meters {
  powerW?: number
  currentA?: number
  soc?: number
}

export type Station = ReturnType<typeof createStation>

export function createStation(options: StationOptions) {
  const quirks = options.quirks ?? {}
  const random = createRandom(`${options.seed}/${options.stationId}`)
  const noise = random.fork('noise')
  const birth = options.clock.now()
  const evses = createEvses(options)
  const startWaiters: { evse: number; resolve: () => void }[] = []
  let transactions = 0
  let resetWhenIdle = false

  const link = createLink({
    options,
    dialect: () => dialect,
    answer: (action, payload) => dialect.answer(action, payload, controls),
    announce: async () => {
      if (quirks.omitStatus) return
      await link.send(dialect.status(undefined))
      for (const one of evses) await link.send(dialect.status(one))
    },
    reconnected: () => outbox.reconnected(),
    admitted: () => outbox.flush(),
  })
  const { online } = link

  const ctx: DialectContext = {
    version: options.version,
    stationId: options.stationId,
    identity: { ...defaultIdentity(options), ...options.identity },
    quirks,
    evses,
    // A clock that never learned the date counts from 1970.
    now: () => {
      const at = options.clock.now()
      return quirks.epochClock ? new Date(at.getTime() - birth.getTime()) : at
    },
    online,
    reconnects: link.reconnects,
    chance: (p) => noise.chance(p),
    newId: () => uuid(random),
    openTransaction: (evse, token, remoteStartId) => {
      evse.transaction = {
        number: ++transactions,
        token,
        startedAt: options.clock.now(),
        startedOffline: !online(),
        baseWh: evse.registerWh,
        id: undefined,
        remoteStartId,
        seqNo: 0,
        seqEpoch: link.reconnects(),
        samples: 0,
        energising: true,
        finishReason: undefined,
      }
      return evse.transaction
    },
  }
  const dialect =
    options.version === 'ocpp1.6' ? createDialect16(ctx) : createDialect201(ctx, options.txStartPoint ?? 'Authorized')

  const outbox = createOutbox({ send: link.send, canSend: online, chance: (p) => noise.chance(p), quirks })

  /** Live messages go out now or never; transaction messages go through the queue, and both keep the order of `messages`. */
  const emit = async (messages: readonly Outgoing[]) => {
    for (const message of messages) {
      if (message.kind === 'transaction') {
        outbox.add([message])
        // With several call slots the queue fills first, so that calls really overlap.
        if ((quirks.maxParallelCalls ?? 1) === 1) await outbox.flush()
      } else if (!(quirks.omitStatus && message.action === 'StatusNotification') && online()) {
        await outbox.flush()
        await link.send(message)
      }
    }
    await outbox.flush()
  }

  const evse = (id: number): EvseState => {
    const found = evses[id - 1]
    if (!found) throw new RangeError(`${options.stationId} has no EVSE ${id}`)
    return found
  }

  const deliver = (one: EvseState, deliveredWh: number | undefined, meters: Meters = {}) => {
    if (deliveredWh !== undefined) one.registerWh = one.plugWh + deliveredWh
    if (meters.powerW !== undefined) one.powerW = meters.powerW
    if (meters.currentA !== undefined) one.currentA = meters.currentA
    if (meters.soc !== undefined) one.soc = meters.soc
  }

  const begin = async (one: EvseState, token: Token | undefined, remoteStartId?: number) => {
    one.waiting = undefined
    const messages = dialect.begin(one, token, remoteStartId)
    for (const waiter of startWaiters.splice(0)) {
      if (waiter.evse === one.id) waiter.resolve()
      else startWaiters.push(waiter)
    }
    await emit(messages)
  }

  const finish = async (one: EvseState, reason: string, token: Token | undefined) => {
    await emit(dialect.finish(one, reason, token))
    if (resetWhenIdle && !evses.some((e) => e.transaction?.energising)) {
      resetWhenIdle = false
      await restart('ScheduledReset')
    }
  }

  /** A real restart: registers that count from the boot and ids that do, begin again. */
  const rebooted = () => {
    for (const one of evses) one.bootWh = one.registerWh
    dialect.booted()
  }

  const restart = async (reason: string) => {
    await link.disconnect('close')
    rebooted()
    await link.connect(reason)
  }

  const controls: Controls = {
    evses,
    send: emit,
    finish: (id, reason) => finish(evse(id), reason, undefined),
    remoteStart: async (id, token, remoteStartId) => {
      const one = evse(id ?? 1)
      if (one.plugged) await begin(one, token, remoteStartId)
      else one.waiting = { token, remoteStartId }
    },
    reset: async (mode) => {
      const busy = evses.filter((one) => one.transaction?.energising)
      if (mode === 'onIdle' && busy.length > 0) {
        resetWhenIdle = true
        return
      }
      const v16 = mode === 'soft' ? 'SoftReset' : 'HardReset'
      for (const one of busy) await finish(one, options.version === 'ocpp1.6' ? v16 : 'ImmediateReset', undefined)
      await restart(mode === 'onIdle' ? 'ScheduledReset' : 'RemoteReset')
    },
    setOperative: async (id, operative) => {
      for (const one of id === undefined ? evses : [evse(id)]) {
        one.operative = operative
        if (!one.transaction && !one.plugged) one.status = operative ? 'Available' : 'Unavailable'
        await emit([dialect.status(one)])
      }
    },
  }

  return {
    id: options.stationId,
    version: options.version,
    evses: evses as readonly Readonly<EvseState>[],
    /** Every CALL that the hub answered with a result, in order of the answers. */
    acked: link.acked,
    /** Frames of the hub that break OCPP-J. */
    violations: link.violations,
    outbox: { size: () => outbox.size, stalled: () => outbox.stalled, givenUp: outbox.givenUp },
    online,
    connected: link.connected,
    protocol: link.protocol,

    /** Opens the connection, boots, reports status and empties the queue. Rejects when the handshake is refused. */
    connect: (reason = 'PowerUp'): Promise<BootResult> => link.connect(reason),
    /** Boots again after Pending or Rejected; too early is an outcome, not a message. */
    boot: link.boot,
    heartbeat: () => emit([dialect.heartbeat()]),
    flush: () => outbox.flush(),

    async plugIn(id: number): Promise<void> {
      const one = evse(id)
      one.plugged = true
      one.plugWh = one.registerWh
      await emit(dialect.plugged(one))
      if (one.waiting) await begin(one, one.waiting.token, one.waiting.remoteStartId)
    },
    /** Asks the hub and starts when the cable is in; without a network the charger trusts the card. */
    async presentCard(id: number, token: Token): Promise<CardResult> {
      const one = evse(id)
      let result: CardResult = { kind: 'offline' }
      if (online() && !quirks.startWithoutAuthorize) {
        const outcome = await link.send(dialect.authorize(token))
        const status = outcome.kind === 'result' ? dialect.authorizationStatus(outcome.payload) : ''
        if (outcome.kind === 'result') result = { kind: status === 'Accepted' ? 'accepted' : 'refused', status }
        if (result.kind === 'refused') return result
      }
      if (one.plugged) await begin(one, token)
      else one.waiting = { token, remoteStartId: undefined }
      return result
    },
    /** Starts without asking, once the cable is in: free vend, or the charger's own list. */
    async startCharging(id: number, token: Token): Promise<void> {
      const one = evse(id)
      if (one.plugged) await begin(one, token)
      else one.waiting = { token, remoteStartId: undefined }
    },
    /** Resolves once a transaction has begun on the EVSE: at once if one runs, else with the next remote start. */
    started(id: number): Promise<void> {
      if (evse(id).transaction?.energising) return Promise.resolve()
      return new Promise((resolve) => startWaiters.push({ evse: id, resolve }))
    },
    /** `deliveredWh` counts from the moment the cable went in. */
    async meter(id: number, deliveredWh: number, meters: Meters = {}, context = 'Sample.Periodic'): Promise<void> {
      const one = evse(id)
      deliver(one, deliveredWh, meters)
      await emit(dialect.sample(one, context))
    },
    async suspendEv(id: number, deliveredWh?: number): Promise<void> {
      deliver(evse(id), deliveredWh, { powerW: 0, currentA: 0 })
      await emit(dialect.chargingState(evse(id), 'SuspendedEV'))
    },
    async suspendEvse(id: number, deliveredWh?: number): Promise<void> {
      deliver(evse(id), deliveredWh, { powerW: 0, currentA: 0 })
      await emit(dialect.chargingState(evse(id), 'SuspendedEVSE'))
    },
    async resume(id: number, meters: Meters = {}): Promise<void> {
      deliver(evse(id), undefined, meters)
      await emit(dialect.chargingState(evse(id), 'Charging'))
    },
    async stop(id: number, how: { reason?: string; token?: Token; deliveredWh?: number } = {}): Promise<void> {
      deliver(evse(id), how.deliveredWh)
      await finish(evse(id), how.reason ?? 'Local', how.token ?? evse(id).transaction?.token)
    },
    async unplug(id: number, deliveredWh?: number): Promise<void> {
      const one = evse(id)
      deliver(one, deliveredWh)
      one.plugged = false
      one.waiting = undefined
      await emit(dialect.unplugged(one))
      if (!one.operative) one.status = 'Unavailable'
    },
    async fault(id: number, errorCode: string): Promise<void> {
      evse(id).status = errorCode === 'NoError' ? 'Available' : 'Faulted'
      await emit([dialect.status(evse(id), errorCode)])
    },

    /** The cable to the network is pulled: no closing handshake, transaction messages queue with their device times. */
    goOffline: () => link.disconnect('cut'),
    goOnline: () => link.connect('Reconnect'),
    /** Power fails. `forget`: the running transactions are lost for good, and the next begin comes while one is open. `deliveredWh` by EVSE. */
    async powerLoss(how: { forget?: boolean; deliveredWh?: readonly number[] } = {}): Promise<void> {
      await link.disconnect('cut')
      for (const [i, one] of evses.entries()) {
        deliver(one, how.deliveredWh?.[i])
        if (!one.transaction) continue
        if (how.forget) one.transaction = undefined
        else if (one.transaction.energising) await finish(one, 'PowerLoss', undefined)
      }
    },
    async powerOn(): Promise<BootResult> {
      rebooted()
      return link.connect('PowerUp')
    },
    /** The next CALL of this action is written and then the connection is cut before its answer. */
    cutOnNext: link.cutOnNext,
    /** Answers to the hub's commands wait until the returned function is called. */
    holdAnswers: link.holdAnswers,
    /** Any CALL at all, past the queue and past the quirks of shape. */
    call: (action: string, payload: Payload) => link.send({ action, kind: 'live', build: () => payload }),
    sendRaw: link.sendRaw,
    /** Resolves when nothing that a command set off is still running. */
    settled: link.settled,
    close: () => link.disconnect('close'),
  }
}

function createEvses(options: StationOptions): EvseState[] {
  return Array.from({ length: options.evses ?? 1 }, (_, i) => {
    const registerWh = options.registersWh?.[i] ?? 0
    return {
      id: i + 1,
      plugged: false,
      operative: true,
      status: 'Available',
      registerWh,
      bootWh: registerWh,
      plugWh: registerWh,
      powerW: 0,
      currentA: 0,
      soc: undefined,
      waiting: undefined,
      transaction: undefined,
    }
  })
}

function defaultIdentity(options: StationOptions): StationIdentity {
  return { vendor: 'Simulated', model: `Sim ${options.version}`, serial: options.stationId, firmware: '1.0.0' }
}
