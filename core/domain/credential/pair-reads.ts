// Owns which reads at two readers are one card: shown to one, then to the other, whichever comes first.
// Must not compare what the readers wrote; they write the same card differently.

export interface SidedRead {
  /** As the reader wrote it, with what it says about it. */
  raw: string
  encoding?: string
  bitLength?: number
  /** 1 for the first reader of the pairing, 2 for the second. */
  side: 1 | 2
  at: Date
}

export interface PairedReads {
  /** Each pair once, in the order of showing. */
  pairs: (readonly [SidedRead, SidedRead])[]
  /** Shown to one reader and not yet to the other. */
  waiting: SidedRead | null
}

/** A card shown twice to one reader is one showing; another card shown before the first reached the other reader takes its place. */
export function pairReads(reads: readonly SidedRead[]): PairedReads {
  const pairs = new Map<string, readonly [SidedRead, SidedRead]>()
  let waiting: SidedRead | null = null
  const lastOf = new Map<1 | 2, { raw: string; paired: boolean }>()
  for (const read of reads.toSorted((a, b) => a.at.getTime() - b.at.getTime() || a.side - b.side)) {
    const raw = textOf(read)
    const last = lastOf.get(read.side)
    // Readers repeat a card that stays in front of them, and chargers ask again at the start: still the showing that is paired already.
    const repeated: boolean = last?.raw === raw && last.paired && (waiting === null || waiting.side === read.side)
    if (repeated) continue
    if (waiting === null || waiting.side === read.side) {
      waiting = read
      lastOf.set(read.side, { raw, paired: false })
      continue
    }
    const pair: readonly [SidedRead, SidedRead] = read.side === 2 ? [waiting, read] : [read, waiting]
    pairs.set(JSON.stringify(pair.map(textOf)), pair)
    lastOf.set(1, { raw: textOf(pair[0]), paired: true })
    lastOf.set(2, { raw: textOf(pair[1]), paired: true })
    waiting = null
  }
  return { pairs: [...pairs.values()], waiting }
}

function textOf({ raw }: SidedRead): string {
  return raw.trim().toUpperCase()
}
