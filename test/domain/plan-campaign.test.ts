// Owns the proof of a firmware campaign's plan: waves, windows on both clock-change nights, idleness, the stop rule.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type CampaignSchedule,
  type CampaignStationView,
  type CampaignView,
  placeInSchedule,
  planCampaign,
  type Wave,
  waveSizes,
} from '../../core/domain/plan-campaign.ts'

const t0 = new Date('2026-03-10T10:00:00Z')
const later = (hours: number) => new Date(t0.getTime() + hours * 3_600_000)
const campaign = (more: Partial<CampaignView> = {}): CampaignView => ({
  schedule: null,
  onlyWhenIdle: true,
  maxFailures: null,
  failurePercent: null,
  maxAttempts: 2,
  offlineHours: 72,
  wave: 0,
  waveAt: t0,
  ...more,
})
const station = (stationId: string, more: Partial<CampaignStationView> = {}): CampaignStationView => ({
  stationId,
  wave: 0,
  state: 'waiting',
  attempts: 0,
  at: t0,
  nextAt: null,
  busy: false,
  connected: true,
  elsewhere: false,
  zone: 'Europe/Berlin',
  ...more,
})
const queued = (view: CampaignView, stations: readonly CampaignStationView[], now = t0) =>
  planCampaign(view, stations, now).flatMap((one) => (one.kind === 'queue' ? [one.stationId] : []))

describe('waves', () => {
  test.each<[Wave[], number, number[]]>([
    [[], 5, [5]],
    [[{ percent: 10 }, { percent: 50 }], 10, [1, 5, 4]],
    [[{ percent: 10 }], 3, [1, 2]],
    [[{ count: 2 }, { percent: 100 }], 5, [2, 3]],
    [[{ count: 9 }], 5, [5]],
    [[{ count: 1 }], 0, []],
  ])('%j of %i are %j', (waves, total, sizes) => {
    expect(waveSizes(waves, total)).toEqual(sizes)
  })

  test('together hold every station once', () => {
    const wave = fc.oneof(
      fc.record({ percent: fc.integer({ min: 1, max: 100 }) }),
      fc.record({ count: fc.integer({ min: 1, max: 50 }) }),
    )
    fc.assert(
      fc.property(fc.array(wave, { maxLength: 6 }), fc.nat(200), (waves, total) => {
        const sizes = waveSizes(waves, total)
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(total)
        expect(sizes.every((size) => size > 0)).toBe(true)
      }),
    )
  })

  test('the second begins when the first is done, and not before', () => {
    const second = station('b', { wave: 1 })
    expect(planCampaign(campaign(), [station('a', { state: 'installing' }), second], t0)).toEqual([])
    const done = [station('a', { state: 'installed' }), second]
    expect(planCampaign(campaign(), done, t0)).toEqual([{ kind: 'wave', wave: 1 }])
    expect(queued(campaign({ wave: 1 }), done)).toEqual(['b'])
  })
})

test('a station waits while it charges, is away, is in another campaign or has to wait for its next try', () => {
  const all = [
    station('charging', { busy: true }),
    station('away', { connected: false }),
    station('taken', { elsewhere: true }),
    station('again', { nextAt: later(1) }),
    station('free'),
  ]
  expect(planCampaign(campaign(), all, t0)).toEqual([{ kind: 'queue', stationId: 'free' }])
  expect(queued(campaign({ onlyWhenIdle: false }), all)).toEqual(['charging', 'free'])
  expect(queued(campaign(), all, later(1))).toEqual(['again', 'free'])
})

test('one that stays away does not hold its wave for ever', () => {
  const away = [station('away', { connected: false })]
  expect(planCampaign(campaign(), away, later(72))).toEqual([])
  expect(planCampaign(campaign(), away, later(73))).toMatchObject([{ kind: 'skip', stationId: 'away' }])
})

test('one of which nothing is heard is a failure', () => {
  const silent = [station('silent', { state: 'downloading' })]
  expect(planCampaign(campaign(), silent, later(36))).toEqual([])
  expect(planCampaign(campaign(), silent, later(37))).toMatchObject([{ kind: 'fail', stationId: 'silent' }])
})

