// Owns the proof that worked examples are read as they are meant, with rows of its own.
// Must not read a file.
import { expect, test } from 'vitest'
import { hubRows } from './hub-rows.ts'
import type { Vector } from './vector.ts'

function row(engine: string, tariff: object, session: object, zone = 'UTC') {
  const vector: Vector = {
    name: 'row',
    group: 'own',
    engine,
    gate: true,
    time_zone: zone,
    tariff,
    session,
    expected: {},
    compare: { scale: 2, mode: 'round_half_up_of_exact' },
  }
  return hubRows[engine]?.(vector)
}

test.each([
  [
    'totals',
    {
      day: 'rolling_24h',
      bands: [
        { up_to_min: 90, price: '4' },
        { up_to_min: 1440, price: '11' },
      ],
    },
    { stay_minutes: 1500 },
    '15',
  ],
  [
    'added',
    {
      day: 'none',
      bands_cumulative: [{ up_to_min: 20, add: '1' }],
      increments: [{ from_min: 20, every_min: 20, price: '2' }],
    },
    { stay_minutes: 61 },
    '7',
  ],
  [
    'weeks',
    {
      day: 'rolling_24h',
      increments: [{ from_min: 0, every_min: 30, price: '1' }],
      day_max: '8',
      week_max: '40',
      week: 'rolling_7d',
    },
    { stay_minutes: 10_081 },
    '41',
  ],
  [
    'tolerance',
    {
      day: 'none',
      increments: [{ from_min: 0, every_min: 10, price: '1' }],
      grace: { mode: 'continuous', minutes: 3 },
    },
    { stay_minutes: 23 },
    '2',
  ],
  [
    'an event',
    {
      event_flat: '20',
      otherwise: { currency: 'EUR', day: 'none', increments: [{ from_min: 0, every_min: 60, price: '1' }] },
    },
    { entry: '2024-06-10T18:00:00Z', exit: '2024-06-10T20:00:00Z', event: true },
    '20',
  ],
  [
    'no event',
    {
      event_flat: '20',
      otherwise: { currency: 'EUR', day: 'none', increments: [{ from_min: 0, every_min: 60, price: '1' }] },
    },
    { entry: '2024-06-10T18:00:00Z', exit: '2024-06-10T20:00:00Z', event: false },
    '2',
  ],
])('parking: %s', (_, tariff, session, total) => {
  expect(row('parking', { currency: 'USD', ...tariff }, session)).toMatchObject({ kind: 'priced', totalExcl: total })
})

test('products, the cheapest', () => {
  const products = [
    { id: 'early', flat: '9.00', entry_window: ['06:00', '09:00'], exit_window: ['15:00', '20:00'], same_day: true },
    {
      id: 'usual',
      day: 'calendar',
      bands: [
        { up_to_min: 60, price: '3' },
        { up_to_min: 1440, price: '18' },
      ],
    },
  ]
  const priced = (entry: string, exit: string) =>
    row('parking', { currency: 'AUD', select: 'cheapest', products }, { entry, exit }, 'Australia/Sydney')
  expect(priced('2024-06-09T21:00:00Z', '2024-06-10T06:00:00Z')).toMatchObject({ totalExcl: '9' })
  expect(priced('2024-06-09T23:30:00Z', '2024-06-10T06:00:00Z')).toMatchObject({ totalExcl: '18' })
})

test('sessions in segments: fees of the first, prices of each, grace once from the end', () => {
  const tariff = {
    currency: 'USD',
    idle_grace_minutes: '6',
    segments: [
      {
        price_per_kwh: '0.30',
        price_per_minute: '0.10',
        price_per_session: '2.00',
        idle_per_minute: '1.00',
        tax_rate: '0.08',
      },
      {
        price_per_kwh: '0.50',
        price_per_minute: '0.20',
        price_per_session: '9.00',
        idle_per_minute: '2.00',
        tax_rate: '0.08',
      },
    ],
  }
  const session = {
    segments: [
      { energy_wh: '4000', minutes: '30', idle_minutes: '5' },
      { energy_wh: '2000', minutes: '10.5', idle_minutes: '10' },
    ],
  }
  // 1.20 + 1.00 energy, 3.00 + 2.10 time, 2.00 fee, 5.00 + 8.00 idle.
  expect(row('flat-session', tariff, session)).toMatchObject({ totalExcl: '22.3', totalIncl: '24.084' })
})

test('a visit, its refund, and who pays the idle minutes', () => {
  const tariff = {
    currency: 'USD',
    parking: { every_min: 30, price: '1.00', tax_percent: '10' },
    energy: { price_per_kwh: '0.40', tax_percent: '5' },
  }
  expect(row('unified', tariff, { stay_minutes: 61, energy_kwh: '10', refund_kwh: '2.5' })).toMatchObject({
    totalIncl: '6.45',
    more: { original_incl: '7.5', refund_incl: '-1.05' },
  })
  const visit = { stay_minutes: 180, charging_minutes: 60, idle_minutes: 120, energy_kwh: '10' }
  const idle = { per_minute: '0.10', grace_minutes: 20 }
  const shared = (policy: string) =>
    row(
      'unified',
      { currency: 'USD', policy, parking: { every_min: 60, price: '3' }, idle, energy: { price_per_kwh: '0.40' } },
      visit,
    )
  expect(shared('additive')).toMatchObject({ totalExcl: '23' })
  expect(shared('idle_replaces_parking')).toMatchObject({ totalExcl: '17' })
})

test('idle time', () => {
  expect(
    row(
      'idle',
      { currency: 'USD', idle_per_minute: '0.30', grace_minutes: 10, grace_mode: 'threshold', rounding: 'per_second' },
      { idle_seconds: 690 },
    ),
  ).toMatchObject({ totalExcl: '0.45' })
})

test('what is not understood is refused, not overlooked', () => {
  const tariff = { currency: 'USD', day: 'none', increments: [{ from_min: 0, every_min: 60, price: '1' }] }
  expect(row('parking', { ...tariff, moon_phase: 'full' }, { stay_minutes: 1 })).toMatchObject({
    kind: 'refused',
    reason: 'tariff says something unknown: moon_phase',
  })
  expect(row('parking', { ...tariff, day: 'hotel' }, { stay_minutes: 1 })).toMatchObject({ kind: 'refused' })
  const segments = [
    { price_per_kwh: '1', currency: 'USD' },
    { price_per_kwh: '1', currency: 'EUR' },
  ]
  expect(
    row('flat-session', { currency: 'USD', segments }, { segments: [{ energy_wh: 1 }, { energy_wh: 1 }] }),
  ).toEqual({ kind: 'refused', reason: 'mixed currencies' })
})
