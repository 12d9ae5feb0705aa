// Owns what single formats promise beyond totals: DATEV's windows and keys, Xero's and Intacct's grouping, texts that arrive.
// Must not repeat what every format is tested for.
import { describe, expect, test } from 'vitest'
import { csvTemplate } from '../../../adapters/accounting-csv/csv-template.ts'
import { datevExtf } from '../../../adapters/accounting-datev/datev-extf.ts'
import { windowsOf } from '../../../adapters/accounting-datev/windows-of.ts'
import { beancount } from '../../../adapters/accounting-plaintext/beancount.ts'
import { quickbooksIif } from '../../../adapters/accounting-quickbooks/quickbooks-iif.ts'
import { xeroCsv } from '../../../adapters/accounting-xero/xero-csv.ts'
import type { AccountingFormat, ClosedPeriod } from '../../../core/plugin/index.ts'
import { templateOptions } from './cases.ts'
import { bookEntry, closedPeriod, mappings, posting } from './periods.ts'
import { readAnsi } from './readers/read-ansi.ts'
import { readBeancount } from './readers/read-beancount.ts'
import { readTable } from './readers/read-csv.ts'
import { readDatev } from './readers/read-datev.ts'

const sale = [
  posting('receivable', 'revenue.parking', 1_234_56, 'DE19'),
  posting('receivable', 'tax.payable.DE19', 234_57),
]
const period = closedPeriod([bookEntry(1, sale, { description: 'Łódź; "Škoda" für €5' })])
const textOf = (format: AccountingFormat, options: object, mapping: object, of: ClosedPeriod = period) =>
  format.write(of, mapping as never, options).map(({ bytes }) => new TextDecoder().decode(bytes))

describe('datev-extf', () => {
  const options = { consultant: 1001, client: 7 }
  const written = (
    of: ClosedPeriod,
    more: object = {},
    mapping: { accounts: object; taxCodes: object } = mappings.numbers,
  ) => datevExtf.write(of, mapping as never, { ...options, ...more })
  const pointers = (of: ClosedPeriod, more: object = {}, mapping: object = mappings.numbers) =>
    datevExtf.check(of, mapping as never, { ...options, ...more }).map(({ pointer }) => pointer)

  test('says whose books, which dates, and when the period was closed at the site', () => {
    const [file] = written(period, { chart: '03', costCentre1: 'WHARF', locked: true })
    expect(file?.name).toBe('EXTF_Buchungsstapel-wharf-12-2026-03-01-2026-03-31.csv')
    const { header, headings, rows } = readDatev(file?.bytes ?? new Uint8Array())
    // 22:30 UTC is past midnight in Berlin's summer time.
    expect(header[5]).toBe('20260401003000000')
    expect(header.slice(10, 17)).toEqual(['1001', '7', '20260101', '4', '20260301', '20260331', '"Ferry Wharf 12"'])
    expect([headings[0], headings[113], headings[124]]).toEqual([
      'Umsatz (ohne Soll/Haben-Kz)',
      'Festschreibung',
      'Abw. Skontokonto',
    ])
    expect(rows[0]?.slice(0, 14)).toEqual([
      '1234,56',
      '"S"',
      '""',
      '',
      '',
      '',
      '1400',
      '8400',
      '""',
      '1003',
      '"R-1"',
      '"12-1"',
      '',
      '"Lódz; ""Škoda"" für €5"',
    ])
    expect([rows[0]?.[36], rows[0]?.[113]]).toEqual(['"WHARF"', '1'])
  })

  test('stops automatic accounts from taking tax again', () => {
    const [file] = written(period, { automaticAccounts: ['8400'] })
    expect(readDatev(file?.bytes ?? new Uint8Array()).rows.map((row) => row[8])).toEqual(['"40"', '""'])
    const keyed = (key: string) => ({ ...mappings.numbers, taxCodes: { DE19: key } })
    expect(pointers(period, {}, keyed('3'))).toEqual(['/taxCodes/DE19'])
    expect(pointers(period, {}, keyed('12345'))).toEqual(['/taxCodes/DE19'])
    expect(pointers(period, { automaticAccounts: ['8400'] }, keyed('1'))).toEqual(['/taxCodes/DE19'])
    expect(pointers(period, {}, keyed('1'))).toEqual([])
  })

  test('divides a period at the turn of the calendar year and of the fiscal year', () => {
    expect(windowsOf('2025-12-15', '2026-07-10', 7)).toEqual([
      { from: '2025-12-15', to: '2025-12-31', fiscalYearStart: '2025-07-01' },
      { from: '2026-01-01', to: '2026-06-30', fiscalYearStart: '2025-07-01' },
      { from: '2026-07-01', to: '2026-07-10', fiscalYearStart: '2026-07-01' },
    ])
    const entries = ['2025-12-31', '2026-01-01', '2026-07-01'].map((date, i) => bookEntry(i + 1, sale, { date }))
    const files = written(closedPeriod(entries, { from: '2025-12-15', to: '2026-07-10' }), { fiscalYearStartMonth: 7 })
    expect(files.map(({ bytes }) => readDatev(bytes).rows.length)).toEqual([2, 2, 2])
  })

  test('has at most 99,999 rows in a file', () => {
    const entries = Array.from({ length: 50_001 }, (_, i) => bookEntry(i + 1, sale))
    expect(written(closedPeriod(entries)).map(({ bytes }) => readDatev(bytes).rows.length)).toEqual([99_999, 3])
  })

  test('reports what DATEV would refuse', () => {
    expect(pointers(period, { client: 100_000, consultant: 7 })).toEqual(['/consultant', '/client'])
    expect(pointers(period, { accountLength: 6 })).toContain('/accounts/receivable')
    const same = { ...mappings.numbers, accounts: { ...mappings.numbers.accounts, 'revenue.parking': '1400' } }
    expect(pointers(period, {}, same)).toEqual([''])
    expect(pointers(closedPeriod([bookEntry(1, sale, { date: '2026-04-01' })]))).toEqual([''])
    expect(pointers(closedPeriod([bookEntry(1, [posting('receivable', 'revenue.energy', 1e12)])]))).toEqual([''])
  })
})

