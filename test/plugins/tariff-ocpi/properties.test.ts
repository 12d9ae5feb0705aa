// Owns what holds for every OCPI and OCPP tariff and every session: cutting changes nothing, limits limit, nonsense never breaks.
// Must not repeat the engines' arithmetic.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Decimal, exclOf, roundingModes, type SessionPeriod } from '../../../core/plugin/index.ts'
import { ocppEngine } from '../../../plugins/tariff-ocpp/index.ts'
import { ask, bill, component, elements, excl, incl, linesOf, ocpi, type Part, periodsFrom } from './ask.ts'

const ocpp = ocppEngine()
const zones = ['America/Los_Angeles', 'Europe/Berlin', 'Australia/Lord_Howe', 'Asia/Kolkata', 'UTC']
/** The eves of changes of clocks in those zones, both ways, and an ordinary day. */
const eves = ['2024-03-09', '2024-03-30', '2024-04-06', '2024-10-05', '2024-10-26', '2024-11-02', '2024-06-10']

const price = fc.integer({ min: 0, max: 900 }).map((cents) => new Decimal(cents).div(100).toString())
const clock = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.constantFrom('00', '15', '30'))
  .map(([hour, minute]) => `${`${hour}`.padStart(2, '0')}:${minute}`)
const start = fc
  .tuple(fc.constantFrom(...eves), fc.integer({ min: 0, max: 2879 }))
  .map(([day, minute]) => new Date(Date.parse(`${day}T00:00:00Z`) + minute * 60_000).toISOString())
const zone = fc.constantFrom(...zones)
const edition = fc.constantFrom('2.1.1', '2.2', '2.2.1', '2.3.0')

const whole = (max: number) => fc.integer({ min: 1, max })
const restrictions = fc.oneof(
  fc.constant({}),
  fc.record({ start_time: clock, end_time: clock }),
  fc.record({ max_kwh: whole(12) }),
  fc.record({ min_kwh: whole(12) }),
  fc.record({ min_duration: whole(300).map((m) => m * 60) }),
  fc.record({ max_duration: whole(300).map((m) => m * 60) }),
  fc.record({
    day_of_week: fc.subarray(['MONDAY', 'SATURDAY', 'SUNDAY'], { minLength: 1 }),
    start_time: clock,
  }),
)
const components = fc.uniqueArray(
  fc.record({
    type: fc.constantFrom('ENERGY', 'FLAT', 'TIME', 'PARKING_TIME'),
    price,
    vat: fc.constantFrom(0, 8.1, '20'),
    step_size: fc.constantFrom(0, 1, 60, 300, 1000),
  }),
  { selector: ({ type }) => type, minLength: 1, maxLength: 4 },
)
const tariff = fc.array(fc.record({ price_components: components, restrictions }), { minLength: 1, maxLength: 4 })

const conditions = fc.oneof(
  fc.constant({}),
  fc.record({ startTimeOfDay: clock, endTimeOfDay: clock }),
  fc.record({ maxEnergy: whole(12_000) }),
  fc.record({ minIdleTime: whole(3600) }),
  fc.record({ maxChargingTime: whole(7200) }),
  fc.record({ minTime: whole(7200) }),
)
const list = <K extends string>(name: K) =>
  fc.record({
    prices: fc.array(fc.record({ [name]: price, conditions }), { minLength: 1, maxLength: 3 }),
    taxRates: fc.constantFrom(
      [],
      [{ type: 'vat', tax: 20 }],
      [
        { type: 'a', tax: 10 },
        { type: 'b', tax: '5.5', stack: 1 },
      ],
    ),
  })
const ocppTariff = fc.record({
  currency: fc.constant('EUR'),
  energy: list('priceKwh'),
  chargingTime: list('priceMinute'),
  idleTime: list('priceMinute'),
})

const state = fc.constantFrom<SessionPeriod['state']>(
  'charging',
  'charging',
  'suspended_vehicle',
  'suspended_station',
  'finished',
)
/** Energy a multiple of the minutes, so that a period can be split at any minute into whole watt-hours. */
const part = fc
  .tuple(whole(180), state, fc.integer({ min: 0, max: 120 }))
  .map(([minutes, what, perMinute]): Part => [minutes, what, what === 'charging' ? perMinute * minutes : 0])
const parts = fc.array(part, { minLength: 1, maxLength: 6 })

