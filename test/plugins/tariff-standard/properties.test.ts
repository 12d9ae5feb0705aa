// Owns what holds for every tariff and every stay or session: splitting changes nothing, more is never cheaper, caps cap.
// Must not repeat the engine's arithmetic.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Decimal, localSegments, type SessionPeriod } from '../../../core/plugin/index.ts'
import { amounts, charge, engine, linesOf, type Part, park, periodsFrom, stated, total } from './quote.ts'

const zones = ['America/Los_Angeles', 'America/New_York', 'Europe/Berlin', 'Australia/Lord_Howe', 'Asia/Kolkata', 'UTC']
/** The eves of changes of clocks in those zones, both ways, and an ordinary day. */
const eves = ['2024-03-09', '2024-03-30', '2024-04-06', '2024-10-05', '2024-10-26', '2024-11-02', '2024-06-10']

const price = (max = 500) => fc.integer({ min: 0, max }).map((cents) => new Decimal(cents).div(100).toFixed(2))
const clock = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.constantFrom('00', '15', '30'))
  .map(([hour, minute]) => `${`${hour}`.padStart(2, '0')}:${minute}`)
const start = fc
  .tuple(fc.constantFrom(...eves), fc.integer({ min: 0, max: 2879 }))
  .map(([day, minute]) => new Date(Date.parse(`${day}T00:00:00Z`) + minute * 60_000).toISOString())
const zone = fc.constantFrom(...zones)

const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const present = (record: object) =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined))

const chargingRules = fc
  .record({
    energy: fc.record({
      price: price(100),
      windows: fc.array(fc.record({ from: clock, to: clock, price: price(100) }), { maxLength: 3 }),
    }),
    time: optional(fc.record({ price: price(50), counts: fc.constantFrom('charging', 'plugged') })),
    session: optional(fc.record({ price: price() })),
    idle: optional(
      fc
        .record({
          price: price(100),
          graceMinutes: fc.integer({ min: 0, max: 30 }),
          maximum: optional(price(2000)),
          quietHours: fc.array(fc.record({ from: clock, to: clock }), { maxLength: 2 }),
          counts: fc.constantFrom('afterCharging', 'everyPause'),
        })
        .map(present),
    ),
    maximum: optional(price(3000)),
    tax: optional(
      fc.record({ code: fc.constant('VAT'), percent: fc.constantFrom('19', '8.1', '0'), included: fc.boolean() }),
    ),
  })
  .map(present)

const part = fc.tuple(
  fc.integer({ min: 1, max: 240 }),
  fc.constantFrom<SessionPeriod['state']>(
    'charging',
    'suspended_vehicle',
    'suspended_station',
    'finished',
    'connected',
  ),
  fc.integer({ min: 0, max: 8000 }),
)
const parts = fc
  .array(part, { minLength: 1, maxLength: 8 })
  .map((all) => all.map(([minutes, state, wh]): Part => [minutes, state, state === 'charging' ? wh : 0]))

const bands = fc
  .tuple(
    fc.array(
      fc.record({
        length: fc.integer({ min: 5, max: 300 }),
        every: optional(fc.integer({ min: 5, max: 120 })),
        price: price(),
      }),
      {
        maxLength: 3,
      },
    ),
    fc.integer({ min: 5, max: 120 }),
    price(),
  )
  .map(([first, every, last]) => {
    let reached = 0
    const all: object[] = first.map((band) => {
      reached += band.length
      return present({ untilMinutes: reached, everyMinutes: band.every, price: band.price })
    })
    return [...all, { everyMinutes: every, price: last }]
  })
const parkingRules = fc
  .record({
    bands,
    day: fc.constantFrom('rolling', 'calendar'),
    dayMaximum: optional(price(3000)),
    stayMaximum: optional(price(9000)),
    freeMinutes: optional(fc.integer({ min: 1, max: 90 })),
    grace: optional(
      fc.record({ minutes: fc.integer({ min: 91, max: 120 }), mode: fc.constantFrom('turnaround', 'interval') }),
    ),
    tax: optional(
      fc.record({ code: fc.constant('VAT'), percent: fc.constantFrom('19', '8.1'), included: fc.boolean() }),
    ),
  })
  .map(present)

