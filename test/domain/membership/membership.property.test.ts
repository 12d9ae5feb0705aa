// Owns the proof of the memberships' arithmetic: calendars that meet without gap, parts that add up to the whole, all earned in the end.
// Must not touch a database.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addDays, daysBetween, startOfLocalDate } from '../../../core/domain/local-time.ts'
import {
  type Charge,
  earned,
  membershipPeriod,
  rhythms,
  slice,
  stillBilled,
} from '../../../core/domain/membership/index.ts'
import { minor } from '../../../core/domain/money.ts'

const date = fc.integer({ min: 0, max: 4000 }).map((days) => addDays('2023-01-01', days))
const calendar = fc
  .record({ startsOn: date, every: fc.constantFrom(...rhythms), anchor: fc.option(fc.integer({ min: 1, max: 31 })) })
  .map(({ startsOn, every, anchor }) => ({ startsOn, every, anchorDay: anchor ?? Number(startsOn.slice(8)) }))
const price = fc.record({
  netMinor: fc.integer({ min: 0, max: 2_000_000 }),
  taxMinor: fc.integer({ min: 0, max: 400_000 }),
})

describe('the calendar', () => {
  test('the last day of January leads to the last days of the next months, and back', () => {
    const of = { startsOn: '2023-01-31', every: 'month', anchorDay: 31 } as const
    expect([1, 2, 3, 4, 13, 14].map((number) => membershipPeriod(of, number).from)).toEqual([
      ...['2023-01-31', '2023-02-28', '2023-03-31', '2023-04-30', '2024-01-31', '2024-02-29'],
    ])
  })

  test('an anchor before the start makes the first period begin before the membership', () => {
    const of = { startsOn: '2024-02-15', every: 'quarter', anchorDay: 1 } as const
    expect(membershipPeriod(of, 1)).toEqual({ from: '2024-02-01', to: '2024-05-01' })
    expect(membershipPeriod({ ...of, every: 'month', anchorDay: 20 }, 1)).toEqual({
      from: '2024-01-20',
      to: '2024-02-20',
    })
    expect(membershipPeriod({ ...of, every: 'four_weeks' }, 2)).toEqual({ from: '2024-03-14', to: '2024-04-11' })
  })

  test('property: the first period holds the start, and each begins where the one before it ends', () => {
    fc.assert(
      fc.property(calendar, fc.integer({ min: 1, max: 40 }), (of, number) => {
        const first = membershipPeriod(of, 1)
        expect(first.from <= of.startsOn && of.startsOn < first.to).toBe(true)
        const one = membershipPeriod(of, number)
        expect(one.from < one.to).toBe(true)
        expect(membershipPeriod(of, number + 1).from).toBe(one.to)
      }),
    )
  })

  test('days are local days: a period over the night on which clocks change is as many days long as the calendar says', () => {
    const of = { startsOn: '2024-03-15', every: 'month', anchorDay: 15 } as const
    const { from, to } = membershipPeriod(of, 1)
    expect(daysBetween(from, to)).toBe(31)
    const zone = 'Europe/Berlin'
    expect(startOfLocalDate(to, zone).getTime() - startOfLocalDate(from, zone).getTime()).toBe(
      31 * 86_400_000 - 3_600_000,
    )
  })
})

describe('proration', () => {
  test('property: any split of a period adds up to the whole, net and tax', () => {
    fc.assert(
      fc.property(calendar, price, fc.array(fc.nat(400), { maxLength: 12 }), (of, whole, cuts) => {
        const period = membershipPeriod(of, 1)
        const days = daysBetween(period.from, period.to)
        const edges = [...new Set([0, days, ...cuts.map((cut) => cut % days)])].sort((a, b) => a - b)
        const base = { period, netMinor: minor(whole.netMinor), taxMinor: minor(whole.taxMinor) }
        const parts = edges
          .slice(1)
          .map((edge, i) => slice(base, { from: addDays(period.from, edges[i] ?? 0), to: addDays(period.from, edge) }))
        expect(parts.reduce((sum, part) => sum + part.netMinor, 0)).toBe(whole.netMinor)
        expect(parts.reduce((sum, part) => sum + part.taxMinor, 0)).toBe(whole.taxMinor)
        expect(parts.every((part) => part.netMinor >= 0 && part.taxMinor >= 0)).toBe(true)
      }),
    )
  })

  test('property: what is earned never exceeds what is billed, never shrinks, and is all of it at the end', () => {
    fc.assert(
      fc.property(calendar, price, fc.nat(400), fc.constantFrom(1 as const, -1 as const), (of, whole, cut, sign) => {
        const period = membershipPeriod(of, 1)
        const from = addDays(period.from, cut % daysBetween(period.from, period.to))
        const charge: Charge = {
          period,
          from,
          to: period.to,
          sign,
          netMinor: minor(whole.netMinor),
          taxMinor: minor(whole.taxMinor),
        }
        const billed = sign * slice(charge, charge).netMinor + 0
        let before = 0
        for (let day = period.from; day <= addDays(period.to, 3); day = addDays(day, 7)) {
          const now = sign * earned(charge, day)
          expect(now).toBeGreaterThanOrEqual(before)
          expect(now).toBeLessThanOrEqual(sign * billed)
          before = now
        }
        expect(earned(charge, period.to)).toBe(billed)
      }),
    )
  })

  test('what was given back is not given back again', () => {
    const period = { from: '2024-03-01', to: '2024-04-01' }
    const base = { period, planId: 'p', netMinor: minor(3100), taxMinor: minor(0) }
    const charges = [
      { ...base, from: '2024-03-01', to: '2024-04-01', sign: 1 as const },
      { ...base, from: '2024-03-10', to: '2024-04-01', sign: -1 as const },
      { ...base, from: '2024-03-20', to: '2024-04-01', sign: 1 as const },
    ]
    const spans = (day: string) => stillBilled(charges, day).map(({ from, to }) => `${from} ${to}`)
    expect(spans('2024-03-05')).toEqual(['2024-03-05 2024-03-10', '2024-03-20 2024-04-01'])
    expect(spans('2024-03-25')).toEqual(['2024-03-25 2024-04-01'])
    expect(spans('2024-04-01')).toEqual([])
  })
})
