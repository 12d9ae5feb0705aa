// Owns the one way to ask what time it is and to be woken later; tests and the demo put their own clock behind it.
// Must not hold any timer itself: core/runtime has the system clock, core/testing a clock moved by hand.

export interface Clock {
  /** The present instant. */
  now(): Date
  /** Calls `fn` once, `ms` milliseconds from now on this clock. Returns a cancel function; cancelling twice is harmless. */
  after(ms: number, fn: () => void): () => void
}
