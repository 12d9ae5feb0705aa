// Owns the proof of charging prices: energy by time of use, time, session fee, idle with grace, cap and quiet hours, limits.
// Must not take an expected amount from the engine itself.
import { describe, expect, test } from 'vitest'
import { amounts, charge, linesOf, periodsFrom, total } from './quote.ts'

const start = '2024-01-15T08:00:00Z'

describe('energy', () => {
  test('per kWh, to the watt-hour', () => {
    const quote = charge({ energy: { price: '0.35' } }, periodsFrom(start, [[60, 'charging', 12_345]]))
    expect(linesOf(quote)).toMatchObject([
      { key: 'energy', kind: 'ENERGY', quantity: '12.345', unit: 'kWh', unitPrice: '0.35', net: '4.32075' },
    ])
  })

  test('free energy is on a line all the same', () => {
    const quote = charge({ session: { price: '1.00' } }, periodsFrom(start, [[60, 'charging', 7_000]]))
    expect(linesOf(quote)).toMatchObject([
      { key: 'energy', quantity: '7', net: '0' },
      { key: 'session', net: '1' },
    ])
  })

  const night = { price: '0.40', windows: [{ name: 'Night', from: '22:00', to: '06:00', price: '0.20' }] }

  test("by time of use on the site's wall clock", () => {
    // 20:00 to 24:00 in Los Angeles, 10 kWh evenly: half before 22:00, half after.
    const quote = charge({ energy: night }, periodsFrom('2024-01-16T04:00:00Z', [[240, 'charging', 10_000]]), {
      zone: 'America/Los_Angeles',
    })
    expect(amounts(quote)).toEqual({ energy: '2', 'energy:0': '1' })
    expect(linesOf(quote)[1]).toMatchObject({ description: 'Energy, Night', rulePath: '/energy/windows/0' })
    expect(linesOf(quote)[0]?.explanation.join(' ')).toContain('shared by time')
  })

  test.each([
    // Nights of 7 and of 9 hours: 1 kWh in each hour from 20:00 to 08:00.
    ['spring', '2024-03-30T19:00:00Z', 11, 7],
    ['autumn', '2024-10-26T18:00:00Z', 13, 9],
  ])('in the %s night', (_, from, hours, cheap) => {
    const parts = Array.from({ length: hours }, (): [number, 'charging', number] => [60, 'charging', 1000])
    const quote = charge({ energy: night }, periodsFrom(from, parts), { zone: 'Europe/Berlin' })
    expect(linesOf(quote).map((line) => [line.key, line.quantity])).toEqual([
      ['energy', `${hours - cheap}`],
      ['energy:0', `${cheap}`],
    ])
  })

  test('energy that no period holds is shared over the session, and none is lost', () => {
    const periods = periodsFrom('2024-01-15T20:00:00Z', [[240, 'charging', 0]])
    const quote = charge({ energy: night }, periods, { energyWh: 10_001 })
    expect(linesOf(quote).map((line) => line.quantity)).toEqual(['5.001', '5'])
  })
})

describe('time and session', () => {
  test('started minutes are counted once for the whole session', () => {
    const parts = periodsFrom(start, [
      [0.5, 'charging', 10],
      [5, 'suspended_station'],
      [0.5, 'charging', 10],
      [5, 'suspended_vehicle'],
      [0.1, 'charging', 10],
    ])
    expect(amounts(charge({ time: { price: '0.10' } }, parts))).toEqual({ energy: '0', time: '0.2' })
    expect(amounts(charge({ time: { price: '0.10', counts: 'plugged' } }, parts))).toEqual({ energy: '0', time: '1.2' })
    expect(linesOf(charge({ time: { price: '0.10', step: 'second' } }, parts))[1]).toMatchObject({
      quantity: '66',
      billedQuantity: '66',
      unit: 'second',
      per: '60',
      net: '0.11',
    })
  })

  test('no session fee when nothing flowed, unless the rules say so', () => {
    const parts = periodsFrom(start, [[5, 'connected']])
    expect(total(charge({ session: { price: '1.00' } }, parts)).toString()).toBe('0')
    expect(total(charge({ session: { price: '1.00', withoutEnergy: true } }, parts)).toString()).toBe('1')
  })
})

