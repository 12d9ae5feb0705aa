// Owns the proof of energy between two instants: of meters whose registers fall, of sessions cut in pieces.
// Must not compare one with the other.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { energyWithin, meterSpan } from '../../../core/domain/reconciliation/meter-span.ts'

const start = Date.parse('2024-06-10T00:00:00Z')
const hour = 3_600_000
const at = (hours: number) => new Date(start + hours * hour).toISOString()
const span = (...registers: number[]) =>
  meterSpan(
    'M',
    registers.map((registerWh, i) => ({ meter: 'M', at: at(i), registerWh })),
    start,
    start + (registers.length - 1) * hour,
  )

describe('a meter', () => {
  test('counts what its register rose by, whatever order the readings came in', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 100_000 }), { minLength: 1, maxLength: 20 }), fc.nat(), (steps, seed) => {
        let register = 1_000
        const readings = [0, ...steps].map((step, i) => {
          register += step
          return { meter: 'M', at: at(i), registerWh: register }
        })
        const turned = [...readings.slice(seed % readings.length), ...readings.slice(0, seed % readings.length)]
        expect(meterSpan('M', turned, start, start + steps.length * hour)).toEqual({
          meter: 'M',
          from: at(0),
          to: at(steps.length),
          notes: [],
          energyWh: steps.reduce((sum, step) => sum + step, 0),
        })
      }),
    )
  })

  test('that begins anew or passes its last digit says so', () => {
    expect(span(50_000, 60_000, 200, 700)).toMatchObject({ energyWh: 10_700, notes: [{ reason: 'reset' }] })
    expect(span(99_900, 40)).toMatchObject({ energyWh: 140, notes: [{ reason: 'rollover' }] })
    expect(span(99, 4)).toMatchObject({ energyWh: 4, notes: [{ reason: 'reset' }] })
  })

  test('with readings that leave out some of the time says so, and with one has no span', () => {
    const readings = [2, 5].map((hours) => ({ meter: 'M', at: at(hours), registerWh: hours * 100 }))
    expect(meterSpan('M', readings, start, start + 24 * hour)).toMatchObject({
      from: at(2),
      to: at(5),
      energyWh: 300,
      notes: [{ reason: 'gap' }],
    })
    expect(meterSpan('M', readings, start, start + 3 * hour)).toBeNull()
    expect(meterSpan('M', [], start, start + 3 * hour)).toBeNull()
  })
})

describe('a session', () => {
  test('cut anywhere gives the same energy in all, to the watt-hour that rounding takes', () => {
    const session = fc.record({
      length: fc.integer({ min: 1, max: 600 }),
      steps: fc.array(fc.nat({ max: 5_000 }), { maxLength: 8 }),
      cuts: fc.array(fc.integer({ min: -10, max: 700 }), { maxLength: 4 }),
    })
    fc.assert(
      fc.property(session, ({ length, steps, cuts }) => {
        const energyWh = steps.reduce((sum, step) => sum + step, 0)
        let register = 70_000
        const registers = steps.map((step, i): [string, number] => {
          register += i === 0 ? 0 : step
          return [new Date(start + (length * 60_000 * i) / steps.length).toISOString(), register]
        })
        const given = {
          startedAt: at(0),
          endedAt: new Date(start + length * 60_000).toISOString(),
          registers,
          energyWh: Math.max(energyWh, register - 70_000),
        }
        const edges = [-20, ...cuts.sort((a, b) => a - b), 720].map((minute) => start + minute * 60_000)
        const parts = edges.slice(1).map((edge, i) => energyWithin(given, edges[i] ?? edge, edge))
        for (const part of parts) expect(Number.isInteger(part) && part >= 0 && part <= given.energyWh).toBe(true)
        const all = parts.reduce((sum, part) => sum + part, 0)
        expect(Math.abs(all - given.energyWh)).toBeLessThanOrEqual(parts.length)
      }),
    )
  })

  test('without registers is spread evenly', () => {
    const session = { startedAt: at(0), endedAt: at(4), energyWh: 1_000, registers: [] }
    expect(energyWithin(session, start - hour, start + hour)).toBe(250)
    expect(energyWithin(session, start + 4 * hour, start + 9 * hour)).toBe(0)
  })
})
