// Owns worked examples of tiers, variants, allowances, limits of an account, kinds of grace and reservations.
// Must not repeat the engine's arithmetic.
import { describe, expect, test } from 'vitest'
import type { PriceInput, PriceResult } from '../../../core/plugin/index.ts'
import { amounts, charge, engine, linesOf, type Part, periodsFrom, total } from './quote.ts'

const at = '2024-06-10T08:00:00Z'
const session = (rules: object, parts: readonly Part[], more = {}) => charge(rules, periodsFrom(at, parts), more)

function chargeFor(
  rules: object,
  parts: readonly Part[],
  who: Partial<PriceInput>,
  reservedFrom?: string,
): PriceResult {
  const periods = periodsFrom(at, parts)
  const end = periods.at(-1)?.to ?? at
  return engine.quote({
    scope: 'charging',
    rules: { scope: 'charging', ...rules },
    currency: 'USD',
    zone: 'UTC',
    groups: [],
    stay: null,
    session: {
      sessionId: 'c',
      pluggedAt: at,
      unpluggedAt: end,
      startedAt: at,
      endedAt: end,
      energyWh: periods.reduce((sum, period) => sum + period.energyWh, 0),
      periods,
      flags: [],
      ...(reservedFrom === undefined ? {} : { reservation: { from: reservedFrom, to: at, outcome: 'used' } }),
    },
    ...who,
  })
}

describe('tiers', () => {
  test('by kWh, to the watt-hour, however it was measured', () => {
    const rules = { energy: { price: '0', tiers: [{ untilKwh: '10.5', price: '0.30' }, { price: '0.50' }] } }
    const expected = { 'energy:tier:0': '3.15', 'energy:tier:1': '4.75' }
    expect(amounts(session(rules, [[60, 'charging', 20_000]]))).toEqual(expected)
    expect(
      amounts(
        session(rules, [
          [30, 'charging', 7_001],
          [30, 'charging', 12_999],
        ]),
      ),
    ).toEqual(expected)
  })
  test('by minutes since the start', () => {
    const rules = { energy: { price: '0', tiers: [{ untilMinutes: 30, price: '0.20' }, { price: '0.60' }] } }
    expect(amounts(session(rules, [[60, 'charging', 20_000]]))).toEqual({
      'energy:tier:0': '2',
      'energy:tier:1': '6',
    })
  })
  test('of time and idle time; a started minute belongs to the price at which it starts', () => {
    const rules = {
      time: { price: '0', tiers: [{ untilMinutes: 10, price: '0.10' }, { price: '0.20' }] },
      idle: { price: '0', tiers: [{ untilMinutes: 5, price: '1.00' }, { price: '2.00' }] },
    }
    expect(
      amounts(
        session(rules, [
          [12.5, 'charging', 1],
          [7, 'finished'],
        ]),
      ),
    ).toMatchObject({
      'time:tier:0': '1',
      'time:tier:1': '0.6',
      'idle:tier:0': '5',
      'idle:tier:1': '4',
    })
  })
  test('hours come first', () => {
    const rules = { time: { price: '0.10', windows: [{ from: '09:00', to: '10:00', price: '0.30' }] } }
    expect(amounts(session(rules, [[90, 'charging', 1]]))).toMatchObject({ time: '6', 'time:window:0': '9' })
  })
})

describe('grace', () => {
  const idle = (graceMode: string, minutes: number) =>
    total(
      session(
        {
          idle: {
            price: '0',
            tiers: [{ untilMinutes: 10, price: '1.00' }, { price: '3.00' }],
            graceMinutes: 5,
            graceMode,
          },
        },
        [
          [60, 'charging', 1],
          [minutes, 'finished'],
        ],
      ),
    ).toFixed(2)
  test('the first minutes, the last, or all or nothing', () => {
    expect([idle('threshold', 20), idle('deduct', 20), idle('cliff', 20)]).toEqual(['35.00', '25.00', '40.00'])
    expect([idle('threshold', 5), idle('deduct', 5), idle('cliff', 5)]).toEqual(['0.00', '0.00', '0.00'])
  })
})

describe('variants', () => {
  const rules = {
    energy: { price: '0.50' },
    session: { price: '1.00' },
    variants: [
      { name: 'fleet', groups: ['fleet'], energy: { price: '0.30' }, without: ['session'] },
      { parkers: ['contract'], allowance: { kwh: '10', per: 'day' } },
    ],
  }
  test('replace what they name, for their groups', () => {
    const [energy, ...others] = linesOf(chargeFor(rules, [[60, 'charging', 20_000]], { groups: ['fleet'] }))
    expect(energy).toMatchObject({ net: '6', rulePath: '/variants/0/energy' })
    expect(energy?.explanation[0]).toBe('Prices for fleet.')
    expect(others).toEqual([])
  })
  test('free for monthly parkers up to 10 kWh a day', () => {
    const free = (day: number) =>
      amounts(
        chargeFor(rules, [[60, 'charging', 12_000]], {
          parkerKind: 'contract',
          used: { day: { energyWh: day, net: '0', gross: '0' }, month: { energyWh: 0, net: '0', gross: '0' } },
        }),
      )
    expect(free(0)).toEqual({ 'energy:free': '0', energy: '1', session: '1' })
    expect(free(4_000)).toEqual({ 'energy:free': '0', energy: '3', session: '1' })
    expect(free(40_000)).toEqual({ energy: '6', session: '1' })
    expect(amounts(chargeFor(rules, [[60, 'charging', 12_000]], {}))).toEqual({ energy: '6', session: '1' })
    expect(engine.needs?.({ scope: 'charging', ...rules })).toEqual(['used'])
  })
})

test('an account pays at most so much a day and a month', () => {
  const rules = { energy: { price: '0.50' }, dayMaximum: '10.00', monthMaximum: '40.00' }
  const paid = (day: string, month: string) =>
    total(
      chargeFor(rules, [[60, 'charging', 16_000]], {
        used: { day: { energyWh: 0, net: day, gross: day }, month: { energyWh: 0, net: month, gross: month } },
      }),
    ).toFixed(2)
  expect([paid('0', '0'), paid('4', '4'), paid('4', '39.5'), paid('12', '50')]).toEqual([
    '8.00',
    '6.00',
    '0.50',
    '0.00',
  ])
})

test('a reservation is charged until the car is plugged in', () => {
  const rules = { energy: { price: '0.30' }, reservation: { price: '0.05' } }
  expect(amounts(chargeFor(rules, [[30, 'charging', 10_000]], {}, '2024-06-10T07:40:00Z'))).toEqual({
    energy: '3',
    reservation: '1',
  })
  expect(chargeFor(rules, [[30, 'charging', 1]], {}, '2024-06-10T09:00:00Z').kind).toBe('unpriceable')
})

test('each price may have a tax of its own', () => {
  const rules = {
    tax: { code: 'VAT', percent: '10', included: false },
    energy: {
      price: '0.50',
      windows: [{ from: '09:00', to: '10:00', price: '0.40', tax: { code: 'LOW', percent: '5' } }],
    },
  }
  expect(linesOf(session(rules, [[120, 'charging', 20_000]]))).toMatchObject([
    { key: 'energy', taxRate: '10' },
    { key: 'energy:0', taxRate: '5' },
  ])
})
