// Owns which charging rules a display can reckon on with, and the prices that it is given then.
// Must not price a session.
import { describe, expect, it } from 'vitest'
import { unitPrices } from '../../../core/domain/tariff-exchange/index.ts'

const standard = (rules: object) =>
  unitPrices({ engine: 'tariff-standard', rules: { scope: 'charging', ...rules }, currency: 'EUR' })

describe('standard rules', () => {
  it('each price once, the time by the hour', () => {
    const rules = {
      session: { price: '0.50' },
      energy: { price: '0.40' },
      time: { price: '0.02' },
      idle: { price: '0.10', graceMinutes: 15 },
    }
    expect(standard(rules)).toEqual({ kwh: '0.4', hour: '1.2', flat: '0.5', idle: { hour: '6', graceMinutes: 15 } })
    expect(standard({ energy: { price: '0.40' } })).toEqual({ kwh: '0.4' })
    expect(standard({})).toEqual({})
  })

  it('with their taxes, whether they hold them or not', () => {
    const tax = { code: 'VAT', percent: '19' }
    expect(standard({ tax: { ...tax, included: true }, energy: { price: '0.40' } })).toEqual({ kwh: '0.4' })
    expect(standard({ tax: { ...tax, included: false }, energy: { price: '0.40' } })).toEqual({ kwh: '0.476' })
    const own = { price: '0.40', tax: { code: 'LOW', percent: '5.5' } }
    expect(standard({ tax: { ...tax, included: false }, energy: own })).toEqual({ kwh: '0.422' })
  })

  it.each([
    ['hours of their own', { energy: { price: '0.40', windows: [{ from: '22:00', to: '06:00', price: '0.20' }] } }],
    ['the whole time at the plug', { time: { price: '0.02', counts: 'plugged' } }],
    ['quiet hours', { idle: { price: '0.10', quietHours: [{ from: '22:00', to: '06:00' }] } }],
    ['a most of the idle fee', { idle: { price: '0.10', maximum: '5.00' } }],
    [
      'a price that is not exact with its taxes',
      { tax: { code: 'VAT', percent: '19', included: false }, energy: { price: '0.33333' } },
    ],
    ['a least cost', { energy: { price: '0.40' }, minimum: '2.00' }],
    ['a highest cost', { energy: { price: '0.40' }, maximum: '20.00' }],
    ['words that other formats do not have', { energy: { price: '0.40' }, included: { energyWh: 5_000 } }],
  ])('none for %s', (_what, rules) => {
    expect(standard(rules)).toBeNull()
  })
})

it('the rules of other formats: simple ones, and none of two prices for one thing', () => {
  const ocpp = (energy: object[]) =>
    unitPrices({
      engine: 'tariff-ocpp',
      rules: { edition: '2.1', tariff: { tariffId: 'T', currency: 'EUR', energy: { prices: energy } } },
      currency: 'EUR',
    })
  expect(ocpp([{ priceKwh: 0.4 }])).toEqual({ kwh: '0.4' })
  const evening = { startTimeOfDay: '18:00', endTimeOfDay: '22:00' }
  expect(ocpp([{ priceKwh: 0.6, conditions: evening }, { priceKwh: 0.4 }])).toBeNull()
})
