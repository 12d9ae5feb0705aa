// Owns the proof that an export's sums and names are the same in turns as at once, and that a long period leaves others theirs.
// Must not measure time.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { BookEntry, ClosedPeriod } from '../../../core/domain/closed-period.ts'
import { atOnce, type InSteps } from '../../../core/domain/in-steps.ts'
import { totalOf, usedMapping } from '../../../core/domain/ledger/export-batch.ts'

const names = ['receivable', 'clearing.card', 'revenue.parking', 'revenue.energy']
const posting = fc.record({
  debit: fc.constantFrom(...names),
  credit: fc.constantFrom(...names),
  amountMinor: fc.integer({ min: 1, max: 10_000 }),
  taxCode: fc.constantFrom(null, 'VAT', 'LOW'),
})
const entries = fc.array(fc.record({ postings: fc.array(posting, { minLength: 1, maxLength: 3 }) }), { maxLength: 40 })
const periodOf = (some: readonly object[], times: number) =>
  ({ entries: Array.from({ length: times }, () => some as BookEntry[]).flat() }) as unknown as ClosedPeriod

const mapping = {
  accounts: Object.fromEntries([...names, 'unused'].map((name, i) => [name, `${1000 + i}`])),
  taxCodes: { VAT: 'V', LOW: 'L', NONE: 'N' },
}

function stopsOf<T>(steps: InSteps<T>): number {
  for (let stops = 0; ; stops++) if (steps.next().done) return stops
}

test('what is used and what it comes to is that of every posting, however long the period', () => {
  fc.assert(
    fc.property(entries, fc.integer({ min: 1, max: 120 }), (some, times) => {
      const period = periodOf(some, times)
      const postings = period.entries.flatMap((entry) => entry.postings)
      expect(atOnce(totalOf(period))).toBe(postings.reduce((sum, { amountMinor }) => sum + amountMinor, 0))
      const used = new Set(postings.flatMap(({ debit, credit }) => [debit, credit]))
      const taxed = new Set(postings.flatMap(({ taxCode }) => taxCode ?? []))
      expect(atOnce(usedMapping(period, mapping))).toEqual({
        accounts: Object.fromEntries(Object.entries(mapping.accounts).filter(([name]) => used.has(name))),
        taxCodes: Object.fromEntries(Object.entries(mapping.taxCodes).filter(([code]) => taxed.has(code))),
      })
    }),
    { numRuns: 40 },
  )
})

test('a month of sixty thousand entries is worked through in many turns', () => {
  const entry = { postings: [{ debit: 'receivable', credit: 'revenue.parking', amountMinor: 100, taxCode: 'VAT' }] }
  const month = periodOf([entry], 60_000)
  expect(stopsOf(totalOf(month))).toBeGreaterThanOrEqual(30)
  expect(stopsOf(usedMapping(month, mapping))).toBeGreaterThanOrEqual(30)
})
