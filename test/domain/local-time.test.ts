// Owns the proof of local time: day starts, windows and offsets on ordinary days and on both nights when clocks change.
// Must not rely on the machine's own time zone.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  clockChangeDates,
  dayStartsBetween,
  instantOfWall,
  isTimeZone,
  type LocalWindow,
  localDate,
  localSegments,
  quarterHours,
  startOfLocalDate,
  timesOfDayBetween,
  weekdays,
  windowAt,
  withOffset,
} from '../../core/domain/local-time.ts'

const zones = [
  'America/Los_Angeles',
  'Europe/Berlin',
  'Australia/Lord_Howe',
  'America/Sao_Paulo',
  'Asia/Kolkata',
  'UTC',
]
const hour = 3_600_000

test('local dates and texts carry the offset of their moment', () => {
  expect(localDate(new Date('2019-03-10T07:59:59Z'), 'America/Los_Angeles')).toBe('2019-03-09')
  expect(localDate(new Date('2019-03-10T08:00:00Z'), 'America/Los_Angeles')).toBe('2019-03-10')
  expect(withOffset(new Date('2019-03-10T09:30:00Z'), 'America/Los_Angeles')).toBe('2019-03-10T01:30:00-08:00')
  expect(withOffset(new Date('2019-03-10T10:30:00Z'), 'America/Los_Angeles')).toBe('2019-03-10T03:30:00-07:00')
  expect(startOfLocalDate('2019-03-10', 'America/Los_Angeles').toISOString()).toBe('2019-03-10T08:00:00.000Z')
  // Clocks in São Paulo jumped over midnight.
  expect(startOfLocalDate('2018-11-04', 'America/Sao_Paulo').toISOString()).toBe('2018-11-04T03:00:00.000Z')
  expect(isTimeZone('Europe/Berlin')).toBe(true)
  expect(isTimeZone('Europe/Atlantis')).toBe(false)
})

test('a day has 23 hours in spring and 25 in autumn', () => {
  const lengths = (from: string, to: string) => {
    const starts = dayStartsBetween(Date.parse(from), Date.parse(to), 'Europe/Berlin')
    return starts.slice(1).map((start, i) => (start - (starts[i] ?? 0)) / hour)
  }
  expect(lengths('2024-03-29T12:00:00Z', '2024-04-02T12:00:00Z')).toEqual([24, 23, 24])
  expect(lengths('2024-10-25T12:00:00Z', '2024-10-29T12:00:00Z')).toEqual([24, 25, 24])
  expect(dayStartsBetween(0, 1, 'UTC')).toEqual([])
})

