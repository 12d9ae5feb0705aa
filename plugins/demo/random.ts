// Owns the repeatable randomness of the simulated garage: the same seed draws the same numbers on every machine.
// Must not be used for secrets of a real site.

export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  /** Uniform integer in [from, to], both included. */
  int(from: number, to: number): number
  chance(probability: number): boolean
  pick<T>(items: readonly T[]): T
  /** An item with probability in proportion to its weight. */
  weighted<T>(items: readonly T[], weight: (item: T) => number): T
  shuffle<T>(items: readonly T[]): T[]
  /** A stream of its own: drawing more from one stream never changes what another one draws. */
  fork(label: string): Random
}

/** FNV-1a over UTF-16 code units, finished so that close labels give far seeds. */
function hash(text: string, start: number): number {
  let h = start >>> 0
  for (let i = 0; i < text.length; i++) {
    h ^= text.charCodeAt(i)
    h = Math.imul(h, 0x01000193)
  }
  h ^= h >>> 16
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** sfc32 (Doty-Humphrey, "Practically Random"): 128 bits of state, passes PractRand, a few integer operations per draw. */
export function createRandom(seed: string | number): Random {
  const name = String(seed)
  let a = hash(name, 0x811c9dc5)
  let b = hash(name, 0x9e3779b9)
  let c = hash(name, 0x243f6a88)
  let counter = 1
  const next = () => {
    const t = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + t
    return (t >>> 0) / 0x1_0000_0000
  }
  for (let i = 0; i < 12; i++) next()

  const int = (from: number, to: number) => from + Math.floor(next() * (to - from + 1))
  const pick = <T>(items: readonly T[]): T => {
    const item = items[Math.floor(next() * items.length)]
    if (item === undefined) throw new RangeError('nothing to pick from')
    return item
  }
  return {
    next,
    int,
    pick,
    chance: (probability) => next() < probability,
    weighted: (items, weight) => {
      let rest = next() * items.reduce((sum, item) => sum + weight(item), 0)
      for (const item of items) {
        rest -= weight(item)
        if (rest < 0) return item
      }
      return pick(items)
    },
    shuffle: (items) => {
      const out = [...items]
      for (let i = out.length - 1; i > 0; i--) {
        const j = int(0, i)
        const x = out[i]
        const y = out[j]
        if (x === undefined || y === undefined) continue
        out[i] = y
        out[j] = x
      }
      return out
    },
    fork: (label) => createRandom(`${name}/${label}`),
  }
}
