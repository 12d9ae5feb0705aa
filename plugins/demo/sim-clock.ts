// Owns the time a simulated device believes it is: a clock that is set by whoever plays it.
// Must not read the machine's time.

export interface SimClock {
  now(): Date
}

/** A clock that stands still until it is set. */
export interface SettableClock extends SimClock {
  set(at: Date): void
}

export function settableClock(start: Date): SettableClock {
  let at = start
  return {
    now: () => new Date(at),
    set: (next) => {
      at = new Date(next)
    },
  }
}
