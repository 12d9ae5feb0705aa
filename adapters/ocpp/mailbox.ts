// Owns the order of one station's messages: one at a time, first in first out.
// Must not drop anything; the owner stops reading the socket when too much waits.

export class Mailbox<T> {
  readonly #work: (item: T) => Promise<void>
  #waiting: T[] = []
  #head = 0
  #busy = false
  #idle: (() => void)[] = []

  /** @param work must not reject */
  constructor(work: (item: T) => Promise<void>) {
    this.#work = work
  }

  get size(): number {
    return this.#waiting.length - this.#head
  }

  get busy(): boolean {
    return this.#busy
  }

  push(item: T): void {
    this.#waiting.push(item)
    if (!this.#busy) void this.#run()
  }

  /** Forgets what waits; the message in work ends by itself. */
  clear(): void {
    this.#waiting = []
    this.#head = 0
  }

  /** Resolves when nothing is in work any more. */
  settled(): Promise<void> {
    if (!this.#busy) return Promise.resolve()
    return new Promise((resolve) => {
      this.#idle.push(resolve)
    })
  }

  async #run(): Promise<void> {
    this.#busy = true
    for (;;) {
      const item = this.#waiting[this.#head]
      if (item === undefined) break
      this.#head++
      if (this.#head === this.#waiting.length) this.clear()
      await this.#work(item)
    }
    this.#busy = false
    for (const tell of this.#idle.splice(0)) tell()
  }
}
