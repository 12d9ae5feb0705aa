// Owns knowing whose code went wrong where nobody was waiting: by the context that a call into a plugin carries through timers,
// sockets and promises, or by the stack.
// Must not decide what a failure means; the connection does.
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Log } from '../domain/log.ts'

/** The connection whose code is on the stack, or behind it. */
export interface Accountable {
  readonly connectionId: string
  /** Where its code lies, for a plugin that ships with the hub: its strays are known by their stack. */
  readonly folder?: string | undefined
  /** Something of it failed where nobody was waiting for it. */
  strayed(error: unknown): void
}

const accountable = new AsyncLocalStorage<Accountable>()
/** Connections at work whose code is known by its folder. */
const byFolder = new Set<Accountable>()
/**
 * From Node 24 on a context costs nothing. Before, the first one makes every promise of the process dearer, for good: of the
 * CPU of a charger's call it took a tenth. So there, code that ships with the hub runs without one.
 */
const contextIsFree = Number(process.versions.node.split('.')[0]) >= 24

export function attributed<T>(to: Accountable, call: () => T): T {
  return to.folder === undefined || contextIsFree ? accountable.run(to, call) : call()
}

/** From now on strays from its folder are its; returns the way to end that. Of several of one plugin, each is told. */
export function answerFor(to: Accountable): () => void {
  if (to.folder === undefined || contextIsFree) return () => undefined
  byFolder.add(to)
  return () => byFolder.delete(to)
}

/** Hands an unhandled rejection or exception to the connection it came from; false when it is nobody's. */
export function attribute(error: unknown): boolean {
  const to = accountable.getStore()
  const all = to === undefined ? ownersByStack(error) : [to]
  for (const each of all) each.strayed(error)
  return all.length > 0
}

/** Whose code stands highest on the error's stack. */
function ownersByStack(error: unknown): Accountable[] {
  // Frames are paths or URLs.
  const stack = error instanceof Error ? (error.stack ?? '').replaceAll('%20', ' ') : ''
  let nearest = stack.length
  let owners: Accountable[] = []
  for (const one of byFolder) {
    const at = stack.indexOf(one.folder ?? '')
    if (at < 0 || at > nearest) continue
    owners = at < nearest ? [one] : [...owners, one]
    nearest = at
  }
  return owners
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
