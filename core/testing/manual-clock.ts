// Owns a clock that stands still until it is moved: for tests and simulations.
// Must not look at the real time.
import type { Clock } from '../plugin/index.ts'

export interface ManualClock extends Clock {
  /** Moves on by `ms`, running each timer at its own instant, in order, those that timers add included. */
  advance(ms: number): void
  /** The same up to an instant; one in the past is refused. */
  advanceTo(at: Date): void
  /**
   * As `advanceTo`, but lets promises settle before each timer and at the end, so that code which awaits between two
   * timers is carried along. Waits for no socket or disk.
   */
  settle(at?: Date): Promise<void>
  /** Timers not yet run. */
  readonly waiting: number
  /** When the next timer is due. */
  nextDue(): Date | undefined
}

interface Timer {
  due: number
  seq: number
  fn: () => void
  cancelled: boolean
}

/**
 * @example
 * const clock = manualClock(new Date('2019-03-10T08:00:00Z'))
 * clock.after(60_000, () => console.log(clock.now().toISOString()))
 * clock.advance(120_000) // prints 2019-03-10T08:01:00.000Z; the clock then reads 08:02
 */
export function manualClock(start: Date): ManualClock {
  let now = start.getTime()
  if (Number.isNaN(now)) throw new RangeError('a clock cannot start at an invalid date')
  let seq = 0
  let waiting = 0
  const heap: Timer[] = []

  const peek = (): Timer | undefined => {
    while (heap[0]?.cancelled) pop(heap)
    return heap[0]
  }
  /** Runs the first timer due by `until`; false when there is none. */
  const step = (until: number): boolean => {
    const timer = peek()
    if (!timer || timer.due > until) return false
    pop(heap)
    waiting -= 1
    timer.cancelled = true
    // A timer that moves the clock itself may have left it later than this one was due.
    if (timer.due > now) now = timer.due
    timer.fn()
    return true
  }
  const target = (at: Date) => {
    const until = at.getTime()
    if (!(until >= now))
      throw new RangeError(`a clock cannot be moved from ${new Date(now).toISOString()} back to ${at}`)
    return until
  }
  const advanceTo = (at: Date) => {
    const until = target(at)
    while (step(until)) {}
    if (until > now) now = until
  }

  return {
    now: () => new Date(now),
    after(ms, fn) {
      // As setTimeout: less than nothing is now, and now is the next time the clock runs.
      const timer = { due: now + Math.ceil(Math.max(ms || 0, 0)), seq: seq++, fn, cancelled: false }
      push(heap, timer)
      waiting += 1
      return () => {
        if (timer.cancelled) return
        timer.cancelled = true
        waiting -= 1
      }
    },
    advance: (ms) => advanceTo(new Date(now + ms)),
    advanceTo,
    async settle(at = new Date(now)) {
      const until = target(at)
      do await settled()
      while (step(until))
      if (until > now) now = until
    },
    get waiting() {
      return waiting
    },
    nextDue() {
      const timer = peek()
      return timer && new Date(timer.due)
    },
  }
}

/** One turn of the event loop runs every promise reaction that is ready, and those they make ready. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

const before = (a: Timer, b: Timer) => a.due < b.due || (a.due === b.due && a.seq < b.seq)

function push(heap: Timer[], timer: Timer): void {
  let at = heap.push(timer) - 1
  while (at > 0) {
    const up = (at - 1) >> 1
    const parent = heap[up]
    if (!parent || !before(timer, parent)) break
    heap[at] = parent
    at = up
  }
  heap[at] = timer
}

function pop(heap: Timer[]): void {
  const last = heap.pop()
  if (!last || heap.length === 0) return
  let at = 0
  for (;;) {
    const left = heap[2 * at + 1]
    const right = heap[2 * at + 2]
    const child = right && left && before(right, left) ? right : left
    if (!child || !before(child, last)) break
    heap[at] = child
    at = child === right ? 2 * at + 2 : 2 * at + 1
  }
  heap[at] = last
}
