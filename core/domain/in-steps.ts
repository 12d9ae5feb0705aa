// Owns long work that stops now and then, so that whoever runs it can let others have their turn.
// Must not know who waits.

/** Work that stops now and then, and ends with what it was for. */
export type InSteps<T> = Generator<undefined, T, void>

/** Without a pause, for short work. */
export function atOnce<T>(steps: InSteps<T>): T {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}
