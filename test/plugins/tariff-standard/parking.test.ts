// Owns the proof of parking prices against published rate cards and worked examples, on ordinary and on clock-change days.
// Must not take an expected amount from the engine itself.
import { describe, expect, test } from 'vitest'
import { amounts, linesOf, park, total } from './quote.ts'

const hourly = (price: string, more: object = {}) => ({ bands: [{ everyMinutes: 60, price }], ...more })

describe('published rate cards', () => {
  // Public test sheet "Parking calculator test cases": rolling days from entry.
  const valet = { day: 'rolling', bands: [{ untilMinutes: 300, price: '12.00' }, { price: '6.00' }] }
  const shortTerm = {
    day: 'rolling',
    dayMaximum: '24.00',
    bands: [
      { untilMinutes: 60, price: '2.00' },
      { everyMinutes: 30, price: '1.00' },
    ],
  }
  const garage = hourly('2.00', { day: 'rolling', dayMaximum: '12.00' })
  const apds = {
    bands: [
      { untilMinutes: 30, price: '3.00' },
      { untilMinutes: 60, price: '2.00' },
      { everyMinutes: 60, price: '1.00' },
    ],
  }
  test.each<[string, object, number, string]>([
    ['valet', valet, 0, '0'],
    ['valet', valet, 1, '12'],
    ['valet', valet, 300, '12'],
    ['valet', valet, 301, '18'],
    ['valet', valet, 1440, '18'],
    ['valet', valet, 1441, '30'],
    ['short term', shortTerm, 1, '2'],
    ['short term', shortTerm, 60, '2'],
    ['short term', shortTerm, 61, '3'],
    ['short term', shortTerm, 90, '3'],
    ['short term', shortTerm, 91, '4'],
    ['short term', shortTerm, 720, '24'],
    ['short term', shortTerm, 721, '24'],
    ['short term', shortTerm, 1440, '24'],
    ['short term', shortTerm, 1441, '26'],
    ['garage', garage, 60, '2'],
    ['garage', garage, 61, '4'],
    ['garage', garage, 360, '12'],
    ['garage', garage, 361, '12'],
    ['garage', garage, 1440, '12'],
    ['garage', garage, 1441, '14'],
    ['tiers, then hours', apds, 20, '3'],
    ['tiers, then hours', apds, 420, '11'],
    ['quarter hours', { day: 'rolling', bands: [{ everyMinutes: 15, price: '0.50' }] }, 63, '2.5'],
    [
      'quarter hours, 6 minutes tolerated',
      { day: 'rolling', bands: [{ everyMinutes: 15, price: '0.50' }], grace: { minutes: 6, mode: 'interval' } },
      63,
      '2',
    ],
  ])('%s: %o for %i minutes', (_, rules, minutes, expected) => {
    expect(total(park(rules, { minutes })).toString()).toBe(expected)
  })

  test('a rolling hour over midnight is one hour', () => {
    const stay = { entry: '2024-01-15T23:30:00Z', exit: '2024-01-16T00:30:00Z' }
    expect(total(park(hourly('5.00'), stay)).toString()).toBe('5')
  })

  test('calendar days each have their own maximum and begin anew', () => {
    const rules = { day: 'calendar', dayMaximum: '20.00', bands: [{ everyMinutes: 20, price: '2.00' }] }
    const entry = '2024-01-15T20:45:00Z'
    expect(total(park(rules, { entry, exit: '2024-01-15T23:46:00Z' })).toString()).toBe('20')
    expect(total(park(rules, { entry, exit: '2024-01-16T00:01:00Z' })).toString()).toBe('22')
    expect(amounts(park(rules, { entry: '2024-03-04T10:00:00Z', exit: '2024-03-05T11:00:00Z' }))).toEqual({ day: '40' })
  })
})

describe('nights on which the clocks change', () => {
  test('a rolling day is 24 hours long: the 25th hour of an autumn day is a new one', () => {
    const rules = hourly('3.00', { day: 'rolling', dayMaximum: '18.00' })
    const stay = { entry: '2024-11-03T04:00:00Z', exit: '2024-11-04T05:00:00Z', zone: 'America/New_York' }
    expect(amounts(park(rules, stay))).toEqual({ 'band:0': '3', day: '18' })
  })

  test.each([
    ['Europe/Berlin', '2024-10-26T22:00:00Z', '2024-10-27T23:00:00Z'],
    ['America/New_York', '2024-11-03T04:00:00Z', '2024-11-04T05:00:00Z'],
    ['Australia/Lord_Howe', '2024-04-06T13:00:00Z', '2024-04-07T13:30:00Z'],
  ])('a calendar day of more than 24 hours in %s has one maximum', (zone, entry, exit) => {
    const rules = hourly('3.00', { day: 'calendar', dayMaximum: '18.00' })
    expect(amounts(park(rules, { entry, exit, zone }))).toEqual({ day: '18' })
  })

  test.each([
    ['Europe/Berlin', '2024-03-30T23:00:00Z', '2024-03-31T22:00:00Z'],
    ['America/New_York', '2024-03-10T05:00:00Z', '2024-03-11T04:00:00Z'],
  ])('a calendar day of 23 hours in %s is 23 hours long', (zone, entry, exit) => {
    expect(total(park(hourly('1.00', { day: 'calendar' }), { entry, exit, zone })).toString()).toBe('23')
  })

  test('01:49 to 03:15 on the wall are 26 minutes when the clocks jump', () => {
    const stay = { entry: '2020-03-29T00:49:00Z', exit: '2020-03-29T01:15:00Z', zone: 'Europe/Berlin' }
    const [line] = linesOf(park({ bands: [{ everyMinutes: 15, price: '1.00' }] }, stay))
    expect(line).toMatchObject({ quantity: '26', billedQuantity: '30', unit: 'minute', per: '15', net: '2' })
  })
})