/** Every period in two, at the given share of its minutes. */
function split(all: readonly Part[], share: number): Part[] {
  return all.flatMap(([minutes, what, wh = 0]): Part[] => {
    const first = Math.floor(minutes * share)
    if (first === 0 || first === minutes) return [[minutes, what, wh]]
    const energy = (wh / minutes) * first
    return [
      [first, what, energy],
      [minutes - first, what, wh - energy],
    ]
  })
}

const both = fc.oneof(
  fc.record({ engine: fc.constant(ocpi), rules: fc.tuple(tariff, edition).map(([of, by]) => elements(of, {}, by)) }),
  fc.record({
    engine: fc.constant(ocpp),
    rules: ocppTariff.map((of): object => ({ edition: '2.1', tariff: of })),
  }),
)

test('what is generated here are valid rules, and every line is explained', () => {
  fc.assert(
    fc.property(both, parts, start, zone, ({ engine, rules }, of, at, where) => {
      expect(engine.check(rules)).toEqual({ kind: 'valid' })
      expect(engine.describe(rules, { currency: 'EUR', zone: where }).length).toBeGreaterThan(0)
      const lines = linesOf(ask(engine, rules, periodsFrom(at, of), { zone: where }))
      for (const line of lines) expect(line.explanation.length).toBeGreaterThan(0)
      const energy = Decimal.sum(0, ...lines.filter((line) => line.kind === 'ENERGY').map((line) => line.quantity))
      expect(energy.times(1000).toNumber()).toBe(of.reduce((sum, [, , wh = 0]) => sum + wh, 0))
    }),
    { numRuns: 150 },
  )
})

test('splitting the periods, in whatever order they come, changes no line', () => {
  fc.assert(
    fc.property(
      both,
      parts,
      start,
      zone,
      fc.double({ min: 0, max: 1, noNaN: true }),
      ({ engine, rules }, of, at, where, share) => {
        const asOne = ask(engine, rules, periodsFrom(at, of), { zone: where })
        const pieces = periodsFrom(at, split(of, share))
        const [first, last] = [pieces[0]?.from, pieces.at(-1)?.to]
        expect(bill(ask(engine, rules, pieces, { zone: where }))).toEqual(bill(asOne))
        expect(bill(ask(engine, rules, [...pieces].reverse(), { zone: where, ...spanOf(first, last) }))).toEqual(
          bill(asOne),
        )
      },
    ),
    { numRuns: 200 },
  )
})

const spanOf = (from = '', to = '') => ({ pluggedAt: from, startedAt: from, unpluggedAt: to, endedAt: to })

test('without local times, the hour and the zone of a session do not matter', () => {
  const elapsed = tariff.filter((all) => all.every(({ restrictions: r }) => !('start_time' in r)))
  fc.assert(
    fc.property(elapsed, edition, parts, start, start, zone, (of, by, all, one, other, where) => {
      const rules = elements(of, {}, by)
      expect(bill(ask(ocpi, rules, periodsFrom(one, all), { zone: where }))).toEqual(
        bill(ask(ocpi, rules, periodsFrom(other, all))),
      )
    }),
    { numRuns: 100 },
  )
})

test('a longer step that holds the shorter one is never cheaper, and adds less than one step', () => {
  const kinds = fc.constantFrom('ENERGY', 'TIME', 'PARKING_TIME')
  fc.assert(
    fc.property(kinds, whole(900), whole(20), parts, edition, (type, step, times, of, by) => {
      const cost = (step_size: number) =>
        excl(
          ask(ocpi, elements([component(type, 3600, { step_size })], {}, by), periodsFrom('2024-06-10T00:00:00Z', of)),
        )
      const [none, short, long] = [cost(0), cost(step), cost(step * times)]
      expect(short.gte(none) && long.gte(short)).toBe(true)
      const unit = type === 'ENERGY' ? 3.6 : 1
      expect(long.minus(none).lt(new Decimal(unit).times(step * times))).toBe(true)
    }),
    { numRuns: 100 },
  )
})

test('minimum and maximum hold before and after taxes, and the lines add up to them', () => {
  fc.assert(
    fc.property(tariff, parts, start, price, price, (of, all, at, a, b) => {
      // A plug-in that the station only ever held back is no session.
      fc.pre(all.some(([, what]) => what !== 'suspended_station'))
      const [least, most] = new Decimal(a).lt(b) ? [a, b] : [b, a]
      const limits = { min_price: { excl_vat: least }, max_price: { excl_vat: most } }
      const total = excl(ask(ocpi, elements(of, limits), periodsFrom(at, all)))
      const free = excl(ask(ocpi, elements(of), periodsFrom(at, all)))
      const wanted = Decimal.max(least, Decimal.min(most, free))
      expect(total.toDecimalPlaces(12).toString()).toBe(wanted.toDecimalPlaces(12).toString())
    }),
    { numRuns: 150 },
  )
})

