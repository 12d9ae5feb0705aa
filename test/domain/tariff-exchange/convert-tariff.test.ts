// Owns the proof that tariffs keep their price from format to format, or say where not, and always arrive valid.
// Must not repeat the engines' arithmetic.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { convertTariff, tariffFormats } from '../../../core/domain/tariff-exchange/index.ts'
import { Decimal, exclOf, type PriceResult, type SessionPeriod, type TariffEngine } from '../../../core/plugin/index.ts'
import { ocpiEngine } from '../../../plugins/tariff-ocpi/index.ts'
import { ocppEngine } from '../../../plugins/tariff-ocpp/index.ts'
import { standardEngine } from '../../../plugins/tariff-standard/index.ts'

const engines: Record<string, TariffEngine> = {
  'tariff-standard': standardEngine(),
  'tariff-ocpi': ocpiEngine(),
  'tariff-ocpp': ocppEngine(),
}
const engineOf = (name: string): TariffEngine => engines[name] ?? standardEngine()

const periods: SessionPeriod[] = [
  { from: '2024-01-15T16:00:00.000Z', to: '2024-01-15T18:00:00.000Z', state: 'charging', energyWh: 10_000 },
  { from: '2024-01-15T18:00:00.000Z', to: '2024-01-15T18:45:00.000Z', state: 'finished', energyWh: 0 },
]

function cost(engine: string, rules: unknown): string {
  const result: PriceResult = engineOf(engine).quote({
    scope: 'charging',
    rules,
    currency: 'EUR',
    zone: 'Europe/Berlin',
    groups: [],
    stay: null,
    session: {
      sessionId: 'c',
      pluggedAt: '2024-01-15T16:00:00.000Z',
      unpluggedAt: '2024-01-15T18:45:00.000Z',
      startedAt: '2024-01-15T16:00:00.000Z',
      endedAt: '2024-01-15T18:00:00.000Z',
      energyWh: 10_000,
      periods,
      flags: [],
    },
  })
  if (result.kind !== 'priced') throw new Error(result.reason)
  return Decimal.sum(0, ...result.lines.map(exclOf))
    .toDecimalPlaces(6)
    .toString()
}

const ocpi = {
  engine: 'tariff-ocpi' as const,
  currency: 'EUR',
  rules: {
    edition: '2.2.1',
    tariff: {
      id: 'T1',
      currency: 'EUR',
      min_price: { excl_vat: 1, incl_vat: 1.2 },
      elements: [
        {
          price_components: [{ type: 'ENERGY', price: 0.25, vat: 20, step_size: 1 }],
          restrictions: { start_time: '00:00', end_time: '18:00' },
        },
        {
          price_components: [
            { type: 'ENERGY', price: 0.5, vat: 20, step_size: 1 },
            { type: 'FLAT', price: 1, vat: 20, step_size: 1 },
            { type: 'PARKING_TIME', price: 6, vat: 20, step_size: 1 },
          ],
        },
      ],
    },
  },
}

describe('a tariff that every format can say', () => {
  test.each(tariffFormats.filter((each) => each !== 'ocpi-2.1.1'))('costs the same as %s', (format) => {
    const made = convertTariff(ocpi, format)
    expect(engineOf(made.engine).check(made.rules)).toEqual({ kind: 'valid' })
    expect(cost(made.engine, made.rules)).toBe(cost(ocpi.engine, ocpi.rules))
  })

  test('and comes back as it was', () => {
    const there = convertTariff(ocpi, 'ocpp-2.1')
    expect(there.lost).toEqual([])
    const back = convertTariff({ ...there, currency: 'EUR' }, 'ocpi-2.2.1')
    expect(back.lost).toEqual([])
    expect(cost(back.engine, back.rules)).toBe(cost(ocpi.engine, ocpi.rules))
    expect(convertTariff(ocpi, 'ocpi-2.2.1').rules).toEqual(ocpi.rules)
  })
})