describe('free time, maxima and special tickets', () => {
  test('who leaves in time after paying pays until then, who stays longer pays all of it', () => {
    const rules = hourly('2.00', { exitGraceMinutes: 15 })
    const left = (paidAt: string | undefined, exit: string) =>
      total(park(rules, { exit, ...(paidAt === undefined ? {} : { paidAt }) })).toString()
    // In at 08:00. Paid in the second hour, out in the third.
    expect(left('2024-01-15T09:50:00Z', '2024-01-15T10:05:00Z')).toBe('4')
    expect(left('2024-01-15T09:50:00Z', '2024-01-15T10:05:01Z')).toBe('6')
    expect(left(undefined, '2024-01-15T10:05:00Z')).toBe('6')
    // Clocks disagree: a payment before the entry or after the exit allows nothing.
    expect(left('2024-01-15T07:59:00Z', '2024-01-15T08:05:00Z')).toBe('2')
    expect(left('2024-01-15T10:06:00Z', '2024-01-15T10:05:00Z')).toBe('6')
    const [line] = linesOf(park(rules, { exit: '2024-01-15T10:05:00Z', paidAt: '2024-01-15T09:50:00Z' }))
    expect(line?.explanation.join(' ')).toContain('Left 15 minutes after paying')
    // Without the rule the payment changes nothing.
    expect(
      total(park(hourly('2.00'), { exit: '2024-01-15T10:05:00Z', paidAt: '2024-01-15T09:50:00Z' })).toString(),
    ).toBe('6')
  })

  test('turnaround grace is all or nothing, free minutes are for everybody', () => {
    const grace = { minutes: 15, mode: 'turnaround' }
    expect(amounts(park(hourly('2.00', { grace }), { minutes: 15 }))).toEqual({ free: '0' })
    expect(amounts(park(hourly('2.00', { grace }), { minutes: 61 }))).toEqual({ 'band:0': '4' })
    expect(amounts(park(hourly('2.00', { freeMinutes: 15 }), { minutes: 75 }))).toEqual({ 'band:0': '2' })
    expect(amounts(park(hourly('2.00', { freeMinutes: 15 }), { minutes: 15 }))).toEqual({ free: '0' })
  })

  test('seconds count: a started interval is charged', () => {
    const stay = (seconds: number) => ({
      entry: '2024-01-15T08:00:00Z',
      exit: new Date(Date.parse('2024-01-15T09:00:00Z') + seconds * 1000).toISOString(),
    })
    expect(total(park(hourly('2.00'), stay(0))).toString()).toBe('2')
    expect(total(park(hourly('2.00'), stay(1))).toString()).toBe('4')
  })

  test('a stay has a maximum of its own', () => {
    const rules = hourly('2.00', { day: 'rolling', dayMaximum: '12.00', stayMaximum: '30.00' })
    expect(amounts(park(rules, { minutes: 2 * 1440 }))).toEqual({ day: '24' })
    expect(amounts(park(rules, { minutes: 3 * 1440 }))).toEqual({ stay: '30' })
  })

  test('a lost ticket, and an exit without an entry, cost what the tariff says for it', () => {
    const rules = hourly('2.00', { lostTicket: '24.00' })
    expect(amounts(park(rules, { minutes: 60, lostTicket: true }))).toEqual({ 'lost-ticket': '24' })
    expect(amounts(park(rules, { entry: null, exit: '2024-01-15T09:00:00Z' }))).toEqual({ 'lost-ticket': '24' })
    expect(park(hourly('2.00'), { entry: null, exit: '2024-01-15T09:00:00Z' })).toEqual({
      kind: 'unpriceable',
      reason: 'No entry is known, and the tariff says no price for a lost ticket.',
    })
  })

  test('contract parkers get a line of nothing, other kinds their own rates', () => {
    const rules = { ...hourly('2.00'), parkers: { member: hourly('1.00'), reservation: { included: true } } }
    expect(linesOf(park(rules, { minutes: 90, parkerKind: 'contract' }))).toMatchObject([
      {
        key: 'included',
        kind: 'PARKING',
        net: '0',
        quantity: '90',
        billedQuantity: '0',
        rulePath: '/parkers/contract',
      },
    ])
    expect(linesOf(park(rules, { minutes: 90, parkerKind: 'member' }))).toMatchObject([
      { key: 'band:0', net: '2', rulePath: '/parkers/member/bands/0' },
    ])
    expect(total(park(rules, { minutes: 90, parkerKind: 'reservation' })).toString()).toBe('0')
    expect(
      amounts(park({ ...rules, parkers: { contract: hourly('0.50') } }, { minutes: 90, parkerKind: 'contract' })),
    ).toEqual({ 'band:0': '1' })
    expect(total(park(rules, { entry: null, exit: '2024-01-15T09:00:00Z', parkerKind: 'contract' })).toString()).toBe(
      '0',
    )
  })

  test('an exit before the entry is not priced', () => {
    const stay = { entry: '2024-11-03T06:30:00Z', exit: '2024-11-03T06:10:00Z' }
    expect(park(hourly('2.00'), stay)).toEqual({ kind: 'unpriceable', reason: 'The exit lies before the entry.' })
  })
})

