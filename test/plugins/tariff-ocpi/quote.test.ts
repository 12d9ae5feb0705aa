// Owns the proof of OCPI semantics on examples worked by hand: which element, which steps by edition, limits, taxes, records.
// Must not test what holds for every tariff; the properties do.
import { describe, expect, test } from 'vitest'
import { ask, bill, component, elements, excl, incl, linesOf, ocpi, periodsFrom } from './ask.ts'

const monday = '2024-01-15T16:00:00Z'

describe('which element holds', () => {
  test('changes at the exact instant of the site, inside a period, and energy is shared by time', () => {
    const rules = elements([
      { ...component('ENERGY', 0.2), restrictions: { start_time: '00:00', end_time: '18:00' } },
      component('ENERGY', 0.3),
    ])
    // 16:00 UTC is 17:00 in Berlin: half of the two hours are before 18:00.
    const result = ask(ocpi, rules, periodsFrom(monday, [[120, 'charging', 10_000]]), { zone: 'Europe/Berlin' })
    expect(bill(result)).toEqual({ 'ENERGY:0.0': '5 = 1', 'ENERGY:1.0': '5 = 1.5' })
    expect(linesOf(result)[0]?.explanation).toEqual([
      'Element 1 holds from 00:00 to 18:00.',
      'Energy measured across a change of price is shared by time, to the watt-hour.',
      '5 kWh × 0.2 = 1.',
      'The tariff does not say which taxes there are.',
    ])
  })

  test('changes at the exact kWh', () => {
    const rules = elements([
      { ...component('ENERGY', 0), restrictions: { max_kwh: 1.5 } },
      { ...component('ENERGY', '0.50'), restrictions: { min_kwh: 1.5 } },
    ])
    expect(bill(ask(ocpi, rules, periodsFrom(monday, [[60, 'charging', 4_000]])))).toEqual({
      'ENERGY:0.0': '1.5 = 0',
      'ENERGY:1.0': '2.5 = 1.25',
    })
  })

  test('counts an hour that comes twice twice, and one that is skipped never', () => {
    const rules = elements([
      { ...component('TIME', 6), restrictions: { start_time: '02:00', end_time: '03:00' } },
      component('TIME', 1),
    ])
    const night = (start: string) =>
      bill(ask(ocpi, rules, periodsFrom(start, [[240, 'charging']]), { zone: 'Europe/Berlin' }))
    expect(night('2024-10-26T23:00:00Z')).toEqual({ 'TIME:1.0': '7200 = 2', 'TIME:0.0': '7200 = 12' })
    expect(night('2024-03-31T00:00:00Z')).toEqual({ 'TIME:1.0': '14400 = 4' })
  })

  test('over midnight belongs to the weekday on the wall', () => {
    const rules = elements([
      { ...component('TIME', 2), restrictions: { start_time: '22:00', end_time: '06:00', day_of_week: ['SUNDAY'] } },
    ])
    // Sunday 21:00 to Monday 01:00: only 22:00 to 24:00 is night on a Sunday.
    expect(bill(ask(ocpi, rules, periodsFrom('2024-01-14T21:00:00Z', [[240, 'charging']])))).toEqual({
      'TIME:0.0': '7200 = 4',
    })
  })

  test('by date, duration and measured power; what no element prices is free', () => {
    const rules = elements([
      { ...component('ENERGY', 1), restrictions: { start_date: '2024-01-15', end_date: '2024-01-16', min_power: 11 } },
      { ...component('TIME', 6), restrictions: { min_duration: 1800, max_duration: 3600 } },
    ])
    const parts = periodsFrom(monday, [
      [60, 'charging', 10_000, { powerW: 11_000 }],
      [60, 'charging', 10_000, { powerW: 10_999 }],
    ])
    expect(bill(ask(ocpi, rules, parts))).toEqual({
      'ENERGY:0.0': '10 = 10',
      'TIME:1.0': '1800 = 3',
      'ENERGY:free': '10 = 0',
    })
  })

  test('in 2.1.1 all of the first element that matches, and nothing of a later one', () => {
    const list = [component('ENERGY', 1), component('TIME', 6)]
    const periods = periodsFrom(monday, [[60, 'charging', 1_000]])
    expect(bill(ask(ocpi, elements(list, {}, '2.1.1'), periods))).toEqual({ 'ENERGY:0.0': '1 = 1' })
    expect(bill(ask(ocpi, elements(list), periods))).toEqual({ 'ENERGY:0.0': '1 = 1', 'TIME:1.0': '3600 = 6' })
  })

  test('depends on no current that nobody measured', () => {
    const rules = elements([{ ...component('ENERGY', 1), restrictions: { min_current: 16 } }])
    const priced = (more: object) => ask(ocpi, rules, periodsFrom(monday, [[60, 'charging', 1_000, more]]))
    expect(priced({})).toEqual({
      kind: 'unpriceable',
      reason: 'The price depends on the current, which was not measured.',
    })
    expect(excl(priced({ currentMa: 16_000 })).toString()).toBe('1')
    expect(excl(priced({ currentMa: 15_999 })).toString()).toBe('0')
  })

  test('a fee is taken once, whichever element comes to hold it later', () => {
    const fee = (price: number, restrictions: object) => ({ ...component('FLAT', price), restrictions })
    const rules = elements([fee(1, { max_duration: 600 }), fee(2, {})])
    expect(bill(ask(ocpi, rules, periodsFrom(monday, [[60, 'charging']])))).toEqual({ 'FLAT:0.0': '1 = 1' })
  })

  test('nothing is due for time in which the station held the energy back', () => {
    const rules = elements([{ price_components: ['TIME', 'PARKING_TIME'].map((type) => ({ type, price: 6 })) }])
    const parts = periodsFrom(monday, [
      [10, 'charging', 100],
      [30, 'suspended_station'],
      [10, 'suspended_vehicle'],
    ])
    expect(bill(ask(ocpi, rules, parts))).toEqual({
      'TIME:0.0': '600 = 1',
      'PARKING_TIME:0.1': '600 = 1',
      'ENERGY:free': '0.1 = 0',
    })
  })
})

