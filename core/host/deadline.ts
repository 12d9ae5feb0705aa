// Owns putting a limit on calls into plugins.
// Must not claim to stop what is late: an inline plugin's code runs on until it looks at its signal.
import type { Clock } from '../domain/clock.ts'
import { HubError } from '../domain/hub-error.ts'

export interface Deadline {
  /** The clock that the limit runs on: the real one. */
  pace: Clock
  ms: number
  /** For the message: "set-up". */
  what: string
  /** Ends the call early, like the deadline. */
  outer?: AbortSignal
}

/** Rejects with `deadline_passed` when `call` has not settled in time; its signal is aborted then and when it is over. */
export async function withDeadline<T>(deadline: Deadline, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { pace, ms, what, outer } = deadline
  if (outer?.aborted) throw cutShort(what)
  const ending = new AbortController()
  let leave = () => {}
  const limit = new Promise<never>((_, reject) => {
    const cancel = pace.after(ms, () => {
      reject(new HubError('deadline_passed', `${what} took longer than ${ms} ms`, { level: 'warn', status: 504 }))
    })
    const stop = () => reject(cutShort(what))
    outer?.addEventListener('abort', stop, { once: true })
    leave = () => {
      cancel()
      outer?.removeEventListener('abort', stop)
    }
  })
  const called = (async () => call(ending.signal))()
  // What is late may still fail; nobody waits for it any more.
  called.catch(() => undefined)
  try {
    return await Promise.race([called, limit])
  } finally {
    leave()
    ending.abort()
  }
}

function cutShort(what: string): HubError {
  return new HubError('stopped', `${what} was cut short: the connection stops`, { level: 'info', status: 503 })
}
