// Owns the rows of exports of closed periods: batches, the counter of each target, files and their bytes.
// Must not decide whether two exports are the same nor what may become of one; the domain does.
import { Readable } from 'node:stream'
import { sql } from 'kysely'
import type { ExportFile } from '../domain/closed-period.ts'
import type { ExportState } from '../domain/ledger/export-batch.ts'
import { jsonText } from './json-text.ts'
import { type Db, is, recordTable } from './record-table.ts'

export interface FileOfExport {
  number: number
  name: string
  contentType: string
  sizeBytes: number
  sha256: string
}

export interface LedgerExport {
  exportId: string
  siteId: string
  periodId: string
  period: { number: number; from: string; to: string; currency: string }
  target: string
  number: number
  format: string
  mappingId: string | null
  mappingVersion: number | null
  /** As they were when it was made, as far as the period needs them. */
  accounts: Record<string, string>
  taxCodes: Record<string, string>
  options: Record<string, unknown>
  hash: string
  entryCount: number
  debitMinor: number
  creditMinor: number
  files: FileOfExport[]
  state: ExportState
  supersedes: string | null
  /** The newest that took its place and was not cancelled. */
  supersededBy: string | null
  /** Other batches of the same period that are in the books outside already. */
  deliveredBefore: { exportId: string; target: string; number: number; deliveredAt: string; reference: string }[]
  createdAt: Date
  createdBy: string
  settledAt: Date | null
  settledBy: string | null
  reference: string | null
  note: string | null
}

export const ledgerExports = recordTable<LedgerExport>()('ledger_export', {
  type: 'ledger_export',
  id: 'export_id',
  columns: {
    exportId: 'export_id',
    siteId: 'site_id',
    periodId: 'period_id',
    target: 'target',
    number: 'number',
    format: 'format',
    mappingId: 'mapping_id',
    mappingVersion: 'mapping_version',
    accounts: 'accounts',
    taxCodes: 'tax_codes',
    options: 'options',
    hash: 'hash',
    entryCount: 'entry_count',
    debitMinor: 'debit_minor',
    creditMinor: 'credit_minor',
    state: 'state',
    supersedes: 'supersedes_export_id',
    createdAt: 'created_at',
    createdBy: 'created_by',
    settledAt: 'settled_at',
    settledBy: 'settled_by',
    reference: 'reference',
    note: 'note',
  },
  expressions: {
    period: `(select json_build_object('number', p.number, 'from', p.from_date, 'to', p.to_date, 'currency', p.currency)
      from ledger_period p where p.organization_id = t.organization_id and p.period_id = t.period_id)`,
    files: `(select json_agg(json_build_object('number', f.number, 'name', f.name, 'contentType', f.content_type,
        'sizeBytes', f.size_bytes, 'sha256', f.sha256) order by f.number)
      from ledger_export_file f where f.organization_id = t.organization_id and f.export_id = t.export_id)`,
    supersededBy: `(select s.export_id from ledger_export s where s.organization_id = t.organization_id
      and s.supersedes_export_id = t.export_id and s.state <> 'cancelled' order by s.number desc limit 1)`,
    deliveredBefore: `(select coalesce(json_agg(json_build_object('exportId', d.export_id, 'target', d.target,
        'number', d.number, 'deliveredAt', to_char(d.settled_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'reference', d.reference) order by d.settled_at, d.export_id), '[]')
      from ledger_export d where d.organization_id = t.organization_id and d.period_id = t.period_id
        and d.state = 'delivered' and d.export_id <> t.export_id)`,
  },
  reach: 'site',
  sorts: {
    createdAt: [
      { expression: 't.created_at', type: 'timestamptz' },
      { expression: 't.export_id', type: 'uuid' },
    ],
  },
  defaultSort: '-createdAt',
  filters: {
    siteId: is('site_id'),
    periodId: is('period_id'),
    format: is('format'),
    target: is('target'),
    state: is('state'),
  },
})

/** The last number of a target. Its row stays locked until the transaction ends: numbers have no gap, and equals meet here. */
export async function lockSeries(trx: Db, organizationId: string, target: string): Promise<number> {
  const row = await trx
    .insertInto('ledger_export_series')
    .values({ organization_id: organizationId, target, last_number: 0 })
    .onConflict((conflict) =>
      conflict
        .columns(['organization_id', 'target'])
        .doUpdateSet((set) => ({ last_number: set.ref('ledger_export_series.last_number') })),
    )
    .returning('last_number')
    .executeTakeFirstOrThrow()
  return row.last_number
}