describe('steps', () => {
  const both = elements([
    {
      price_components: [
        { type: 'TIME', price: 6, step_size: 600 },
        { type: 'PARKING_TIME', price: 3, step_size: 900 },
      ],
    },
  ])
  const parts = periodsFrom(monday, [
    [13, 'charging'],
    [4, 'finished'],
  ])
  const by = (edition: string) => bill(ask(ocpi, { ...both, edition }, parts))

  test('are taken by edition', () => {
    expect(by('2.1.1')).toEqual({ 'TIME:0.0': '1200 = 2', 'PARKING_TIME:0.1': '900 = 0.75' })
    // 17 minutes together become 30: the 13 that are added are parked.
    expect(by('2.2')).toEqual({ 'TIME:0.0': '780 = 1.3', 'PARKING_TIME:0.1': '1020 = 0.85' })
    expect(by('2.2.1')).toEqual({ 'TIME:0.0': '780 = 1.3', 'PARKING_TIME:0.1': '900 = 0.75' })
    expect(by('2.3.0')).toEqual(by('2.2.1'))
  })

  test('are of the last component, at whose price the difference is billed', () => {
    const rules = elements([
      { ...component('ENERGY', 0.2, { step_size: 5000 }), restrictions: { max_kwh: 3 } },
      component('ENERGY', 0.4, { step_size: 1000 }),
    ])
    expect(bill(ask(ocpi, rules, periodsFrom(monday, [[60, 'charging', 4_100]])))).toEqual({
      'ENERGY:0.0': '3 = 0.6',
      'ENERGY:1.0': '2 = 0.8',
    })
  })

  test('of zero leave the quantity as it is, an exact multiple too', () => {
    const one = (step_size: number, wh: number) =>
      bill(ask(ocpi, elements([component('ENERGY', 1, { step_size })]), periodsFrom(monday, [[60, 'charging', wh]])))
    expect(one(0, 1_234)).toEqual({ 'ENERGY:0.0': '1.234 = 1.234' })
    expect(one(500, 1_500)).toEqual({ 'ENERGY:0.0': '1.5 = 1.5' })
    expect(one(500, 1_501)).toEqual({ 'ENERGY:0.0': '2 = 2' })
  })

  test('and prices may be rounded the way a roaming platform asks', () => {
    const up = (round_granularity: string) => ({ round_granularity, round_rule: 'ROUND_UP' })
    const more = { step_size: 1000, step_round: up('UNIT'), price_round: up('HUNDREDTH') }
    const rules = elements([component('ENERGY', '0.492', more)], {}, '2.1.1')
    expect(bill(ask(ocpi, rules, periodsFrom(monday, [[60, 'charging', 11_765]])))).toEqual({
      'ENERGY:0.0': '12 = 5.91',
    })
  })
})

