// Owns the proof that hledger itself takes the journal, strictly, and gets the balances of the books out of it.
// Must not run where hledger is missing, unless it is asked for: BAYWATT_HLEDGER_TESTS=required.
import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ClosedPeriod } from '../../../core/plugin/index.ts'
import { hledgerCase } from './cases.ts'
import { anyPeriod, bookEntry, closedPeriod, digitsOf, expectedTotals, hostile, posting } from './periods.ts'
import { readCsv } from './readers/read-csv.ts'
import { amountOf } from './readers/totals.ts'

const missing = spawnSync('hledger', ['--version']).error !== undefined
const skipped = missing && process.env.BAYWATT_HLEDGER_TESTS !== 'required'
if (skipped) console.warn('hledger is not installed: its journal is not tested by the program itself')

const { format, mapping, options } = hledgerCase

function hledger(period: ClosedPeriod, ...args: string[]): string {
  const [file] = format.write(period, mapping, options)
  const run = spawnSync('hledger', ['-f', '-', ...args], {
    input: file?.bytes,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' },
  })
  expect(run.stderr).toBe('')
  expect(run.status).toBe(0)
  return run.stdout
}

function balances(period: ClosedPeriod): Record<string, string> {
  const table = hledger(period, 'balance', '--flat', '--no-total', '-O', 'csv').replaceAll('\r\n', '\n')
  const [, ...rows] = readCsv(table, ',', '\n')
  return Object.fromEntries(
    rows.map(([account = '', amount = '']) => [
      account,
      String(amountOf(amount.replace(/ [A-Z]{3}$/, ''), digitsOf(period))),
    ]),
  )
}

describe.skipIf(skipped)('hledger', () => {
  test('gets the balances of any period, whatever its texts are', () => {
    fc.assert(
      fc.property(anyPeriod([0, 2, 3]), (period) => {
        hledger(period, 'check', '--strict')
        expect(balances(period)).toEqual(expectedTotals(period, mapping))
      }),
      { numRuns: 40 },
    )
  })

  test('reads every entry as one transaction with its number, and its tags', () => {
    const entries = hostile.map((description, i) =>
      bookEntry(i + 1, [posting('receivable', 'revenue.parking', 100, 'DE19')], { description }),
    )
    const period = closedPeriod(entries)
    const [, ...rows] = readCsv(hledger(period, 'print', '-O', 'csv').replaceAll('\r\n', '\n'), ',', '\n')
    expect(new Set(rows.map((row) => row[4]))).toEqual(new Set(entries.map(({ number }) => `12-${number}`)))
    expect(rows).toHaveLength(entries.length * 2)
    expect(hledger(period, 'print', 'tag:entry=^e-3$').match(/^2026/gm)).toHaveLength(1)
    expect(hledger(period, 'print', 'tag:tax=DE19').match(/^2026/gm)).toHaveLength(entries.length)
  })

  test('takes a period in which nothing happened', () => {
    hledger(closedPeriod([], { currency: 'JPY' }), 'check', '--strict')
  })
})
