// Owns the proof that every format says what the books say: totals by account, whole entries, the same bytes for the same period.
// Must not look at the layout of one; each has a test of its own.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ExportFile, entriesPerStep, type InSteps } from '../../../core/plugin/index.ts'
import { cases, hledgerCase } from './cases.ts'
import { anyPeriod, bookEntry, closedPeriod, digitsOf, expectedTotals, hostile, posting } from './periods.ts'
import { totalsOf } from './readers/totals.ts'

const everywhere = [...cases, { ...hledgerCase, digits: [0, 2, 3] as const }]

describe.each(cases)('$format.id', ({ format, mapping, options, digits, read, alwaysTwoDigits }) => {
  test('tells the totals of any period, whatever its texts are', () => {
    fc.assert(
      fc.property(anyPeriod(digits), (period) => {
        expect(format.check(period, mapping, options)).toEqual([])
        const files = format.write(period, mapping, options)
        const lines = files.flatMap(({ bytes }, file) =>
          read(bytes, digitsOf(period)).map((line) => ({ ...line, entry: `${file} ${line.entry}` })),
        )
        const scale = alwaysTwoDigits && digitsOf(period) === 0 ? 100n : 1n
        expect(totalsOf(lines)).toEqual(expectedTotals(period, mapping, scale))
      }),
      { numRuns: 60 },
    )
  })

  test('keeps a year of entries whole over several files', () => {
    const entries = Array.from({ length: 2_000 }, (_, i) =>
      bookEntry(i + 1, [
        posting('receivable', 'revenue.parking', 200 + i, 'DE19'),
        posting('receivable', 'tax.payable.DE19', 38 + i, 'DE19'),
        posting('clearing.card', 'receivable', 238 + 2 * i),
      ]),
    )
    const period = closedPeriod(entries)
    const files = format.write(period, mapping, options)
    expect(new Set(files.map(({ name }) => name)).size).toBe(files.length)
    const totals = files.map(({ bytes }) => totalsOf(read(bytes, 2)))
    const sum = totals.reduce((all, each) => all + BigInt(each[mapping.accounts['clearing.card'] ?? ''] ?? '0'), 0n)
    expect(sum).toBe(entries.reduce((all, _, i) => all + 238n + 2n * BigInt(i), 0n))
  })
})

describe.each(everywhere)('$format.id', ({ format, mapping, options }) => {
  test('gives the same bytes again', () => {
    fc.assert(
      fc.property(anyPeriod([0, 2]), (period) => {
        const again = structuredClone({ period, mapping, options })
        expect(format.write(again.period, again.mapping, again.options)).toEqual(format.write(period, mapping, options))
      }),
      { numRuns: 15 },
    )
  })

  test('stops on the way for others to have their turn, and ends with the same bytes and problems', () => {
    const entries = Array.from({ length: 2 * entriesPerStep }, (_, i) =>
      bookEntry(i + 1, [posting('receivable', 'revenue.parking', 200 + i, 'DE19')]),
    )
    const period = closedPeriod(entries)
    const ended = <T>(steps: InSteps<T> | undefined) => {
      for (let stops = 0; ; stops++) {
        const step = steps?.next()
        if (step?.done) return { stops, value: step.value }
      }
    }
    const written = ended(format.writing?.(period, mapping, options))
    const texts = (files: readonly ExportFile[] | undefined) =>
      files?.map(({ name, bytes }) => [name, Buffer.from(bytes).toString('latin1')])
    expect(texts(written.value)).toEqual(texts(format.write(period, mapping, options)))
    const checked = ended(format.checking?.(period, mapping, options))
    expect(checked.value).toEqual([])
    // At least while names are collected and rows are made.
    expect(checked.stops).toBeGreaterThanOrEqual(2)
    expect(written.stops).toBeGreaterThan(checked.stops)
  })

  // The others are no files for a spreadsheet, and say what was said.
  test.skipIf(format.id === 'hledger' || format.id === 'beancount')(
    'has no cell that a spreadsheet takes for a formula',
    () => {
      const entries = hostile.map((description, i) =>
        bookEntry(i + 1, [posting('receivable', 'revenue.parking', 100)], {
          description,
          source: { type: description, id: description, number: description },
        }),
      )
      for (const { bytes } of format.write(closedPeriod(entries), mapping, options)) {
        const cells = Buffer.from(bytes)
          .toString('latin1')
          .split(/[\t;,"\r\n]+/)
        expect(cells.filter((cell) => /^(=(HYP|1)|\+1\+1|@SUM)/.test(cell))).toEqual([])
      }
    },
  )

  test('makes a file of a period in which nothing happened', () => {
    const [file, ...more] = format.write(closedPeriod([]), { accounts: {}, taxCodes: {} }, options)
    expect(more).toEqual([])
    expect(file?.name).toMatch(/^[A-Za-z0-9_.-]+\.(iif|csv|journal|beancount)$/)
    expect(file?.bytes.length).toBeGreaterThan(0)
  })

  test('names what is missing from the mapping, and does not write without it', () => {
    const period = closedPeriod([bookEntry(1, [posting('discounts/given~', '__proto__', 5)])])
    const missing = { accounts: {}, taxCodes: {} }
    const pointers = format.check(period, missing, options).map(({ pointer }) => pointer)
    expect(pointers).toEqual(['/accounts/discounts~1given~0', '/accounts/__proto__'])
    expect(() => format.write(period, missing, options)).toThrow('/accounts/discounts~1given~0')
  })

  test('refuses names that would break a row', () => {
    const period = closedPeriod([bookEntry(1, [posting('receivable', 'revenue.parking', 5)])])
    for (const name of ['a\tb', 'a\nb', ' a', `${'a'.repeat(500)}`, '']) {
      const bad = { ...mapping, accounts: { ...mapping.accounts, receivable: name } }
      const pointers = format.check(period, bad, options).map(({ pointer }) => pointer)
      expect(pointers, JSON.stringify(name)).toContain('/accounts/receivable')
    }
  })

  test('points at options it does not know', () => {
    const problems = format.check(closedPeriod([]), mapping, { ...options, 'x/y': 1 })
    expect(problems.map(({ pointer }) => pointer)).toEqual(['/x~1y'])
    expect(format.check(closedPeriod([]), mapping, 7).length).toBeGreaterThan(0)
  })

  test('writes a busy day; the bench of exports has a month', () => {
    const entries = Array.from({ length: 3_000 }, (_, i) => {
      const postings = [posting('receivable', 'revenue.parking', 200), posting('clearing.card', 'receivable', 200)]
      return bookEntry(i + 1, postings, { description: `Stay of ${i} minutes at the façade` })
    })
    const files = format.write(closedPeriod(entries, { number: 1 }), mapping, options)
    expect(files.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeGreaterThan(3_000 * 50)
  })
})

test.each(cases.filter(({ digits }) => !digits.includes(3)))('$format.id takes no amounts of three digits', (each) => {
  const period = closedPeriod([], { currency: 'KWD' })
  expect(each.format.check(period, each.mapping, each.options)).toMatchObject([{ pointer: '' }])
})
