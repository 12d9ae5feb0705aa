// Owns the charger's queue of transaction messages: kept while the network is away, sent in order, repeated until answered.
// Must not invent messages; the dialects build them.
import type { Outgoing, Phase } from './model.ts'
import type { CallOutcome } from './ocpp-socket.ts'
import type { Quirks } from './quirks.ts'

export interface OutboxDeps {
  send(message: Outgoing): Promise<CallOutcome>
  canSend(): boolean
  chance(probability: number): boolean
  quirks: Quirks
}

export interface Outbox {
  add(messages: readonly Outgoing[]): void
  /** Resolves when everything is answered, or the network is away, or the queue is stalled. */
  flush(): Promise<void>
  /** Called after each reconnect: chargers that replay their history put all of it in front again. */
  reconnected(): void
  readonly size: number
  readonly stalled: boolean
  /** Messages given up after the hub answered each attempt with an error (1.6: TransactionMessageAttempts). */
  readonly givenUp: readonly { message: Outgoing; code: string }[]
}

/** Default of TransactionMessageAttempts (OCPP 1.6 section 9.1.26). */
const attempts = 3

type Waiting = { message: Outgoing; errors: number }

const repeatable: Readonly<Partial<Record<Phase, 'start' | 'stop' | 'meter'>>> = {
  start: 'start',
  stop: 'stop',
  meter: 'meter',
}

export function createOutbox(deps: OutboxDeps): Outbox {
  const { quirks } = deps
  const givenUp: { message: Outgoing; code: string }[] = []
  let queue: Waiting[] = []
  let history: Outgoing[] = []
  let running: Promise<void> | undefined
  let stalled = false

  const wanted = (message: Outgoing) => {
    const lost = message.phase === 'start' || message.phase === 'stop' ? quirks.lose?.includes(message.phase) : false
    return !lost
  }

  const again = (message: Outgoing): boolean => {
    const kind = message.phase && repeatable[message.phase]
    return (kind !== undefined && (quirks.repeat?.includes(kind) ?? false)) || deps.chance(quirks.doubleSend ?? 0)
  }

  /** True when the message is done with, one way or the other. */
  const deliver = async (waiting: Waiting): Promise<boolean> => {
    const outcome = await deps.send(waiting.message)
    if (outcome.kind === 'lost' || outcome.kind === 'silent') return false
    if (outcome.kind === 'result') {
      if (again(waiting.message)) await deps.send(waiting.message)
      return true
    }
    waiting.errors += 1
    if (quirks.stallOnCallError) stalled = true
    else if (waiting.errors >= attempts) {
      givenUp.push({ message: waiting.message, code: outcome.code })
      return true
    }
    return false
  }

  const drain = async () => {
    while (queue.length > 0 && deps.canSend() && !stalled) {
      const batch = queue.slice(0, quirks.maxParallelCalls ?? 1)
      const before = batch.reduce((sum, one) => sum + one.errors, 0)
      const done = await Promise.all(batch.map(deliver))
      const finished = new Set(batch.filter((_, i) => done[i]))
      queue = queue.filter((one) => !finished.has(one))
      const moved = finished.size > 0 || batch.reduce((sum, one) => sum + one.errors, 0) > before
      // Silence is no reason to hammer: the next flush tries again.
      if (!moved) return
    }
  }

  return {
    add: (messages) => {
      const kept = messages.filter(wanted)
      queue.push(...kept.map((message) => ({ message, errors: 0 })))
      if (quirks.replayHistory) history = [...history, ...kept]
    },
    flush: async () => {
      // A flush that joins a running one must not miss what was added after that one looked last.
      while (running) await running
      running = drain().finally(() => {
        running = undefined
      })
      await running
    },
    reconnected: () => {
      if (!quirks.replayHistory) return
      const waiting = new Set(queue.map((one) => one.message))
      queue = [
        ...history.filter((message) => !waiting.has(message)).map((message) => ({ message, errors: 0 })),
        ...queue,
      ]
    },
    givenUp,
    get size() {
      return queue.length
    },
    get stalled() {
      return stalled
    },
  }
}