test('it stops at one failure more than is borne', () => {
  const stations = [station('a', { state: 'failed' }), station('b', { state: 'failed' }), station('c')]
  expect(queued(campaign({ maxFailures: 2 }), stations)).toEqual(['c'])
  expect(planCampaign(campaign({ maxFailures: 1 }), stations, t0)).toEqual([
    { kind: 'stop', reason: '2 stations failed; at most 1 may.' },
  ])
  expect(queued(campaign({ failurePercent: 67 }), stations)).toEqual(['c'])
  expect(planCampaign(campaign({ failurePercent: 66 }), stations, t0)).toMatchObject([{ kind: 'stop' }])
  // The stations of waves to come do not make a failure smaller.
  const more = [...stations, ...Array.from({ length: 50 }, (_, i) => station(`w${i}`, { wave: 1 }))]
  expect(planCampaign(campaign({ failurePercent: 66 }), more, t0)).toMatchObject([{ kind: 'stop' }])
})

test('it is through when every station has ended', () => {
  expect(planCampaign(campaign(), [station('a', { state: 'skipped' })], t0)).toEqual([{ kind: 'finish' }])
  expect(planCampaign(campaign(), [], t0)).toEqual([{ kind: 'finish' }])
})

describe('the schedule', () => {
  const place = (schedule: CampaignSchedule, instant: string) =>
    placeInSchedule(schedule, 'Europe/Berlin', new Date(instant))
  const night = { from: '22:00', to: '05:00' }

  test('holds on the wall of the site', () => {
    expect(place({ from: '01:00', to: '05:00' }, '2026-01-10T00:00:00Z')).toBe('open')
    expect(place({ from: '01:00', to: '05:00' }, '2026-01-10T04:00:00Z')).toBe('closed')
    expect(place({ from: '01:00', to: '05:00' }, '2026-07-10T02:59:59Z')).toBe('open')
    expect(place({ from: '01:00', to: '05:00' }, '2026-07-10T03:00:00Z')).toBe('closed')
    expect(place({}, '2026-07-10T03:00:00Z')).toBe('open')
    expect(place({ from: '00:00', to: '24:00', days: ['sat'] }, '2026-03-14T12:00:00Z')).toBe('open')
    expect(place({ from: '00:00', to: '24:00', days: ['sat'] }, '2026-03-15T12:00:00Z')).toBe('closed')
  })

  test('has a first and a last day, and the last night runs to its end', () => {
    const two = { ...night, firstDay: '2026-03-10', lastDay: '2026-03-11' }
    expect(place(two, '2026-03-09T22:00:00Z')).toBe('closed')
    expect(place(two, '2026-03-10T03:00:00Z')).toBe('closed')
    expect(place(two, '2026-03-10T22:00:00Z')).toBe('open')
    expect(place(two, '2026-03-12T03:59:00Z')).toBe('open')
    expect(place(two, '2026-03-12T04:00:00Z')).toBe('over')
    expect(place(two, '2026-03-12T22:00:00Z')).toBe('over')
    const day = { firstDay: '2026-03-10', lastDay: '2026-03-10' }
    expect(place(day, '2026-03-10T22:59:00Z')).toBe('open')
    expect(place(day, '2026-03-10T23:00:00Z')).toBe('over')
  })

  test('skips the hour that spring skips, and holds twice in the hour that autumn repeats', () => {
    // 2026-03-29: 02:00 to 03:00 is not there. 2026-10-25: 02:00 to 03:00 is there twice.
    const hour = { from: '02:00', to: '03:00' }
    const minutes = (from: string, count: number) =>
      Array.from({ length: count }, (_, i) => new Date(Date.parse(from) + i * 60_000)).filter(
        (at) => placeInSchedule(hour, 'Europe/Berlin', at) === 'open',
      ).length
    expect(minutes('2026-03-28T23:00:00Z', 23 * 60)).toBe(0)
    expect(minutes('2026-10-24T22:00:00Z', 25 * 60)).toBe(120)
    expect(minutes('2026-06-10T22:00:00Z', 24 * 60)).toBe(60)
  })
})

/** The wall as another reader of the zone has it: nothing of the planner's own is asked. */
const wall = (at: Date, zone: string) => {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(at)
  const of = (type: string) => Number(parts.find((part) => part.type === type)?.value)
  return of('hour') * 60 + of('minute')
}

