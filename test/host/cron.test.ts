// Owns the proof that schedules are due when the clock on the wall says, on both nights when it is changed.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseCron } from '../../core/host/cron.ts'

/** The next `count` instants, in UTC. */
function due(expression: string, zone: string, after: string, count: number): string[] {
  const cron = parseCron(expression, zone)
  const found: string[] = []
  for (let from = new Date(after); found.length < count; ) {
    const next = cron.next(from)
    if (!next) break
    found.push(next.toISOString().slice(0, 19))
    from = next
  }
  return found
}

describe('a schedule', () => {
  test('is due after the instant asked, never at it', () => {
    expect(due('*/15 * * * *', 'UTC', '2019-03-10T08:00:00Z', 3)).toEqual([
      '2019-03-10T08:15:00',
      '2019-03-10T08:30:00',
      '2019-03-10T08:45:00',
    ])
    expect(due('30 * * * * *', 'UTC', '2019-03-10T08:00:30.001Z', 1)).toEqual(['2019-03-10T08:01:30'])
  })

  test('knows days of the month and the week, names, lists and the last day', () => {
    expect(due('0 6 * * mon,fri', 'UTC', '2019-03-10T00:00:00Z', 3)).toEqual([
      '2019-03-11T06:00:00',
      '2019-03-15T06:00:00',
      '2019-03-18T06:00:00',
    ])
    expect(due('0 0 L * *', 'UTC', '2020-01-31T00:00:00Z', 2)).toEqual(['2020-02-29T00:00:00', '2020-03-31T00:00:00'])
    expect(due('0 0 29 2 *', 'UTC', '2096-03-01T00:00:00Z', 1)).toEqual(['2104-02-29T00:00:00'])
    expect(due('0 0 L-29 2 *', 'UTC', '2019-03-10T00:00:00Z', 1)).toEqual([])
  })

  test('runs in the zone of the site', () => {
    expect(due('0 3 * * *', 'America/Los_Angeles', '2019-06-01T00:00:00Z', 1)).toEqual(['2019-06-01T10:00:00'])
    expect(due('0 3 * * *', 'Asia/Kolkata', '2019-06-01T00:00:00Z', 1)).toEqual(['2019-06-01T21:30:00'])
  })

  test('of a time that is left out in spring is due as much later, once', () => {
    // 10 March 2019, 02:00 → 03:00 in Los Angeles.
    expect(due('30 2 * * *', 'America/Los_Angeles', '2019-03-09T12:00:00Z', 2)).toEqual([
      '2019-03-10T10:30:00',
      '2019-03-11T09:30:00',
    ])
    expect(due('30 * * * *', 'America/Los_Angeles', '2019-03-10T08:00:00Z', 4)).toEqual([
      '2019-03-10T08:30:00',
      '2019-03-10T09:30:00',
      '2019-03-10T10:30:00',
      '2019-03-10T11:30:00',
    ])
    // Half an hour, from 02:00 to 02:30, on Lord Howe Island.
    expect(due('20,35 2 * * *', 'Australia/Lord_Howe', '2019-10-05T12:00:00Z', 2)).toEqual([
      '2019-10-05T15:35:00',
      '2019-10-05T15:50:00',
    ])
  })

  test('in the hour that comes twice in autumn is due in the first', () => {
    // 3 November 2019, 02:00 → 01:00 in Los Angeles.
    expect(due('30 1 * * *', 'America/Los_Angeles', '2019-11-03T00:00:00Z', 2)).toEqual([
      '2019-11-03T08:30:00',
      '2019-11-04T09:30:00',
    ])
    expect(due('*/30 * * * *', 'America/Los_Angeles', '2019-11-03T08:00:00Z', 3)).toEqual([
      '2019-11-03T08:30:00',
      '2019-11-03T10:00:00',
      '2019-11-03T10:30:00',
    ])
  })

  test('always moves forward, and agrees with the clock on the wall', () => {
    const zones = [
      'UTC',
      'America/Los_Angeles',
      'Europe/Berlin',
      'Asia/Kathmandu',
      'Australia/Lord_Howe',
      'America/Havana',
    ]
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: 0, max: 23 }),
        fc.integer({ min: 0, max: 59 }),
        fc.integer({ min: Date.UTC(2010, 0), max: Date.UTC(2030, 0) }),
        (zone, hour, minute, from) => {
          const cron = parseCron(`${minute} ${hour} * * *`, zone)
          const next = cron.next(new Date(from))
          if (!next) throw new Error('a daily schedule always comes')
          expect(next.getTime()).toBeGreaterThan(from)
          expect(next.getTime() - from).toBeLessThanOrEqual(25 * 3_600_000)
          const wall = new Intl.DateTimeFormat('en-GB', {
            timeZone: zone,
            hour: '2-digit',
            minute: '2-digit',
            hourCycle: 'h23',
          })
          const [wallHour, wallMinute] = wall.format(next).split(':').map(Number)
          const shift = ((wallHour ?? 0) * 60 + (wallMinute ?? 0) - hour * 60 - minute + 1_440) % 1_440
          expect([0, 30, 60]).toContain(shift)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('that is none names the field', () => {
    expect(() => parseCron('61 * * * *', 'UTC')).toThrow(/"61 \* \* \* \*" is no schedule/)
    expect(() => parseCron('0 0 30 2 *', 'UTC')).toThrow(/impossible day of month/)
    expect(() => parseCron('every day', 'UTC')).toThrow(/is no schedule/)
  })
})
