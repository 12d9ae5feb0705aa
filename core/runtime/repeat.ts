// Owns work that comes again and again in real time, one at a time.
// Must not end the hub when it fails.
import type { Log } from '../domain/log.ts'

/** Runs `each` every `ms` of real time; one that fails is logged, and the next one comes. */
export function repeat(ms: number, each: () => Promise<unknown>, log: Log): () => Promise<void> {
  let current: Promise<unknown> = Promise.resolve()
  const timer = setInterval(() => {
    current = current.then(each).catch((error) => log.warn({ err: error }, 'a recurring task failed; trying again'))
  }, ms)
  return async () => {
    clearInterval(timer)
    await current
  }
}