describe('reservations', () => {
  const reservation = { from: '2024-01-15T15:00:00Z', to: '2024-01-15T15:22:00Z', outcome: 'used' } as const
  const list = [
    { ...component('FLAT', 4), restrictions: { reservation: 'RESERVATION_EXPIRES' } },
    {
      price_components: [
        { type: 'FLAT', price: 1 },
        { type: 'TIME', price: 3, step_size: 600 },
      ],
      restrictions: { reservation: 'RESERVATION' },
    },
    component('FLAT', 0.5),
  ]

  test('have their own fee and steps, beside those of charging', () => {
    expect(bill(ask(ocpi, elements(list), periodsFrom(monday, [[10, 'charging']]), { reservation }))).toEqual({
      'RESERVATION_FLAT:1.0': '1 = 1',
      'RESERVATION_TIME:1.1': '1800 = 1.5',
      'FLAT:2.0': '1 = 0.5',
    })
  })

  test('that expire pay what is said for it, else what a reservation pays, and no fee for charging', () => {
    const expired = { ...reservation, outcome: 'expired' as const }
    expect(bill(ask(ocpi, elements(list), [], { reservation: expired }))).toEqual({
      'RESERVATION_FLAT:0.0': '1 = 4',
      'RESERVATION_TIME:1.1': '1800 = 1.5',
    })
  })
})

describe('limits', () => {
  const mixed = [
    {
      price_components: [
        { type: 'FLAT', price: 1, vat: 20 },
        { type: 'ENERGY', price: 1, vat: 10 },
      ],
    },
  ]
  const with9kWh = (more: object) => ask(ocpi, elements(mixed, more), periodsFrom(monday, [[60, 'charging', 9_000]]))

  test('before and after taxes hold on their own: 10.00 and 11.10 come down to 5.00 and 5.40', () => {
    const result = with9kWh({ max_price: { excl_vat: 5, incl_vat: 5.4 } })
    expect([excl(result).toString(), incl(result).toString()]).toEqual(['5', '5.4'])
    expect(linesOf(result).map(({ key, net }) => [key, net])).toEqual([
      ['FLAT:0.0', '1'],
      ['ENERGY:0.1', '9'],
      ['maximum:VAT:20', '-0.5'],
      ['maximum:VAT:10', '-4.5'],
      ['maximum:tax', '0'],
    ])
  })

  test('lift a session to its least price, in 2.3.0 told with its taxes one by one', () => {
    const min_price = { before_taxes: 20, taxes: [{ name: 'VAT', amount: 2.2 }] }
    const result = ask(
      ocpi,
      elements(mixed, { min_price, tax_included: 'NO' }, '2.3.0'),
      periodsFrom(monday, [[60, 'charging', 9_000]]),
    )
    expect([excl(result).toString(), incl(result).toString()]).toEqual(['20', '22.2'])
  })

  test('are not due for a plug-in that never came to charge', () => {
    const rules = elements(mixed, { min_price: { excl_vat: 5 } })
    expect(bill(ask(ocpi, rules, periodsFrom(monday, [[5, 'connected']])))).toEqual({})
    expect(bill(ask(ocpi, rules, periodsFrom(monday, [[5, 'charging']])))).toEqual({
      'FLAT:0.0': '1 = 1',
      'minimum:VAT:20': '1 = 4',
    })
  })

  test('that would change the legal tax alone are left to a person', () => {
    expect(with9kWh({ max_price: { excl_vat: 10, incl_vat: 11 } })).toEqual({
      kind: 'unpriceable',
      reason: 'Only the maximum after taxes (11) applies, to 11.1: the taxes would not be the legal ones any more.',
    })
  })
})

describe('taxes', () => {
  const one = (more: object, vat: object, edition = '2.3.0') =>
    ask(ocpi, elements([component('ENERGY', 1.1, vat)], more, edition), periodsFrom(monday, [[60, 'charging', 10_000]]))

  test('are inside the price where the tariff says so', () => {
    const result = one({ tax_included: 'YES' }, { vat: 10 })
    expect(linesOf(result)[0]).toMatchObject({ net: '10', gross: '11', taxCode: 'VAT', taxRate: '10' })
  })

  test('are none, or not known, where the tariff names none; the site may say its own', () => {
    expect(linesOf(one({ tax_included: 'N/A' }, {}))[0]).toMatchObject({ taxCode: 'none', taxRate: '0' })
    expect(linesOf(one({}, {}, '2.1.1'))[0]).toMatchObject({ taxCode: 'none' })
    expect(linesOf(one({ tax_included: 'NO' }, {}))[0]).toMatchObject({ taxCode: 'unknown', net: '11' })
    const own = { ...elements([component('ENERGY', 1)]), tax: { code: 'CA', percent: '7.25' } }
    const result = ask(ocpi, own, periodsFrom(monday, [[60, 'charging', 10_000]]))
    expect(linesOf(result)[0]).toMatchObject({ taxCode: 'CA', taxRate: '7.25' })
    expect(incl(result).toString()).toBe('10.725')
  })
})

