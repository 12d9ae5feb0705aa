// Owns the memory of the last answered messages of one connection, so that a repeat gets the same answer.
// Must not outlive the connection: an id means nothing beyond it (X3, J11).
import type { FrameId } from './frame.ts'

/** Content repeats after a reconnect are the core's; this only covers a station that did not see the answer in time. */
const remembered = 8

interface Remembered {
  id: FrameId
  hash: number
  at: number
  /** Null while the first message is still in work. */
  answer: string | null
}

/** 53-bit hash of a text (cyrb53 scheme): not secret, only unlikely to be equal by accident. */
export function textHash(text: string): number {
  let a = 0xdeadbeef
  let b = 0x41c6ce57
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    a = Math.imul(a ^ unit, 2654435761)
    b = Math.imul(b ^ unit, 1597334677)
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909)
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909)
  return 4294967296 * (2097151 & b) + (a >>> 0)
}

export type Recall =
  | { kind: 'new' }
  /** The same id with another payload: a message of its own (J12). */
  | { kind: 'reused' }
  | { kind: 'in_work' }
  | { kind: 'answered'; answer: string }

export class RepeatMemory {
  // Made at the first message; an idle connection holds nothing.
  readonly #entries: Remembered[] = []
  #next = 0

  /** Looks a message up and takes it in as the newest of its id. */
  recall(id: FrameId, hash: number, now: number, lifetime: number): Recall {
    for (const entry of this.#entries) {
      if (entry.id !== id) continue
      if (entry.hash === hash && now - entry.at <= lifetime) {
        return entry.answer === null ? { kind: 'in_work' } : { kind: 'answered', answer: entry.answer }
      }
      // A constant id in every message (J11) must never bring back an older answer: only the newest is remembered.
      const same = entry.hash === hash
      entry.hash = hash
      entry.at = now
      entry.answer = null
      return { kind: same ? 'new' : 'reused' }
    }
    const slot = this.#entries[this.#next]
    if (slot === undefined) this.#entries.push({ id, hash, at: now, answer: null })
    else Object.assign(slot, { id, hash, at: now, answer: null })
    this.#next = (this.#next + 1) % remembered
    return { kind: 'new' }
  }

  answered(id: FrameId, hash: number, answer: string): void {
    for (const entry of this.#entries) if (entry.id === id && entry.hash === hash) entry.answer = answer
  }

  /** A message that ended without an answer is to be worked again when it comes again. */
  forget(id: FrameId, hash: number): void {
    for (const entry of this.#entries) if (entry.id === id && entry.hash === hash) entry.at = Number.NEGATIVE_INFINITY
  }
}