test('where both maxima bind, the session costs both of them', () => {
  fc.assert(
    fc.property(tariff, parts, start, (of, all, at) => {
      const free = ask(ocpi, elements(of), periodsFrom(at, all))
      fc.pre(excl(free).gt(0))
      const half = excl(free).div(2).toDecimalPlaces(4, roundingModes.down)
      const max_price = { excl_vat: half.toString(), incl_vat: half.toString() }
      const result = ask(ocpi, elements(of, { max_price }), periodsFrom(at, all))
      expect(excl(result).toDecimalPlaces(12).eq(half)).toBe(true)
      expect(incl(result).toDecimalPlaces(12).eq(half)).toBe(true)
    }),
    { numRuns: 100 },
  )
})

test('an element at the end changes nothing of what others price', () => {
  fc.assert(
    fc.property(tariff, parts, start, (of, all, at) => {
      const full = [
        ...of,
        { price_components: ['ENERGY', 'TIME', 'PARKING_TIME', 'FLAT'].map((type) => ({ type, price: 1 })) },
      ]
      const more = [...full, component('ENERGY', 9), component('TIME', 9)]
      expect(bill(ask(ocpi, elements(more), periodsFrom(at, all)))).toEqual(
        bill(ask(ocpi, elements(full), periodsFrom(at, all))),
      )
    }),
    { numRuns: 60 },
  )
})

describe('nonsense', () => {
  const junk = fc.oneof(
    fc.anything({ maxDepth: 3 }),
    fc.constantFrom(-1, '-1', Number.POSITIVE_INFINITY, '', '1e3', '9'.repeat(40), null),
  )

  test('in any place of a tariff is refused at that place, or priced as what it says', () => {
    const places = fc.constantFrom('price', 'vat', 'step_size', 'type', 'round', 'restriction', 'elements', 'limit')
    fc.assert(
      fc.property(places, junk, parts, (place, what, of) => {
        const rules = broken(place, what)
        const checked = ocpi.check(rules)
        const priced = ask(ocpi, rules, periodsFrom('2024-06-10T00:00:00Z', of))
        if (checked.kind === 'valid') expect(priced.kind).toBe('priced')
        else {
          expect(priced).toMatchObject({ kind: 'unpriceable' })
          for (const { pointer } of checked.problems) expect(pointer).toMatch(/^\/tariff/)
        }
      }),
      { numRuns: 400 },
    )
  })

  function broken(place: string, what: unknown): object {
    const more = { price: { price: what }, vat: { vat: what }, step_size: { step_size: what }, type: { type: what } }
    const own = place === 'round' ? { step_round: what } : (more[place as 'price'] ?? {})
    const element = { price_components: [{ type: 'ENERGY', price: 1, ...own }], restrictions: {} }
    if (place === 'restriction') element.restrictions = { max_kwh: what, day_of_week: what }
    return elements(place === 'elements' ? (what as object[]) : [element], place === 'limit' ? { max_price: what } : {})
  }

  test('as rules or as a session never breaks either engine', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.anything(), fc.string(), (isOcpi, rules, period) => {
        const engine = isOcpi ? ocpi : ocpp
        expect(engine.check(rules).kind).toBe('invalid')
        const free = isOcpi
          ? elements([component('FLAT', 0)])
          : { edition: '2.1', tariff: { currency: 'EUR', fixedFee: { prices: [{ priceFixed: 0 }] } } }
        const odd = [{ from: period, to: '2024', state: 'charging' as const, energyWh: Number.NaN }]
        expect(ask(engine, free, odd)).toMatchObject({ kind: 'unpriceable' })
      }),
      { numRuns: 200 },
    )
  })
})

test('lines are exact: thirds of an hour add up to the hour', () => {
  const rules = elements([component('TIME', 1)])
  const twenty = periodsFrom('2024-06-10T00:00:00Z', [[20, 'charging']])
  const [line] = linesOf(ask(ocpi, rules, twenty))
  expect(line && exclOf(line).times(3).toDecimalPlaces(15).toString()).toBe('1')
})