describe('windows', () => {
  const night: LocalWindow = { from: '22:00', to: '06:00' }
  const hours = (from: string, to: string, zone: string, window: LocalWindow) =>
    localSegments(Date.parse(from), Date.parse(to), zone, [window])
      .filter((segment) => segment.window === 0)
      .reduce((sum, segment) => sum + (segment.to - segment.from) / hour, 0)

  test('a night has 8 hours, 7 in spring, 9 in autumn', () => {
    expect(hours('2024-06-01T10:00:00Z', '2024-06-02T10:00:00Z', 'Europe/Berlin', night)).toBe(8)
    expect(hours('2024-03-30T10:00:00Z', '2024-03-31T10:00:00Z', 'Europe/Berlin', night)).toBe(7)
    expect(hours('2024-10-26T10:00:00Z', '2024-10-27T10:00:00Z', 'Europe/Berlin', night)).toBe(9)
  })

  test('an hour that the wall skips is never inside, one that it shows twice is inside twice', () => {
    const two: LocalWindow = { from: '02:00', to: '03:00' }
    expect(hours('2024-03-30T10:00:00Z', '2024-03-31T10:00:00Z', 'Europe/Berlin', two)).toBe(0)
    expect(hours('2024-10-26T10:00:00Z', '2024-10-27T10:00:00Z', 'Europe/Berlin', two)).toBe(2)
    const half: LocalWindow = { from: '02:30', to: '04:00' }
    expect(hours('2024-03-30T10:00:00Z', '2024-03-31T10:00:00Z', 'Europe/Berlin', half)).toBe(1)
    expect(hours('2024-10-26T10:00:00Z', '2024-10-27T10:00:00Z', 'Europe/Berlin', half)).toBe(2)
  })

  test('a window belongs to the day on which it begins', () => {
    const friday: LocalWindow = { from: '22:00', to: '06:00', days: ['fri'] }
    // 2024-06-07 is a Friday.
    expect(windowAt(Date.parse('2024-06-08T05:59:00Z'), 'UTC', [friday])).toBe(0)
    expect(windowAt(Date.parse('2024-06-07T05:59:00Z'), 'UTC', [friday])).toBe(-1)
    expect(hours('2024-06-01T00:00:00Z', '2024-06-15T00:00:00Z', 'UTC', friday)).toBe(16)
    expect(hours('2024-06-07T00:00:00Z', '2024-06-08T00:00:00Z', 'UTC', { from: '00:00', to: '24:00' })).toBe(24)
    expect(hours('2024-06-07T00:00:00Z', '2024-06-08T00:00:00Z', 'UTC', { from: '08:00', to: '08:00' })).toBe(24)
  })

  test('segments cover the time without a gap and agree with the wall at every minute', () => {
    const time = fc
      .tuple(fc.integer({ min: 0, max: 23 }), fc.constantFrom(0, 15, 30, 45))
      .map(([h, m]) => `${`${h}`.padStart(2, '0')}:${`${m}`.padStart(2, '0')}`)
    const window = fc.record({
      from: time,
      to: time,
      days: fc.subarray([...weekdays], { minLength: 1 }),
    })
    // Around every change of clocks of the zones above in 2018 and 2024, and ordinary days.
    const start = fc.constantFrom(
      ...[
        '2024-03-09',
        '2024-11-02',
        '2024-03-30',
        '2024-10-26',
        '2024-04-06',
        '2024-10-05',
        '2018-11-03',
        '2018-02-17',
      ],
      ...['2024-06-10'],
    )
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        start,
        fc.integer({ min: 0, max: 2880 }),
        fc.integer({ min: 1, max: 2880 }),
        fc.array(window, { minLength: 1, maxLength: 3 }),
        (zone, day, offset, length, windows) => {
          const from = Date.parse(`${day}T00:00:00Z`) + offset * 60_000
          const to = from + length * 60_000
          const segments = localSegments(from, to, zone, windows)
          expect(segments[0]?.from).toBe(from)
          expect(segments.at(-1)?.to).toBe(to)
          for (const [i, segment] of segments.entries()) {
            expect(segment.to).toBeGreaterThan(segment.from)
            if (i > 0) expect(segment.from).toBe(segments[i - 1]?.to)
          }
          for (let at = from; at < to; at += 7 * 60_000) {
            const segment = segments.find((each) => at >= each.from && at < each.to)
            expect(segment?.window).toBe(windowAt(at, zone, windows))
          }
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('the instant that a wall showed', () => {
  const near = (text: string) => new Date(text)
  const at = (wall: string, zone: string, received = '2026-10-25T01:30:05Z') =>
    instantOfWall(wall, zone, near(received))?.toISOString() ?? null

  test('is one on an ordinary day', () => {
    expect(at('2026-07-01T12:00:00.5', 'Europe/Berlin')).toBe('2026-07-01T10:00:00.500Z')
    expect(at('2026-07-01T12:00:00', 'America/Los_Angeles')).toBe('2026-07-01T19:00:00.000Z')
  })

  test('of an hour shown twice is the one closer to when it was heard of', () => {
    expect(at('2026-10-25T02:30:00', 'Europe/Berlin', '2026-10-25T00:30:05Z')).toBe('2026-10-25T00:30:00.000Z')
    expect(at('2026-10-25T02:30:00', 'Europe/Berlin', '2026-10-25T01:30:05Z')).toBe('2026-10-25T01:30:00.000Z')
    // Half an hour in Lord Howe.
    expect(at('2026-04-05T01:45:00', 'Australia/Lord_Howe', '2026-04-04T14:45:01Z')).toBe('2026-04-04T14:45:00.000Z')
    expect(at('2026-04-05T01:45:00', 'Australia/Lord_Howe', '2026-04-04T15:15:01Z')).toBe('2026-04-04T15:15:00.000Z')
  })

  test('of an hour left out has the offset of before', () => {
    expect(at('2026-03-29T02:30:00', 'Europe/Berlin')).toBe('2026-03-29T01:30:00.000Z')
  })

  test('is none for what no calendar has', () => {
    expect(at('2026-02-30T12:00:00', 'UTC')).toBeNull()
    expect(at('noon', 'UTC')).toBeNull()
  })

  test('shows the same wall again, but for hours left out', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_500_000_000, max: 2_000_000_000 }), fc.constantFrom(...zones), (second, zone) => {
        const instant = new Date(second * 1_000)
        const wall = withOffset(instant, zone).slice(0, 19)
        expect(instantOfWall(wall, zone, instant)).toEqual(instant)
      }),
    )
  })
})

describe('times of day and quarters of an hour', () => {
  const hours = (from: string, to: string, zone: string, time: string) =>
    timesOfDayBetween(Date.parse(from), Date.parse(to), zone, time).map((at) => new Date(at).toISOString().slice(5, 16))

  test('come once a day, a skipped one as soon as the wall shows more', () => {
    expect(hours('2024-03-30T00:00:00Z', '2024-04-01T12:00:00Z', 'Europe/Berlin', '02:30')).toEqual([
      '03-30T01:30',
      '03-31T01:30',
      '04-01T00:30',
    ])
    expect(hours('2024-10-26T12:00:00Z', '2024-10-27T12:00:00Z', 'Europe/Berlin', '02:30')).toEqual(['10-27T00:30'])
  })

  test('days on which clocks change are longer or shorter', () => {
    expect(clockChangeDates(2024, 'America/New_York')).toEqual(['2024-03-10', '2024-11-03'])
    expect(clockChangeDates(2024, 'UTC')).toEqual([])
    expect(quarterHours('2024-03-10', 'America/New_York')).toHaveLength(92)
    expect(quarterHours('2024-11-03', 'America/New_York')).toHaveLength(100)
    expect(quarterHours('2024-04-07', 'Australia/Lord_Howe')).toHaveLength(98)
  })
})
