// Owns how hosted files and upload slots are read and written.
// Must not touch the bytes; disk-files.ts does.
import type { Insertable, Selectable } from 'kysely'
import type { FileKind } from '../domain/hosted-file.ts'
import { type Stamped, stampColumns } from './places.ts'
import { before, type Db, from, is, recordTable } from './record-table.ts'
import type { UploadSlotTable } from './schema.ts'

export interface StationFile extends Stamped {
  fileId: string
  siteId: string | null
  kind: FileKind
  name: string
  contentType: string
  sizeBytes: number
  sha256: string
  stationId: string | null
  commandId: string | null
  createdBy: string
  expiresAt: Date | null
}

const idColumn = { expression: 't.file_id', type: 'uuid' } as const

export const stationFiles = recordTable<StationFile>()('station_file', {
  type: 'file',
  id: 'file_id',
  columns: {
    fileId: 'file_id',
    siteId: 'site_id',
    kind: 'kind',
    name: 'name',
    contentType: 'content_type',
    sizeBytes: 'size_bytes',
    sha256: 'sha256',
    stationId: 'station_id',
    commandId: 'command_id',
    createdBy: 'created_by',
    expiresAt: 'expires_at',
    ...stampColumns,
  },
  reach: 'site_or_all',
  archives: true,
  search: ['name'],
  sorts: {
    createdAt: [{ expression: 't.created_at', type: 'timestamptz' }, idColumn],
    name: [{ expression: 't.name', type: 'text' }, idColumn],
    sizeBytes: [{ expression: 't.size_bytes', type: 'int8' }, idColumn],
  },
  defaultSort: '-createdAt',
  filters: {
    siteId: is('site_id'),
    kind: is('kind'),
    stationId: is('station_id'),
    commandId: is('command_id'),
    from: from('t.created_at'),
    to: before('t.created_at'),
  },
})

/** The same content under the same name, of the same kind and place: it need not be there twice. */
export async function sameFile(
  db: Db,
  of: { organizationId: string; siteId: string | null; kind: FileKind; name: string; sha256: string },
): Promise<string | undefined> {
  const row = await db
    .selectFrom('station_file')
    .select('file_id')
    .where('organization_id', '=', of.organizationId)
    .where('site_id', 'is not distinct from', of.siteId)
    .where('kind', '=', of.kind)
    .where('name', '=', of.name)
    .where('sha256', '=', of.sha256)
    .where('archived_at', 'is', null)
    .where('station_id', 'is', null)
    .executeTakeFirst()
  return row?.file_id
}

/** Without a caller: for links, which are rights of their own. */
export async function linkedFile(db: Db, organizationId: string, fileId: string): Promise<StationFile | undefined> {
  const row = await db
    .selectFrom('station_file')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('file_id', '=', fileId)
    .where('archived_at', 'is', null)
    .executeTakeFirst()
  if (row === undefined) return undefined
  return {
    fileId: row.file_id,
    siteId: row.site_id,
    kind: row.kind as FileKind,
    name: row.name,
    contentType: row.content_type,
    sizeBytes: row.size_bytes,
    sha256: row.sha256,
    stationId: row.station_id,
    commandId: row.command_id,
    createdBy: row.created_by,
    expiresAt: row.expires_at,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    archivedAt: row.archived_at,
  }
}

export type UploadSlotRow = Selectable<UploadSlotTable>

export async function insertSlot(db: Db, row: Insertable<UploadSlotTable>): Promise<void> {
  await db.insertInto('upload_slot').values(row).execute()
}

export async function getSlot(
  db: Db,
  organizationId: string,
  slotId: string,
  lock: 'lock' | 'look',
): Promise<UploadSlotRow | undefined> {
  const query = db
    .selectFrom('upload_slot')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('slot_id', '=', slotId)
  return (lock === 'lock' ? query.forUpdate() : query).executeTakeFirst()
}

/** Files and slots whose time is over. The bytes go when nothing names them any more. */
export async function dropExpired(db: Db, now: Date): Promise<number> {
  const files = await db.deleteFrom('station_file').where('expires_at', '<=', now).executeTakeFirst()
  await db.deleteFrom('upload_slot').where('expires_at', '<=', now).execute()
  return Number(files.numDeletedRows)
}

/** Which of these contents some row still names. */
export async function namedContents(db: Db, sha256s: readonly string[]): Promise<Set<string>> {
  if (sha256s.length === 0) return new Set()
  const [files, pictures] = await Promise.all([
    db.selectFrom('station_file').select('sha256').where('sha256', 'in', sha256s).distinct().execute(),
    db.selectFrom('reader_image').select('sha256').where('sha256', 'in', sha256s).distinct().execute(),
  ])
  return new Set([...files, ...pictures].flatMap(({ sha256 }) => sha256 ?? []))
}