export interface Sameness {
  organizationId: string
  periodId: string
  target: string
  key: string
  /** Of the files, once they are made: other inputs may come to the same bytes. */
  hash?: string
}

/** The batch that this export has been made as already. */
export async function sameExport(db: Db, { organizationId, periodId, target, key, hash }: Sameness) {
  const row = await db
    .selectFrom('ledger_export')
    .select('export_id')
    .where('organization_id', '=', organizationId)
    .where('period_id', '=', periodId)
    .where('target', '=', target)
    .where('state', '<>', 'cancelled')
    .where((eb) => eb.or([eb('key', '=', key), ...(hash === undefined ? [] : [eb('hash', '=', hash)])]))
    .orderBy(sql`key = ${key}`, 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.export_id
}

/** The newest batch of a period for a target that stands. */
export async function lastExport(
  db: Db,
  { organizationId, periodId, target }: Pick<Sameness, 'organizationId' | 'periodId' | 'target'>,
): Promise<string | undefined> {
  const row = await db
    .selectFrom('ledger_export')
    .select('export_id')
    .where('organization_id', '=', organizationId)
    .where('period_id', '=', periodId)
    .where('target', '=', target)
    .where('state', '<>', 'cancelled')
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.export_id
}

export interface NewExport extends Required<Sameness> {
  exportId: string
  siteId: string
  number: number
  format: string
  mapping: { mappingId: string; version: number } | null
  accounts: Readonly<Record<string, string>>
  taxCodes: Readonly<Record<string, string>>
  options: Readonly<Record<string, unknown>>
  entryCount: number
  totalMinor: number
  supersedes: string | null
  createdAt: Date
  createdBy: string
  files: readonly (ExportFile & { sha256: string })[]
}

/** With the series' row locked. */
export async function insertExport(trx: Db, made: NewExport): Promise<void> {
  const place = { organization_id: made.organizationId, site_id: made.siteId, export_id: made.exportId }
  await trx
    .updateTable('ledger_export_series')
    .set({ last_number: made.number })
    .where('organization_id', '=', made.organizationId)
    .where('target', '=', made.target)
    .execute()
  await trx
    .insertInto('ledger_export')
    .values({
      ...place,
      period_id: made.periodId,
      target: made.target,
      number: made.number,
      format: made.format,
      mapping_id: made.mapping?.mappingId ?? null,
      mapping_version: made.mapping?.version ?? null,
      accounts: jsonText(made.accounts),
      tax_codes: jsonText(made.taxCodes),
      options: jsonText(made.options),
      key: made.key,
      hash: made.hash,
      entry_count: made.entryCount,
      debit_minor: made.totalMinor,
      credit_minor: made.totalMinor,
      supersedes_export_id: made.supersedes,
      created_at: made.createdAt,
      created_by: made.createdBy,
      state: 'ready',
    })
    .execute()
  for (const [i, { name, contentType, bytes, sha256 }] of made.files.entries()) {
    await trx
      .insertInto('ledger_export_file')
      .values({
        ...place,
        number: i + 1,
        name,
        content_type: contentType,
        sha256,
        size_bytes: bytes.length,
        content: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      })
      .execute()
  }
}

/** What became of a batch that is ready; the database refuses any other. */
export async function settleExport(
  trx: Db,
  { organizationId, exportId }: { organizationId: string; exportId: string },
  settled: { state: 'delivered' | 'cancelled'; at: Date; by: string; reference: string | null; note: string | null },
): Promise<void> {
  await trx
    .updateTable('ledger_export')
    .set({
      state: settled.state,
      settled_at: settled.at,
      settled_by: settled.by,
      reference: settled.reference,
      note: settled.note,
    })
    .where('organization_id', '=', organizationId)
    .where('export_id', '=', exportId)
    .execute()
}

const bytesAtOnce = 1_000_000

/** The bytes of a file from `start` to `end`, both included, piece by piece. */
export function exportContent(
  db: Db,
  { organizationId, exportId, number }: { organizationId: string; exportId: string; number: number },
  { start, end }: { start: number; end: number },
): Readable {
  async function* pieces() {
    for (let at = start; at <= end; at += bytesAtOnce) {
      const length = Math.min(bytesAtOnce, end - at + 1)
      const { rows } = await sql<{ piece: Buffer }>`
        select substring(content from ${at + 1}::int for ${length}::int) as piece from ledger_export_file
        where organization_id = ${organizationId} and export_id = ${exportId} and number = ${number}`.execute(db)
      const [row] = rows
      if (row === undefined) throw new Error(`file ${number} of export ${exportId} is gone`)
      yield row.piece
    }
  }
  return Readable.from(pieces(), { objectMode: false })
}
