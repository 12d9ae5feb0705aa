// Owns trying a mapping on a sample: every row with the facts it would become or what is wrong in which cell.
// Must not store anything.
import { readCells } from '../csv/cell-machine.ts'
import { decodingOf } from '../csv/encoding.ts'
import { scanRecords } from '../csv/scan-records.ts'
import { beginOf, limits } from '../intake/take-file.ts'
import { type Place, rowReader } from '../mapping/facts-of-row.ts'
import { type Mapping, type MappingFault, mappingFaults } from '../mapping/mapping-schema.ts'
import { delimiterOf, hasHeader, proposeMapping } from '../mapping/propose-mapping.ts'
import { isTimePattern } from '../mapping/time-pattern.ts'

export interface TriedRow {
  line: number
  cells: readonly string[]
  facts: readonly object[]
  errors: readonly { column: string | null; field: string; message: string }[]
}

export interface DryRun {
  encoding: string
  columns: { name: string; title: string; examples: string[] }[]
  proposal: Mapping | null
  faults: MappingFault[]
  missing: string[]
  reason: string | null
  counts: { rows: number; taken: number; passedOver: number; rejected: number }
  rows: TriedRow[]
}

const shownRows = 200
const shownCell = 200

export async function dryRun(bytes: Uint8Array, given: Mapping | undefined, place: Place): Promise<DryRun> {
  const set = given?.encoding ?? 'auto'
  const { unit, bigEndian } = decodingOf(set, bytes)
  const scan = (delimiter: string) =>
    scanRecords(once(bytes), {
      encoding: set,
      delimiter,
      limits,
      from: { offset: 0, line: 1 },
      head: bytes.subarray(0, 4_096),
    })
  const first: string[] = []
  for await (const one of scan('\t')) {
    if (one.kind === 'record' && one.text.trim() !== '') first.push(one.text)
    if (first.length === 50) break
  }
  const delimiter = given?.delimiter ?? delimiterOf(first)
  const guessed = first.map((text) => readCells(text, delimiter))
  const header = given?.header ?? hasHeader(guessed)
  const proposal = proposeMapping(delimiter, header, guessed)
  const begin = await beginOf(scan(delimiter), { skipLines: given?.skipLines ?? 0, header, delimiter })
  const result: DryRun = {
    encoding: unit === 2 ? (bigEndian ? 'utf-16be' : 'utf-16le') : set,
    columns: [],
    proposal,
    faults: given ? mappingFaults(given, isTimePattern) : [],
    missing: [],
    reason: begin.kind === 'refused' ? begin.reason : null,
    counts: { rows: 0, taken: 0, passedOver: 0, rejected: 0 },
    rows: [],
  }
  if (begin.kind === 'refused') return result
  const mapping = given ?? proposal
  const reader = mapping && result.faults.length === 0 ? rowReader(mapping, begin.header, place) : null
  result.missing = reader?.missing ?? []
  const { counts } = result
  const names = begin.header
  const examples = new Map<number, string[]>()
  let wide = names?.length ?? 0
  for await (const one of scan(delimiter)) {
    if (one.end <= begin.from.offset) continue
    if (one.kind === 'record' && one.text.trim() === '') continue
    const cells = one.kind === 'record' ? readCells(one.text, delimiter) : []
    if (cells.length <= limits.columns) wide = Math.max(wide, cells.length)
    for (const [i, cell] of cells.slice(0, limits.columns).entries()) {
      const some = examples.get(i) ?? []
      if (cell.trim() !== '' && some.length < 3 && !some.includes(cell))
        examples.set(i, [...some, cell.slice(0, shownCell)])
    }
    counts.rows += 1
    const row: TriedRow = {
      line: one.line,
      cells: cells.slice(0, 50).map((cell) => cell.slice(0, shownCell)),
      facts: [],
      errors: [],
    }
    if (one.kind === 'refused') row.errors = [{ column: null, field: 'row', message: one.reason }]
    else if (cells.length > limits.columns)
      row.errors = [{ column: null, field: 'row', message: `has more than ${limits.columns} cells` }]
    else if (reader && reader.missing.length === 0) {
      const outcome = reader.read(cells)
      if (outcome.kind === 'bad') row.errors = outcome.errors
      else if (outcome.kind === 'passed_over') counts.passedOver += 1
      else {
        counts.taken += 1
        row.facts = outcome.facts.map(({ fact: { revision: _, backfilled: __, ...fact } }) => ({
          ...fact,
          occurredAt: fact.occurredAt.toISOString(),
        }))
      }
    }
    if (row.errors.length > 0) counts.rejected += 1
    if (result.rows.length < shownRows) result.rows.push(row)
  }
  result.columns = Array.from({ length: Math.min(wide, limits.columns) }, (_, i) => {
    const title = names?.[i] ?? ''
    const name = title === '' || names?.indexOf(title) !== i ? `#${i + 1}` : title
    return { name, title: title || `Column ${i + 1}`, examples: examples.get(i) ?? [] }
  })
  return result
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
