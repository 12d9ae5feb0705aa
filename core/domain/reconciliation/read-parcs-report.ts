// Owns reading a day or shift report of a parking system: takings one by one, or counted by device and method.
// Must not know what the hub has of them.
import { type BusinessClock, businessDate } from '../business-day.ts'
import type { InSteps } from '../in-steps.ts'
import type { BookRow } from './book-row.ts'
import {
  type CellReader,
  type ColumnMapping,
  cellReader,
  mostProblems,
  type Refused,
  readTable,
  type TableFields,
  type TableInput,
  type TableProblem,
} from './read-columns.ts'

/** `count` makes a row a sum of takings: such rows are compared by day, device and method. */
export const parcsReportFields = {
  date: { needed: true },
  time: { needed: false },
  device: { needed: false },
  ticket: { needed: false },
  transaction: { needed: false },
  method: { needed: false },
  gross: { needed: true },
  tax: { needed: false },
  count: { needed: false },
  currency: { needed: false },
} as const satisfies TableFields

/** One line as it is kept. */
export interface ReportLine {
  line: number
  /** A business day, or the instant. */
  day: string | null
  at: string | null
  device: string | null
  ticket: string | null
  transaction: string | null
  method: string | null
  grossMinor: number
  taxMinor: number | null
  /** Of a sum: how many takings. */
  count: number | null
  currency: string
}

export type ReportLines = { kind: 'rows'; rows: ReportLine[] } | Refused

export function* readParcsReport(
  input: TableInput,
  mapping: ColumnMapping,
  { zone, currency }: { zone: string; currency: string },
): InSteps<ReportLines> {
  const table = readTable(input, parcsReportFields, mapping)
  if (table.kind === 'invalid') return table
  const problems: TableProblem[] = []
  const rows: ReportLine[] = []
  for (const row of table.rows) {
    rows.push(reportLine(cellReader(row, table, { mapping, zone }, problems), row.line, currency, table.has('time')))
    yield
  }
  if (problems.length > 0) return { kind: 'invalid', problems: problems.slice(0, mostProblems) }
  return { kind: 'rows', rows }
}

function reportLine(cells: CellReader, line: number, siteCurrency: string, timed: boolean): ReportLine {
  const when = timed ? cells.time(['date', 'time']) : cells.time(['date'])
  const currency = cells.currency('currency') ?? siteCurrency
  return {
    line,
    day: when !== undefined && 'day' in when ? when.day : null,
    at: when !== undefined && 'at' in when ? when.at.toISOString() : null,
    device: cells.text('device') ?? null,
    ticket: cells.text('ticket') ?? null,
    transaction: cells.text('transaction') ?? null,
    method: cells.text('method')?.toLowerCase() ?? null,
    grossMinor: cells.money('gross', currency, 'needed') ?? 0,
    taxMinor: cells.money('tax', currency) ?? null,
    count: cells.whole('count') ?? null,
    currency,
  }
}

/** What a sum is of; both sides name it the same. */
export function groupName(day: string, device: string | null, method: string | null): string {
  return `total ${day} ${device?.trim().toUpperCase() ?? '*'} ${method ?? '*'}`
}

export function rowOfReportLine(
  line: ReportLine,
  clock: BusinessClock,
  { from, to, methods }: { from: string; to: string; methods: Readonly<Record<string, string>> },
): BookRow {
  const day = line.day ?? businessDate(new Date(line.at ?? 0), clock)
  const method = methodOf(line.method, methods)
  const shared = {
    id: `line:${line.line}`,
    amount: line.grossMinor,
    unit: line.currency,
    day,
    outside: day < from || day > to,
    at: line.at,
    ...(line.taxMinor === null ? {} : { parts: { tax: line.taxMinor } }),
  }
  if (line.count !== null) {
    const what = `${line.count} takings${line.device === null ? '' : ` at ${line.device}`}${method === null ? '' : ` by ${method}`}`
    return {
      ...shared,
      sort: 'total',
      at: null,
      place: null,
      text: `Row ${line.line}: ${what} on ${day}`,
      references: { id: groupName(day, line.device, method) },
    }
  }
  const named = line.transaction ?? line.ticket
  return {
    ...shared,
    sort: 'payment',
    place: line.device,
    text: `Row ${line.line}${named === null ? '' : ` (${named})`}`,
    references: {
      ...(line.transaction === null ? {} : { transaction: line.transaction }),
      ...(line.ticket === null ? {} : { ticket: line.ticket }),
    },
  }
}

/** The hub's word for a method, where the request says which. */
export function methodOf(method: string | null, methods: Readonly<Record<string, string>>): string | null {
  if (method === null) return null
  const found = Object.entries(methods).find(([theirs]) => theirs.trim().toLowerCase() === method)
  return (found?.[1] ?? method).toLowerCase()
}
