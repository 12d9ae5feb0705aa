// Owns absorbing storms: a message that comes again while it is being stored, or soon after, gets the answer of the first.
// Must not stand in for the core's own memory of names: it forgets soon, and knows one node only.
import type { Clock } from '../../core/plugin/index.ts'

/** Dahua repeats after about 3 s, a busy recorder at once. Longer would swallow a car that comes twice without a time. */
const rememberMs = 30_000
const most = 500

export interface Repeats<T> {
  once(name: string, run: () => Promise<T>): Promise<T>
}

export function createRepeats<T>(clock: Clock): Repeats<T> {
  const known = new Map<string, { answer: Promise<T>; until: number }>()
  return {
    once(name, run) {
      const now = clock.now().getTime()
      for (const [old, { until }] of known) {
        if (until > now && known.size <= most) break
        known.delete(old)
      }
      const before = known.get(name)
      if (before) return before.answer
      const answer = run()
      known.set(name, { answer, until: now + rememberMs })
      // What failed has to be tried again.
      answer.catch(() => known.delete(name))
      return answer
    },
  }
}