test('whatever happens to the stations: one wave at a time, nobody twice, never outside, never while charging', () => {
  const zones = ['Europe/Berlin', 'America/Los_Angeles', 'Australia/Sydney', 'UTC'] as const
  const nights = [
    '2026-03-28T12:00:00Z',
    '2026-10-24T12:00:00Z',
    '2026-03-08T00:00:00Z',
    '2026-06-01T00:00:00Z',
  ] as const
  const world = fc.record({
    start: fc.constantFrom(...nights),
    waves: fc.array(fc.record({ count: fc.integer({ min: 1, max: 4 }) }), { maxLength: 3 }),
    zones: fc.array(fc.constantFrom(...zones), { minLength: 1, maxLength: 9 }),
    from: fc.integer({ min: 0, max: 23 }),
    to: fc.integer({ min: 0, max: 23 }),
    onlyWhenIdle: fc.boolean(),
    maxFailures: fc.option(fc.integer({ min: 0, max: 3 }), { nil: null }),
    fate: fc.array(
      fc.record({ hours: fc.integer({ min: 1, max: 5 }), good: fc.boolean(), busy: fc.nat(3), away: fc.nat(5) }),
      {
        minLength: 1,
        maxLength: 30,
      },
    ),
  })
  fc.assert(
    fc.property(world, (given) => {
      const pad = (n: number) => `${String(n).padStart(2, '0')}:00`
      const schedule = { from: pad(given.from), to: pad(given.to) }
      const sizes = waveSizes(given.waves, given.zones.length)
      const waveOf = sizes.flatMap((size, wave) => Array.from({ length: size }, () => wave))
      let view = campaign({
        schedule,
        onlyWhenIdle: given.onlyWhenIdle,
        maxFailures: given.maxFailures,
        waveAt: null,
      })
      let stations = given.zones.map((zone, i) => station(`s${i}`, { zone, wave: waveOf[i] ?? 0 }))
      const until = new Map<string, number>()
      const tried: string[] = []
      let stopped = false
      for (let step = 0; step < 120; step++) {
        const now = new Date(Date.parse(given.start) + step * 30 * 60_000)
        const fate = (i: number) =>
          given.fate[(step + i) % given.fate.length] ?? { hours: 1, good: true, busy: 0, away: 0 }
        stations = stations.map((one, i) => ({ ...one, busy: fate(i).busy === 0, connected: fate(i).away !== 0 }))
        stations = stations.map((one, i) =>
          one.state === 'downloading' && (until.get(one.stationId) ?? 0) <= step
            ? { ...one, state: fate(i).good ? 'installed' : 'failed', at: now }
            : one,
        )
        for (const action of planCampaign(view, stations, now)) {
          expect(stopped).toBe(false)
          if (action.kind === 'wave') view = { ...view, wave: action.wave, waveAt: now }
          if (action.kind === 'stop') stopped = true
          if (action.kind === 'skip') {
            stations = stations.map((one) => (one.stationId === action.stationId ? { ...one, state: 'skipped' } : one))
          }
          if (action.kind !== 'queue') continue
          const one = stations.find((each) => each.stationId === action.stationId)
          if (one === undefined) throw new Error('a station of nobody')
          tried.push(one.stationId)
          expect(one.state).toBe('waiting')
          expect(one.connected).toBe(true)
          if (given.onlyWhenIdle) expect(one.busy).toBe(false)
          const minute = wall(now, one.zone)
          const [begin, end] = [given.from * 60, given.to * 60]
          expect(begin < end ? minute >= begin && minute < end : minute >= begin || minute < end).toBe(true)
          expect(
            stations
              .filter((each) => each.wave < one.wave)
              .every((each) => ['installed', 'failed', 'skipped'].includes(each.state)),
          ).toBe(true)
          const failures = stations.filter((each) => each.state === 'failed').length
          if (given.maxFailures !== null) expect(failures).toBeLessThanOrEqual(given.maxFailures)
          until.set(one.stationId, step + fate(tried.length).hours * 2)
          stations = stations.map((each) => (each === one ? { ...each, state: 'downloading', at: now } : each))
          const working = stations.filter((each) => each.state === 'downloading')
          expect(new Set(working.map((each) => each.wave)).size).toBe(1)
          expect(working.length).toBeLessThanOrEqual(sizes[one.wave] ?? 0)
        }
        if (stopped) break
      }
      expect(new Set(tried).size).toBe(tried.length)
    }),
    { numRuns: 200 },
  )
})