describe('idle', () => {
  const idle = (more: object = {}) => ({ idle: { price: '0.40', graceMinutes: 10, ...more } })
  const billed = (rules: object, parts: Parameters<typeof periodsFrom>[1], from = start, zone = 'UTC') =>
    amounts(charge(rules, periodsFrom(from, parts), { zone })).idle

  test('the grace is a threshold: only the minutes after it', () => {
    expect(
      billed(idle(), [
        [60, 'charging', 1],
        [25, 'suspended_vehicle'],
      ]),
    ).toBe('6')
    expect(
      billed(idle(), [
        [60, 'charging', 1],
        [10, 'finished'],
      ]),
    ).toBe('0')
    expect(billed(idle(), [[60, 'charging', 1]])).toBeUndefined()
  })

  test('by the second: a second over is a second', () => {
    const quote = charge(
      idle({ step: 'second' }),
      periodsFrom(start, [
        [60, 'charging', 1],
        [601 / 60, 'finished'],
      ]),
    )
    const line = linesOf(quote)[1]
    expect(line).toMatchObject({ quantity: '601', billedQuantity: '1', unit: 'second', per: '60' })
    expect(line?.net).toMatch(/^0\.0066666/)
  })

  test('the grace is given once, over both of two pauses', () => {
    const parts: Parameters<typeof periodsFrom>[1] = [
      [60, 'charging', 1],
      [8, 'suspended_vehicle'],
      [10, 'suspended_station'],
      [8, 'finished'],
    ]
    expect(billed(idle(), parts)).toBe('2.4')
  })

  test('never while the station held the energy back', () => {
    expect(
      billed(idle(), [
        [60, 'charging', 1],
        [600, 'suspended_station'],
      ]),
    ).toBeUndefined()
    expect(
      billed(idle({ counts: 'everyPause' }), [
        [60, 'charging', 1],
        [600, 'suspended_station'],
        [5, 'charging', 1],
      ]),
    ).toBeUndefined()
  })

  test('pauses while charging count only where the rules say so', () => {
    const parts: Parameters<typeof periodsFrom>[1] = [
      [30, 'charging', 1],
      [20, 'suspended_vehicle'],
      [30, 'charging', 1],
    ]
    expect(billed(idle(), parts)).toBeUndefined()
    expect(billed(idle({ counts: 'everyPause' }), parts)).toBe('4')
  })

  test('quiet hours do not count, nor do they use up the grace', () => {
    const quiet = { quietHours: [{ from: '22:00', to: '06:00' }] }
    // Idle from 21:55 to 06:15 in Berlin: 5 minutes before, 15 after; ten are free.
    expect(
      billed(
        idle(quiet),
        [
          [55, 'charging', 1],
          [500, 'finished'],
        ],
        '2024-01-15T20:00:00Z',
        'Europe/Berlin',
      ),
    ).toBe('4')
    // The same wall clock in the night of 25 hours is an hour longer, all of it quiet.
    expect(
      billed(
        idle(quiet),
        [
          [55, 'charging', 1],
          [560, 'finished'],
        ],
        '2024-10-26T19:00:00Z',
        'Europe/Berlin',
      ),
    ).toBe('4')
  })

  test('a cap per session', () => {
    const quote = charge(
      idle({ maximum: '5.00' }),
      periodsFrom(start, [
        [60, 'charging', 1],
        [60, 'finished'],
      ]),
    )
    expect(linesOf(quote)[1]).toMatchObject({ key: 'idle', kind: 'IDLE', net: '5', unit: 'session', unitPrice: '5.00' })
    expect(linesOf(quote)[1]?.explanation.at(-1)).toBe('The maximum per session is 5.00.')
  })
})

describe('limits per session', () => {
  const rules = { energy: { price: '0.50' }, session: { price: '1.00' }, idle: { price: '1.00' } }
  const parts = periodsFrom(start, [
    [60, 'charging', 10_000],
    [5, 'finished'],
  ])

  test('a minimum adds what is missing, once energy flowed', () => {
    expect(amounts(charge({ ...rules, minimum: '15.00' }, parts)).minimum).toBe('4')
    expect(total(charge({ ...rules, minimum: '15.00' }, periodsFrom(start, [[5, 'connected']]))).toString()).toBe('0')
  })

  test('a maximum gives up the idle fee first', () => {
    expect(amounts(charge({ ...rules, maximum: '5.50' }, parts))).toEqual({
      energy: '5',
      session: '1',
      idle: '5',
      'maximum:idle': '-5',
      'maximum:session': '-0.5',
    })
  })

  test('with tax on top or included', () => {
    const exclusive = charge({ ...rules, tax: { code: 'VAT', percent: '19', included: false } }, parts)
    expect(linesOf(exclusive)[0]).toMatchObject({ net: '5', taxCode: 'VAT', taxRate: '19' })
    expect(linesOf(exclusive)[0]).not.toHaveProperty('gross')
    const included = charge(
      {
        ...rules,
        energy: { price: '0.595', tax: { code: 'reduced', percent: '7' } },
        tax: { code: 'VAT', percent: '19', included: true },
      },
      parts,
    )
    expect(linesOf(included)[0]).toMatchObject({ gross: '5.95', net: '5.5607476636', taxCode: 'reduced', taxRate: '7' })
    expect(linesOf(included)[2]).toMatchObject({ gross: '5', taxCode: 'VAT', taxRate: '19' })
  })
})

describe('doubtful facts are not priced', () => {
  const rules = { energy: { price: '0.50' } }
  const [a, b] = periodsFrom(start, [
    [60, 'charging', 10_000],
    [5, 'finished'],
  ])
  test.each([
    ['overlap', [a, { ...b, from: '2024-01-15T08:59:00Z' }], 10_000, 'Periods of the session overlap.'],
    ['more energy than the session', [a, b], 9_999, 'The periods hold more energy than the session.'],
    [
      'a period that ends before it begins',
      [{ ...a, to: '2024-01-15T07:00:00Z' }],
      10_000,
      'A period of the session has no proper beginning and end.',
    ],
    ['fractions of a watt-hour', [a], 10_000.5, 'The energy is not a count of watt-hours.'],
  ])('%s', (_, periods, energyWh, reason) => {
    expect(charge(rules, periods as never, { energyWh })).toEqual({ kind: 'unpriceable', reason })
  })
})