describe('a partner’s record', () => {
  const night = [{ ...component('ENERGY', 1), restrictions: { end_time: '17:00' } }, component('ENERGY', 2)]

  test('is priced by what held when each of its periods began, and told where it should have begun another', () => {
    const result = ask(ocpi, elements(night), periodsFrom(monday, [[120, 'charging', 4_000]]), { periodsOf: 'record' })
    expect(bill(result)).toEqual({ 'ENERGY:0.0': '4 = 4' })
    expect(result).toMatchObject({
      warnings: ['PERIOD_SPANS_BOUNDARY: the price changes inside period 1; it is priced by what held when it began.'],
    })
  })

  test('may switch tariffs, each with its own limits; steps once, fees once', () => {
    const rules = {
      edition: '2.2.1',
      tariff: { id: 'A', currency: 'EUR', max_price: { excl_vat: 1 }, elements: [component('ENERGY', 1)] },
      alternatives: [{ id: 'B', currency: 'EUR', elements: [component('ENERGY', 2, { step_size: 1000 })] }],
    }
    const parts = periodsFrom(monday, [
      [10, 'charging', 1_600, { tariffRef: 'A' }],
      [10, 'charging', 600, { tariffRef: 'B' }],
    ])
    const result = ask(ocpi, rules, parts, { periodsOf: 'record' })
    expect(bill(result)).toEqual({
      'ENERGY:0.0': '1.6 = 1.6',
      'ENERGY:1.0.0': '1.4 = 2.8',
      'maximum:unknown:0': '1 = -0.6',
    })
    const wrong = ask(ocpi, rules, periodsFrom(monday, [[10, 'charging', 1, { tariffRef: 'C' }]]))
    expect(wrong).toEqual({ kind: 'unpriceable', reason: 'There is no tariff C among these rules.' })
  })

  test('whose periods overlap is left to a person', () => {
    const [a, b] = periodsFrom(monday, [
      [10, 'charging', 1],
      [10, 'charging', 1],
    ])
    const overlapping = [a, b].flatMap((each) => (each ? [{ ...each, from: '2024-01-15T16:00:00Z' }] : []))
    expect(ask(ocpi, elements(night), overlapping)).toEqual({
      kind: 'unpriceable',
      reason: 'Periods of the session overlap.',
    })
  })
})

describe('rules', () => {
  test('are taken as they came: nulls, unknown fields, numbers as texts', () => {
    const rules = {
      edition: '2.2.1',
      tariff: {
        country_code: 'DE',
        party_id: 'ALL',
        id: '12',
        currency: 'EUR',
        type: null,
        min_price: null,
        tariff_alt_text: [{ language: 'en', text: '2 euro p/hour' }],
        elements: [
          { price_components: [{ type: 'TIME', price: '2.00', vat: null, step_size: 300 }], restrictions: null },
        ],
        last_updated: '2015-06-29T20:39:09Z',
      },
    }
    expect(ocpi.check(rules)).toEqual({ kind: 'valid' })
    expect(ocpi.describe(rules, { currency: 'EUR', zone: 'UTC' })).toEqual([
      'Time charging: EUR 2.00 per hour, in steps of 5 min.',
      'Nothing is charged for time in which the charging station itself holds the energy back.',
    ])
  })

  test.each([
    ['/tariff/elements/0/restrictions/max_soc', { restrictions: { max_soc: 80 } }],
    ['/tariff/elements/0/restrictions/start_time', { restrictions: { start_time: '25:00' } }],
    ['/tariff/elements/0/restrictions/max_kwh', { restrictions: { min_kwh: 5, max_kwh: 5 } }],
    ['/tariff/elements/0/price_components/0/type', { restrictions: { reservation: 'RESERVATION' } }],
  ])('are refused at %s', (pointer, more) => {
    const checked = ocpi.check(elements([{ ...component('ENERGY', 1), ...more }]))
    expect(checked).toMatchObject({ kind: 'invalid', problems: [{ pointer }] })
  })

  test('are for charging in the currency of the tariff only', () => {
    expect(ocpi.check(elements([component('ENERGY', 1)]), { scope: 'parking', currency: 'USD' })).toMatchObject({
      problems: [{ pointer: '' }, { pointer: '/tariff/currency' }],
    })
  })
})
