// Owns the proof of what a charging bay is: by sensor, camera, session and connector, with grace, in any order of evidence.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type EvBayEvidence, evBayHistory, evBayNow, evBaySettings } from '../../../core/domain/ev-bay/index.ts'
import { minute } from '../stay/fact-maker.ts'

const settings = evBaySettings({})
const nothing: EvBayEvidence = { evses: ['E1'], sensor: [], reads: [], sessions: [], statuses: [] }
const at = (n: number, more: Partial<EvBayEvidence>) => evBayNow({ ...nothing, ...more }, settings, minute(n))
const sensor = (n: number, occupied: boolean) => ({ at: minute(n), occupied })
const status = (n: number, word: string, connector = 'E1/1') => ({ connector, evse: 'E1', at: minute(n), status: word })
const session = (from: number, end: number | null, idle: [number, number | null][] = []) => ({
  sessionId: `s${from}`,
  pluggedAt: minute(from),
  endedAt: end === null ? null : minute(end),
  idle: idle.map(([a, b]) => ({ from: minute(a), to: b === null ? null : minute(b) })),
})

describe('a charging bay', () => {
  test('is free, and blocked by a car that stays without a cable longer than the grace', () => {
    expect(at(10, {})).toMatchObject({ state: 'free', occupied: false, working: true, nextAt: null })
    const parked = { sensor: [sensor(10, true), sensor(12, true)] }
    expect(at(12, parked)).toMatchObject({ state: 'free', occupied: true, nextAt: minute(15) })
    expect(at(20, parked)).toMatchObject({ state: 'occupied_not_charging', since: minute(15), sinceOpen: false })
    expect(at(30, { sensor: [...parked.sensor, sensor(25, false)] })).toMatchObject({ state: 'free', occupied: false })
  })

  test('is charging, then idle once the car is full, then overstayed', () => {
    const full = { sessions: [session(10, null, [[60, null]])] }
    expect(at(30, full)).toMatchObject({ state: 'charging', sessionId: 's10', idleSince: null })
    expect(at(65, full)).toMatchObject({ state: 'charging', nextAt: minute(70) })
    expect(at(75, full)).toMatchObject({
      state: 'plugged_idle',
      idleSince: minute(60),
      overstay: false,
      nextAt: minute(90),
    })
    expect(at(90, full)).toMatchObject({ state: 'plugged_idle', overstay: true, nextAt: null })
  })

  test('a car that unplugged has the grace again before it blocks', () => {
    const gone = { sessions: [session(10, 60)], sensor: [sensor(9, true)] }
    expect(at(63, gone)).toMatchObject({ state: 'free', occupied: true })
    expect(at(66, gone)).toMatchObject({ state: 'occupied_not_charging', since: minute(65) })
  })

  test('a camera alone tells of a car for a while; a sensor that says free knows better', () => {
    expect(at(20, { reads: [minute(10)] })).toMatchObject({ state: 'occupied_not_charging', nextAt: minute(40) })
    expect(at(45, { reads: [minute(10)] })).toMatchObject({ state: 'free' })
    expect(at(20, { reads: [minute(10)], sensor: [sensor(15, false)] })).toMatchObject({ state: 'free' })
  })

  test('a charger that cannot charge blames nobody; one good connector is enough', () => {
    const broken = { statuses: [status(5, 'faulted')], sensor: [sensor(10, true)] }
    expect(at(30, broken)).toMatchObject({ state: 'out_of_order', working: false, occupied: true })
    expect(at(30, { ...broken, statuses: [...broken.statuses, status(5, 'available', 'E1/2')] })).toMatchObject({
      state: 'occupied_not_charging',
      working: true,
    })
    expect(at(30, { statuses: [status(5, 'reserved')] })).toMatchObject({ state: 'reserved' })
    expect(at(30, { evses: [] })).toMatchObject({ state: 'out_of_order' })
  })

  test('has a history without gaps', () => {
    const evidence = { ...nothing, sensor: [sensor(5, true), sensor(100, false)], sessions: [session(10, 60)] }
    expect(evBayHistory(evidence, settings, minute(0), minute(120)).map(({ state, from }) => [state, from])).toEqual([
      ['free', minute(0)],
      ['charging', minute(10)],
      ['free', minute(60)],
      ['occupied_not_charging', minute(65)],
      ['free', minute(100)],
    ])
  })
})

const instant = fc.nat(240)
const evidence: fc.Arbitrary<EvBayEvidence> = fc.record({
  evses: fc.constant(['E1']),
  sensor: fc.array(
    fc.tuple(instant, fc.boolean()).map(([n, occupied]) => sensor(n, occupied)),
    { maxLength: 10 },
  ),
  reads: fc.array(instant.map(minute), { maxLength: 6 }),
  sessions: fc.uniqueArray(
    fc.tuple(instant, fc.nat(60), fc.nat(60)).map(([n, long, idle]) => session(n, n + long, [[n + idle, null]])),
    { maxLength: 4, selector: (one) => one.sessionId },
  ),
  statuses: fc.array(
    fc
      .tuple(instant, fc.constantFrom('available', 'faulted', 'reserved', 'charging'), fc.constantFrom('E1/1', 'E1/2'))
      .map(([n, word, connector]) => status(n, word, connector)),
    { maxLength: 8 },
  ),
})

test('the same evidence says the same in any order, and the history ends in the present', () => {
  const shuffled = <T>(list: readonly T[]) => fc.shuffledSubarray([...list], { minLength: list.length })
  const both = evidence.chain((one) =>
    fc.record({
      one: fc.constant(one),
      other: fc.record({
        evses: fc.constant(one.evses),
        sensor: shuffled(one.sensor),
        reads: shuffled(one.reads),
        sessions: shuffled(one.sessions),
        statuses: shuffled(one.statuses),
      }),
      n: fc.integer({ min: 1, max: 300 }),
    }),
  )
  fc.assert(
    fc.property(both, ({ one, other, n }) => {
      const now = evBayNow(one, settings, minute(n))
      expect(evBayNow(other, settings, minute(n))).toEqual(now)
      const history = evBayHistory(other, settings, minute(0), minute(n + 1 / 60_000))
      expect(history).toEqual(evBayHistory(one, settings, minute(0), minute(n + 1 / 60_000)))
      expect(history.at(-1)?.state).toBe(now.state)
      // Nothing changes between now and the instant announced.
      if (now.nextAt !== null) {
        const before = new Date(now.nextAt.getTime() - 1)
        expect(evBayNow(one, settings, before).state).toBe(now.state)
      }
    }),
    { numRuns: 300 },
  )
})
