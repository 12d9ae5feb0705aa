// Owns the messages of transactions that wait for the hub: kept while offline, in order, replayed under new message ids.
// Must not drop one that was not answered.
import type { Message } from './core.ts'
import type { Payload, StationQuirks } from './options.ts'
import type { Outcome } from './wire.ts'

export interface MessageQueue {
  readonly length: number
  /** Messages that the hub answered with an error three times. */
  readonly givenUp: readonly string[]
  add(message: Message): void
  /** The connection is back. */
  reconnected(): void
  flush(): Promise<void>
}

const attempts = 3

export function messageQueue(options: {
  call(action: string, payload: Payload): Promise<Outcome>
  canSend(): boolean
  quirks: StationQuirks
}): MessageQueue {
  const { quirks } = options
  const waiting: { message: Message; tries: number; again: boolean }[] = []
  const givenUp: string[] = []
  let flushing: Promise<void> | null = null

  async function run(): Promise<void> {
    for (;;) {
      const entry = waiting[0]
      if (entry === undefined || !options.canSend()) return
      const { message } = entry
      const outcome = await options.call(message.action, message.build())
      if (outcome.kind === 'lost' || outcome.kind === 'silent') return
      if (outcome.kind === 'error') {
        entry.tries += 1
        if (entry.tries < attempts) continue
        givenUp.push(`${message.action}: ${outcome.code}`)
      }
      if (outcome.kind === 'result' && !entry.again) message.answered?.(outcome)
      waiting.splice(waiting.indexOf(entry), 1)
      if (quirks.replayTwice === true && !entry.again) waiting.push({ message, tries: 0, again: true })
    }
  }

  return {
    get length() {
      return waiting.length
    },
    givenUp,
    add: (message) => void waiting.push({ message, tries: 0, again: false }),
    reconnected() {
      if (quirks.outOfOrder === true) waiting.reverse()
    },
    async flush() {
      // A second flush waits for the first and then takes what came in between.
      while (flushing !== null) await flushing
      flushing = run().finally(() => {
        flushing = null
      })
      await flushing
    },
  }
}