test('what is generated here are valid rules', () => {
  fc.assert(
    fc.property(chargingRules, parkingRules, (charging, parking) => {
      expect(engine.check({ scope: 'charging', ...charging })).toEqual({ kind: 'valid' })
      expect(engine.check({ scope: 'parking', ...parking }, { scope: 'parking', currency: 'USD' })).toEqual({
        kind: 'valid',
      })
      expect(
        engine.describe({ scope: 'parking', ...parking }, { currency: 'USD', zone: 'UTC' }).length,
      ).toBeGreaterThan(0)
    }),
  )
})

test('splitting periods inside one price, and merging them again, changes no line', () => {
  fc.assert(
    fc.property(
      chargingRules,
      start,
      zone,
      parts,
      fc.infiniteStream(fc.nat(999)),
      (rules, from, zone, parts, random) => {
        const windows = (rules as { energy: { windows: { from: string; to: string }[] } }).energy.windows
        // First along every change of price, with the energy that the engine itself would share out by time, in integers.
        const whole = periodsFrom(from, parts).flatMap((period) => {
          const a = Date.parse(period.from)
          const b = Date.parse(period.to)
          let counted = 0
          return localSegments(a, b, zone, windows).map((segment): SessionPeriod => {
            const upTo =
              segment.to === b
                ? period.energyWh
                : Number((2n * BigInt(period.energyWh) * BigInt(segment.to - a) + BigInt(b - a)) / (2n * BigInt(b - a)))
            const energyWh = upTo - counted
            counted = upTo
            return {
              ...period,
              from: new Date(segment.from).toISOString(),
              to: new Date(segment.to).toISOString(),
              energyWh,
            }
          })
        })
        const split = whole.flatMap((period): SessionPeriod[] => {
          const a = Date.parse(period.from)
          const b = Date.parse(period.to)
          const middle = new Date(a + Math.floor(((b - a) * (random.next().value ?? 0)) / 1000)).toISOString()
          const energyWh = Math.floor((period.energyWh * (random.next().value ?? 0)) / 1000)
          // A cut at the very beginning leaves an instant without length; its energy still belongs to the same price.
          return [
            { ...period, to: middle, energyWh },
            { ...period, from: middle, energyWh: period.energyWh - energyWh },
          ]
        })
        const shuffled = [...split].sort((x, y) => (x.to + x.state < y.to + y.state ? 1 : -1))
        const expected = amounts(charge(rules, periodsFrom(from, parts), { zone }))
        expect(amounts(charge(rules, whole, { zone }))).toEqual(expected)
        const ends = { pluggedAt: from, unpluggedAt: whole.at(-1)?.to ?? from }
        for (const periods of [split, shuffled]) {
          const session = { sessionId: 'c', ...ends, startedAt: from, endedAt: ends.unpluggedAt, periods, flags: [] }
          const energyWh = parts.reduce((sum, [, , wh]) => sum + (wh ?? 0), 0)
          const input = {
            scope: 'charging' as const,
            rules: { scope: 'charging', ...rules },
            currency: 'USD',
            zone,
            groups: [],
            stay: null,
          }
          expect(amounts(engine.quote({ ...input, session: { ...session, energyWh } }))).toEqual(expected)
        }
      },
    ),
    { numRuns: 300 },
  )
})

