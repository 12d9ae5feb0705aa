// Owns when a connection that failed is tried again, and when trying ends.
// Must not hold a timer nor a history; both are the caller's.

export interface FailureHistory {
  /** Tries since it last ran for long: the step of the ladder. */
  tries: number
  /** When it failed, within the last hour; waiting for a side that is not ready is not among them. */
  failures: readonly Date[]
}

export const freshHistory: FailureHistory = { tries: 0, failures: [] }

export type NextTry =
  | { kind: 'retry'; afterMs: number; history: FailureHistory }
  | { kind: 'give_up'; history: FailureHistory }

const ladderSeconds = [1, 5, 30, 120, 600] as const
const hourMs = 3_600_000
const failuresPerHour = 5
/** Having run this long, what happened before is forgotten. */
const goodRunMs = 600_000

/**
 * After one more failure. A plugin that fails five times within an hour is given up; a side that says it is not ready is waited
 * for without end, since an outage of the vendor's must heal by itself. `random` (0 to 1) spreads the tries of connections
 * that failed together over the upper half of the pause.
 */
export function afterFailure(
  history: FailureHistory,
  what: { at: Date; notReady: boolean; ranForMs: number; random: number },
): NextTry {
  const forgotten = what.ranForMs >= goodRunMs
  const tries = (forgotten ? 0 : history.tries) + 1
  const recent = history.failures.filter((at) => what.at.getTime() - at.getTime() < hourMs)
  const failures = what.notReady ? recent : [...recent, what.at]
  if (failures.length >= failuresPerHour) return { kind: 'give_up', history: { tries, failures } }
  const seconds = ladderSeconds[Math.min(tries, ladderSeconds.length) - 1] ?? 600
  return {
    kind: 'retry',
    afterMs: Math.round(seconds * 1_000 * (0.5 + 0.5 * what.random)),
    history: { tries, failures },
  }
}
