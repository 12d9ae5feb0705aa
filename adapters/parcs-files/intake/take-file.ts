// Owns taking one file exactly once: from where it was left, in batches, each stored before the place is kept.
// Must not know where the file lies; it gets bytes that do not change under it.
import { createHash } from 'node:crypto'
import { type Clock, maskedCardNumbers, maskedMark, type NewId, type ParcsSink } from '../../../core/plugin/index.ts'
import { readCells } from '../csv/cell-machine.ts'
import { type ScanFrom, type Scanned, scanRecords } from '../csv/scan-records.ts'
import { type Place, type RowError, type RowFact, rowReader } from '../mapping/facts-of-row.ts'
import type { Mapping } from '../mapping/mapping-schema.ts'
import type { FileDb } from './tables.ts'
import { toldFacts } from './told-facts.ts'

/** A file as it was at one moment. */
export interface Snapshot {
  name: string
  size: number
  sha256: string
  open(offset: number): AsyncIterable<Uint8Array>
}

export interface TakeDeps {
  db: FileDb
  connectionId: string
  sink: ParcsSink
  clock: Clock
  newId: NewId
  mapping: Mapping
  place: Place
  /** The last line may still be written to: without a line end it waits. */
  growing: boolean
  signal: AbortSignal
}

const cardMasked = 'held the number of a payment card, which was masked; the line was taken'

export const limits = { recordBytes: 64 * 1024, columns: 500, batchRows: 200, keptRejections: 1_000 } as const

export const mappingName = (mapping: Mapping, growing: boolean) =>
  createHash('sha256')
    .update(JSON.stringify([mapping, growing]))
    .digest('base64url')

export type Taken = { kind: 'done' | 'refused' | 'known'; fileId: string } | { kind: 'stopped' }

export async function takeFile(deps: TakeDeps, snapshot: Snapshot): Promise<Taken> {
  const { db, connectionId, mapping, place, signal } = deps
  const row = await openRow(deps, snapshot)
  const { file_id: fileId } = row
  if (row.state !== 'taking') return { kind: 'known', fileId }
  const mine = () =>
    db.updateTable('taken_file').where('connection_id', '=', connectionId).where('file_id', '=', fileId)
  const counts = { stored: row.stored, known: row.known, passed_over: row.passed_over, rejected: row.rejected }
  const end = async (state: 'done' | 'refused', reason: string | null): Promise<Taken> => {
    await mine()
      .set({ ...counts, state, reason, ended_at: deps.clock.now() })
      .execute()
    return { kind: state, fileId }
  }

  const head = await headOf(snapshot)
  const scan = (from: ScanFrom) =>
    scanRecords(snapshot.open(from.offset), {
      encoding: mapping.encoding ?? 'auto',
      delimiter: mapping.delimiter,
      limits,
      from,
      head,
    })
  const begin = await beginOf(scan({ offset: 0, line: 1 }), mapping)
  if (begin.kind === 'refused') return end('refused', begin.reason)
  const { header } = begin
  const reader = rowReader(mapping, header, place)
  if (reader.missing.length > 0)
    return end('refused', `The file has no column ${reader.missing.map((name) => `"${name}"`).join(', ')}.`)
  const left = Number(row.next_offset)
  const from = left > begin.from.offset ? { offset: left, line: row.next_line } : begin.from
  const tell = toldFacts(db, connectionId, deps.sink)

  let batch: { line: number; facts: RowFact[] }[] = []
  let rejections: { line: number; errors: readonly RowError[] }[] = []
  const reject = (line: number, errors: readonly RowError[]) => {
    counts.rejected += 1
    rejections.push({ line, errors })
  }
  const flush = async (at: { end: number; nextLine: number }) => {
    const outcomes = await tell(batch.flatMap(({ facts }) => facts))
    let i = 0
    for (const { line, facts } of batch) {
      const own = outcomes.slice(i, i + facts.length)
      i += facts.length
      const refused = own.flatMap((one) => (typeof one === 'object' ? [one.rejected] : []))
      if (refused.length > 0)
        reject(
          line,
          refused.map((message) => ({ column: null, field: 'fact', message })),
        )
      else counts[own.includes('stored') ? 'stored' : 'known'] += 1
    }
    await keepRejections(deps, fileId, rejections)
    await mine()
      .set({ ...counts, next_offset: at.end, next_line: at.nextLine })
      .execute()
    batch = []
    rejections = []
  }

  let last = { end: from.offset, nextLine: from.line }
  let pending = 0
  for await (const one of scan(from)) {
    if (deps.growing && one.kind === 'record' && !one.terminated) break
    take(one)
    last = one
    pending += 1
    if (pending < limits.batchRows) continue
    pending = 0
    await flush(last)
    if (signal.aborted) return { kind: 'stopped' }
  }
  await flush(last)
  return end('done', null)

  function take(one: Scanned): void {
    if (one.kind === 'refused') {
      reject(one.line, [{ column: null, field: 'row', message: one.reason }])
      return
    }
    if (one.text.trim() === '') return
    // A file that was posted is masked already; one from a folder or server is not.
    const cells = readCells(one.text, mapping.delimiter).map((cell) => maskedCardNumbers(cell, 'identifier'))
    if (cells.length > limits.columns) {
      reject(one.line, [{ column: null, field: 'row', message: `has more than ${limits.columns} cells` }])
      return
    }
    const masked = cells.flatMap((cell, i) =>
      maskedMark.test(cell) ? [{ column: header?.[i] ?? null, field: 'row', message: cardMasked }] : [],
    )
    // The line is taken all the same: what it tells is not lost for a word that should not be in it.
    if (masked.length > 0) rejections.push({ line: one.line, errors: masked })
    const outcome = reader.read(cells)
    if (outcome.kind === 'bad') reject(one.line, outcome.errors)
    else if (outcome.kind === 'passed_over') counts.passed_over += 1
    else batch.push({ line: one.line, facts: outcome.facts })
  }
}

