// Owns chance that comes out the same for the same seed.
// Must not be used where chance has to be unguessable.

export interface Chance {
  next(): number
  below(limit: number): number
  happens(share: number): boolean
  pick<T>(from: readonly T[]): T
  char(from: string): string
}

/** mulberry32: small, and good enough for a garage. */
export function chance(seed: number): Chance {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    next,
    below,
    happens: (share) => next() < share,
    pick: <T>(from: readonly T[]) => from[below(from.length)] as T,
    char: (from) => from.charAt(below(from.length)),
  }
}
