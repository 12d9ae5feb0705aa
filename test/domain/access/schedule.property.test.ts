// Owns the proof of schedules: for any windows and zone they say what the wall clock says, also on the nights when clocks change.
// Must not read a clock.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type HolidayRule, openUntil, type Schedule, scheduleAt } from '../../../core/domain/access/index.ts'
import { weekdays } from '../../../core/domain/local-time.ts'

const zone = 'Europe/Berlin'
const schedule = (part: Partial<Schedule>): Schedule => ({
  scheduleId: 's',
  code: 's',
  name: 'Office hours',
  windows: [],
  periods: [],
  onHolidays: 'as_days',
  ...part,
})
const at = (text: string) => Date.parse(text)
const isOpen = (one: Schedule, text: string, holidays: { date: string; name?: string }[] = []) =>
  scheduleAt(one, at(text), { zone, holidays }).open

const minute = fc.integer({ min: 0, max: 1439 })
const clock = (minutes: number) =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
const window = fc.record(
  {
    from: minute.map(clock),
    to: minute.map(clock),
    days: fc.uniqueArray(fc.constantFrom(...weekdays), { minLength: 1 }),
  },
  { requiredKeys: ['from', 'to'] },
)
// Both nights of 2026 in both zones lie in it.
const instant = fc.integer({ min: at('2026-03-01T00:00:00Z'), max: at('2026-11-20T00:00:00Z') })
const zones = fc.constantFrom('Europe/Berlin', 'America/Los_Angeles', 'Asia/Kolkata', 'Australia/Lord_Howe', 'UTC')

/** The wall by another way than the code under test: Intl. */
function wall(ms: number, timeZone: string): { day: number; minute: number; date: string } {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    hourCycle: 'h23',
    weekday: 'short',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  }).formatToParts(ms)
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? ''
  const day = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].indexOf(part('weekday'))
  const date = `${part('year')}-${part('month')}-${part('day')}`
  return { day, minute: Number(part('hour')) * 60 + Number(part('minute')), date }
}

describe('a schedule', () => {
  test('is open exactly when the wall clock is inside a window, in every zone and on every night', () => {
    fc.assert(
      fc.property(fc.array(window, { minLength: 1, maxLength: 4 }), instant, zones, (windows, ms, timeZone) => {
        const { day, minute: now } = wall(ms, timeZone)
        const minutes = (text: string) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3))
        const expected = windows.some(({ from, to, days }) => {
          const on = (index: number) => days === undefined || days.includes(weekdays[(index + 7) % 7] ?? 'mon')
          if (minutes(from) < minutes(to)) return on(day) && now >= minutes(from) && now < minutes(to)
          return (now >= minutes(from) && on(day)) || (now < minutes(to) && on(day - 1))
        })
        expect(scheduleAt(schedule({ windows }), ms, { zone: timeZone, holidays: [] }).open).toBe(expected)
      }),
      { numRuns: 2_000 },
    )
  })

  test('stays open until the instant it names, and is closed then', () => {
    fc.assert(
      fc.property(fc.array(window, { minLength: 1, maxLength: 3 }), instant, zones, (windows, ms, timeZone) => {
        const one = schedule({ windows })
        const site = { zone: timeZone, holidays: [] }
        fc.pre(scheduleAt(one, ms, site).open)
        const end = openUntil(one, ms, site)
        if (end === null) throw new Error('windows always have an end')
        expect(end).toBeGreaterThan(ms)
        if (end < ms + 86_400_000) expect(scheduleAt(one, end, site).open).toBe(false)
        for (let i = 1; i < 20; i++)
          expect(scheduleAt(one, ms + Math.floor(((end - ms) * i) / 20), site).open).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  test('holidays: a closed one lets nothing begin, a Sunday one has Sunday’s windows, an open one is open all day', () => {
    const windows = [{ from: '00:00', to: '24:00', days: ['mon', 'tue', 'wed', 'thu', 'fri'] as const }]
    const by = (onHolidays: HolidayRule) => schedule({ windows, onHolidays })
    const holidays = [{ date: '2026-12-25', name: 'Christmas Day' }]
    // A Friday.
    const noon = '2026-12-25T11:00:00Z'
    expect(isOpen(by('as_days'), noon, holidays)).toBe(true)
    expect(isOpen(by('closed'), noon, holidays)).toBe(false)
    expect(isOpen(by('sunday'), noon, holidays)).toBe(false)
    expect(
      isOpen(
        schedule({ windows: [{ from: '10:00', to: '14:00', days: ['sun'] }], onHolidays: 'sunday' }),
        noon,
        holidays,
      ),
    ).toBe(true)
    expect(isOpen(schedule({ windows: [{ from: '22:00', to: '23:00' }], onHolidays: 'open' }), noon, holidays)).toBe(
      true,
    )
    expect(scheduleAt(by('closed'), at(noon), { zone, holidays }).because).toContain('holiday (Christmas Day)')
  })

  test('a night that begins before a closed holiday runs to its end', () => {
    const night = schedule({ windows: [{ from: '20:00', to: '06:00' }], onHolidays: 'closed' })
    const holidays = [{ date: '2026-12-25' }]
    expect(isOpen(night, '2026-12-25T03:00:00Z', holidays)).toBe(true)
    expect(isOpen(night, '2026-12-25T20:00:00Z', holidays)).toBe(false)
    expect(isOpen(night, '2026-12-26T03:00:00Z', holidays)).toBe(false)
  })

  test('the hour that the wall shows twice is inside twice, the one it skips never', () => {
    const twoToThree = schedule({ windows: [{ from: '02:00', to: '03:00' }] })
    // 2026-10-25: 02:30 in summer time and again in winter time.
    expect(isOpen(twoToThree, '2026-10-25T00:30:00Z')).toBe(true)
    expect(isOpen(twoToThree, '2026-10-25T01:30:00Z')).toBe(true)
    expect(isOpen(twoToThree, '2026-10-25T02:30:00Z')).toBe(false)
    // 2026-03-29: from 02:00 straight to 03:00.
    for (let minutes = 0; minutes < 24 * 60; minutes += 5) {
      expect(scheduleAt(twoToThree, at('2026-03-28T23:00:00Z') + minutes * 60_000, { zone, holidays: [] }).open).toBe(
        false,
      )
    }
  })

  test('dates are the site’s own, both ends included', () => {
    const summer = schedule({ periods: [{ from: '2026-06-01', until: '2026-08-31' }] })
    expect(isOpen(summer, '2026-05-31T22:00:00Z')).toBe(true)
    expect(isOpen(summer, '2026-05-31T21:59:00Z')).toBe(false)
    expect(isOpen(summer, '2026-08-31T21:59:00Z')).toBe(true)
    expect(isOpen(summer, '2026-08-31T22:00:00Z')).toBe(false)
    expect(openUntil(schedule({}), at('2026-08-31T22:00:00Z'), { zone, holidays: [] })).toBeNull()
  })
})
