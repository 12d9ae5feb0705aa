// Owns worked examples of published garage cards: weeks, operating days, products, hours inside a stay, overstays.
// Must not repeat the engine's arithmetic.
import { describe, expect, test } from 'vitest'
import type { PricedSession } from '../../../core/plugin/index.ts'
import { amounts, engine, linesOf, park, periodsFrom, total } from './quote.ts'

const hourly = { bands: [{ everyMinutes: 60, price: '3.00' }] }
const cost = (rules: object, asked: Parameters<typeof park>[1]) => total(park(rules, asked)).toFixed(2)

describe('stretches', () => {
  const totals = {
    bandPrices: 'total',
    day: 'rolling',
    bands: [
      { untilMinutes: 60, price: '4.00' },
      { untilMinutes: 180, price: '9.00' },
      { everyMinutes: 60, price: '2.00' },
    ],
  }
  test.each([
    [60, '4.00'],
    [61, '9.00'],
    [180, '9.00'],
    [181, '11.00'],
    [1440, '51.00'],
    [1441, '55.00'],
  ])('with prices in all: %i minutes cost %s', (minutes, expected) => {
    expect(cost(totals, { minutes })).toBe(expected)
  })
  test('the line says which price in all it was', () => {
    expect(linesOf(park(totals, { minutes: 61 }))).toMatchObject([
      { key: 'band:1', billedQuantity: '1', unitPrice: '9.00', rulePath: '/bands/1' },
    ])
  })
})

describe('maxima', () => {
  const week = { ...hourly, day: 'rolling', dayMaximum: '12.00', weekMaximum: '60.00' }
  test.each([
    [4 * 1440, '48.00'],
    [6 * 1440, '60.00'],
    [7 * 1440, '60.00'],
    [7 * 1440 + 1, '63.00'],
    [14 * 1440, '120.00'],
  ])('of seven days from entry: %i minutes cost %s', (minutes, expected) => {
    expect(cost(week, { minutes })).toBe(expected)
  })
  test('of a calendar week, from Monday on', () => {
    const calendar = { ...week, day: 'calendar', week: 'calendar', weekMaximum: '20.00' }
    // Saturday and Sunday 20 instead of 24, then a Monday of one hour.
    expect(cost(calendar, { entry: '2024-06-15T00:00:00Z', exit: '2024-06-17T01:00:00Z' })).toBe('23.00')
  })
  test('of an operating day, cut at four in the morning, also when clocks change', () => {
    const club = { ...hourly, day: 'operating', dayStartsAt: '04:00', dayMaximum: '15.00' }
    const berlin = { zone: 'Europe/Berlin' }
    expect(cost(club, { ...berlin, entry: '2024-06-10T18:00:00Z', exit: '2024-06-11T02:00:00Z' })).toBe('15.00')
    expect(cost(club, { ...berlin, entry: '2024-06-10T18:00:00Z', exit: '2024-06-11T02:01:00Z' })).toBe('18.00')
    // 03:30 to 04:30 on the wall of the night that has no hour from two to three.
    expect(cost(club, { ...berlin, entry: '2024-03-31T01:30:00Z', exit: '2024-03-31T02:30:00Z' })).toBe('6.00')
  })
  test('of one entry, and beyond the longest stay', () => {
    const strict = { ...hourly, stayMaximum: '9.00', maxStay: { minutes: 240, price: '25.00' } }
    expect(cost(strict, { minutes: 240 })).toBe('9.00')
    expect(amounts(park(strict, { minutes: 241 }))).toEqual({ stay: '9', overstay: '25' })
    const quiet = { ...hourly, maxStay: { minutes: 60 } }
    expect(linesOf(park(quiet, { minutes: 120 }))[1]?.explanation.join(' ')).toContain('1 h longer')
    const meter = { ...hourly, maxStay: { minutes: 60, price: '5.00', everyMinutes: 30 } }
    expect(amounts(park(meter, { minutes: 121 }))).toEqual({ 'band:0': '9', overstay: '15' })
  })
  test('the way to the exit is not counted', () => {
    expect(cost({ ...hourly, exitMinutes: 10 }, { minutes: 70 })).toBe('3.00')
    expect(cost({ ...hourly, exitMinutes: 10 }, { minutes: 71 })).toBe('6.00')
  })
})