describe('what a format cannot say is told, with its place', () => {
  test('2.1.1 has no VAT, no limits and the first element only', () => {
    expect(convertTariff(ocpi, 'ocpi-2.1.1').lost.map(({ reason }) => reason)).toEqual([
      'OCPI 2.1.1 has no VAT.',
      'OCPI 2.1.1 has no VAT.',
      'OCPI 2.1.1 has no VAT.',
      'OCPI 2.1.1 has no VAT.',
      'OCPI 2.1.1 takes the prices of the first element that matches only.',
      'OCPI 2.1.1 has neither a least nor a highest price.',
    ])
  })

  test('steps, thirds of a cent and expired reservations on the way to OCPP', () => {
    const rules = {
      edition: '2.2.1',
      tariff: {
        currency: 'EUR',
        elements: [
          { price_components: [{ type: 'FLAT', price: 4 }], restrictions: { reservation: 'RESERVATION_EXPIRES' } },
          { price_components: [{ type: 'TIME', price: 2, step_size: 300 }] },
        ],
      },
    }
    expect(convertTariff({ ...ocpi, rules }, 'ocpp-2.1').lost).toEqual([
      {
        pointer: '/tariff/elements/0/price_components/0',
        reason: 'OCPP 2.1 has no condition for expired: the price is left out.',
      },
      { pointer: '/tariff/elements/1/price_components/0', reason: 'OCPP 2.1 has no steps (of 300).' },
      {
        pointer: '/tariff/elements/1/price_components/0',
        reason: 'The price is 0.033333333333; it is rounded to 0.033333.',
      },
    ])
  })

  test('idle grace on the way from OCPP to OCPI, quiet hours and caps of the standard rules', () => {
    const rules = {
      edition: '2.1',
      tariff: { currency: 'EUR', idleTime: { prices: [{ priceMinute: 0.4, conditions: { minIdleTime: 600 } }] } },
    }
    const source = { engine: 'tariff-ocpp' as const, rules, currency: 'EUR' }
    expect(convertTariff(source, 'ocpi-2.2.1').lost).toEqual([
      { pointer: '/tariff/idleTime/prices/0', reason: 'OCPI 2.2.1 has no condition for idle: the price is left out.' },
    ])
    const own = convertTariff(source, 'standard')
    expect(own).toEqual({
      engine: 'tariff-standard',
      lost: [],
      rules: { scope: 'charging', idle: { price: '0.4', step: 'second', counts: 'everyPause', graceMinutes: 10 } },
    })
    const standard = {
      scope: 'charging',
      idle: { price: '0.10', maximum: '5', quietHours: [{ from: '22:00', to: '06:00' }] },
    }
    const back = convertTariff({ engine: 'tariff-standard', rules: standard, currency: 'EUR' }, 'ocpp-2.1')
    expect(back.lost.map(({ pointer }) => pointer)).toEqual([
      '/idle/maximum',
      '/idle/quietHours',
      '/idle/counts',
      '/idle',
    ])
  })

  test('a word of the standard rules that nobody else has', () => {
    const rules = { scope: 'charging', energy: { price: '0.4', tiers: [] }, loyalty: {} }
    const made = convertTariff({ engine: 'tariff-standard', rules, currency: 'EUR' }, 'ocpi-2.3.0')
    expect(made.lost.map(({ pointer }) => pointer)).toEqual(['/loyalty', '/energy/tiers'])
  })
})

const price = fc.integer({ min: 0, max: 900 }).map((cents) => cents / 100)
const when = fc.oneof(
  fc.constant({}),
  fc.constantFrom({ start_time: '22:00', end_time: '06:00' }, { end_time: '17:30' }, { start_time: '18:00' }),
  fc.constantFrom({ day_of_week: ['MONDAY'] }, { start_date: '2024-01-01' }, { max_kwh: 5 }, { min_power: 11 }),
  fc.constantFrom({ min_duration: 1800 }, { reservation: 'RESERVATION' }, { min_current: 16 }),
)
const anyOcpi = fc.record({
  edition: fc.constantFrom('2.1.1', '2.2', '2.2.1', '2.3.0'),
  tariff: fc.record({
    currency: fc.constant('EUR'),
    tax_included: fc.constantFrom('YES', 'NO', 'N/A'),
    max_price: fc.constantFrom(5, { excl_vat: 5 }, { before_taxes: '5.00', after_taxes: 6 }, { incl_vat: 7 }),
    elements: fc.array(
      fc.record({
        price_components: fc.uniqueArray(
          fc.record({
            type: fc.constantFrom('FLAT', 'TIME'),
            price,
            vat: fc.constantFrom(0, 20, '5.5'),
            step_size: fc.constantFrom(0, 1, 60, 300),
          }),
          { selector: ({ type }) => type, minLength: 1 },
        ),
        restrictions: when,
      }),
      { minLength: 1, maxLength: 4 },
    ),
  }),
})

test('whatever a valid tariff says, every format gets a valid one, and from there again', () => {
  fc.assert(
    fc.property(anyOcpi, fc.constantFrom(...tariffFormats), fc.constantFrom(...tariffFormats), (rules, one, two) => {
      fc.pre(engineOf('tariff-ocpi').check(rules).kind === 'valid')
      const there = convertTariff({ engine: 'tariff-ocpi', rules, currency: 'EUR' }, one)
      expect(engineOf(there.engine).check(there.rules)).toEqual({ kind: 'valid' })
      const further = convertTariff({ ...there, currency: 'EUR' }, two)
      expect(engineOf(further.engine).check(further.rules)).toEqual({ kind: 'valid' })
      for (const { pointer, reason } of [...there.lost, ...further.lost]) {
        expect(pointer).toMatch(/^(\/|$)/)
        expect(reason.length).toBeGreaterThan(10)
      }
    }),
    { numRuns: 200 },
  )
})

test('where nothing is lost, the session costs the same', () => {
  let kept = 0
  fc.assert(
    fc.property(anyOcpi, fc.constantFrom(...tariffFormats), (rules, format) => {
      const source = { engine: 'tariff-ocpi' as const, rules: structuredClone(rules), currency: 'EUR' }
      fc.pre(engineOf('tariff-ocpi').check(rules).kind === 'valid')
      const made = convertTariff(source, format)
      fc.pre(made.lost.length === 0)
      const before = costOrReason('tariff-ocpi', rules)
      expect(costOrReason(made.engine, made.rules)).toBe(before)
      kept += 1
    }),
    { numRuns: 150, maxSkipsPerRun: 200 },
  )
  expect(kept).toBeGreaterThan(50)
})

function costOrReason(engine: string, rules: unknown): string {
  try {
    return cost(engine, rules)
  } catch (error) {
    return error instanceof Error ? error.message : ''
  }
}
