// Owns a simulated station of any OCPP version as a device: cables, cards, meters, power and network, one awaited step at a time.
// Must not keep timers of its own; whoever plays with it moves it.
import { answerOf } from './answer.ts'
import { type Core, evseOf, type Message } from './core.ts'
import { elapse } from './meter.ts'
import type { AnswerOverride, Payload, StationOptions, Token } from './options.ts'
import { messageQueue } from './queue.ts'
import { seededRandom } from './random.ts'
import { defaultSettings } from './settings.ts'
import { speech2x } from './speech-2x.ts'
import { speech16 } from './speech-16.ts'
import { type Evse, freshState, type StationState } from './state.ts'
import { type Outcome, Wire } from './wire.ts'

export interface Executed {
  messageId: string
  action: string
  payload: Payload
}

export interface SimulatedStation {
  readonly code: string
  readonly version: StationOptions['version']
  readonly state: StationState
  /** What its functional blocks share; for faults and events on purpose. */
  readonly core: Core
  /** Requests of the hub that this station carried out, in order. */
  readonly executed: readonly Executed[]
  /** Frames of the hub that break the standard. */
  readonly violations: readonly string[]
  /** Frames of its own that break it. */
  readonly ownFaults: readonly string[]
  /** Calls of its own and what came of them, in order of the answers. */
  readonly exchanges: readonly { action: string; payload: Payload; outcome: Outcome }[]
  readonly givenUp: readonly string[]
  /** May be changed at any time. */
  readonly answers: Record<string, AnswerOverride>
  online(): boolean
  protocol(): string
  queueLength(): number
  /** Opens the socket, boots until accepted, tells its states and empties its queue. */
  connect(reason?: string): Promise<'accepted' | 'pending' | 'rejected' | 'lost'>
  disconnect(): Promise<void>
  /** The network cable is pulled. */
  cut(): Promise<void>
  reboot(reason?: string): Promise<void>
  powerLoss(): Promise<void>
  heartbeat(): Promise<Outcome>
  plug(evse: number): Promise<void>
  unplug(evse: number): Promise<void>
  /** The verdict of whoever decided: the hub, the cache or the local list. */
  presentCard(evse: number, token: Token): Promise<string>
  startLocally(evse: number, token: Token): Promise<void>
  stopLocally(evse: number, reason?: string): Promise<void>
  suspend(evse: number, by: 'EV' | 'EVSE' | null): Promise<void>
  fault(evse: number, faulted: boolean): Promise<void>
  /** Energy flows for a while. */
  elapse(seconds: number): void
  meter(evse: number, context?: string): Promise<void>
  /** Any call at all. */
  call(action: string, payload: Payload): Promise<Outcome>
  raw(text: string): void
  stream(action: string, payload: Payload): void
  flush(): Promise<void>
  /** Resolves when nothing that a request set off is still running. */
  settled(): Promise<void>
}

const refusedSlots: ReadonlySet<string> = new Set(['Blocked', 'Expired', 'Invalid', 'NoCredit', 'Unknown'])

