// Owns doing long work in the hub's one thread without making others wait: a gate's answer has a quarter of a second.
// Must not start work of its own.
import { setImmediate as othersTurn } from 'node:timers/promises'
import type { InSteps } from '../domain/in-steps.ts'

/** So many rows of anything are a few milliseconds of work. */
const rowsInATurn = 100

/** `each`: steps that are taken in one turn. */
export async function inTurns<T>(steps: InSteps<T>, each = rowsInATurn): Promise<T> {
  for (let taken = 1; ; taken++) {
    const step = steps.next()
    if (step.done) return step.value
    if (taken % each === 0) await othersTurn()
  }
}

/** The rows as they are, with a stop after each turn. */
export async function* rowsInTurns<T>(rows: Iterable<T>): AsyncGenerator<T, void, void> {
  let taken = 0
  for (const row of rows) {
    yield row
    if (++taken % rowsInATurn === 0) await othersTurn()
  }
}
