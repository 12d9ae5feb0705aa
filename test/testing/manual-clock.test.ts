// Owns the proof that the manual clock runs timers as a real clock would, only at our command.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { manualClock } from '../../core/testing/manual-clock.ts'

const start = new Date('2019-03-10T08:00:00Z')
const at = (ms: number) => new Date(start.getTime() + ms)

describe('manual clock', () => {
  test('stands still, and hands out dates that callers may change', () => {
    const clock = manualClock(start)
    clock.now().setFullYear(1999)
    expect(clock.now()).toEqual(start)
  })

  test('each timer sees its own instant, and the clock ends where it was moved to', () => {
    const clock = manualClock(start)
    const seen: Date[] = []
    for (const ms of [30, 10, 20]) clock.after(ms, () => seen.push(clock.now()))
    clock.advance(25)
    expect(seen).toEqual([at(10), at(20)])
    expect(clock.now()).toEqual(at(25))
    expect(clock.waiting).toBe(1)
    expect(clock.nextDue()).toEqual(at(30))
  })

  test('timers added by timers run in the same move when due in it', () => {
    const clock = manualClock(start)
    const seen: number[] = []
    const tick = () => {
      seen.push(clock.now().getTime() - start.getTime())
      clock.after(10, tick)
    }
    clock.after(10, tick)
    clock.advance(35)
    expect(seen).toEqual([10, 20, 30])
  })

  test('a timer due now waits for the next move, and none runs twice', () => {
    const clock = manualClock(start)
    let runs = 0
    clock.after(0, () => runs++)
    clock.after(-5, () => runs++)
    expect(runs).toBe(0)
    clock.advance(0)
    clock.advance(1_000)
    expect(runs).toBe(2)
  })

  test('a timer may move the clock itself', () => {
    const clock = manualClock(start)
    const seen: string[] = []
    clock.after(10, () => {
      seen.push('first')
      clock.advance(50)
    })
    clock.after(20, () => seen.push('second'))
    clock.advance(30)
    expect(seen).toEqual(['first', 'second'])
    expect(clock.now()).toEqual(at(60))
  })

  test('refuses to go back', () => {
    const clock = manualClock(start)
    expect(() => clock.advance(-1)).toThrow(RangeError)
    expect(() => clock.advanceTo(new Date(Number.NaN))).toThrow(RangeError)
  })

  test('settle carries along code that awaits between timers', async () => {
    const clock = manualClock(start)
    const pause = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve))
    const seen: number[] = []
    const loop = async () => {
      for (let i = 0; i < 3; i++) {
        await pause(10)
        await Promise.resolve()
        seen.push(clock.now().getTime() - start.getTime())
      }
    }
    const done = loop()
    await clock.settle(at(100))
    await done
    expect(seen).toEqual([10, 20, 30])
    expect(clock.now()).toEqual(at(100))
  })

  test('any timers, cancelled and nested at will, run as a sorted list would', () => {
    const plan = fc.array(fc.record({ ms: fc.nat(50), cancel: fc.boolean(), child: fc.option(fc.nat(50)) }), {
      maxLength: 60,
    })
    fc.assert(
      fc.property(plan, fc.array(fc.nat(40), { maxLength: 6 }), (timers, moves) => {
        const clock = manualClock(start)
        const ran: { due: number; name: string }[] = []
        const expected: { due: number; name: string }[] = []
        const end = moves.reduce((sum, ms) => sum + ms, 0)
        const run = (name: string) => ran.push({ due: clock.now().getTime() - start.getTime(), name })
        const cancels = timers.map(({ ms, child }, i) =>
          clock.after(ms, () => {
            run(`${i}`)
            if (child !== null) clock.after(child, () => run(`${i}.child`))
          }),
        )
        for (const [i, { ms, cancel, child }] of timers.entries()) {
          if (cancel) {
            cancels[i]?.()
            cancels[i]?.()
            continue
          }
          if (ms <= end && moves.length > 0) expected.push({ due: ms, name: `${i}` })
          if (ms <= end && child !== null && ms + child <= end && moves.length > 0)
            expected.push({ due: ms + child, name: `${i}.child` })
        }
        for (const ms of moves) clock.advance(ms)
        const order = (list: typeof ran) => list.map(({ due, name }) => `${due} ${name}`).sort()
        expect(order(ran)).toEqual(order(expected))
        expect(ran.map(({ due }) => due)).toEqual(ran.map(({ due }) => due).sort((a, b) => a - b))
        // Top-level timers of one instant run in the order in which they were set.
        for (const due of new Set(ran.map((each) => each.due))) {
          const same = ran
            .filter((each) => each.due === due && !each.name.includes('.'))
            .map((each) => Number(each.name))
          expect(same).toEqual([...same].sort((a, b) => a - b))
        }
      }),
    )
  })
})