type Begin = { kind: 'ok'; header: readonly string[] | null; from: ScanFrom } | { kind: 'refused'; reason: string }

/** The header, and where the rows begin. */
export async function beginOf(
  scanned: AsyncIterable<Scanned>,
  { skipLines = 0, header, delimiter }: Pick<Mapping, 'skipLines' | 'header' | 'delimiter'>,
): Promise<Begin> {
  let left = skipLines
  let from: ScanFrom = { offset: 0, line: 1 }
  if (left === 0 && !header) return { kind: 'ok', header: null, from }
  for await (const one of scanned) {
    from = { offset: one.end, line: one.nextLine }
    if (left > 0) {
      left -= 1
      if (left === 0 && !header) return { kind: 'ok', header: null, from }
      continue
    }
    if (one.kind === 'refused') return { kind: 'refused', reason: `The header cannot be read. ${one.reason}` }
    if (one.text.trim() === '') continue
    const names = readCells(one.text, delimiter).map((name) => name.trim())
    if (names.length > limits.columns)
      return { kind: 'refused', reason: `The header has more than ${limits.columns} columns.` }
    return { kind: 'ok', header: names, from }
  }
  return { kind: 'refused', reason: 'There is no line in the file.' }
}

export async function headOf({ open }: Pick<Snapshot, 'open'>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const chunk of open(0)) {
    parts.push(chunk)
    size += chunk.byteLength
    if (size >= 4_096) break
  }
  return Buffer.concat(parts).subarray(0, 4_096)
}

async function openRow({ db, connectionId, clock, newId, mapping, growing }: TakeDeps, snapshot: Snapshot) {
  const name = mappingName(mapping, growing)
  await db
    .insertInto('taken_file')
    .values({
      connection_id: connectionId,
      file_id: newId(),
      name: snapshot.name,
      sha256: snapshot.sha256,
      mapping: name,
      state: 'taking',
      reason: null,
      size: snapshot.size,
      next_offset: 0,
      next_line: 1,
      stored: 0,
      known: 0,
      passed_over: 0,
      rejected: 0,
      begun_at: clock.now(),
      ended_at: null,
    })
    .onConflict((conflict) => conflict.columns(['connection_id', 'sha256', 'mapping']).doNothing())
    .execute()
  return db
    .selectFrom('taken_file')
    .selectAll()
    .where('connection_id', '=', connectionId)
    .where('sha256', '=', snapshot.sha256)
    .where('mapping', '=', name)
    .executeTakeFirstOrThrow()
}

async function keepRejections(
  { db, connectionId }: TakeDeps,
  fileId: string,
  rejections: readonly { line: number; errors: readonly RowError[] }[],
): Promise<void> {
  const rows = rejections.flatMap(({ line, errors }) =>
    errors.slice(0, 20).map(({ column, field, message }, number) => ({
      connection_id: connectionId,
      file_id: fileId,
      line,
      number,
      column_name: column,
      field,
      message,
    })),
  )
  if (rows.length === 0) return
  const { kept } = await db
    .selectFrom('rejected_line')
    .select(({ fn }) => fn.countAll<string>().as('kept'))
    .where('connection_id', '=', connectionId)
    .where('file_id', '=', fileId)
    .executeTakeFirstOrThrow()
  const some = rows.slice(0, Math.max(0, limits.keptRejections - Number(kept)))
  if (some.length === 0) return
  await db
    .insertInto('rejected_line')
    .values(some)
    .onConflict((conflict) => conflict.columns(['connection_id', 'file_id', 'line', 'number']).doNothing())
    .execute()
}
