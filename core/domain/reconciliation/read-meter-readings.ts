// Owns reading a list of meter readings: meter, time and what its register stood at.
// Must not know which chargers are behind a meter.
import type { InSteps } from '../in-steps.ts'
import { Decimal } from '../money.ts'
import type { MeterReading } from './meter-span.ts'
import {
  type ColumnMapping,
  cellReader,
  mostProblems,
  type Refused,
  readTable,
  type TableFields,
  type TableInput,
  type TableProblem,
} from './read-columns.ts'

/** One of both registers is needed. */
export const meterFields = {
  meter: { needed: true },
  time: { needed: true },
  registerWh: { needed: false },
  registerKwh: { needed: false },
} as const satisfies TableFields

export type ReadingLine = MeterReading & { line: number }

export function* readMeterReadings(
  input: TableInput,
  mapping: ColumnMapping,
  zone: string,
): InSteps<{ kind: 'rows'; rows: ReadingLine[] } | Refused> {
  const table = readTable(input, meterFields, mapping)
  if (table.kind === 'invalid') return table
  const { pointer } = table
  const [wh, kwh] = [table.has('registerWh'), table.has('registerKwh')]
  if (wh === kwh) {
    const message = `needs one of the columns ${table.titleOf('registerWh')} and ${table.titleOf('registerKwh')}`
    return { kind: 'invalid', problems: [{ pointer, message }] }
  }
  const problems: TableProblem[] = []
  const seen = new Map<string, number>()
  const rows: ReadingLine[] = []
  for (const row of table.rows) {
    yield
    const wrong = (field: string, message: string) =>
      problems.push({ pointer, message: `row ${row.line}, column ${table.titleOf(field)}: ${message}` })
    const cells = cellReader(row, table, { mapping, zone }, problems)
    const meter = cells.needed('meter')
    const when = cells.time(['time'])
    const register = cells.decimal(wh ? 'registerWh' : 'registerKwh', 'needed')
    if (when !== undefined && !('at' in when)) wrong('time', 'has no time of day')
    const exact = register === undefined ? undefined : new Decimal(register).times(wh ? 1 : 1_000)
    if (exact !== undefined && (exact.lt(0) || exact.gt(1e14)))
      wrong(wh ? 'registerWh' : 'registerKwh', 'is out of range')
    if (when === undefined || !('at' in when) || exact === undefined) continue
    const at = when.at.toISOString()
    const registerWh = exact.toDecimalPlaces(0, Decimal.ROUND_HALF_UP).toNumber()
    const before = seen.get(`${meter} ${at}`)
    if (before !== undefined && before !== registerWh) wrong('time', 'is there twice with different registers')
    seen.set(`${meter} ${at}`, registerWh)
    rows.push({ line: row.line, meter, at, registerWh })
  }
  if (problems.length > 0) return { kind: 'invalid', problems: problems.slice(0, mostProblems) }
  return { kind: 'rows', rows }
}