export function simulatedStation(options: StationOptions): SimulatedStation {
  const v16 = options.version === 'ocpp1.6'
  const quirks = options.quirks ?? {}
  const random = seededRandom(`${options.seed ?? 1}/${options.code}`)
  const clock = options.clock ?? { now: () => new Date() }
  const born = clock.now().getTime()
  const identity = {
    vendor: 'Baywatt',
    model: `Sim ${options.version.slice(4)}`,
    serial: options.code.slice(0, 25),
    firmware: '1.0.0',
    ...options.identity,
  }
  const state = freshState(options.evses ?? 1, identity.firmware, options.maxPowerW ?? 11_000)
  for (const [key, setting] of defaultSettings(options.version)) state.settings.set(key, setting)
  const answers: Record<string, AnswerOverride> = { ...options.answers }
  const executed: Executed[] = []
  const violations: string[] = []
  const ownFaults: string[] = []
  const exchanges: { action: string; payload: Payload; outcome: Outcome }[] = []
  const work = new Set<Promise<unknown>>()
  let wire: Wire | null = null
  let accepted = false

  const online = () => accepted && wire?.open === true
  const pause = options.pause ?? (async () => undefined)

  async function call(action: string, payload: Payload): Promise<Outcome> {
    if (wire === null || !wire.open) return { kind: 'lost', messageId: '' }
    const outcome = await wire.call(action, payload)
    exchanges.push({ action, payload, outcome })
    return outcome
  }
  const queue = messageQueue({ call, canSend: online, quirks })

  const core: Core = {
    code: options.code,
    version: options.version,
    v16,
    quirks,
    identity,
    state,
    random,
    speech: v16 ? speech16(() => core) : speech2x(() => core),
    now: () => (quirks.timestamps === 'epoch' ? new Date(clock.now().getTime() - born) : clock.now()),
    stamp: (at = core.now()) => {
      const text = at.toISOString()
      return quirks.timestamps === 'noZone' ? text.slice(0, -1) : text
    },
    pause,
    online,
    tell: (action, payload) => (online() ? call(action, payload) : Promise.resolve({ kind: 'lost', messageId: '' })),
    stream: (action, payload) => {
      if (online()) wire?.send(action, payload)
    },
    say,
    begin,
    end,
    reset: reboot,
    queueLength: () => queue.length,
  }

  async function say(messages: readonly Message[]): Promise<void> {
    for (const message of messages) {
      if (message.queued) queue.add(message)
      await queue.flush()
      if (!message.queued && online()) await call(message.action, message.build())
    }
  }

  function evse(id: number): Evse {
    const found = evseOf(core, id)
    if (found === undefined) throw new RangeError(`${options.code} has no EVSE ${id}`)
    return found
  }

  async function begin(one: Evse, token: Token | null, remoteStartId?: number): Promise<void> {
    one.waiting = null
    if (one.transaction !== null) return
    const [reservationId] =
      [...state.reservations].find(([, { evse, token: kept }]) => evse === one.id && kept === token?.value) ?? []
    if (reservationId !== undefined) state.reservations.delete(reservationId)
    one.transaction = {
      ref: random.uuid(),
      number: null,
      token,
      startedAt: core.now(),
      startedOffline: !online(),
      meterStartWh: Math.floor((one.registerWs - (quirks.registerFromBoot === true ? one.bootWs : 0)) / 3600),
      seqNo: 0,
      remoteStartId,
      reservationId,
      energising: true,
    }
    await say(core.speech.began(one))
  }

  async function end(one: Evse, reason: string, token: Token | null = one.transaction?.token ?? null): Promise<void> {
    if (one.transaction === null) return
    const messages = core.speech.ended(one, reason, reason === 'Local' ? token : null)
    for (const stored of state.profiles.filter(({ profile }) => profile.chargingProfilePurpose === 'TxProfile')) {
      if (stored.evse === one.id) state.profiles.splice(state.profiles.indexOf(stored), 1)
    }
    one.transaction = null
    await say(messages)
    if (state.resetWhenIdle !== null && state.evses.every((each) => each.transaction === null)) {
      const why = state.resetWhenIdle
      state.resetWhenIdle = null
      await reboot(why)
    }
  }

  async function startOrWait(one: Evse, token: Token, remoteStartId?: number): Promise<void> {
    if (one.plugged) await begin(one, token, remoteStartId)
    else one.waiting = { token, ...(remoteStartId === undefined ? {} : { remoteStartId }) }
  }

  async function reboot(reason = 'PowerUp'): Promise<void> {
    await wire?.close('close')
    for (const one of state.evses) one.bootWs = one.registerWs
    await connect(reason)
  }

  async function connect(reason = 'PowerUp') {
    accepted = false
    const written = state.settings.get(v16 ? 'AuthorizationKey' : 'SecurityCtrlr.BasicAuthPassword')?.value ?? ''
    const password = written === '' ? options.password : written
    const authorization =
      password === undefined ? null : `Basic ${Buffer.from(`${options.code}:${password}`).toString('base64')}`
    // A socket that never opens closes as well.
    const own: { wire: Wire | null } = { wire: null }
    const dialled = await Wire.dial({
      url: `${options.url}/${encodeURIComponent(options.code)}`,
      version: options.version,
      authorization,
      tls: options.tls,
      quirks,
      callTimeoutMs: options.callTimeoutMs ?? 30_000,
      newId: () => random.uuid(),
      pause,
      onCall: (messageId, action, payload) => {
        const reply = answerOf(core, answers, action, payload)
        if (reply !== 'silence' && 'payload' in reply) executed.push({ messageId, action, payload })
        return reply
      },
      onWork: (each) => {
        work.add(each)
        each.then(
          () => work.delete(each),
          (error: unknown) => {
            work.delete(each)
            ownFaults.push(`work failed: ${String(error)}`)
          },
        )
      },
      onClosed: () => {
        if (wire === own.wire) accepted = false
      },
      onFrame: options.onFrame ?? (() => undefined),
      violations,
      ownFaults,
    })
    own.wire = dialled
    wire = dialled
    const boot = core.speech.boot(reason)
    const outcome = await call(boot.action, boot.build())
    if (outcome.kind !== 'result') return 'lost' as const
    if (outcome.payload.status !== 'Accepted') return outcome.payload.status === 'Pending' ? 'pending' : 'rejected'
    accepted = true
    queue.reconnected()
    if (v16) await say([core.speech.status(null)])
    await say(state.evses.map((one) => core.speech.status(one)))
    await queue.flush()
    return online() ? ('accepted' as const) : ('lost' as const)
  }

  /** Without the hub the local list decides, then the cache; who is in neither is trusted (AllowOfflineTxForUnknownId). */
  function offlineVerdict(token: Token): string {
    const listed = state.localList.entries.get(token.value)
    const said = listed?.status ?? state.authorizationCache.get(token.value)
    return typeof said === 'string' ? said : 'Accepted'
  }

  return {
    code: options.code,
    version: options.version,
    state,
    core,
    executed,
    violations,
    ownFaults,
    exchanges,
    givenUp: queue.givenUp,
    answers,
    online,
    protocol: () => wire?.protocol ?? '',
    queueLength: () => queue.length,
    connect,
    disconnect: async () => wire?.close('close'),
    cut: async () => wire?.close('cut'),
    reboot,
    async powerLoss() {
      await wire?.close('cut')
      for (const one of state.evses) await end(one, 'PowerLoss')
    },
    heartbeat: () => call('Heartbeat', {}),
    async plug(id) {
      const one = evse(id)
      one.plugged = true
      await say([core.speech.status(one)])
      if (one.waiting !== null) await begin(one, one.waiting.token, one.waiting.remoteStartId)
    },
    async unplug(id) {
      const one = evse(id)
      one.plugged = false
      one.waiting = null
      await end(one, 'EVDisconnected')
      await say([core.speech.status(one)])
    },
    async presentCard(id, token) {
      const one = evse(id)
      if (one.transaction?.token?.value === token.value) {
        await end(one, 'Local', token)
        return 'Stopped'
      }
      let verdict = offlineVerdict(token)
      if (online()) {
        const message = core.speech.authorize(token)
        const outcome = await call(message.action, message.build())
        if (outcome.kind === 'result') {
          verdict = core.speech.verdict(outcome.payload)
          state.authorizationCache.set(token.value, verdict)
        }
      }
      if (verdict === 'Accepted') await startOrWait(one, token)
      else if (!refusedSlots.has(verdict)) ownFaults.push(`a verdict that is no word of the standard: ${verdict}`)
      return verdict
    },
    startLocally: (id, token) => startOrWait(evse(id), token),
    stopLocally: (id, reason = 'Local') => end(evse(id), reason),
    async suspend(id, by) {
      const one = evse(id)
      if (one.transaction !== null) one.transaction.energising = by === null
      await say(core.speech.suspended(one, by))
    },
    async fault(id, faulted) {
      evse(id).faulted = faulted
      await say([core.speech.status(evse(id))])
    },
    elapse: (seconds) => elapse(core, seconds),
    meter: (id, context = 'Sample.Periodic') => say(core.speech.sampled(evse(id), context)),
    call,
    raw: (text) => wire?.raw(text),
    stream: core.stream,
    flush: () => queue.flush(),
    async settled() {
      while (work.size > 0) await Promise.allSettled([...work])
    },
  }
}
