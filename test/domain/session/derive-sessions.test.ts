// Owns the rules that turn transactions and status reports into sessions, row by catalogue row.
// Must not touch a database.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ConnectorStatus } from '../../../core/domain/charger-fact.ts'
import {
  deriveSessions,
  type StatusFact,
  sessionClocks,
  sessionPeriods,
  sumReadings,
  type TransactionFacts,
} from '../../../core/domain/session/index.ts'

const t0 = Date.parse('2026-03-01T08:00:00Z')
const at = (minutes: number) => new Date(t0 + minutes * 60_000)
const status = (minutes: number, s: ConnectorStatus): StatusFact => ({ at: at(minutes), status: s })
const transaction = (
  id: string,
  from: number,
  to: number | null,
  more: Partial<TransactionFacts> = {},
): TransactionFacts => ({
  id,
  startedAt: at(from),
  endedAt: to === null ? null : at(to),
  stopReason: null,
  token: 'CARD',
  lastSeenAt: at(to ?? from),
  states: [],
  ...more,
})
const minutes = (d: Date | null) => (d === null ? null : (d.getTime() - t0) / 60_000)
const shape = (sessions: ReturnType<typeof deriveSessions>) =>
  sessions.map((s) => ({
    ids: s.transactions.map((t) => t.id),
    plug: minutes(s.pluggedAt),
    unplug: minutes(s.unpluggedAt),
    end: minutes(s.endedAt),
    state: s.state,
    flags: s.flags,
  }))

describe('deriveSessions', () => {
  it('reaches from cable in to cable out around one transaction', () => {
    const statuses = [status(0, 'preparing'), status(2, 'charging'), status(60, 'finishing'), status(75, 'available')]
    expect(shape(deriveSessions([transaction('a', 2, 60)], statuses))).toEqual([
      { ids: ['a'], plug: 0, unplug: 75, end: 60, state: 'closed', flags: [] },
    ])
  })

  it('joins two transactions of the same card while the cable stays in, and not across an unplug', () => {
    const stay = [status(0, 'preparing'), status(30, 'finishing'), status(40, 'charging'), status(60, 'available')]
    expect(shape(deriveSessions([transaction('a', 1, 30), transaction('b', 40, 60)], stay))).toMatchObject([
      { ids: ['a', 'b'] },
    ])
    const gap = [status(0, 'preparing'), status(30, 'available'), status(39, 'preparing'), status(60, 'available')]
    expect(shape(deriveSessions([transaction('a', 1, 30), transaction('b', 40, 60)], gap))).toMatchObject([
      { ids: ['a'], unplug: 30 },
      { ids: ['b'], plug: 39 },
    ])
  })

  it('keeps two drivers apart even if the cable never reported free', () => {
    const stay = [status(0, 'preparing'), status(30, 'finishing'), status(40, 'charging')]
    const sessions = deriveSessions([transaction('a', 1, 30), transaction('b', 40, 60, { token: 'OTHER' })], stay)
    expect(shape(sessions)).toMatchObject([
      { ids: ['a'], unplug: 30, flags: ['unplug_estimated'] },
      { ids: ['b'], state: 'ended' },
    ])
  })

  it('T10 a new start on the same connector ends the open one at what was last heard', () => {
    const sessions = deriveSessions([transaction('a', 0, null, { lastSeenAt: at(20) }), transaction('b', 50, 80)], [])
    expect(shape(sessions)).toMatchObject([
      { ids: ['a'], end: 20, flags: ['end_estimated', 'unplug_estimated'], state: 'closed' },
      { ids: ['b'], end: 80, state: 'ended' },
    ])
  })

  it('takes a stop because the cable went as the unplug', () => {
    expect(shape(deriveSessions([transaction('a', 0, 30, { stopReason: 'EVDisconnected' })], []))).toMatchObject([
      { unplug: 30, state: 'closed' },
    ])
  })

  it('S4 S5 a suspended car is still plugged, and its minutes are told apart from ours', () => {
    const statuses = [
      status(0, 'preparing'),
      status(0, 'charging'),
      status(30, 'suspended_station'),
      status(40, 'charging'),
      status(60, 'suspended_vehicle'),
      status(90, 'available'),
    ]
    const [session] = deriveSessions([transaction('a', 0, 85)], statuses)
    if (session === undefined) throw new Error('one session expected')
    const periods = sessionPeriods(session.timeline, at(90), [
      { at: at(0), energyWh: 0 },
      { at: at(60), energyWh: 6_000 },
    ])
    expect(sessionClocks(periods)).toEqual({
      chargingSeconds: 3_000,
      suspendedVehicleSeconds: 1_500,
      suspendedStationSeconds: 600,
      idleSeconds: 1_800,
    })
    expect(periods.reduce((sum, p) => sum + p.energyWh, 0)).toBe(6_000)
  })

  it('does not depend on the order of the facts', () => {
    const statusArb = fc.record({
      minute: fc.integer({ min: 0, max: 600 }),
      s: fc.constantFrom<ConnectorStatus>(
        'available',
        'preparing',
        'charging',
        'suspended_vehicle',
        'finishing',
        'faulted',
      ),
    })
    const transactionArb = fc.record({
      from: fc.integer({ min: 0, max: 600 }),
      length: fc.option(fc.integer({ min: 0, max: 120 }), { nil: null }),
      token: fc.constantFrom('A', 'B', null),
    })
    fc.assert(
      fc.property(fc.array(statusArb), fc.array(transactionArb, { maxLength: 6 }), fc.integer(), (ss, ts, seed) => {
        const statuses = ss.map((x) => status(x.minute, x.s))
        const transactions = ts.map((x, i) =>
          transaction(`t${i}`, x.from, x.length === null ? null : x.from + x.length, { token: x.token }),
        )
        const shuffle = <T>(list: readonly T[]) =>
          list
            .map((v, i) => ({ v, k: Math.sin(seed + i * 7919) }))
            .sort((a, b) => a.k - b.k)
            .map((e) => e.v)
        const straight = deriveSessions(transactions, statuses)
        expect(deriveSessions(shuffle(transactions), shuffle([...statuses, ...statuses]))).toEqual(straight)
        expect(straight.flatMap((s) => s.transactions.map((t) => t.id)).sort()).toEqual(
          transactions.map((t) => t.id).sort(),
        )
        for (const [i, s] of straight.entries()) {
          expect(s.pluggedAt.getTime()).toBeLessThanOrEqual(s.startedAt.getTime())
          if (s.unpluggedAt !== null && s.endedAt !== null) expect(s.unpluggedAt >= s.endedAt).toBe(true)
          for (const [j, entry] of s.timeline.entries()) {
            const before = s.timeline[j - 1]
            if (before !== undefined) expect(entry.at > before.at).toBe(true)
          }
          expect(i === 0 || s.startedAt >= (straight[i - 1]?.startedAt ?? s.startedAt)).toBe(true)
        }
      }),
    )
  })
})

