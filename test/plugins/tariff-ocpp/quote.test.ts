// Owns the proof of OCPP 2.1 tariffs on examples worked by hand: conditions, taxes on taxes, limits, reservations.
// Must not test what holds for every tariff; the properties do.
import { describe, expect, test } from 'vitest'
import { ocppEngine } from '../../../plugins/tariff-ocpp/index.ts'
import { type Asked, ask, bill, excl, incl, linesOf, type Part, periodsFrom } from '../tariff-ocpi/ask.ts'

const engine = ocppEngine()
const start = '2024-01-15T16:00:00Z'
const price = (tariff: object, parts: readonly Part[], asked?: Asked) =>
  ask(
    engine,
    { edition: '2.1', tariff: { tariffId: 'T', currency: 'EUR', ...tariff } },
    periodsFrom(start, parts),
    asked,
  )

describe('the first price whose conditions hold', () => {
  test('changes at the exact time, energy and length of idling', () => {
    const result = price(
      {
        energy: {
          prices: [
            { priceKwh: 0.1, conditions: { maxEnergy: 1500 } },
            { priceKwh: 0.2, conditions: { endTimeOfDay: '17:00' } },
            { priceKwh: 0.3 },
          ],
        },
        idleTime: { prices: [{ priceMinute: 0.5, conditions: { minIdleTime: 300, maxIdleTime: 900 } }] },
      },
      [
        [30, 'charging', 1_500],
        [60, 'charging', 6_000],
        [4, 'suspended_vehicle'],
        [9, 'suspended_station'],
        [30, 'finished'],
      ],
    )
    expect(bill(result)).toEqual({
      'ENERGY:0': '1.5 = 0.15',
      'ENERGY:1': '3 = 0.6',
      'ENERGY:2': '3 = 0.9',
      'IDLE_TIME:0': '10 = 5',
    })
  })

  test('knows the charger, the card and the current, and prices nothing where they lack', () => {
    const ac = { energy: { prices: [{ priceKwh: 1, conditions: { evseKind: 'AC' } }, { priceKwh: 2 }] } }
    expect(excl(price(ac, [[60, 'charging', 1_000]], { evseKind: 'AC' })).toString()).toBe('1')
    expect(excl(price(ac, [[60, 'charging', 1_000]], { evseKind: 'DC' })).toString()).toBe('2')
    expect(price(ac, [[60, 'charging', 1_000]])).toMatchObject({ kind: 'unpriceable' })
    const strong = { chargingTime: { prices: [{ priceMinute: 1, conditions: { minCurrent: 32 } }] } }
    expect(excl(price(strong, [[5, 'charging', 1, { currentMa: 32_000 }]])).toString()).toBe('5')
    expect(price(strong, [[5, 'charging', 1]])).toMatchObject({ kind: 'unpriceable' })
    const card = { fixedFee: { prices: [{ priceFixed: 3, conditions: { paymentBrand: 'X' } }, { priceFixed: 4 }] } }
    expect(bill(price(card, [[5, 'charging']]))).toEqual({ 'FIXED:1': '1 = 4' })
  })
})

test('taxes of one stack share a base, a higher one taxes them too', () => {
  const taxRates = [
    { type: 'city', tax: 5, stack: 1 },
    { type: 'state', tax: 10 },
    { type: 'federal', tax: '2.5' },
  ]
  const result = price({ energy: { prices: [{ priceKwh: 1 }], taxRates } }, [[60, 'charging', 8_000]])
  expect(linesOf(result)[0]).toMatchObject({
    net: '8',
    taxRate: '18.125',
    taxes: [
      { code: 'state', percent: '10', amount: '0.8' },
      { code: 'federal', percent: '2.5', amount: '0.2' },
      { code: 'city', percent: '5', amount: '0.45' },
    ],
  })
  expect(incl(result).toString()).toBe('9.45')
})

test('limits keep the taxes in proportion, also where only the price after taxes has one', () => {
  const energy = { prices: [{ priceKwh: 1 }], taxRates: [{ type: 'vat', tax: 20 }] }
  const result = price({ energy, maxCost: { inclTax: 6 } }, [[60, 'charging', 10_000]])
  expect([excl(result).toString(), incl(result).toString()]).toEqual(['5', '6'])
  expect(bill(price({ energy, minCost: { exclTax: 20 } }, [[60, 'connected']]))).toEqual({})
  const least = price({ energy, minCost: { exclTax: 20 } }, [[60, 'charging', 10_000]])
  expect([excl(least).toString(), incl(least).toString()]).toEqual(['20', '24'])
})

test('a reservation that nobody came to costs its own prices, and no session fee', () => {
  const tariff = {
    fixedFee: { prices: [{ priceFixed: 9 }] },
    reservationFixed: { prices: [{ priceFixed: 2 }] },
    reservationTime: { prices: [{ priceMinute: 0.05 }] },
  }
  const reservation = { from: '2024-01-15T15:00:00Z', to: '2024-01-15T15:13:00Z', outcome: 'expired' } as const
  const result = ask(engine, { edition: '2.1', tariff: { currency: 'EUR', ...tariff } }, [], { reservation })
  expect(bill(result)).toEqual({ 'RESERVATION_FIXED:0': '1 = 2', 'RESERVATION_TIME:0': '13 = 0.65' })
})

test.each([
  ['/tariff/energy/prices', { energy: { prices: [] } }],
  ['/tariff/energy/prices/0/conditions/maxSoc', { energy: { prices: [{ priceKwh: 1, conditions: { maxSoc: 1 } }] } }],
  [
    '/tariff/fixedFee/prices/0/conditions/minEnergy',
    { fixedFee: { prices: [{ priceFixed: 1, conditions: { minEnergy: 1 } }] } },
  ],
  ['/tariff/energy/taxRates/0/tax', { energy: { prices: [{ priceKwh: 1 }], taxRates: [{ type: 'vat', tax: 101 }] } }],
])('rules are refused at %s', (pointer, tariff) => {
  expect(engine.check({ edition: '2.1', tariff: { currency: 'EUR', ...tariff } })).toMatchObject({
    kind: 'invalid',
    problems: [{ pointer }],
  })
})

test('says its prices in plain words', () => {
  const tariff = {
    currency: 'EUR',
    energy: {
      prices: [{ priceKwh: 0.3, conditions: { startTimeOfDay: '22:00', endTimeOfDay: '06:00' } }],
      taxRates: [{ type: 'vat', tax: 19 }],
    },
    maxCost: { exclTax: 40 },
  }
  expect(engine.describe({ edition: '2.1', tariff }, { currency: 'EUR', zone: 'UTC' })).toEqual([
    'Energy: EUR 0.3 per kWh plus 19 % vat (from 22:00 to 06:00).',
    'Of several that fit, the first one counts. What none of them prices is free.',
    'At most EUR 40 before taxes per session.',
    'Nothing is charged for time in which the charging station itself holds the energy back.',
  ])
})
