// Owns answering many single look-ups by few queries: when thousands of stations connect at once, each asks for one row.
// Must not remember an answer after giving it.

export interface BatchReadOptions<K, V> {
  /** One query for all keys (distinct, at most `maxBatch`); what it does not return is answered as undefined. */
  load(keys: readonly K[]): Promise<ReadonlyMap<K, V>>
  maxBatch?: number
  /** Queries under way at once; what is asked meanwhile gathers for the next. */
  maxLoads?: number
}

interface Asked<V> {
  answers: ((value: V | undefined) => void)[]
  failures: ((error: unknown) => void)[]
}

/**
 * Look-ups asked for in one turn of the event loop share a query. A failing query fails those that asked in it.
 *
 * @example
 * const stationByCode = batchRead({ load: (codes: readonly string[]) => loadStations(db, codes) })
 * const station = await stationByCode('CP-001') // undefined when there is none
 */
export function batchRead<K extends string | number, V>(
  options: BatchReadOptions<K, V>,
): (key: K) => Promise<V | undefined> {
  const { maxBatch = 1_000, maxLoads = 2 } = options
  const waiting = new Map<K, Asked<V>>()
  let loads = 0
  let scheduled = false

  function schedule(): void {
    if (scheduled || loads === maxLoads || waiting.size === 0) return
    scheduled = true
    setImmediate(() => {
      scheduled = false
      while (loads < maxLoads && waiting.size > 0) void answer(take())
    })
  }

  function take(): Map<K, Asked<V>> {
    const batch = new Map<K, Asked<V>>()
    for (const [key, asked] of waiting) {
      if (batch.size === maxBatch) break
      batch.set(key, asked)
      waiting.delete(key)
    }
    return batch
  }

  async function answer(batch: Map<K, Asked<V>>): Promise<void> {
    loads += 1
    try {
      const found = await options.load([...batch.keys()])
      for (const [key, { answers }] of batch) for (const resolve of answers) resolve(found.get(key))
    } catch (error) {
      for (const { failures } of batch.values()) for (const reject of failures) reject(error)
    }
    loads -= 1
    schedule()
  }

  return (key) =>
    new Promise((resolve, reject) => {
      const asked = waiting.get(key) ?? { answers: [], failures: [] }
      asked.answers.push(resolve)
      asked.failures.push(reject)
      waiting.set(key, asked)
      schedule()
    })
}
