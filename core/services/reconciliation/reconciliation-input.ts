// Owns what somebody may ask to have held against the books, and reading the file that came with it.
// Must not read the database.
import { createHash } from 'node:crypto'
import { contentText } from '../../domain/content-text.ts'
import type { InSteps } from '../../domain/in-steps.ts'
import { type ReconciliationKind, reconciliationKinds } from '../../domain/reconciliation/book-row.ts'
import type { ColumnMapping, TableInput } from '../../domain/reconciliation/read-columns.ts'
import { type ReadingLine, readMeterReadings } from '../../domain/reconciliation/read-meter-readings.ts'
import { type ReportLine, readParcsReport } from '../../domain/reconciliation/read-parcs-report.ts'
import {
  readSettlement,
  type SettlementFormat,
  type SettlementLine,
} from '../../domain/reconciliation/read-settlement.ts'
import { daySpanProblem } from '../manage/day-span.ts'
import { type FieldProblem, invalid, type Outcome, ok } from '../manage/outcome.ts'

/** What is kept of the request and used on every run. */
export interface ReconciliationOptions {
  connectionId?: string
  mapping?: ColumnMapping
  /** Their words for methods of payment, by ours. */
  methodNames?: Record<string, string>
  /** Payments by these methods only. */
  methods?: string[]
  format?: SettlementFormat
  fee?: { percent: string; fixedMinor: number }
  /** Which chargers are behind which meter. */
  meters?: { meter: string; stationIds: string[] }[]
}

export interface ReconciliationInput extends TableInput, ReconciliationOptions {
  siteId: string
  kind: ReconciliationKind
  /** Business days, both included. */
  from: string
  to: string
  fileName?: string
}

type Option = keyof ReconciliationOptions
const table = ['csv', 'lines', 'fileName', 'mapping'] as const
/** Everything else would be read by nobody. */
const understood: Readonly<Record<ReconciliationKind, readonly (Option | (typeof table)[number])[]>> = {
  parcs_stays: ['connectionId'],
  parcs_report: [...table, 'connectionId', 'methodNames'],
  session_energy: [],
  meter_readings: [...table, 'meters'],
  processor_settlement: [...table, 'connectionId', 'methods', 'format', 'fee'],
}

const longestDays = 92

export function checkInput(input: ReconciliationInput): Outcome<ReconciliationInput> {
  const span = daySpanProblem(input, longestDays)
  if (span !== null) return invalid(span.pointer, span.message)
  const known = understood[input.kind] as readonly string[]
  const strange = [...table, ...optionNames].find((name) => input[name] !== undefined && !known.includes(name))
  if (strange !== undefined) {
    const kinds = reconciliationKinds.filter((kind) => (understood[kind] as readonly string[]).includes(strange))
    return invalid(`/${strange}`, `goes only with ${kinds.join(', ')}`)
  }
  if (input.kind === 'processor_settlement' && input.connectionId === undefined && input.methods === undefined) {
    return invalid('/connectionId', 'name the connection of the processor, or the methods that it settles')
  }
  return ok(input)
}

const optionNames: readonly Option[] = ['connectionId', 'mapping', 'methodNames', 'methods', 'format', 'fee', 'meters']

export function optionsOf(input: ReconciliationInput): ReconciliationOptions {
  return Object.fromEntries(optionNames.flatMap((name) => (input[name] === undefined ? [] : [[name, input[name]]])))
}

export type ReadLine = ReportLine | ReadingLine | SettlementLine
export interface ReadFile {
  lines: ReadLine[]
  fileHash: string | null
  /** Of all that the outcome depends on, beside the days. */
  inputHash: string
}

export function* readInput(
  input: ReconciliationInput,
  { zone, currency }: { zone: string; currency: string },
): InSteps<Outcome<ReadFile>> {
  const content = input.csv ?? (input.lines === undefined ? null : JSON.stringify(input.lines))
  const fileHash = content === null ? null : hashOf(content)
  const inputHash = hashOf(contentText([fileHash, optionsOf(input)]))
  const mapping = input.mapping ?? {}
  const read = yield* readerOf[input.kind](input, mapping, { zone, currency, format: input.format ?? 'plain' })
  if (read.kind === 'invalid') return { kind: 'invalid', problems: read.problems }
  return ok({ lines: read.rows, fileHash, inputHash })
}

type Read = { kind: 'rows'; rows: ReadLine[] } | { kind: 'invalid'; problems: FieldProblem[] }
interface Told {
  zone: string
  currency: string
  format: SettlementFormat
}
// biome-ignore lint/correctness/useYield: there is nothing to read
function* noFile(): InSteps<Read> {
  return { kind: 'rows', rows: [] }
}
const readerOf: Readonly<
  Record<ReconciliationKind, (input: TableInput, mapping: ColumnMapping, told: Told) => InSteps<Read>>
> = {
  parcs_stays: noFile,
  session_energy: noFile,
  parcs_report: readParcsReport,
  meter_readings: (input, mapping, { zone }) => readMeterReadings(input, mapping, zone),
  processor_settlement: readSettlement,
}

export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')
