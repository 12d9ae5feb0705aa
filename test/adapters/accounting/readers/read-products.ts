// Owns reading the files of QuickBooks, Xero, Intacct, NetSuite and Business Central as their import pages describe them.
// Must not share code with what writes them.
import { readTable } from './read-csv.ts'
import { amountOf, type ReadLine, sideOf } from './totals.ts'

const date = (text: string, pattern: RegExp) => {
  if (!pattern.test(text)) throw new Error(`not a date: ${text}`)
}
const american = /^(0[1-9]|1[0-2])\/(0[1-9]|[12]\d|3[01])\/\d{4}$/
const european = /^(0[1-9]|[12]\d|3[01])\/(0[1-9]|1[0-2])\/\d{4}$/
const within = (text: string, most: number) => {
  if (text.length > most) throw new Error(`longer than ${most}: ${text}`)
  return text
}

/** Intuit: `!TRNS` and `!SPL` name the columns; a TRNS, its SPLs, ENDTRNS; tabs between, one record a line. */
export function readIif(text: string, digits: number): ReadLine[] {
  const lines = text.split('\r\n')
  if (lines.pop() !== '') throw new Error('the last line has no end')
  const heads = new Map<string, string[]>()
  const read: ReadLine[] = []
  let open: string | null = null
  let count = 0
  for (const line of lines) {
    const cells = line.split('\t')
    const [keyword = ''] = cells
    if (keyword.startsWith('!')) {
      heads.set(keyword.slice(1), cells)
      continue
    }
    if (!heads.has(keyword)) throw new Error(`no heading for ${keyword}`)
    if (keyword === 'ENDTRNS') {
      if (open === null || count < 2) throw new Error('a transaction without splits')
      open = null
      continue
    }
    const head = heads.get(keyword) ?? []
    if (head.length !== cells.length) throw new Error(`${cells.length} cells under ${head.length} headings: ${line}`)
    const cell = (name: string) => cells[head.indexOf(name)] ?? ''
    if ((keyword === 'TRNS') !== (open === null)) throw new Error(`${keyword} out of place`)
    if (keyword === 'TRNS') count = 0
    count += 1
    if (cell('TRNSTYPE') !== 'GENERAL JOURNAL') throw new Error(cell('TRNSTYPE'))
    date(cell('DATE'), american)
    const number = within(cell('DOCNUM'), 11)
    if (open !== null && open !== number) throw new Error('one transaction with two numbers')
    open = number
    if (line.includes('"')) throw new Error('a quotation mark opens a cell')
    read.push({ entry: number, account: cell('ACCNT'), amount: amountOf(cell('AMOUNT'), digits) })
  }
  if (open !== null) throw new Error('the file ends in a transaction')
  return read
}

export const readQuickbooksOnline = (text: string, digits: number): ReadLine[] =>
  readTable(text, ',', '\r\n').map((cell) => {
    date(cell('JournalDate'), american)
    const amount = sideOf(cell('Debits'), cell('Credits'), digits)
    return { entry: within(cell('JournalNo'), 21), account: cell('AccountName'), amount }
  })

export function readXero(text: string, digits: number): ReadLine[] {
  const rows = readTable(text, ',', '\r\n')
  if (rows.length > 300) throw new Error('more than 300 lines')
  return rows.map((cell) => {
    date(cell('*Date'), european)
    if (cell('*TaxRate') === '' || cell('*Narration') === '') throw new Error('a mandatory cell is empty')
    // Xero makes one journal of rows with the same narration and date.
    const entry = `${cell('*Narration')} ${cell('*Date')}`
    return { entry, account: cell('*AccountCode'), amount: amountOf(cell('*Amount'), digits) }
  })
}

export function readIntacct(text: string, digits: number): ReadLine[] {
  let entries = 0
  let line = 0
  return readTable(text, ',', '\r\n').map((cell) => {
    if (cell('JOURNAL') === '') {
      if (cell('DATE') + cell('DESCRIPTION') !== '') throw new Error('half a header')
      line += 1
    } else {
      date(cell('DATE'), american)
      if (within(cell('DESCRIPTION'), 30) === '') throw new Error('no description')
      entries += 1
      line = 1
    }
    if (cell('LINE_NO') !== String(line)) throw new Error(`line ${cell('LINE_NO')} is not ${line}`)
    within(cell('MEMO'), 500)
    const amount = sideOf(cell('DEBIT'), cell('CREDIT'), digits)
    return { entry: String(entries), account: cell('ACCT_NO'), amount }
  })
}

export const readNetsuite = (text: string, digits: number): ReadLine[] =>
  readTable(text, ',', '\r\n').map((cell) => {
    date(cell('Date'), american)
    within(cell('Memo'), 999)
    if (!/^[A-Z]{3}$/.test(cell('Currency'))) throw new Error('no currency')
    const amount = sideOf(cell('Debit'), cell('Credit'), digits)
    return { entry: cell('External ID'), account: cell('Account'), amount }
  })

export function readBusinessCentral(text: string, digits: number): ReadLine[] {
  if (!text.startsWith('\uFEFF')) throw new Error('Excel would not read it as UTF-8')
  let last = 0
  return readTable(text.slice(1), ';', '\r\n').map((cell) => {
    const number = Number(cell('Line No.'))
    if (!(number > last)) throw new Error('line numbers do not rise')
    last = number
    if (!/^\d{4}-\d{2}-\d{2}$/.test(cell('Posting Date'))) throw new Error('no date')
    within(cell('Description'), 100)
    const amount = amountOf(cell('Amount'), digits, ',')
    return { entry: within(cell('Document No.'), 20), account: cell('Account No.'), amount }
  })
}
