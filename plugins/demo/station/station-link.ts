// Owns a simulated charger's line to the hub: dialling in, booting, waiting when told to, sending, and losing all that.
// Must not know EVSEs or transactions; what to say comes from the dialect, what must not be lost is kept by the outbox.
import { createRandom } from '../random.ts'
import { deformPayload } from './deform.ts'
import type { Answer, Dialect, Outgoing, Payload } from './model.ts'
import { type CallOutcome, OcppSocket } from './ocpp-socket.ts'
import { socketAddress } from './socket-address.ts'
import type { AckedMessage, Exchange, StationOptions } from './station-options.ts'
import { uuid } from './uuid.ts'

export type BootResult =
  | { kind: 'accepted'; intervalSeconds: number; hubTime: string }
  /** Ask again with `boot()` when the interval is over; until then transactions wait in the queue. */
  | { kind: 'pending' | 'rejected'; intervalSeconds: number }
  | { kind: 'tooEarly'; waitSeconds: number }
  | { kind: 'failed'; outcome: CallOutcome }
  /** Reconnected without a boot. */
  | { kind: 'resumed' }

export interface LinkDeps {
  options: StationOptions
  dialect(): Dialect
  answer(action: string, payload: Payload): Answer
  /** What the station tells first once it is admitted. */
  announce(): Promise<void>
  /** Called when the line is open again, before anything is sent on it. */
  reconnected(): void
  /** Called when the station is admitted and has announced itself. */
  admitted(): Promise<void>
}

export function createLink(deps: LinkDeps) {
  const { options } = deps
  const quirks = options.quirks ?? {}
  const random = createRandom(`${options.seed}/${options.stationId}/messages`)
  const acked: AckedMessage[] = []
  const violations: string[] = []
  const followUps = new Set<Promise<void>>()
  let socket: OcppSocket | undefined
  let isAdmitted = false
  let everAdmitted = false
  let retryAt: Date | undefined
  let reconnects = 0
  let counter = 0
  let cutOn: string | undefined
  let held: Promise<void> | undefined

  const nextMessageId = () => {
    if (quirks.messageIds === 'fixed') return '1'
    if (quirks.messageIds === 'counter') return String(++counter)
    return uuid(random)
  }

  const send = async (message: Outgoing): Promise<CallOutcome> => {
    const current = socket
    if (!current) return { kind: 'lost', messageId: '' }
    const payload = deformPayload(options.version, message.action, message.build(), quirks)
    const at = options.clock.now()
    const outcome = await current.call(message.action, payload)
    const exchange: Exchange = {
      stationId: options.stationId,
      version: options.version,
      action: message.action,
      payload,
      at,
      outcome,
      ...(message.evse === undefined ? {} : { evse: message.evse }),
      ...(message.transaction === undefined ? {} : { transaction: message.transaction }),
    }
    options.onExchange?.(exchange)
    if (outcome.kind === 'result') {
      message.onReply?.(outcome.payload)
      const done = { ...exchange, outcome }
      if (options.keepAcked !== false) acked.push(done)
      options.onAcked?.(done)
    }
    return outcome
  }

  const bootOnce = async (reason: string): Promise<BootResult> => {
    const outcome = await send(deps.dialect().boot(reason))
    if (outcome.kind !== 'result') return { kind: 'failed', outcome }
    const status = String(outcome.payload.status)
    const intervalSeconds = Number(outcome.payload.interval ?? 0)
    if (status !== 'Accepted') {
      retryAt = new Date(options.clock.now().getTime() + intervalSeconds * 1000)
      return { kind: status === 'Pending' ? 'pending' : 'rejected', intervalSeconds }
    }
    retryAt = undefined
    isAdmitted = true
    everAdmitted = true
    return { kind: 'accepted', intervalSeconds, hubTime: String(outcome.payload.currentTime) }
  }

  const serve = async () => {
    await deps.announce()
    await deps.admitted()
  }

  const boot = async (reason = 'PowerUp'): Promise<BootResult> => {
    const wait = retryAt ? retryAt.getTime() - options.clock.now().getTime() : 0
    if (wait > 0) return { kind: 'tooEarly', waitSeconds: Math.ceil(wait / 1000) }
    if (quirks.statusBeforeAccepted) await deps.announce()
    let result = await bootOnce(reason)
    for (let i = 1; i < (quirks.boots ?? 1) && result.kind === 'accepted'; i++) result = await bootOnce(reason)
    if (result.kind === 'accepted') await serve()
    return result
  }

  const open = async () => {
    if (socket?.open) return
    counter = 0
    let opened: OcppSocket | undefined
    opened = await OcppSocket.open({
      ...socketAddress(options),
      quirks,
      callTimeoutMs: options.callTimeoutMs ?? 30_000,
      nextMessageId,
      cutAfter: (action) => {
        if (cutOn !== action) return false
        cutOn = undefined
        return true
      },
      onCall: async (action, payload) => {
        await held
        return deps.answer(action, payload)
      },
      follow: (after) => {
        const running = after().finally(() => followUps.delete(running))
        followUps.add(running)
      },
      onClosed: () => {
        // A refused handshake closes before there is a socket; an old socket must not touch its successor.
        if (opened === undefined || socket !== opened) return
        socket = undefined
        isAdmitted = false
      },
      onViolation: (text) => violations.push(text),
      onHeard: options.onHeard,
    })
    socket = opened
  }

  return {
    acked: acked as readonly AckedMessage[],
    violations: violations as readonly string[],
    send,
    boot,
    connected: () => socket?.open === true,
    online: () => socket?.open === true && isAdmitted,
    protocol: () => socket?.protocol ?? '',
    reconnects: () => reconnects,
    sendRaw: (text: string) => socket?.sendRaw(text),

    async connect(reason: string): Promise<BootResult> {
      await open()
      if (everAdmitted) {
        reconnects += 1
        deps.reconnected()
      }
      if (everAdmitted && quirks.noBootOnReconnect && reason === 'Reconnect') {
        isAdmitted = true
        await serve()
        return { kind: 'resumed' }
      }
      return boot(reason === 'Reconnect' ? 'PowerUp' : reason)
    },

    async disconnect(how: 'cut' | 'close'): Promise<void> {
      const current = socket
      socket = undefined
      isAdmitted = false
      await (how === 'cut' ? current?.cut() : current?.close())
    },

    cutOnNext(action: string): void {
      cutOn = action
    },

    holdAnswers(): () => void {
      let release = () => {}
      held = new Promise((resolve) => {
        release = resolve
      })
      return () => {
        held = undefined
        release()
      }
    },

    async settled(): Promise<void> {
      while (followUps.size > 0) await Promise.all(followUps)
    },
  }
}
