// Owns what is said about rules that are valid but doubtful, and about such that are not valid.
// Must not test prices.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LintContext } from '../../../core/plugin/index.ts'
import { engine } from './quote.ts'

const site: LintContext = { scope: 'charging', currency: 'EUR', zone: 'Europe/Berlin' }
const found = (rules: object, context: Partial<LintContext> = {}) =>
  (engine.lint?.(rules, { ...site, ...context }) ?? []).map(({ pointer, code }) => `${code} ${pointer}`)
const charging = (rules: object, context: Partial<LintContext> = {}) => found({ scope: 'charging', ...rules }, context)
const parking = (rules: object) =>
  found({
    scope: 'parking',
    bands: [{ everyMinutes: 60, price: '2.00' }],
    lostTicket: '20.00',
    stayMaximum: '99',
    ...rules,
  })

describe('charging', () => {
  const energy = { price: '0.50' }
  test('nothing to say about a plain tariff', () => expect(charging({ energy })).toEqual([]))
  test('hours that overlap, hide each other, or cover the week', () => {
    const windows = [
      { from: '22:00', to: '06:00', price: '0.3' },
      { from: '05:00', to: '07:00', price: '0.4' },
      { from: '23:00', to: '01:00', days: ['sat'], price: '0.2' },
    ]
    expect(charging({ energy: { ...energy, windows } })).toEqual([
      'overlap /energy/windows/1',
      'unreachable /energy/windows/2',
    ])
    const always = [{ from: '00:00', to: '00:00', price: '0.3' }]
    expect(charging({ energy: { ...energy, windows: always } })).toEqual([
      'whole-day /energy/windows/0/to',
      'unreachable /energy/price',
    ])
  })
  test('no price of energy, no end of idling, variants behind wider ones', () => {
    expect(charging({ idle: { price: '0.1' } })).toEqual(['no-maximum /idle/maximum', 'missing-default /energy'])
    const variants = [{ groups: ['a', 'b'], energy }, { groups: ['b'], energy }, { energy }]
    expect(charging({ energy, variants })).toEqual(['unreachable /variants/1', 'unreachable /energy'])
  })
  test('hours in a zone where nobody lives', () => {
    const windows = [{ from: '22:00', to: '06:00', price: '0.3' }]
    expect(charging({ energy: { ...energy, windows } }, { zone: 'UTC' })).toEqual(['zone '])
    expect(charging({ energy }, { zone: 'UTC' })).toEqual([])
  })
  test('what the European regulation does not allow from 50 kW on', () => {
    const rules = { time: { price: '0.1' }, session: { price: '1' }, idle: { price: '0.1', maximum: '10' } }
    const fast = { country: 'DE', maximumPowerKw: 50 }
    expect(charging(rules, fast)).toEqual(['missing-default /energy', 'afir /time', 'afir /session', 'afir /energy'])
    expect(charging({ ...rules, energy }, { ...fast, maximumPowerKw: 49 })).toEqual([])
    expect(charging({ energy, idle: rules.idle }, fast)).toEqual([])
    expect(charging({ ...rules, energy }, { ...fast, country: 'CH' })).toEqual([])
  })
  test('what federal money and the handbook ask for', () => {
    const windows = [{ from: '22:00', to: '06:00', price: '0.3' }]
    const federal = { country: 'US', federallyFunded: true, zone: 'America/Denver' }
    expect(charging({ energy: { ...energy, windows }, session: { price: '1' } }, federal)).toEqual([
      'cfr-680 /energy/windows',
      'cfr-680 /session',
    ])
    expect(charging({ time: { price: '0.1' } }, { country: 'US' })).toEqual([
      'missing-default /energy',
      'handbook-44 /energy',
    ])
  })
})

