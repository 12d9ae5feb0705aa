// Owns the shape of a wake-up between parts of the hub and between nodes.
// Must not carry data of record: a lost, doubled or late hint may cost time, never a fact.

export type Topic = 'events' | 'commands' | 'connections' | 'jobs'

/** Says where to look, as ids: whoever is woken reads the rows. */
export type Hint = Readonly<Record<string, string>>

export interface Bus {
  /** Never waits and never fails; a hint that cannot be sent is dropped. */
  publish(topic: Topic, hint?: Hint): void
  /** Returns the way to stop listening. */
  subscribe(topic: Topic, wake: (hint: Hint) => void): () => void
  close(): Promise<void>
}
