// Owns what holds for every richer tariff: bills add up, samples may be cut anywhere, elapsed rules know no midnight, caps hold.
// Must not repeat the engine's arithmetic.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { roundingPolicies, roundLines, totalsOf } from '../../../core/domain/bill/index.ts'
import { Decimal, type SessionPeriod } from '../../../core/plugin/index.ts'
import { amounts, charge, linesOf, type Part, park, periodsFrom, stated, total } from './quote.ts'

const price = (max = 500) => fc.integer({ min: 0, max }).map((cents) => new Decimal(cents).div(100).toFixed(2))
const zone = fc.constantFrom('America/New_York', 'Europe/Berlin', 'Australia/Lord_Howe', 'UTC')
const start = fc
  .tuple(fc.constantFrom('2024-03-09', '2024-03-30', '2024-10-26', '2024-11-02', '2024-06-10'), fc.nat(2879))
  .map(([day, minute]) => Date.parse(`${day}T00:00:00Z`) + minute * 60_000)
const tax = fc.record({
  code: fc.constant('VAT'),
  percent: fc.constantFrom('19', '8.1', '12.5'),
  included: fc.boolean(),
})
const iso = (at: number) => new Date(at).toISOString()
const length = fc.integer({ min: 0, max: 30_000 })

/** Rules that know elapsed time only. */
const elapsed = fc.record({
  tax,
  bands: fc.tuple(price(), price(), fc.integer({ min: 5, max: 90 }), price()).map(([a, b, everyMinutes, c]) => [
    { untilMinutes: 30, price: a },
    { untilMinutes: 120, everyMinutes: 15, price: b },
    { everyMinutes, price: c },
  ]),
  day: fc.constant('rolling'),
  dayMaximum: price(3000),
  week: fc.constant('rolling'),
  weekMaximum: price(9000),
  exitMinutes: fc.integer({ min: 1, max: 15 }),
  maxStay: fc.record({ minutes: fc.integer({ min: 60, max: 3000 }), price: price() }),
})

const tiers = fc.record({
  tax,
  energy: fc.record({
    price: price(),
    tiers: fc
      .tuple(fc.integer({ min: 1, max: 20_000 }), price(), price())
      .map(([wh, first, then]) => [{ untilKwh: new Decimal(wh).div(1000).toString(), price: first }, { price: then }]),
  }),
  time: fc.record({
    price: price(),
    step: fc.constantFrom('minute', 'second'),
    tiers: fc
      .tuple(fc.integer({ min: 1, max: 90 }), price(), price())
      .map(([untilMinutes, first, then]) => [{ untilMinutes, price: first }, { price: then }]),
  }),
  idle: fc.record({
    price: price(),
    graceMinutes: fc.nat(20),
    graceMode: fc.constantFrom('threshold', 'deduct', 'cliff'),
    counts: fc.constantFrom('afterCharging', 'everyPause'),
    maximum: price(2000),
  }),
  allowance: fc.record({ kwh: fc.nat(15).map(String), per: fc.constant('session') }),
  maximum: price(5000),
})
const parts = fc.array(
  fc
    .tuple(
      fc.integer({ min: 1, max: 180 }),
      fc.constantFrom<SessionPeriod['state']>('charging', 'suspended_vehicle', 'suspended_station', 'finished'),
      fc.nat(9000),
    )
    .map(([minutes, state, wh]): Part => [minutes, state, state === 'charging' ? wh : 0]),
  { minLength: 1, maxLength: 6 },
)

test('the lines of a bill add up to its total under every rounding', () => {
  fc.assert(
    fc.property(elapsed, tiers, start, zone, length, parts, (parking, charging, from, zone, minutes, parts) => {
      const lines = [
        ...linesOf(park(parking, { entry: iso(from), minutes, zone })),
        ...linesOf(charge(charging, periodsFrom(iso(from), parts), { zone })),
      ]
      for (const line of lines) {
        const product = new Decimal(line.billedQuantity).times(line.unitPrice).div(line.per ?? 1)
        expect(product.minus(stated(line)).abs().lt('1e-30')).toBe(true)
      }
      for (const policy of Object.values(roundingPolicies)) {
        const posted = roundLines(lines, 'USD', policy)
        const { netMinor, taxMinor, totalMinor } = totalsOf(posted)
        expect(netMinor + taxMinor).toBe(totalMinor)
        expect(posted.reduce((sum, line) => sum + line.totalMinor, 0)).toBe(totalMinor)
      }
    }),
  )
})

test('elapsed rules know neither midnight nor changed clocks', () => {
  fc.assert(
    fc.property(elapsed, start, start, zone, zone, length, (rules, a, b, here, there, minutes) => {
      const first = amounts(park(rules, { entry: iso(a), minutes, zone: here }))
      expect(amounts(park(rules, { entry: iso(b), minutes, zone: there }))).toEqual(first)
    }),
  )
})

test('a longer stay is never cheaper, and days and weeks hold their maxima', () => {
  fc.assert(
    fc.property(elapsed, start, length, fc.nat(3000), (rules, from, minutes, more) => {
      const entry = iso(from)
      const short = total(park(rules, { entry, minutes }))
      expect(total(park(rules, { entry, minutes: minutes + more })).gte(short)).toBe(true)
      const weeks = Math.floor(minutes / 10_080) + 1
      const over = new Decimal(rules.weekMaximum).times(weeks).plus(rules.maxStay.price)
      expect(short.lte(over)).toBe(true)
    }),
  )
})

test('cutting meter samples anywhere changes no line, and the maximum holds', () => {
  fc.assert(
    fc.property(tiers, start, parts, fc.infiniteStream(fc.nat(1000)), (rules, from, parts, random) => {
      const whole = periodsFrom(iso(from), parts)
      const cut = whole.flatMap((period): SessionPeriod[] => {
        const [a, b] = [Date.parse(period.from), Date.parse(period.to)]
        const middle = iso(a + Math.floor(((b - a) * (random.next().value ?? 0)) / 1000))
        const energyWh = Math.floor((period.energyWh * (random.next().value ?? 0)) / 1000)
        return [
          { ...period, to: middle, energyWh },
          { ...period, from: middle, energyWh: period.energyWh - energyWh },
        ]
      })
      const expected = charge(rules, whole)
      expect(amounts(charge(rules, cut))).toEqual(amounts(expected))
      expect(total(expected).lte(rules.maximum)).toBe(true)
    }),
  )
})