describe('hours inside a stay', () => {
  const evening = {
    ...hourly,
    day: 'calendar',
    dayMaximum: '30.00',
    windows: [{ from: '18:00', to: '06:00', price: '5.00' }],
  }
  test('a night costs its price once, though midnight lies in it', () => {
    const result = park(evening, { entry: '2024-06-10T16:00:00Z', exit: '2024-06-11T07:30:00Z' })
    expect(amounts(result)).toEqual({ 'band:0': '12', 'window:0': '5' })
    expect(linesOf(result)[1]).toMatchObject({ rulePath: '/windows/0', billedQuantity: '1' })
  })
  test('or at most its price', () => {
    const most = { ...hourly, windows: [{ from: '18:00', to: '06:00', price: '5.00', mode: 'maximum' }] }
    expect(cost(most, { entry: '2024-06-10T18:30:00Z', exit: '2024-06-10T19:30:00Z' })).toBe('3.00')
    expect(cost(most, { entry: '2024-06-10T18:30:00Z', exit: '2024-06-10T19:31:00Z' })).toBe('5.00')
  })
  test('free Sundays', () => {
    const sundays = { ...hourly, windows: [{ from: '00:00', to: '24:00', days: ['sun'], price: '0' }] }
    expect(cost(sundays, { entry: '2024-06-15T23:00:00Z', exit: '2024-06-17T00:00:00Z' })).toBe('3.00')
    expect(cost(sundays, { entry: '2024-06-16T08:00:00Z', exit: '2024-06-16T20:00:00Z' })).toBe('0.00')
  })
})

describe('products', () => {
  const early = {
    name: 'early bird',
    entry: [{ from: '06:00', to: '09:00' }],
    exit: [{ from: '15:30', to: '23:30' }],
    sameDay: true,
    flat: '13.00',
  }
  const weekend = {
    name: 'weekend',
    entry: [{ from: '00:00', to: '24:00', days: ['sat', 'sun'] }],
    exitBefore: { time: '00:00', day: 'mon' },
    flat: '10.00',
  }
  const card = { ...hourly, select: 'cheapest', products: [early, weekend] }
  const zone = 'Australia/Sydney'
  test.each([
    ['in by nine sharp, out at half past three', '2024-03-03T22:00:00Z', '2024-03-04T04:30:00Z', '13.00'],
    ['in a second after nine', '2024-03-03T22:00:01Z', '2024-03-04T04:30:01Z', '21.00'],
    ['out a minute early', '2024-03-03T22:00:00Z', '2024-03-04T04:29:00Z', '21.00'],
    ['the cheaper bands hold, too', '2024-03-04T04:00:00Z', '2024-03-04T05:00:00Z', '3.00'],
    ['all weekend', '2024-03-01T13:00:00Z', '2024-03-03T12:59:00Z', '10.00'],
    ['until Monday begins', '2024-03-03T08:00:00Z', '2024-03-03T13:00:00Z', '15.00'],
  ])('%s', (_, entry, exit, expected) => {
    expect(cost(card, { entry, exit, zone })).toBe(expected)
  })
  test('the line says what fitted', () => {
    const [line] = linesOf(park(card, { entry: '2024-03-03T22:00:00Z', exit: '2024-03-04T04:30:00Z', zone }))
    expect(line).toMatchObject({ key: 'flat', rulePath: '/products/0/flat', description: 'Parking, early bird' })
    expect(line?.explanation.join(' ')).toContain(
      'entered from 06:00 to 09:00; left from 15:30 to 23:30; left on the same day',
    )
  })
  test('the first that fits, for its groups and kinds of parkers, during its event', () => {
    const first = {
      ...hourly,
      products: [
        { name: 'concert', event: { from: '2024-06-10T17:00', to: '2024-06-10T21:00' }, flat: '35.00' },
        {
          name: 'members',
          parkers: ['member'],
          maxMinutes: 600,
          rates: { bands: [{ everyMinutes: 60, price: '1.00' }] },
        },
      ],
    }
    const entry = '2024-06-10T18:00:00Z'
    expect(cost(first, { entry, minutes: 30 })).toBe('35.00')
    expect(cost(first, { minutes: 180, parkerKind: 'member' })).toBe('3.00')
    expect(cost(first, { minutes: 601, parkerKind: 'member' })).toBe('33.00')
    expect(cost(first, { minutes: 180 })).toBe('9.00')
  })
  test('a validation of minutes does not turn a stay into another product', () => {
    const discounts = [{ factId: 'v', kind: 'validation' as const, minutes: 60 }]
    expect(cost(card, { entry: '2024-03-03T22:00:00Z', exit: '2024-03-04T04:30:00Z', zone, discounts })).toBe('13.00')
  })
})

