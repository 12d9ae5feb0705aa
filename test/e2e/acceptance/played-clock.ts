// Owns device time that is played: it begins in the past and moves only when a test says so, the meters with it.
// Must not run ahead of the hub.
import type { SimulatedStation } from '../../sim/index.ts'

export function playedClock(hoursAgo = 6) {
  let at = Math.floor(Date.now() / 1000) * 1000 - hoursAgo * 3_600_000
  return {
    now: () => new Date(at),
    set: (to: Date) => {
      at = to.getTime()
    },
    /** Minutes go by, energy flows. */
    pass(station: SimulatedStation, minutes: number) {
      station.elapse(minutes * 60)
      at += minutes * 60_000
    },
  }
}