test('QuickBooks gets letters of Windows-1252 and no quotation marks', () => {
  const [file] = quickbooksIif.write(period, mappings.words, { className: 'Wharf' })
  const rows = readAnsi(file?.bytes ?? new Uint8Array()).split('\r\n')
  expect(rows[3]).toBe(
    "TRNS\t\tGENERAL JOURNAL\t03/10/2026\tAssets:Receivables\tWharf\t1469.13\t12-1\tLódz; 'Škoda' für €5",
  )
  const cyrillic = { ...mappings.words, accounts: { ...mappings.words.accounts, receivable: 'Касса' } }
  expect(quickbooksIif.check(period, cyrillic, {})).toMatchObject([{ pointer: '/accounts/receivable' }])
})

test('Xero gets one journal per entry, also of entries that read the same', () => {
  const twins = closedPeriod([bookEntry(1, sale), bookEntry(2, sale)])
  const mapping = { ...mappings.numbers, taxCodes: { DE19: '19% (Zero)' } }
  const [text = ''] = textOf(xeroCsv, { tracking: [{ name: 'Site', option: 'Wharf' }] }, mapping, twins)
  const rows = readTable(text, ',', '\r\n')
  expect(new Set(rows.map((cell) => cell('*Narration'))).size).toBe(2)
  expect(rows.slice(0, 3).map((cell) => cell('*TaxRate'))).toEqual(['Tax Exempt (0%)', '19% (Zero)', 'Tax Exempt (0%)'])
  expect(xeroCsv.check(twins, { ...mapping, taxCodes: {} }, {})).toMatchObject([{ pointer: '/taxCodes/DE19' }])
  const large = closedPeriod(Array.from({ length: 200 }, (_, i) => bookEntry(i + 1, sale)))
  const sizes = textOf(xeroCsv, {}, mapping, large).map((part) => readTable(part, ',', '\r\n').length)
  expect(sizes).toEqual([300, 300])
})

test('Beancount gets descriptions as they were, and accounts below the root of their kind', () => {
  const odd = closedPeriod([bookEntry(1, sale, { description: 'a "quoted" \\ path; = 1' })])
  const [text = ''] = textOf(beancount, {}, mappings.beans, odd)
  expect(readBeancount(text, 2).narrations).toEqual(['a "quoted" \\ path; = 1'])
  const wrong = { ...mappings.beans, accounts: { ...mappings.beans.accounts, receivable: 'Income:Receivable' } }
  expect(beancount.check(odd, wrong, {})).toMatchObject([{ pointer: '/accounts/receivable' }])
  expect(textOf(beancount, { open: false }, mappings.beans, odd)[0]).not.toContain(' open ')
})

describe('csv-template', () => {
  test('has the columns of the template', () => {
    const [text] = textOf(csvTemplate, { ...templateOptions, newline: 'lf', headings: false }, mappings.words)
    expect(text?.split('\n')[0]).toBe(
      'JOURNAL;12-1;10.03.2026;Assets:Receivables;1469,13;"Łódź; ""Škoda"" für €5";R-1;Ferry Wharf',
    )
  })

  test.each([
    [{ columns: [] }, '/columns'],
    [
      {
        columns: [
          { heading: 'A', field: 'account' },
          { heading: 'B', field: 'debit' },
        ],
      },
      '/columns',
    ],
    [
      {
        columns: [
          { heading: 'A', field: 'constructor' },
          { heading: 'B', field: 'amount' },
        ],
      },
      '/columns/0/field',
    ],
    [{ columns: [...templateOptions.columns, { heading: '=1' }] }, '/columns/8/heading'],
    [{ columns: [...templateOptions.columns, { heading: 'X', text: '=1' }] }, '/columns/8/text'],
    [{ columns: templateOptions.columns, delimiter: ',', decimalMark: ',' }, '/decimalMark'],
  ])('refuses %j', (options, pointer) => {
    expect(csvTemplate.check(period, mappings.words, options).map((each) => each.pointer)).toContain(pointer)
  })
})