describe('register energy', () => {
  const max = 22_000
  const reading = (minute: number, wh: number) => ({ at: at(minute), wh })

  it('M5 sums positive steps across a reset', () => {
    const { state } = sumReadings([reading(0, 5_000), reading(30, 9_000), reading(31, 0), reading(60, 3_000)], max)
    expect(state).toMatchObject({ energyWh: 7_000, flags: ['register_reset'] })
  })

  it('M7 refuses the jump from zero to a lifetime register and goes on from there', () => {
    const { state } = sumReadings(
      [reading(0, 0), reading(15, 8_000_000), reading(30, 8_002_000), reading(45, 8_004_000)],
      max,
    )
    expect(state).toMatchObject({ energyWh: 4_000, flags: ['implausible_step'] })
  })

  it('M9 counts nothing for a register that ran backwards', () => {
    expect(sumReadings([reading(0, 9_000), reading(60, 1_000)], max).state.energyWh).toBe(0)
  })

  it('ignores a single outlier without losing the step across it', () => {
    const { state } = sumReadings([reading(0, 100), reading(10, 9_999_999), reading(20, 2_100)], max)
    expect(state).toMatchObject({ energyWh: 2_000 })
    const twice = [reading(0, 100), reading(10, 9_999_999), reading(10, 9_999_999), reading(20, 2_100)]
    expect(sumReadings(twice, max).state).toEqual(state)
  })

  it('M4 takes decimals under the label Wh for kWh when the measured power says so', () => {
    const kwh = (minute: number, wh: number) => ({
      at: at(minute),
      wh: Math.round(wh / 1_000),
      ifKwhWh: wh,
      powerW: 7_000,
    })
    const { state } = sumReadings([kwh(0, 1_234_567), kwh(60, 1_241_567), kwh(120, 1_248_567)], max)
    expect(state).toMatchObject({ energyWh: 14_000, flags: ['kwh_labelled_wh'] })
  })

  it('M4 X6 mends samples in kWh between a begin and an end in Wh', () => {
    const sample = (minute: number, wh: number) => ({ at: at(minute), wh: Math.round(wh / 1_000), ifKwhWh: wh })
    const { state } = sumReadings(
      [reading(0, 1_234_567), sample(0, 1_234_567), sample(30, 1_238_321), reading(60, 1_241_999)],
      max,
    )
    expect(state).toMatchObject({ energyWh: 7_432, flags: ['kwh_labelled_wh'] })
  })

  it('leaves a meter that counts parts of a Wh alone', () => {
    const fine = (minute: number, wh: number, powerW?: number) => ({
      at: at(minute),
      wh: Math.round(wh),
      ifKwhWh: Math.round(wh * 1_000),
      ...(powerW === undefined ? {} : { powerW }),
    })
    const charging = [fine(0, 5_000.4), fine(30, 8_500.7), fine(60, 12_000.9)]
    expect(sumReadings(charging, max).state).toMatchObject({ energyWh: 7_001, flags: [] })
    const idle = [fine(0, 5_000.4, 3), fine(60, 5_003.2, 3)]
    expect(sumReadings(idle, max).state.energyWh).toBe(3)
  })

  it('asks a person when nothing tells which scale was meant', () => {
    const sum = sumReadings(
      [
        { at: at(0), wh: 5, ifKwhWh: 5_250 },
        { at: at(60), wh: 8, ifKwhWh: 8_250 },
      ],
      max,
    )
    expect(sum.state).toMatchObject({ energyWh: 3, flags: ['scale_doubtful'] })
  })

  it('is the same for any order and any doubling, and splitting never changes it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 1, maxLength: 30 }),
        fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }),
        (steps, keep) => {
          let register = 1_000
          const readings = [reading(0, register)]
          for (const [i, step] of steps.entries()) {
            register += step
            readings.push(reading((i + 1) * 15, register))
          }
          const last = readings.length - 1
          const some = readings.filter((_, i) => i === 0 || i === last || keep[i % keep.length])
          const total = register - 1_000
          expect(sumReadings(readings, max).state.energyWh).toBe(total)
          expect(sumReadings([...readings].reverse(), max).state.energyWh).toBe(total)
          expect(sumReadings([...readings, ...readings], max).state.energyWh).toBe(total)
          expect(sumReadings(some, max).state.energyWh).toBe(total)
        },
      ),
    )
  })
})
