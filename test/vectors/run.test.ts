// Owns the proof that worked examples are held against the engines: what passes, what fails, and that no row breaks the run.
// Must not test prices; the engines' own tests do.
import { describe, expect, test } from 'vitest'
import { runFile, runRow } from './run.ts'

const ocpiRow = {
  name: 'two-prices',
  group: 'own',
  gate: true,
  engine: 'ocpi',
  time_zone: 'Europe/Berlin',
  tariff: {
    currency: 'EUR',
    tax_included: 'NO',
    elements: [
      {
        price_components: [{ type: 'ENERGY', price: '0.20', vat: '10', step_size: 100 }],
        restrictions: { max_kwh: '2' },
      },
      { price_components: [{ type: 'ENERGY', price: '0.50', vat: '10', step_size: 100 }] },
    ],
  },
  session: {
    start: '2024-01-15T10:00:00Z',
    end: '2024-01-15T12:00:00Z',
    periods: [
      { start: '2024-01-15T10:00:00Z', dimensions: [{ type: 'ENERGY', volume: '2' }] },
      { start: '2024-01-15T11:00:00Z', dimensions: [{ type: 'ENERGY', volume: '0.95' }] },
    ],
  },
  expected: {
    total_excl: '0.90',
    total_incl: '0.99',
    exact_excl: '0.9',
    lines: [
      {
        dimension: 'ENERGY',
        billed_quantity: '2',
        unit: 'kWh',
        unit_price: '0.20',
        tax_percent: '10',
        excl: '0.40',
        incl: '0.44',
      },
      { dimension: 'ENERGY', billed_quantity: '1000', unit: 'Wh', unit_price: '0.50/kWh', excl: '0.50' },
    ],
  },
  compare: { scale: 2, mode: 'round_half_up_of_exact' },
}
const expecting = (more: object) => runRow({ ...ocpiRow, expected: { ...ocpiRow.expected, ...more } }, 0).problems

test('a row that is as expected has no problem, and is explained', () => {
  const result = runRow(ocpiRow, 0)
  expect(result.problems).toEqual([])
  expect(result.explanation.join('\n')).toContain('950 Wh')
})

test('energy that flowed back is refused, not netted', () => {
  const periods = [{ start: '2024-01-15T10:00:00Z', dimensions: [{ type: 'ENERGY', volume: '-1' }] }]
  const row = { ...ocpiRow, session: { ...ocpiRow.session, periods }, expected: { error: 'negative energy' } }
  expect(runRow(row, 0)).toMatchObject({ problems: [], explanation: [expect.stringMatching(/^Refused: /)] })
})

test('OCPP rows are priced, with taxes by name and lengths in any unit', () => {
  const row = {
    ...ocpiRow,
    engine: 'ocpp21',
    tariff: {
      currency: 'EUR',
      chargingTime: {
        prices: [{ priceMinute: '0.10' }],
        taxRates: [
          { type: 'state', tax: '10' },
          { type: 'city', tax: '5', stack: 1 },
        ],
      },
      reservationFixed: { prices: [{ priceFixed: '2' }] },
    },
    session: { charging_s: 3600, reservation_s: 60 },
    expected: {
      total_excl: '8.00',
      total_incl: '8.93',
      taxes: { state: '0.60', city: '0.33' },
      total_taxes: '0.93',
      lines: [
        { dimension: 'RESERVATION_FLAT', billed_quantity: '1', unit: '', unit_price: '2', excl: '2' },
        { dimension: 'CHARGING_TIME', billed_quantity: '1', unit: 'h', unit_price: '0.10/min', excl: '6.00' },
      ],
    },
  }
  expect(runRow(row, 0).problems).toEqual([])
})

