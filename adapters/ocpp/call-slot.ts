// Owns the one request that may be open towards a station, and what its answer is matched by.
// Must not touch the other direction: incoming messages have a slot of their own.
import type { CallAnswer } from './command.ts'

export type CallOutcome = CallAnswer | { kind: 'timed_out' } | { kind: 'disconnected' }

export class CallSlot {
  #id: string | null = null
  #until = 0
  #resolve: ((outcome: CallOutcome) => void) | null = null
  action = ''
  /** Time-outs since the last answer (W10). */
  timeouts = 0

  /** Takes the slot; the caller sends the frame. One at a time: the caller waits for the outcome before the next. */
  take(id: string, action: string, until: number): Promise<CallOutcome> {
    this.#id = id
    this.action = action
    this.#until = until
    return new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  /** True when `id` is the open request's; then it is settled with what `answer` makes of it. */
  settle(id: string, answer: () => CallAnswer): boolean {
    if (id !== this.#id) return false
    this.timeouts = 0
    this.#end(answer())
    return true
  }

  /** Ends the open request when its time is over; true when that happened. */
  expire(now: number): boolean {
    if (this.#id === null || now < this.#until) return false
    this.timeouts++
    this.#end({ kind: 'timed_out' })
    return true
  }

  disconnect(): void {
    if (this.#id !== null) this.#end({ kind: 'disconnected' })
  }

  #end(outcome: CallOutcome): void {
    const resolve = this.#resolve
    this.#id = null
    this.#resolve = null
    resolve?.(outcome)
  }
}
