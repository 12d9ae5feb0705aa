// Owns the proof that two sets of rows are held against each other one to one, in any order, with nothing lost and every cent told.
// Must not read a database.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { atOnce } from '../../../core/domain/in-steps.ts'
import type { BookRow, Compared, ReferenceName } from '../../../core/domain/reconciliation/book-row.ts'
import { compareRows, totalsOf } from '../../../core/domain/reconciliation/compare-rows.ts'
import { tolerancesOf } from '../../../core/domain/reconciliation/judge-pair.ts'

const tolerances = tolerancesOf({})

function row(id: string, amount: number, more: Partial<BookRow> = {}): BookRow {
  return {
    id,
    sort: 'payment',
    amount,
    unit: 'EUR',
    day: '2024-06-10',
    outside: false,
    at: null,
    place: null,
    references: {},
    text: id,
    ...more,
  }
}
const named = (id: string, amount: number, references: BookRow['references'], more: Partial<BookRow> = {}) =>
  row(id, amount, { references, ...more })
const at = (time: string): Partial<BookRow> => ({ at: `2024-06-10T${time}Z` })

function compare(
  ours: BookRow[],
  theirs: BookRow[],
  said: Partial<Parameters<typeof compareRows>[0]> = {},
): Compared[] {
  return atOnce(compareRows({ ours, theirs, together: [], apart: [], tolerances, ...said }))
}
const brief = (items: readonly Compared[]) =>
  items.map((item) => [item.class, item.ours.map(({ id }) => id).join(), item.theirs.map(({ id }) => id).join()]).sort()

describe('by reference', () => {
  test('rows are one thing whatever capitals and blanks their reference has', () => {
    const items = compare([named('a', 500, { ticket: ' t-1' })], [named('x', 500, { ticket: 'T-1 ' })])
    expect(items).toMatchObject([
      { class: 'matched', matchedBy: 'reference', difference: 0, words: 'Both have 5.00 EUR.' },
    ])
  })

  test('another amount is said, with the part that explains it exactly', () => {
    const of = (amount: number, parts?: BookRow['parts']) =>
      compare(
        [named('a', 1_000, { transaction: '1' })],
        [named('x', amount, { transaction: '1' }, parts ? { parts } : {})],
      )[0]
    expect(of(950)).toMatchObject({ class: 'amount_differs', reasons: [], difference: 50 })
    expect(of(965, { fee: 35 })).toMatchObject({ reasons: ['fee'] })
    expect(of(840, { tax: 160 })).toMatchObject({ reasons: ['tax'] })
    expect(of(750, { discount: -250 })).toMatchObject({ reasons: ['discount'] })
    expect(of(999)).toMatchObject({ reasons: ['rounding'] })
    expect(of(964, { fee: 35 })).toMatchObject({
      reasons: [],
      words: '10.00 EUR here, 9.64 EUR there: 0.36 EUR more here.',
    })
  })

  test('the same thing on another day is told as that, also beside the compared days', () => {
    const late = { day: '2024-06-11' }
    expect(compare([named('a', 5, { ticket: '1' })], [named('x', 5, { ticket: '1' }, late)])).toMatchObject([
      { class: 'day_differs', difference: 0 },
    ])
    const outside = compare(
      [named('a', 5, { ticket: '1' })],
      [named('x', 5, { ticket: '1' }, { ...late, outside: true })],
    )
    expect(outside).toMatchObject([{ class: 'day_differs', oursAmount: 5, theirsAmount: 0, difference: 5 }])
    expect(compare([], [row('x', 5, { outside: true })])).toEqual([])
  })

  test('doubles are told on the side that has them, and split payments of one ticket are none', () => {
    const ours = [named('a', 300, { ticket: '1' })]
    const twice = [named('x', 300, { ticket: '1' }), named('y', 300, { ticket: '1' })]
    expect(brief(compare(ours, twice))).toEqual([
      ['duplicate_there', '', 'y'],
      ['matched', 'a', 'x'],
    ])
    expect(brief(compare(twice, ours))).toEqual([
      ['duplicate_here', 'y', ''],
      ['matched', 'x', 'a'],
    ])
    const split = [named('a', 200, { ticket: '1' }), named('b', 300, { ticket: '1' })]
    expect(brief(compare(split, [named('x', 300, { ticket: '1' }), named('y', 200, { ticket: '1' })]))).toEqual([
      ['matched', 'a', 'y'],
      ['matched', 'b', 'x'],
    ])
    const parts = [
      named('a', 300, { transaction: '7', ticket: '1' }),
      named('b', 300, { transaction: '8', ticket: '1' }),
    ]
    expect(brief(compare(parts, [named('x', 300, { ticket: '1' })]))).toEqual([
      ['matched', 'a', 'x'],
      ['missing_there', 'b', ''],
    ])
  })

  test('several under one reference that fit nowhere stay with a person', () => {
    const ours = [named('a', 200, { ticket: '1' }), named('b', 300, { ticket: '1' })]
    const items = compare(ours, [named('x', 250, { ticket: '1' }), named('y', 250, { ticket: '1' })])
    expect(brief(items)).toEqual([
      ['ambiguous', '', 'x'],
      ['ambiguous', 'a', ''],
      ['ambiguous', 'b', ''],
      ['duplicate_there', '', 'y'],
    ])
    expect(items.find(({ ours: [one] }) => one?.id === 'a')?.candidates).toEqual(['x'])
  })

  test('a stronger reference that differs stands against a weaker one that is the same', () => {
    const items = compare(
      [named('a', 5, { transaction: '1', ticket: 'T' })],
      [named('x', 5, { transaction: '2', ticket: 'T' })],
    )
    expect(brief(items)).toEqual([
      ['missing_here', '', 'x'],
      ['missing_there', 'a', ''],
    ])
  })
})

