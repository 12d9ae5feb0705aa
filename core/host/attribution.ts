// Owns knowing whose code runs: every call into a plugin carries its connection through timers, sockets and promises.
// Must not decide what a failure means; the connection does.
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Log } from '../domain/log.ts'

/** The connection whose code is on the stack, or behind it. */
export interface Accountable {
  readonly connectionId: string
  /** Something of it failed where nobody was waiting for it. */
  strayed(error: unknown): void
}

const accountable = new AsyncLocalStorage<Accountable>()

export function attributed<T>(to: Accountable, call: () => T): T {
  return accountable.run(to, call)
}

/** Hands an unhandled rejection or exception to the connection it came from; false when it is nobody's. */
export function attribute(error: unknown): boolean {
  const to = accountable.getStore()
  to?.strayed(error)
  return to !== undefined
}

/**
 * Listens for what no code caught. What came from a connection becomes that connection's failure; anything else is a bug of
 * the hub, and `fatal` ends the process (do not limp on). Returns the way to stop listening.
 *
 * Node runs these listeners in the asynchronous context of the promise or callback at fault; test/host/isolation.test.ts
 * holds that.
 */
export function guardProcess(options: { log: Log; fatal(error: unknown): void }): () => void {
  const onStray = (error: unknown) => {
    if (attribute(error)) return
    options.log.error({ err: error }, 'an error that nobody handled')
    options.fatal(error)
  }
  process.on('unhandledRejection', onStray)
  process.on('uncaughtException', onStray)
  return () => {
    process.off('unhandledRejection', onStray)
    process.off('uncaughtException', onStray)
  }
}
