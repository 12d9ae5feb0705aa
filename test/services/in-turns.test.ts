// Owns the proof that long work leaves room for others: a gate that asks while rows are read and compared is heard in between.
// Must not measure time.
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { atOnce } from '../../core/domain/in-steps.ts'
import type { BookRow } from '../../core/domain/reconciliation/book-row.ts'
import { compareRows } from '../../core/domain/reconciliation/compare-rows.ts'
import { tolerancesOf } from '../../core/domain/reconciliation/judge-pair.ts'
import { readSettlement } from '../../core/domain/reconciliation/read-settlement.ts'
import { inTurns, rowsInTurns } from '../../core/services/in-turns.ts'

const many = 3_000

/** How often somebody else had a turn until it was done. */
async function turnsDuring<T>(work: Promise<T>): Promise<{ turns: number; value: T }> {
  let done = false
  let turns = 0
  const others = async () => {
    for (; !done; turns++) await turn()
  }
  const [value] = await Promise.all([
    work.finally(() => {
      done = true
    }),
    others(),
  ])
  return { turns, value }
}

const payment = (side: string, i: number, references: BookRow['references']): BookRow => ({
  id: `${side}:${i}`,
  sort: 'payment',
  amount: 500 + (i % 97),
  unit: 'EUR',
  day: '2026-03-10',
  outside: false,
  at: new Date(Date.UTC(2026, 2, 10, 6) + i * 10_000).toISOString(),
  place: 'X1',
  references,
  text: `Payment ${i}`,
})

test.each([
  { by: 'their reference', references: (i: number) => ({ transaction: `T${i}` }) },
  { by: 'amount, place and time', references: () => ({}) },
])('rows are compared by $by in turns, with the same outcome', async ({ references }) => {
  const side = (name: string) => Array.from({ length: many }, (_, i) => payment(name, i, references(i)))
  const comparison = {
    ours: side('ours'),
    theirs: side('theirs'),
    together: [],
    apart: [],
    tolerances: tolerancesOf({}),
  }
  const { turns, value } = await turnsDuring(inTurns(compareRows(comparison)))
  expect(turns).toBeGreaterThan(many / 100)
  expect(value).toEqual(atOnce(compareRows(comparison)))
})

test('a file is read in turns', async () => {
  const rows = Array.from({ length: many }, (_, i) => `charge,ch_${i},5.00,2026-03-10 10:00`)
  const csv = ['type,reference,gross,created', ...rows].join('\n')
  const read = readSettlement({ csv }, {}, { zone: 'Europe/Berlin', currency: 'EUR', format: 'plain' })
  const { turns, value } = await turnsDuring(inTurns(read))
  expect(value.kind === 'rows' && value.rows.length).toBe(many)
  expect(turns).toBeGreaterThanOrEqual(many / 100)
})

test('rows of any list come one by one, in their order, and the hub breathes between them', async () => {
  const rows = Array.from({ length: many }, (_, i) => i)
  const seen: number[] = []
  const reading = async () => {
    for await (const row of rowsInTurns(rows)) seen.push(row)
  }
  const { turns } = await turnsDuring(reading())
  expect(seen).toEqual(rows)
  expect(turns).toBeGreaterThanOrEqual(many / 100)
})