test('groups have rates of their own, or park for nothing', () => {
  const rules = {
    ...hourly,
    groups: [
      { group: 'tenant', included: true },
      { group: 'shop', rates: { bands: [{ price: '2.00' }] } },
    ],
  }
  const stay = {
    stayId: 's',
    enteredAt: '2024-06-10T08:00:00Z',
    exitedAt: '2024-06-10T12:00:00Z',
    parkerKind: 'transient' as const,
    discounts: [],
  }
  const asked = (groups: string[]) =>
    engine.quote({
      scope: 'parking',
      rules: { scope: 'parking', ...rules },
      currency: 'USD',
      zone: 'UTC',
      groups,
      stay,
      session: null,
    })
  expect(amounts(asked(['shop', 'tenant']))).toEqual({ included: '0' })
  expect(linesOf(asked(['shop']))).toMatchObject([{ net: '2', rulePath: '/groups/1/rates/bands/0' }])
  expect(total(asked([])).toFixed(2)).toBe('12.00')
})

test('the rules say what a validation is worth that says nothing itself', () => {
  const worth = { '7': { flat: '5.00' }, '8': { percent: '50' }, '9': { minutes: 60 }, '10': { amount: '1.50' } }
  const rules = { ...hourly, validations: { worth } }
  const validated = (providerNo: string, more = {}) =>
    cost(rules, { minutes: 240, discounts: [{ factId: 'v', kind: 'validation', providerNo, ...more }] })
  expect(['7', '8', '9', '10', '11'].map((provider) => validated(provider))).toEqual([
    '5.00',
    '6.00',
    '9.00',
    '10.50',
    '12.00',
  ])
  expect(validated('7', { amountMinor: 100 })).toBe('11.00')
})

describe('parking and charging together', () => {
  const at = '2024-06-10T08:00:00Z'
  const session = (parts: Parameters<typeof periodsFrom>[1]): PricedSession => {
    const periods = periodsFrom(at, parts)
    const end = periods.at(-1)?.to ?? at
    return {
      sessionId: 'c',
      pluggedAt: at,
      unpluggedAt: end,
      startedAt: at,
      endedAt: end,
      energyWh: 0,
      periods,
      flags: [],
    }
  }
  const asked = (charging: object, hours: number, parts: Parameters<typeof periodsFrom>[1]) => {
    const exitedAt = new Date(Date.parse(at) + hours * 3_600_000).toISOString()
    return engine.quote({
      scope: 'parking',
      rules: { scope: 'parking', ...hourly, charging },
      currency: 'USD',
      zone: 'UTC',
      groups: [],
      stay: { stayId: 's', enteredAt: at, exitedAt, parkerKind: 'transient', discounts: [] },
      session: null,
      sessions: [session(parts)],
    })
  }
  test('two hours free while charging, also while the station holds back', () => {
    const free = { freeMinutes: 120 }
    expect(total(asked(free, 4, [[90, 'charging']])).toFixed(2)).toBe('9.00')
    expect(
      total(
        asked(free, 4, [
          [60, 'charging'],
          [120, 'suspended_station'],
        ]),
      ).toFixed(2),
    ).toBe('6.00')
    expect(amounts(asked(free, 1, [[60, 'charging']]))).toEqual({ free: '0' })
    expect(
      total(
        asked({ ...free, counts: 'plugged' }, 3, [
          [30, 'charging'],
          [90, 'finished'],
        ]),
      ).toFixed(2),
    ).toBe('3.00')
  })
  test('the idle fee instead of parking, once the car is full', () => {
    const replaced = asked({ idleReplacesParking: true }, 4, [
      [60, 'charging'],
      [120, 'finished'],
    ])
    expect(total(replaced).toFixed(2)).toBe('6.00')
    expect(linesOf(replaced)[0]?.explanation.join(' ')).toContain('2 h after the car was full are charged as idle time')
  })
  test('such rules ask for the sessions of the stay', () => {
    expect(engine.needs?.({ scope: 'parking', ...hourly, charging: { freeMinutes: 120 } })).toEqual(['sessions'])
    expect(engine.needs?.({ scope: 'parking', ...hourly })).toEqual([])
  })
})