describe('validations', () => {
  const rules = hourly('2.00')
  const at = { minutes: 240 }

  test('free minutes are worth what a stay so much shorter would save', () => {
    const discounts = [{ factId: 'f1', kind: 'validation' as const, minutes: 120, reason: 'Cinema' }]
    const quote = park(rules, { ...at, discounts })
    expect(amounts(quote)).toEqual({ 'band:0': '8', 'validation:f1@band:0': '-4' })
    expect(linesOf(quote)[1]).toMatchObject({ kind: 'VALIDATION', description: 'Validation: Cinema' })
  })

  test('each in its turn, each a line of its own, never below zero', () => {
    const quote = park(rules, {
      ...at,
      discounts: [
        { factId: 'f1', kind: 'validation', minutes: 60 },
        { factId: 'f2', kind: 'validation', percent: 50 },
        { factId: 'f3', kind: 'promotion', amountMinor: 250 },
        { factId: 'f4', kind: 'validation', amountMinor: 100 },
        { factId: 'f1', kind: 'validation', minutes: 60 },
      ],
    })
    expect(amounts(quote)).toEqual({
      'band:0': '8',
      'validation:f1@band:0': '-2',
      'validation:f2@band:0': '-3',
      'promotion:f3@band:0': '-2.5',
      'validation:f4@band:0': '-0.5',
    })
    expect(total(quote).toString()).toBe('0')
  })

  test('two validations of minutes are worth their minutes together, with the daily maximum in force', () => {
    const capped = hourly('2.00', { day: 'rolling', dayMaximum: '12.00' })
    const discounts = [
      { factId: 'f1', kind: 'validation' as const, minutes: 120 },
      { factId: 'f2', kind: 'validation' as const, minutes: 180 },
    ]
    // 8 h cost 12.00, 6 h 12.00, 3 h 6.00.
    expect(amounts(park(capped, { minutes: 480, discounts }))).toEqual({
      day: '12',
      'validation:f1@': '0',
      'validation:f2@day': '-6',
    })
  })

  test('a discount lowers the sale and its tax, a payment by somebody else neither', () => {
    const taxed = { ...hourly('3.00'), tax: { code: 'parking', percent: '12.5', included: false } }
    const discounts = [{ factId: 'f1', kind: 'validation' as const, amountMinor: 500, providerNo: '7' }]
    expect(linesOf(park(taxed, { ...at, discounts }))).toMatchObject([
      { net: '12', taxRate: '12.5' },
      { kind: 'VALIDATION', net: '-5', taxRate: '12.5', taxCode: 'parking' },
    ])
    const paid = { ...taxed, validations: { providers: { '7': 'payment' } } }
    expect(linesOf(park(paid, { ...at, discounts }))).toMatchObject([
      { net: '12', taxRate: '12.5' },
      { kind: 'CREDIT', net: '-5', taxRate: '0', taxCode: 'none' },
    ])
    // 12.00 and 1.50 tax: nobody pays more than that for the driver.
    const large = [{ factId: 'f1', kind: 'prepaid' as const, amountMinor: 5000 }]
    expect(linesOf(park(taxed, { ...at, discounts: large }))[1]).toMatchObject({ kind: 'CREDIT', net: '-13.5' })
  })

  test('a whole validation takes back each line exactly, prices with tax included', () => {
    const rules = {
      tax: { code: 'VAT', percent: '19', included: true },
      bands: [
        { untilMinutes: 60, price: '3.33' },
        { everyMinutes: 60, price: '1.67' },
      ],
    }
    const discounts = [{ factId: 'f1', kind: 'validation' as const, percent: 100 }]
    expect(amounts(park(rules, { minutes: 150, discounts }))).toEqual({
      'band:0': '3.33',
      'band:1': '3.34',
      'validation:f1@band:0': '-3.33',
      'validation:f1@band:1': '-3.34',
    })
  })
})
