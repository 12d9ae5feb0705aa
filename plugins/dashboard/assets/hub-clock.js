// Owns what time it is at the hub: its answers say so, and between them it is reckoned.
// Must not use this device's clock for anything that is shown: it may be wrong, and the hub's may run at another speed.

/** Below this a difference in speed is the network's doing. */
const noticeable = 0.2

export function hubClock() {
  let base = null
  let rate = 1
  return {
    /** The hub's time in an answer. */
    heard(instant) {
      const hub = Date.parse(instant)
      const real = performance.now()
      if (base !== null && real - base.real > 800) {
        const measured = (hub - base.hub) / (real - base.real)
        rate = Math.abs(measured - 1) < noticeable || measured < 0 ? 1 : measured
      }
      if (base === null || real - base.real > 800 || hub < base.hub) base = { hub, real }
    },
    now: () => (base === null ? Date.now() : base.hub + (performance.now() - base.real) * rate),
    /** How much faster than real time the hub's clock runs; 1 for every real site. */
    rate: () => rate,
    known: () => base !== null,
  }
}
