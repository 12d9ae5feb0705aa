// Owns the command that prices worked examples with the hub's own engines and says where they differ: npm run vectors -- FILE
// Must not price anything itself; each kind of tariff has its own module beside this one.
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { isTimeZone } from '../../core/plugin/index.ts'
import { mismatches } from './compare.ts'
import { hubRows } from './hub-rows.ts'
import { priceOcpi } from './ocpi-rows.ts'
import { priceOcpp } from './ocpp-rows.ts'
import { BrokenRow, fieldsOf, listOf, textOf } from './row-value.ts'
import type { PricedVector, Vector, VectorEngine } from './vector.ts'

/** @returns the engine of a row: names such as "ocpi-multi-tariff" and "ocpi+rounding" are OCPI with more in the tariff */
export function engineOf(name: string): VectorEngine | undefined {
  if (Object.hasOwn(hubRows, name)) return hubRows[name]
  if (/^ocpi(\b|\d)/.test(name)) return priceOcpi
  return /^ocpp/.test(name) ? priceOcpp : undefined
}

export interface RowResult {
  name: string
  group: string
  gate: boolean
  problems: readonly string[]
  explanation: readonly string[]
}

/** Never throws: a row that cannot be read, or an engine that breaks, is a failure of that row. */
export function runRow(row: unknown, place: number): RowResult {
  const shown = { name: `row ${place + 1}`, group: '', gate: true }
  try {
    const vector = vectorOf(row)
    Object.assign(shown, { name: vector.name, group: vector.group, gate: vector.gate })
    const engine = engineOf(vector.engine)
    if (engine === undefined) return { ...shown, problems: [`there is no engine "${vector.engine}"`], explanation: [] }
    const came = engine(vector)
    return { ...shown, problems: mismatches(vector, came), explanation: explanationOf(came) }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const why = error instanceof BrokenRow ? message : `the engine broke: ${message}`
    return { ...shown, problems: [why], explanation: [] }
  }
}

function explanationOf(came: PricedVector): readonly string[] {
  return came.kind === 'priced' ? came.explanation : [`Refused: ${came.reason}`]
}

function vectorOf(row: unknown): Vector {
  const fields = fieldsOf(row, 'the row')
  const name = textOf(fields.name, 'name')
  const compare = fieldsOf(fields.compare ?? { scale: 2, mode: 'round_half_up_of_exact' }, 'compare')
  const { scale, mode } = compare
  if (typeof scale !== 'number' || !Number.isInteger(scale) || scale < 0 || scale > 20) {
    throw new BrokenRow('compare.scale is not a count of digits')
  }
  if (mode !== 'round_half_up_of_exact' && mode !== 'floor') throw new BrokenRow(`compare.mode "${mode}" is not known`)
  const zone = textOf(fields.time_zone ?? 'UTC', 'time_zone')
  if (!isTimeZone(zone)) throw new BrokenRow(`time_zone "${zone}" does not exist`)
  if (fields.tariff === undefined) throw new BrokenRow('tariff is missing')
  return {
    ...fields,
    name,
    group: typeof fields.group === 'string' ? fields.group : '',
    engine: textOf(fields.engine, 'engine'),
    gate: fields.gate !== false,
    time_zone: zone,
    tariff: fields.tariff,
    session: fields.session,
    expected: fieldsOf(fields.expected, 'expected'),
    compare: { scale, mode },
  }
}

/** @returns whether all that gates passed */
export function runFile(
  text: string,
  options: { name?: string | undefined; verbose?: boolean | undefined },
  print: (line: string) => void,
): boolean {
  let rows: readonly unknown[]
  try {
    rows = listOf(JSON.parse(text), 'the file')
  } catch (error) {
    print(`This is no list of examples: ${error instanceof Error ? error.message : error}`)
    print('0 passed, 1 failed')
    return false
  }
  const results = rows.map(runRow).filter(({ name }) => options.name === undefined || name.includes(options.name))
  for (const { name, gate, problems, explanation } of results) {
    const verdict = problems.length === 0 ? 'ok' : gate ? 'FAILED' : 'differs (does not gate)'
    if (problems.length > 0 || options.verbose) print(`${verdict}  ${name}`)
    for (const problem of problems) print(`  ${problem}`)
    if (problems.length > 0 || options.verbose) for (const line of explanation) print(`    ${line}`)
  }
  const failed = results.filter(({ gate, problems }) => gate && problems.length > 0).length
  const beside = results.filter(({ gate, problems }) => !gate && problems.length > 0).length
  if (beside > 0) print(`${beside} more differ and do not gate`)
  if (results.length === 0) print('No row was run.')
  print(`${results.length - failed - beside} passed, ${failed} failed`)
  return failed === 0 && results.length > 0
}

function main(args: readonly string[]): number {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { name: { type: 'string' }, verbose: { type: 'boolean' } },
  })
  const [file] = positionals
  const print = (line: string) => void process.stdout.write(`${line}\n`)
  if (file === undefined) {
    print('Usage: npm run vectors -- FILE [--name PART] [--verbose]')
    return 2
  }
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    print(`${file} cannot be read: ${error instanceof Error ? error.message : error}`)
    print('0 passed, 1 failed')
    return 1
  }
  return runFile(text, values, print) ? 0 : 1
}

if (import.meta.filename === process.argv[1]) process.exitCode = main(process.argv.slice(2))
