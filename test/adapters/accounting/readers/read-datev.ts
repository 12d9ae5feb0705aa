// Owns reading a Buchungsstapel by DATEV's own description of the format: bytes of Windows-1252, the header's 31 fields and
// the pattern of every filled column.
// Must not share code with what writes it.
import { readAnsi } from './read-ansi.ts'
import { amountOf, type ReadLine } from './totals.ts'

/** Patterns of the header by place, from 1. */
const header: Readonly<Record<number, RegExp>> = {
  1: /^"EXTF"$/,
  2: /^700$/,
  3: /^21$/,
  4: /^"Buchungsstapel"$/,
  5: /^13$/,
  6: /^20\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([01]\d|2[0-3])[0-5]\d[0-5]\d\d{3}$/,
  8: /^"[A-Z]{2}"$/,
  9: /^".{0,25}"$/,
  11: /^(\d{4,7})$/,
  12: /^\d{1,5}$/,
  13: /^20\d{6}$/,
  14: /^[4-8]$/,
  15: /^20\d{6}$/,
  16: /^20\d{6}$/,
  17: /^".{0,30}"$/,
  19: /^[12]$/,
  20: /^(0|30|40|50|64)$/,
  21: /^[01]$/,
  22: /^"[A-Z]{3}"$/,
  27: /^"(\d{2})?"$/,
}

/** Patterns of a row by place, from 1; every other place is empty. */
const row: Readonly<Record<number, RegExp>> = {
  1: /^(?!0{1,10},00)\d{1,10},\d{2}$/,
  2: /^"(S|H)"$/,
  3: /^"([A-Z]{3})?"$/,
  7: /^(?!0{1,9}$)\d{1,9}$/,
  8: /^(?!0{1,9}$)\d{1,9}$/,
  9: /^"(\d{4}|\d{0,3})"$/,
  10: /^(0[1-9]|[12]\d|3[01])(0[1-9]|1[0-2])$/,
  11: /^"[A-Za-z0-9$%\-/&*+]{0,36}"$/,
  12: /^"[A-Za-z0-9$%\-/&*+]{0,12}"$/,
  14: /^"([^"]|""){0,60}"$/,
  37: /^"[A-Za-z0-9$%\-/&*+ ]{0,36}"$/,
  38: /^"[A-Za-z0-9$%\-/&*+ ]{0,36}"$/,
  114: /^[01]$/,
}

export interface ReadBatch {
  header: string[]
  headings: string[]
  rows: string[][]
  lines: ReadLine[]
}

export function readDatev(bytes: Uint8Array): ReadBatch {
  const text = readAnsi(bytes)
  const records = text.split('\r\n')
  if (records.pop() !== '') throw new Error('the last line has no end')
  if (records.some((record) => /[\r\n\t]/.test(record))) throw new Error('a line end inside of a row')
  const [head = '', names = '', ...rest] = records
  const fields = cellsOf(head)
  const headings = names.split(';')
  if (fields.length !== 31) throw new Error(`${fields.length} fields in the header`)
  if (headings.length !== 125) throw new Error(`${headings.length} headings`)
  hold(header, fields)
  const [start = '', from = '', to = ''] = [fields[12], fields[14], fields[15]]
  if (from > to || from.slice(0, 4) !== to.slice(0, 4))
    throw new Error(`from ${from} to ${to} is no stretch of one year`)
  const next = String(Number(start) + 10_000)
  if (from < start || to >= next) throw new Error(`from ${from} to ${to} is not in the fiscal year from ${start}`)
  if (rest.length > 99_999) throw new Error(`${rest.length} rows`)
  const rows = rest.map(cellsOf)
  const lines = rows.flatMap((cells, i) => {
    if (cells.length !== 125) throw new Error(`${cells.length} cells in row ${i + 1}`)
    hold(row, cells)
    const filled = cells.findIndex((cell, place) => cell !== '' && row[place + 1] === undefined)
    if (filled >= 0) throw new Error(`place ${filled + 1} is filled`)
    const [sum = '', side, konto = '', contra = '', date = ''] = [cells[0], cells[1], cells[6], cells[7], cells[9]]
    const day = `${from.slice(0, 4)}${date.slice(2)}${date.slice(0, 2)}`
    if (day < from || day > to) throw new Error(`${date} is outside of the batch`)
    if (konto === contra) throw new Error('Konto is Gegenkonto')
    const amount = amountOf(sum, 2, ',')
    const entry = String(i)
    const debit = side === '"S"' ? amount : -amount
    return [
      { entry, account: konto, amount: debit },
      { entry, account: contra, amount: -debit },
    ]
  })
  return { header: fields, headings, rows, lines }
}

function hold(patterns: Readonly<Record<number, RegExp>>, cells: readonly string[]): void {
  for (const [place, pattern] of Object.entries(patterns)) {
    const cell = cells[Number(place) - 1] ?? ''
    const bare = cell.startsWith('"') ? `"${cell.slice(1, -1).replaceAll('""', '"')}"` : cell
    if (!pattern.test(bare) && !pattern.test(cell)) throw new Error(`place ${place}: ${cell} is not ${pattern}`)
  }
}

/** Cells with their quotation marks. */
function cellsOf(record: string): string[] {
  const cells: string[] = []
  const cell = /("(?:[^"]|"")*"|[^";]*)(;|$)/y
  for (;;) {
    const match = cell.exec(record)
    if (!match) throw new Error(`cannot be divided into cells: ${record}`)
    cells.push(match[1] ?? '')
    if (match[2] === '') return cells
  }
}
