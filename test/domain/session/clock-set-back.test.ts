// Owns the energy of a transaction whose station set its clock back while the car charged.
// Must not touch a database.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type RegisterReading, sumOverSetBackClock, sumReadings } from '../../../core/domain/session/index.ts'

const t0 = Date.parse('2026-10-25T00:00:00Z')
const at = (minute: number) => new Date(t0 + minute * 60_000)
const reading = (minute: number, wh: number): RegisterReading => ({ at: at(minute), wh })
const max = 22_000

/** What a transaction from minute 0 to `to` comes to. */
function sum(readings: readonly RegisterReading[], to: number, beginWh: number, endWh: number) {
  const inTime = sumReadings(
    readings.filter((r) => r.at <= at(to)),
    max,
  )
  const run = { from: at(0), to: at(to), beginWh, endWh }
  return { inTime: inTime.state.energyWh, whole: sumOverSetBackClock(readings, inTime, max, run) }
}

/** Every quarter of an hour a reading; after `until` minutes the clock is set back. */
function told(minutes: number, until: number, back: number, quarterWh: number, beginWh = 0): RegisterReading[] {
  return Array.from({ length: minutes / 15 + 1 }, (_, i) => {
    const passed = i * 15
    return reading(passed > until ? passed - back : passed, beginWh + i * quarterWh)
  })
}

describe('a clock that was set back', () => {
  it('hides no energy, whether the instants of the second hour are those of the first or not', () => {
    for (const back of [60, 53]) {
      const { whole } = sum(told(120, 60, back, 1_800), 120 - back, 0, 14_400)
      expect(whole?.state).toMatchObject({ energyWh: 14_400, flags: ['clock_set_back'] })
      const points = whole?.points ?? []
      expect(points.at(-1)?.energyWh).toBe(14_400)
      expect(points.every((p, i) => i === 0 || (points[i - 1]?.at ?? p.at) <= p.at)).toBe(true)
    }
  })

  it('is seen although the transaction ended by that clock before readings from ahead of it', () => {
    const { inTime, whole } = sum(told(90, 60, 60, 1_800), 30, 0, 10_800)
    expect(inTime).toBe(3_600)
    expect(whole?.state.energyWh).toBe(10_800)
    expect(whole?.points.every((p) => p.at <= at(30))).toBe(true)
  })

  it('is seen where it was set to before the beginning, and where the car drew nothing just then', () => {
    // An end before the start was taken as the start.
    expect(sum(told(60, 30, 60, 1_800), 0, 0, 7_200).whole?.state.energyWh).toBe(7_200)
    const paused = [0, 15, 30, 45].map((minute) => reading(minute, Math.min(minute, 30) * 200))
    const after = [0, 15, 30, 45].map((minute) => reading(minute, 6_000 + minute * 200))
    expect(sum([...paused, ...after], 45, 0, 15_000).whole?.state.energyWh).toBe(15_000)
  })
})

describe('what only resembles it stays as time order has it', () => {
  it.each([
    { what: 'a jump of the register', readings: [reading(0, 0), reading(30, 3_000), reading(31, 30_000)], to: 31 },
    {
      what: 'a jump beside a reading behind its time',
      readings: [reading(0, 0), reading(10, 1_000), reading(13, 500), reading(20, 2_000), reading(21, 9_200)],
      to: 21,
    },
    { what: 'a begin that lied', readings: [reading(0, 0), reading(15, 8_000_000), reading(60, 8_010_000)], to: 60 },
    {
      what: 'a register that began anew',
      readings: [reading(0, 0), reading(60, 5_000), reading(61, 0), reading(120, 6_000)],
      to: 120,
    },
    {
      what: 'a register that began anew and then jumped',
      readings: [reading(0, 0), reading(60, 5_000), reading(61, 0), reading(62, 20_000), reading(120, 21_000)],
      to: 120,
    },
    { what: 'another register at the end', readings: [reading(0, 0), reading(60, 7_200), reading(60, 14_400)], to: 60 },
  ])('$what', ({ readings, to }) => {
    const [first, last] = [readings[0]?.wh ?? 0, readings.at(-1)?.wh ?? 0]
    expect(sum(readings, to, first, last).whole).toBeNull()
  })

  it('a register that is not for ever', () => {
    const readings = told(120, 60, 60, 1_800)
    const run = { from: at(0), to: at(60), beginWh: 0, endWh: 14_400 }
    const inTime = sumReadings(readings, max)
    expect(sumOverSetBackClock(readings, inTime, max, run, { kind: 'boot', since: at(0) })).toBeNull()
    expect(sumOverSetBackClock(readings, inTime, max, run, { kind: 'lifetime', since: at(0) })).not.toBeNull()
  })
})

it('counts from begin to end or as time has it, never more than the register, in any order and with any doubling', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 2, maxLength: 20 }),
      fc.nat(18),
      fc.integer({ min: 16, max: 200 }),
      fc.integer(),
      (steps, after, back, seed) => {
        const readings = [reading(0, 1_000)]
        let wh = 1_000
        for (const [i, step] of steps.entries()) {
          wh += step
          readings.push(reading((i + 1) * 15 - (i > after ? back : 0), wh))
        }
        const to = Math.max(0, (readings.at(-1)?.at.getTime() ?? t0) - t0) / 60_000
        const clamped = [...readings, reading(to, wh)]
        const straight = sum(clamped, to, 1_000, wh)
        const mixed = [...clamped, ...clamped].sort((a, b) => ((a.wh * 31 + seed) % 97) - ((b.wh * 31 + seed) % 97))
        expect(sum(mixed, to, 1_000, wh).whole?.state).toEqual(straight.whole?.state)
        if (straight.whole === null) return
        expect(straight.whole.state.energyWh).toBe(wh - 1_000)
        expect(straight.inTime).toBeLessThan(wh - 1_000)
      },
    ),
  )
})
