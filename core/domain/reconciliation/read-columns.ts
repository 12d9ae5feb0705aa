// Owns reading a table of others, CSV or JSON lines, by a mapping of fields to their column titles; each bad cell by row and column.
// Must not know any one format.
import { readCsv } from '../imports/read-csv.ts'
import { pointerTo } from '../json-pointer.ts'
import { instantOfWall } from '../local-time.ts'
import { currencyExponent, Decimal, minor } from '../money.ts'

export interface ColumnMapping {
  /** By field the title of the column; a field left out has its own name as title. */
  columns?: Readonly<Record<string, string>>
  /** 1.234,50 instead of 1,234.50. */
  decimalComma?: boolean
  /** How days are written where they are not ISO: the order of day, month and year. */
  dateOrder?: 'ymd' | 'dmy' | 'mdy'
}

export interface TableInput {
  csv?: string
  lines?: readonly Readonly<Record<string, unknown>>[]
}

export interface TableProblem {
  pointer: string
  message: string
}

export interface TableRow {
  line: number
  /** Undefined when the column is not there or the cell is empty. */
  text(field: string): string | undefined
}

export type Table =
  | {
      kind: 'rows'
      rows: TableRow[]
      /** What the request called the table: where its problems are. */
      pointer: '/csv' | '/lines'
      has(field: string): boolean
      titleOf(field: string): string
    }
  | Refused

export interface Refused {
  kind: 'invalid'
  problems: TableProblem[]
}

const mostRows = 20_000
/** More would not be read by anybody. */
export const mostProblems = 100

/** `title`: what the column is called unless the mapping says otherwise; the field's own name if left out. */
export type TableFields = Readonly<Record<string, { needed: boolean; title?: string }>>

