// Owns the proof of the engine's edges: rules are checked with pointers, described in plain words, refused when wrong.
// Must not test prices.
import { expect, test } from 'vitest'
import tariffStandard from '../../../plugins/tariff-standard/index.ts'
import { engine, park } from './quote.ts'

const pointers = (rules: unknown, context?: { scope: 'parking' | 'charging'; currency: string }) => {
  const result = engine.check(rules, context)
  return result.kind === 'valid' ? [] : result.problems.map((problem) => problem.pointer)
}

test('problems say where they are', () => {
  expect(pointers(null)).toEqual(['/scope'])
  expect(pointers({ scope: 'parking' })).toEqual(['/bands'])
  expect(pointers({ scope: 'parking', bands: [{ price: '1.00' }] }, { scope: 'charging', currency: 'USD' })).toEqual([
    '/scope',
  ])
  expect(pointers({ scope: 'parking', bands: [{ price: 1.5 }, { price: '1,50' }] })).toEqual([
    '/bands/0/price',
    '/bands/1/price',
  ])
  expect(pointers({ scope: 'parking', bands: [{ price: '1.00' }], 'a/b': 1 })).toEqual(['/a~1b'])
  expect(
    pointers({ scope: 'charging', energy: { price: '0.5', windows: [{ from: '25:00', to: '06:00', price: '1' }] } }),
  ).toEqual(['/energy/windows/0/from'])
  expect(pointers({ scope: 'charging', minimum: '2', maximum: '1' })).toEqual(['/minimum'])
  expect(pointers({ scope: 'charging', energy: { price: '1', tax: { code: 'x', percent: '5' } } })).toEqual(['/tax'])
  expect(pointers({ scope: 'charging', tax: { code: 'x', percent: '101', included: true } })).toEqual(['/tax/percent'])
})

test('stretches of parking must cover the day', () => {
  const bands = [
    { untilMinutes: 60, price: '1.00' },
    { untilMinutes: 60, price: '1.00' },
    { price: '1.00' },
    { untilMinutes: 1440, price: '1.00' },
  ]
  expect(pointers({ scope: 'parking', bands })).toEqual([
    '/bands/1/untilMinutes',
    '/bands/2/untilMinutes',
    '/bands/3/untilMinutes',
  ])
  const day = [{ untilMinutes: 1440, everyMinutes: 60, price: '1.00' }]
  expect(pointers({ scope: 'parking', day: 'rolling', bands: day })).toEqual([])
  // The night on which clocks go back has an hour more.
  expect(pointers({ scope: 'parking', day: 'calendar', bands: day })).toEqual(['/bands/0/untilMinutes'])
  expect(pointers({ scope: 'parking', dayMaximum: '5.00', bands: [{ price: '1.00' }] })).toEqual(['/day'])
  expect(pointers({ scope: 'parking', bands: [{ price: '1.00' }], parkers: { member: { bands: day } } })).toEqual([
    '/parkers/member/bands/0/untilMinutes',
  ])
})

test('parking prices are coins of their currency', () => {
  const rules = { scope: 'parking', bands: [{ price: '1.005' }], lostTicket: '20.50' }
  expect(pointers(rules, { scope: 'parking', currency: 'USD' })).toEqual(['/bands/0/price'])
  expect(pointers(rules, { scope: 'parking', currency: 'JPY' })).toEqual(['/lostTicket', '/bands/0/price'])
  expect(pointers(rules, { scope: 'parking', currency: 'KWD' })).toEqual([])
})

test('the price in plain words', () => {
  const parking = {
    scope: 'parking',
    tax: { code: 'VAT', percent: '19', included: true },
    bands: [
      { untilMinutes: 60, everyMinutes: 30, price: '1.50' },
      { everyMinutes: 60, price: '2.00' },
    ],
    day: 'rolling',
    dayMaximum: '15.00',
    grace: { minutes: 10, mode: 'turnaround' },
    lostTicket: '15.00',
  }
  expect(engine.describe(parking, { currency: 'EUR', zone: 'Europe/Berlin' })).toEqual([
    'Leaving within 10 min is free.',
    'Parking up to 1 h: EUR 1.50 per started 30 min.',
    'Parking after 1 h: EUR 2.00 per started 1 h.',
    'At most EUR 15.00 per 24 hours from entry.',
    'Counting begins anew each 24 hours from entry.',
    'Lost ticket: EUR 15.00.',
    'Contract parkers: parking is included.',
    'Prices include 19 % tax (VAT).',
  ])
  const charging = {
    scope: 'charging',
    tax: { code: 'sales', percent: '7.25', included: false },
    energy: { price: '0.45', windows: [{ name: 'Night', from: '22:00', to: '06:00', price: '0.29' }] },
    time: { price: '0.02' },
    session: { price: '1.00' },
    idle: { price: '0.40', graceMinutes: 15, maximum: '20.00', quietHours: [{ from: '22:00', to: '06:00' }] },
    maximum: '60.00',
  }
  expect(engine.describe(charging, { currency: 'USD', zone: 'America/Los_Angeles' })).toEqual([
    'Energy from 22:00 to 06:00 (Night): USD 0.29 per kWh.',
    'Energy at other times: USD 0.45 per kWh.',
    'Time charging: USD 0.02 per started minute.',
    'Session fee: USD 1.00.',
    'Idle fee after charging has ended: USD 0.40 per started minute, the first 15 minutes free, at most USD 20.00 per session.',
    'No idle fee from 22:00 to 06:00.',
    'No idle fee while the charging station itself holds the energy back.',
    'At most USD 60.00 per session.',
    '7.25 % tax (sales) is added.',
  ])
})

test('rules that are not valid, or for something else, price nothing', () => {
  expect(park({ bands: [] }, { minutes: 10 })).toEqual({
    kind: 'unpriceable',
    reason: 'The rules of this tariff are not valid.',
  })
  const input = { currency: 'USD', zone: 'UTC', groups: [], stay: null, session: null }
  const rules = { scope: 'parking', bands: [{ price: '1.00' }] }
  expect(engine.quote({ ...input, scope: 'charging', rules })).toMatchObject({ kind: 'unpriceable' })
  expect(engine.quote({ ...input, scope: 'parking', rules })).toMatchObject({ kind: 'unpriceable' })
})

test('the plugin provides its engine', async () => {
  const provided: string[] = []
  await tariffStandard.setup({
    provide: (name: string) => {
      provided.push(name)
      return { dispose() {} }
    },
  } as never)
  expect(provided).toEqual(['tariff'])
  expect(tariffStandard).toMatchObject({ id: 'tariff-standard', autoConnect: true, capabilities: ['tariff'] })
})