describe('a row that is not as expected says what was expected and what came', () => {
  test.each([
    [{ total_excl: '0.91' }, 'total_excl: expected 0.91, came 0.9'],
    [{ total_incl: '1.00' }, 'total_incl: expected 1.00, came 0.99'],
    [{ exact_excl: '0.901' }, 'exact_excl: expected 0.901, came 0.9'],
    [{ taxes: { VAT: '0.10' } }, 'taxes.VAT: expected 0.10, came 0.09'],
    [{ warnings: ['PERIOD_SPANS_BOUNDARY'] }, 'warnings: expected PERIOD_SPANS_BOUNDARY, came []'],
    [{ error: 'negative' }, 'expected to be refused (negative), but it was priced at 0.9'],
    [{ refund_incl: '1' }, 'refund_incl: expected 1, but the engine says nothing of it'],
    [{ lines: 7 }, 'expected.lines is not a list'],
  ])('%j', (more, problem) => {
    expect(expecting(more)).toEqual([problem])
  })

  test('line by line', () => {
    const [first, second] = ocpiRow.expected.lines
    expect(expecting({ lines: [{ ...first, billed_quantity: '3', excl: '0.41' }, second] })).toEqual([
      'line ENERGY 0.0002 at 10 %: expected quantity 3000, came 2000',
      'line ENERGY 0.0002 at 10 %: expected excl 0.41, came 0.4',
    ])
    expect(expecting({ lines: [first] })).toEqual(['line ENERGY 0.0005: 0.5 was not expected'])
    expect(expecting({ lines: [first, { ...second, unit_price: '0.60/kWh' }] })).toEqual([
      'line ENERGY 0.0006: expected, but there is none (there are ENERGY 0.0002 at 10 %; ENERGY 0.0005)',
      'line ENERGY 0.0005: 0.5 was not expected',
    ])
  })
})

test.each([
  [null, 'the row is not an object'],
  [{ ...ocpiRow, engine: 'abacus' }, 'there is no engine "abacus"'],
  [{ ...ocpiRow, engine: 'constructor' }, 'there is no engine "constructor"'],
  [{ ...ocpiRow, time_zone: 'Mars/Base' }, 'time_zone "Mars/Base" does not exist'],
  [{ ...ocpiRow, compare: { scale: 2, mode: 'guess' } }, 'compare.mode "guess" is not known'],
  [{ ...ocpiRow, session: { periods: [{ start: 'noon' }] } }, 'session.periods[0].start is not an instant'],
  [
    { ...ocpiRow, session: { periods: [{ start: '2024-01-15T10:00:00Z', dimensions: [{ type: 'TIME' }] }] } },
    'session.periods[0].dimensions[0].volume is not a decimal',
  ],
])('a row that is broken is a failure with a reason', (row, problem) => {
  expect(runRow(row, 0)).toMatchObject({ gate: true, problems: [problem] })
})

describe('a file', () => {
  const run = (text: string, options = {}) => {
    const printed: string[] = []
    return { passed: runFile(text, options, (line) => printed.push(line)), printed }
  }
  const wrong = { ...ocpiRow, name: 'wrong', expected: { total_excl: '5' } }

  test('ends with its count; rows that do not gate are shown and fail nothing', () => {
    const { passed, printed } = run(JSON.stringify([ocpiRow, { ...wrong, gate: false }]))
    expect(passed).toBe(true)
    expect(printed[0]).toBe('differs (does not gate)  wrong')
    expect(printed.slice(-2)).toEqual(['1 more differ and do not gate', '1 passed, 0 failed'])
    const failing = run(JSON.stringify([ocpiRow, wrong, 7]))
    expect(failing.passed).toBe(false)
    expect(failing.printed.at(-1)).toBe('1 passed, 2 failed')
  })

  test('can be run by name, and says when nothing was', () => {
    expect(run(JSON.stringify([ocpiRow, wrong]), { name: 'two' }).printed.at(-1)).toBe('1 passed, 0 failed')
    expect(run(JSON.stringify([ocpiRow]), { name: 'three' })).toEqual({
      passed: false,
      printed: ['No row was run.', '0 passed, 0 failed'],
    })
    expect(run(JSON.stringify([ocpiRow]), { verbose: true }).printed[0]).toBe('ok  two-prices')
  })

  test('that is none is said to be none', () => {
    expect(run('{').printed.at(-1)).toBe('0 passed, 1 failed')
    expect(run('{}').printed).toEqual(['This is no list of examples: the file is not a list', '0 passed, 1 failed'])
  })
})