describe('parking', () => {
  test('nothing to say about a plain tariff', () => expect(parking({})).toEqual([]))
  test('prices that never hold, fall, or are missing', () => {
    expect(parking({ day: 'rolling', dayMaximum: '48.00' })).toEqual(['unreachable /dayMaximum'])
    expect(parking({ day: 'rolling', dayMaximum: '10.00', weekMaximum: '70.00' })).toEqual(['unreachable /weekMaximum'])
    const bands = [{ untilMinutes: 60, price: '5.00' }, { price: '4.00' }]
    expect(parking({ bands, bandPrices: 'total' })).toEqual(['falling-price /bands/1/price'])
    expect(found({ scope: 'parking', bands: [{ everyMinutes: 60, price: '2.00' }] })).toEqual([
      'no-maximum /dayMaximum',
      'missing-default /lostTicket',
    ])
  })
  test('products behind others, and such that nobody can meet', () => {
    const morning = { entry: [{ from: '06:00', to: '09:00' }] }
    const products = [
      { name: 'a', ...morning, flat: '9.00' },
      { name: 'b', ...morning, sameDay: true, flat: '8.00' },
      {
        name: 'c',
        entry: [{ from: '18:00', to: '20:00' }],
        exit: [{ from: '06:00', to: '08:00' }],
        sameDay: true,
        flat: '1.00',
      },
    ]
    expect(parking({ products })).toEqual(['unreachable /products/1', 'impossible /products/2/exit'])
    expect(parking({ products, select: 'cheapest' })).toEqual(['impossible /products/2/exit'])
    expect(parking({ select: 'first' })).toEqual(['unreachable /select'])
  })
})

describe('rules that are not valid', () => {
  const bands = [{ everyMinutes: 60, price: '2.00' }]
  test.each([
    [{ scope: 'parking', bands, day: 'operating' }, '/dayStartsAt'],
    [{ scope: 'parking', bands, week: 'rolling' }, '/weekMaximum'],
    [{ scope: 'parking', bands, maxStay: { minutes: 5, everyMinutes: 5 } }, '/maxStay/price'],
    [{ scope: 'parking', bands, products: [{ name: 'x' }] }, '/products/0/flat'],
    [
      { scope: 'parking', bands, products: [{ name: 'x', flat: '1', minMinutes: 9, maxMinutes: 8 }] },
      '/products/0/minMinutes',
    ],
    [
      {
        scope: 'parking',
        bands,
        products: [{ name: 'x', flat: '1', event: { from: '2024-02-30T10:00', to: '2024-03-01T10:00' } }],
      },
      '/products/0/event/from',
    ],
    [{ scope: 'parking', bands, validations: { worth: { '1': { flat: '1', percent: '2' } } } }, '/validations/worth/1'],
    [{ scope: 'charging', energy: { price: '0', tiers: [{ untilKwh: '5', price: '1' }] } }, '/energy/tiers/0/untilKwh'],
    [
      {
        scope: 'charging',
        energy: { price: '0', tiers: [{ untilKwh: '5', price: '1' }, { untilMinutes: 5, price: '1' }, { price: '1' }] },
      },
      '/energy/tiers/1/untilMinutes',
    ],
    [
      {
        scope: 'charging',
        time: { price: '0', tiers: [{ untilMinutes: 5, price: '1' }, { untilMinutes: 5, price: '1' }, { price: '1' }] },
      },
      '/time/tiers/1/untilMinutes',
    ],
    [{ scope: 'charging', variants: [{ energy: { price: '1' }, without: ['energy'] }] }, '/variants/0/without/0'],
    [
      {
        scope: 'charging',
        idle: { price: '1', windows: [{ from: '01:00', to: '02:00', price: '1', tax: { code: 'A', percent: '5' } }] },
      },
      '/tax',
    ],
  ])('%j', (rules, pointer) => {
    const checked = engine.check(rules)
    expect(checked.kind === 'invalid' ? checked.problems.map((each) => each.pointer) : []).toContain(pointer)
    expect(engine.lint?.(rules, site)).toEqual([])
  })

  test('anything at all is answered, with pointers that begin at the root', () => {
    const names = fc.constantFrom(
      'bands',
      'products',
      'windows',
      'energy',
      'idle',
      'tiers',
      'variants',
      'groups',
      'price',
      'grace',
      'tax',
    )
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: 'small' },
        fc.string(),
        fc.integer(),
        fc.constant(null),
        fc.constant('1.00'),
        tie('list'),
        tie('object'),
      ),
      list: fc.array(tie('any'), { maxLength: 3 }),
      object: fc.dictionary(names, tie('any'), { maxKeys: 4 }),
    })).object
    fc.assert(
      fc.property(fc.constantFrom('parking', 'charging'), value, (scope, rules) => {
        const checked = engine.check({ ...rules, scope }, { scope, currency: 'EUR' })
        if (checked.kind === 'valid') {
          for (const { pointer } of engine.lint?.({ ...rules, scope }, site) ?? []) expect(pointer).toMatch(/^(\/|$)/)
          return
        }
        expect(checked.problems.length).toBeGreaterThan(0)
        for (const { pointer } of checked.problems) expect(pointer).toMatch(/^(\/|$)/)
      }),
      { numRuns: 500 },
    )
  })
})
