// Owns the time that sockets live by: beats of a quarter of a second, counted.
// Must not be used for anything that is stored; recorded instants come from the hub's clock.

/** Milliseconds between two beats: the resolution of time-outs, pings and retries. */
export const beatMs = 250

/**
 * Silence, call time-outs and retries are real time. The hub's clock may be moved by hand or run a month in a minute (demo,
 * tests), and NTP may step it; a socket would then look silent for hours without having had a chance to answer. Beats are
 * counted, not read from a clock: while the process itself stands still, no station is taken for silent.
 */
export interface Pulse {
  /** Milliseconds beaten since the start. */
  now(): number
  /** Begins to beat; the returned function ends it. One listener per pulse. */
  start(beat: () => void): () => void
}

export function systemPulse(): Pulse {
  let now = 0
  return {
    now: () => now,
    start(beat) {
      const timer = setInterval(() => {
        now += beatMs
        beat()
      }, beatMs)
      timer.unref()
      return () => clearInterval(timer)
    },
  }
}