describe('without a reference', () => {
  test('amount, place and time make a pair when nothing else could be meant', () => {
    const here = { place: 'K1' }
    expect(
      brief(compare([row('a', 5, { ...here, ...at('08:00:00') })], [row('x', 5, { place: 'k1', ...at('08:05:00') })])),
    ).toEqual([['matched', 'a', 'x']])
    for (const other of [
      { place: 'K2', ...at('08:00:00') },
      { ...here, ...at('08:05:01') },
      { ...here, unit: 'CHF' },
    ]) {
      expect(compare([row('a', 5, { ...here, ...at('08:00:00') })], [row('x', 5, other)])).toHaveLength(2)
    }
    expect(brief(compare([row('a', 5, at('08:00:00'))], [row('x', 5)]))).toEqual([['matched', 'a', 'x']])
  })

  test('two candidates are one too many', () => {
    const items = compare([row('a', 5, at('08:00:00'))], [row('x', 5, at('08:01:00')), row('y', 5, at('08:02:00'))])
    expect(brief(items)).toEqual([
      ['ambiguous', '', 'x'],
      ['ambiguous', '', 'y'],
      ['ambiguous', 'a', ''],
    ])
    expect(items.find(({ ours }) => ours.length > 0)?.candidates.sort()).toEqual(['x', 'y'])
  })

  test('prices, energy and sums are never guessed', () => {
    for (const sort of ['price', 'energy', 'total'] as const) {
      expect(compare([row('a', 5, { sort })], [row('x', 5, { sort })])).toHaveLength(2)
    }
  })
})

describe('what a person said', () => {
  const ours = [row('a', 5, at('08:00:00')), row('b', 7, at('09:00:00'))]
  const theirs = [row('x', 5, at('08:01:00')), row('y', 12, at('12:00:00'))]

  test('comes first, several rows on a side too', () => {
    const items = compare(ours, theirs, { together: [{ ours: ['a', 'b'], theirs: ['y'] }] })
    expect(items).toMatchObject([
      { class: 'matched', matchedBy: 'person', difference: 0 },
      { class: 'missing_here', theirsAmount: 5 },
    ])
  })

  test('keeps rows apart', () => {
    const items = compare(ours, theirs, { apart: [{ ours: ['a'], theirs: ['x'] }] })
    expect(items.map(({ class: name }) => name).sort()).toEqual([
      'missing_here',
      'missing_here',
      'missing_there',
      'missing_there',
    ])
  })

  test('waits while one side is gone', () => {
    expect(brief(compare(ours, theirs, { together: [{ ours: ['gone'], theirs: ['x'] }] }))).toContainEqual([
      'matched',
      'a',
      'x',
    ])
  })
})

describe('meters', () => {
  const meter = (id: string, amount: number, more: Partial<BookRow> = {}) =>
    row(id, amount, { sort: 'meter', unit: 'Wh', references: { id: 'meter M' }, ...more })
  test('agree within the greater of share and energy', () => {
    expect(compare([meter('a', 980_000)], [meter('x', 1_000_000)])[0]).toMatchObject({
      class: 'matched',
      difference: -20_000,
    })
    expect(compare([meter('a', 979_999)], [meter('x', 1_000_000)])[0]).toMatchObject({
      class: 'amount_differs',
      reasons: ['loss'],
      words: expect.stringContaining('That is 20 ‰ of the meter'),
    })
    expect(compare([meter('a', 15_000)], [meter('x', 10_000)])[0]).toMatchObject({ class: 'matched' })
    expect(compare([meter('a', 15_001)], [meter('x', 10_000)])[0]).toMatchObject({ reasons: ['gain'] })
  })
})

