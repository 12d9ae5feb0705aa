// Owns the clock that a plugin is given: its timers are the connection's, in whose name they run and with which they end.
// Must not change what time it is.
import type { Clock } from '../domain/clock.ts'
import { type Accountable, attributed } from './attribution.ts'
import type { Scope } from './scope.ts'

export function scopedClock(clock: Clock, scope: Scope, to: Accountable): Clock {
  const cancels = new Set<() => void>()
  scope.defer(() => {
    for (const cancel of cancels) cancel()
    cancels.clear()
  })
  return {
    now: () => clock.now(),
    after(ms, fn) {
      if (scope.signal.aborted) return () => undefined
      // A clock that is moved runs its timers in the mover's name, and would throw their errors at the mover.
      const cancel = clock.after(ms, () => {
        cancels.delete(cancel)
        try {
          attributed(to, fn)
        } catch (error) {
          to.strayed(error)
        }
      })
      cancels.add(cancel)
      return () => {
        cancels.delete(cancel)
        cancel()
      }
    },
  }
}