export function readTable(input: TableInput, fields: TableFields, mapping: ColumnMapping): Table {
  const wrong = (pointer: string, message: string): Table => ({ kind: 'invalid', problems: [{ pointer, message }] })
  const unknown = Object.keys(mapping.columns ?? {}).find((field) => !Object.hasOwn(fields, field))
  if (unknown !== undefined) return wrong(pointerTo('mapping', 'columns', unknown), 'is no field of this report')
  if ((input.csv === undefined) === (input.lines === undefined)) return wrong('/csv', 'give either csv or lines')
  const pointer = input.csv === undefined ? '/lines' : '/csv'
  const read = input.csv === undefined ? ofLines(input.lines ?? []) : readCsv(input.csv)
  if (read.kind === 'broken') return wrong(pointer, read.message)
  if (read.rows.length === 0) return wrong(pointer, 'has no row')
  if (read.rows.length > mostRows) return wrong(pointer, `has more than ${mostRows} rows`)
  const titleOf = (field: string) => mapping.columns?.[field] ?? fields[field]?.title ?? field
  const places = new Map(
    Object.keys(fields).map((field) => [field, read.header.indexOf(titleOf(field).trim().toLowerCase())]),
  )
  const missing = Object.keys(fields).filter((field) => fields[field]?.needed === true && places.get(field) === -1)
  if (missing.length > 0) return wrong(pointer, `has no column ${missing.map(titleOf).join(', ')}`)
  const misnamed = Object.keys(mapping.columns ?? {}).find((field) => places.get(field) === -1)
  if (misnamed !== undefined) return wrong(pointerTo('mapping', 'columns', misnamed), 'names no column of the file')
  const long = read.rows.find(({ cells }) => cells.length > read.header.length)
  if (long !== undefined) {
    return wrong(pointer, `row ${long.line} has ${long.cells.length} cells, the header ${read.header.length}`)
  }
  return {
    kind: 'rows',
    pointer,
    titleOf,
    has: (field) => (places.get(field) ?? -1) >= 0,
    rows: read.rows.map(({ line, cells }) => ({
      line,
      // A spreadsheet's guard against formulas is no part of the value.
      text: (field) => cells[places.get(field) ?? -1]?.trim().replace(/^'(?=[=+\-@])/, '') || undefined,
    })),
  }
}

function ofLines(lines: readonly Readonly<Record<string, unknown>>[]): ReturnType<typeof readCsv> {
  const titles = [...new Set(lines.flatMap((line) => Object.keys(line)))]
  const rows = lines.map((line, i) => ({ line: i + 1, cells: titles.map((title) => cellOf(line[title])) }))
  return { kind: 'rows', header: titles.map((title) => title.trim().toLowerCase()), rows }
}

function cellOf(value: unknown): string {
  if (typeof value === 'number') return new Decimal(value).toFixed()
  return typeof value === 'string' ? value : typeof value === 'boolean' ? String(value) : ''
}

/** Reads cells of one row and gathers what is wrong with them; what is wrong or empty is undefined. */
export interface CellReader {
  text(field: string): string | undefined
  needed(field: string): string
  /** In minor units. */
  money(field: string, currency: string, need?: 'needed'): number | undefined
  decimal(field: string, need?: 'needed'): string | undefined
  whole(field: string): number | undefined
  currency(field: string): string | undefined
  /** A day, or an instant; a wall-clock time is the site's. Day and time may stand in two columns. */
  time(fields: readonly string[], need?: 'may be empty'): { day: string } | { at: Date } | undefined
}

const longestCell = 200

export function cellReader(
  row: TableRow,
  table: Extract<Table, { kind: 'rows' }>,
  { mapping, zone }: { mapping: ColumnMapping; zone: string },
  problems: TableProblem[],
): CellReader {
  const wrong = (field: string, message: string): undefined => {
    problems.push({ pointer: table.pointer, message: `row ${row.line}, column ${table.titleOf(field)}: ${message}` })
  }
  const text = (field: string): string | undefined => {
    const cell = row.text(field)
    if (cell === undefined) return undefined
    if (cell.length > longestCell) return wrong(field, `is longer than ${longestCell} characters`)
    return unreadable.test(cell) ? wrong(field, 'holds a character that cannot be kept') : cell
  }
  const decimal = (field: string, need?: 'needed'): string | undefined => {
    const cell = text(field)
    if (cell === undefined)
      return need === undefined || row.text(field) !== undefined ? undefined : wrong(field, 'is empty')
    return plainNumber(cell, mapping.decimalComma === true) ?? wrong(field, 'is no number')
  }
  return {
    text,
    decimal,
    needed(field) {
      if (row.text(field) === undefined) wrong(field, 'is empty')
      return text(field) ?? ''
    },
    money(field, currency, need) {
      const number = decimal(field, need)
      if (number === undefined) return undefined
      const exact = new Decimal(number).times(new Decimal(10).pow(currencyExponent(currency)))
      if (!exact.isInteger()) return wrong(field, `has more digits than ${currency} has`)
      return exact.abs().gt(mostMinor) ? wrong(field, 'is out of range') : minor(exact.toNumber())
    },
    whole(field) {
      const number = decimal(field)
      if (number === undefined) return undefined
      return /^\d{1,9}$/.test(number) ? Number(number) : wrong(field, 'is no whole number')
    },
    currency(field) {
      const code = text(field)?.toUpperCase()
      return code === undefined || /^[A-Z]{3}$/.test(code) ? code : wrong(field, 'is no currency code')
    },
    time([field = '', clock = field], need) {
      const cell = text(field)
      if (cell === undefined)
        return need !== undefined || row.text(field) !== undefined ? undefined : wrong(field, 'is empty')
      const beside = clock === field ? undefined : text(clock)
      const whole = beside === undefined ? cell : `${cell} ${beside}`
      return timeOf(whole, mapping.dateOrder ?? 'ymd', zone) ?? wrong(field, 'is no date or time')
    },
  }
}

const unreadable = /\p{Cc}|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/u
/** So that sums of a whole file stay exact. */
const mostMinor = 100_000_000_000

/** Digits with one decimal mark; groups of three may be set apart. */
function plainNumber(text: string, comma: boolean): string | null {
  const [group, mark] = comma ? ['.', ','] : [',', '.']
  const bare = text.replace(/^\((.*)\)$/, '-$1').replace(/[\s\u00a0\u202f]/g, '')
  const pattern = comma ? /^[+-]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?$/ : /^[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?$/
  return pattern.test(bare)
    ? bare
        .replaceAll(group as string, '')
        .replace(mark as string, '.')
        .replace(/^\+/, '')
    : null
}

const dated =
  /^(\d{1,4})[-./](\d{1,2})[-./](\d{1,4})(?:[T ]+(\d{1,2}:\d\d(?::\d\d(?:\.\d{1,6})?)?)\s*(Z|[+-]\d\d:?\d\d)?)?$/i

function timeOf(text: string, order: 'ymd' | 'dmy' | 'mdy', zone: string): { day: string } | { at: Date } | null {
  const [, a = '', b = '', c = '', clock, offset] = dated.exec(text) ?? []
  if (a === '') return null
  const [year, month, date] = order === 'ymd' ? [a, b, c] : order === 'dmy' ? [c, b, a] : [c, a, b]
  if (year.length !== 4 || date.length > 2 || month.length > 2) return null
  const day = `${year}-${month.padStart(2, '0')}-${date.padStart(2, '0')}`
  const noon = new Date(`${day}T12:00:00Z`)
  if (Number.isNaN(noon.getTime()) || !noon.toISOString().startsWith(day) || year < '1990' || year > '2190') return null
  if (clock === undefined) return { day }
  const time = clock.padStart(clock.indexOf(':') === 1 ? clock.length + 1 : clock.length, '0')
  const zoned = offset?.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2').toUpperCase()
  const at = zoned === undefined ? instantOfWall(`${day}T${time}`, zone, noon) : new Date(`${day}T${time}${zoned}`)
  return at === null || Number.isNaN(at.getTime()) ? null : { at }
}