test('more energy is never cheaper, and a maximum is never passed', () => {
  fc.assert(
    fc.property(
      chargingRules,
      start,
      zone,
      parts,
      fc.nat(7),
      fc.integer({ min: 1, max: 5000 }),
      (rules, from, zone, parts, at, more) => {
        const index = at % parts.length
        const richer = parts.map((part, i): Part => (i === index ? [part[0], part[1], (part[2] ?? 0) + more] : part))
        const before = total(charge(rules, periodsFrom(from, parts), { zone }))
        const after = total(charge(rules, periodsFrom(from, richer), { zone }))
        expect(after.gte(before)).toBe(true)
        const { maximum, idle } = rules as { maximum?: string; idle?: { maximum?: string } }
        if (maximum !== undefined) expect(after.lte(maximum)).toBe(true)
        const idleLine = linesOf(charge(rules, periodsFrom(from, parts), { zone })).find((line) => line.key === 'idle')
        if (idle?.maximum !== undefined && idleLine !== undefined) expect(stated(idleLine).lte(idle.maximum)).toBe(true)
      },
    ),
    { numRuns: 300 },
  )
})

test('every watt-hour is on exactly one line', () => {
  fc.assert(
    fc.property(chargingRules, start, zone, parts, (rules, from, zone, parts) => {
      const energy = linesOf(charge(rules, periodsFrom(from, parts), { zone })).filter((line) => line.unit === 'kWh')
      const billed = Decimal.sum(0, ...energy.map((line) => line.billedQuantity)).times(1000)
      expect(billed.toNumber()).toBe(parts.reduce((sum, [, , wh]) => sum + (wh ?? 0), 0))
    }),
  )
})

test('a longer stay is never cheaper, and no maximum is passed', () => {
  fc.assert(
    fc.property(
      parkingRules,
      start,
      zone,
      fc.integer({ min: 0, max: 6000 }),
      fc.integer({ min: 0, max: 3000 }),
      (rules, entry, zone, minutes, more) => {
        const exit = (length: number) => new Date(Date.parse(entry) + length * 60_000).toISOString()
        const short = total(park(rules, { entry, exit: exit(minutes), zone }))
        const long = total(park(rules, { entry, exit: exit(minutes + more), zone }))
        expect(long.gte(short)).toBe(true)
        const { dayMaximum, stayMaximum } = rules as { dayMaximum?: string; stayMaximum?: string }
        if (stayMaximum !== undefined) expect(short.lte(stayMaximum)).toBe(true)
        // A stay of d days touches at most d + 2 days of any kind.
        if (dayMaximum !== undefined)
          expect(short.lte(new Decimal(dayMaximum).times(Math.floor(minutes / 1380) + 2))).toBe(true)
      },
    ),
    { numRuns: 300 },
  )
})

test('each line is its quantity times its price, and validations never make a stay worth less than nothing', () => {
  const discount = fc.record({
    factId: fc.uuid(),
    kind: fc.constantFrom('validation' as const, 'promotion' as const, 'product' as const, 'prepaid' as const),
    worth: fc.oneof(
      fc.record({ minutes: fc.integer({ min: 0, max: 600 }) }),
      fc.record({ percent: fc.integer({ min: 0, max: 120 }) }),
      fc.record({ amountMinor: fc.integer({ min: 0, max: 5000 }) }),
    ),
  })
  fc.assert(
    fc.property(
      parkingRules,
      start,
      zone,
      fc.integer({ min: 0, max: 6000 }),
      fc.array(discount, { maxLength: 4 }),
      (rules, entry, zone, minutes, asked) => {
        const discounts = asked.map(({ worth, ...rest }) => ({ ...rest, ...worth }))
        const exit = new Date(Date.parse(entry) + minutes * 60_000).toISOString()
        const lines = linesOf(park(rules, { entry, exit, zone, discounts }))
        for (const line of lines) {
          const product = new Decimal(line.billedQuantity).times(line.unitPrice).div(line.per ?? 1)
          expect(product.minus(stated(line)).abs().lt('1e-40')).toBe(true)
        }
        const left = Decimal.sum(0, ...lines.filter((line) => line.kind !== 'CREDIT').map(stated))
        expect(left.gte(0)).toBe(true)
      },
    ),
    { numRuns: 300 },
  )
})
