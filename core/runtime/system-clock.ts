// Owns the real clock.
// Must not be imported outside core/runtime, tests and benches: everything else is given a clock.
import type { Clock } from '../domain/clock.ts'

/** setTimeout takes 31 bits of milliseconds; more fires at once. */
const longestTimeoutMs = 2_147_483_647

export const systemClock: Clock = {
  now: () => new Date(),
  after(ms, fn) {
    let timer: NodeJS.Timeout
    const wait = (left: number) => {
      timer =
        left > longestTimeoutMs ? setTimeout(wait, longestTimeoutMs, left - longestTimeoutMs) : setTimeout(fn, left)
    }
    wait(ms)
    return () => clearTimeout(timer)
  },
}