const references = fc.record(
  { transaction: fc.constantFrom('1', '2', '3'), ticket: fc.constantFrom('A', 'B', 'a ', 'C') },
  { requiredKeys: [] },
) as fc.Arbitrary<Partial<Record<ReferenceName, string>>>
const anyRow = fc.record({
  sort: fc.constantFrom('payment' as const, 'price' as const),
  amount: fc.constantFrom(-300, -5, 5, 5, 200, 201, 300),
  unit: fc.constantFrom('EUR', 'EUR', 'CHF'),
  day: fc.constantFrom('2024-06-09', '2024-06-10', '2024-06-11'),
  at: fc.option(
    fc.integer({ min: 0, max: 20 }).map((minute) => `2024-06-10T08:${String(minute).padStart(2, '0')}:00Z`),
  ),
  place: fc.option(fc.constantFrom('K1', 'k1', 'K2')),
  references,
})
const side = (letter: string) =>
  fc
    .array(anyRow, { maxLength: 14 })
    .map((rows) =>
      rows.map((one, i): BookRow => ({ ...one, id: `${letter}${i}`, text: letter, outside: one.day === '2024-06-09' })),
    )
const said = fc.array(
  fc.record({
    ours: fc.array(
      fc.integer({ max: 13, min: 0 }).map((i) => `o${i}`),
      { minLength: 1, maxLength: 2 },
    ),
    theirs: fc.array(
      fc.integer({ max: 13, min: 0 }).map((i) => `t${i}`),
      { minLength: 1, maxLength: 2 },
    ),
  }),
  { maxLength: 2 },
)

describe('whatever the rows', () => {
  test('each inside row is in one item, pairs are one to one, and the differences add up to the cent', () => {
    fc.assert(
      fc.property(side('o'), side('t'), said, said, (ours, theirs, together, apart) => {
        const items = compare(ours, theirs, { together, apart })
        for (const [rows, name] of [
          [ours, 'ours'],
          [theirs, 'theirs'],
        ] as const) {
          const ids = items.flatMap((item) => item[name].map(({ id }) => id))
          expect(new Set(ids).size).toBe(ids.length)
          for (const { id, outside } of rows) if (!outside) expect(ids).toContain(id)
        }
        for (const item of items) {
          if (item.matchedBy === 'person') continue
          expect(item.ours.length).toBeLessThanOrEqual(1)
          expect(item.theirs.length).toBeLessThanOrEqual(1)
          const pair = item.ours.length + item.theirs.length === 2
          expect(pair).toBe(['matched', 'amount_differs', 'day_differs'].includes(item.class))
          const [mine, other] = [item.ours[0]?.id ?? '', item.theirs[0]?.id ?? '']
          if (pair) expect(apart.some((one) => one.ours.includes(mine) && one.theirs.includes(other))).toBe(false)
        }
        for (const unit of ['EUR', 'CHF']) {
          const sum = (rows: readonly BookRow[]) =>
            rows.reduce((all, one) => all + (one.unit === unit && !one.outside ? one.amount : 0), 0)
          const off = items.reduce((all, item) => all + (item.unit === unit ? item.difference : 0), 0)
          if (together.length === 0) expect(sum(ours) - sum(theirs)).toBe(off)
        }
        const totals = totalsOf(items)
        expect(totals.reduce((all, { difference }) => all + difference, 0)).toBe(
          items.reduce((all, { difference }) => all + difference, 0),
        )
        expect(new Set(items.map(({ key }) => key)).size).toBe(items.length)
      }),
      { numRuns: 500 },
    )
  })

  test('the order that they come in changes nothing', () => {
    fc.assert(
      fc.property(side('o'), side('t'), fc.infiniteStream(fc.nat()), (ours, theirs, draws) => {
        const shuffled = (rows: BookRow[]) =>
          rows
            .map((one) => ({ one, place: draws.next().value ?? 0 }))
            .sort((a, b) => a.place - b.place)
            .map(({ one }) => one)
        expect(compare(shuffled(ours), shuffled(theirs))).toEqual(compare(ours, theirs))
      }),
      { numRuns: 300 },
    )
  })

  test('a side held against itself agrees wherever it names its rows', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 5_000 }), { maxLength: 40 }), (amounts) => {
        const rows = (letter: string) =>
          amounts.map((amount, i) => named(`${letter}${i}`, amount, { transaction: String(i) }))
        expect(compare(rows('o'), rows('t')).every(({ class: name }) => name === 'matched')).toBe(true)
      }),
    )
  })
})
