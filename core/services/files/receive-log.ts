// Owns taking in what a station sends to its upload slot: the newest complete file is attached to station and command.
// Must not trust the station with more than its slot: size, number of files and time are limited.
import { safeFileName, stationContentType } from '../../domain/hosted-file.ts'
import { appendEvents } from '../../store/event-log.ts'
import { getSlot, type UploadSlotRow } from '../../store/files.ts'
import type { Db } from '../../store/record-table.ts'
import { transaction } from '../../store/transaction.ts'
import { tellFinished } from '../charger/finish-command.ts'
import type { FileDeps } from './file-deps.ts'
import { logExpiry } from './manage-files.ts'

export interface LogUpload {
  /** As the station calls it; the hub finds a name where there is none. */
  name: string | null
  contentType: string | null
  chunks: AsyncIterable<Uint8Array>
}

export type LogOutcome =
  | { kind: 'received'; fileId: string }
  /** An older attempt that ended after a newer one: the newer one stands. */
  | { kind: 'outrun' }
  | { kind: 'empty' }
  | { kind: 'too_large' }
  | { kind: 'cut' }
  | { kind: 'gone' }

export function receiveLog(deps: FileDeps) {
  return async (of: { organizationId: string; slotId: string }, upload: LogUpload): Promise<LogOutcome> => {
    const begunAt = deps.clock.now()
    const slot = await getSlot(deps.db, of.organizationId, of.slotId, 'look')
    if (slot === undefined || slot.expires_at <= begunAt) return { kind: 'gone' }
    const { disk, settings } = deps.files
    const stored = await disk.store(upload.chunks, settings.uploadLimitBytes)
    if (stored.kind !== 'stored') return stored
    return transaction(deps.db, (trx) => attach({ ...deps, db: trx }, of, upload, { ...stored, begunAt }))
  }
}

async function attach(
  deps: FileDeps,
  { organizationId, slotId }: { organizationId: string; slotId: string },
  upload: LogUpload,
  stored: { sha256: string; sizeBytes: number; begunAt: Date },
): Promise<LogOutcome> {
  const trx = deps.db
  const slot = await getSlot(trx, organizationId, slotId, 'lock')
  if (slot === undefined) return { kind: 'gone' }
  if (slot.file_begun_at !== null && stored.begunAt < slot.file_begun_at) return { kind: 'outrun' }
  const now = deps.clock.now()
  const former = slot.file_id === null ? undefined : await contentOf(trx, organizationId, slot.file_id)
  // A station that saw no answer sends the same once more.
  if (slot.file_id !== null && former === stored.sha256) return { kind: 'received', fileId: slot.file_id }
  const command = await commandOf(trx, slot)
  const fileId = deps.newId()
  const name = safeFileName(upload.name) ?? `${slot.log}-${slot.request_id}.log`
  await trx
    .insertInto('station_file')
    .values({
      organization_id: organizationId,
      site_id: slot.site_id,
      file_id: fileId,
      kind: 'log',
      name,
      content_type: stationContentType(upload.contentType),
      size_bytes: stored.sizeBytes,
      sha256: stored.sha256,
      station_id: slot.station_id,
      command_id: command?.command_id ?? null,
      request_id: slot.request_id,
      created_by: `station:${slot.station_id}`,
      expires_at: logExpiry(deps, now),
      created_at: now,
      updated_at: now,
    })
    .execute()
  if (slot.file_id !== null) {
    await trx
      .deleteFrom('station_file')
      .where('organization_id', '=', organizationId)
      .where('file_id', '=', slot.file_id)
      .execute()
  }
  await trx
    .updateTable('upload_slot')
    .set({ file_id: fileId, file_begun_at: stored.begunAt })
    .where('organization_id', '=', organizationId)
    .where('slot_id', '=', slotId)
    .execute()
  await appendEvents(trx, [
    {
      id: deps.newId(),
      type: 'station.log_received',
      organizationId,
      siteId: slot.site_id,
      subject: { type: 'station', id: slot.station_id },
      occurredAt: now,
      recordedAt: now,
      data: {
        stationId: slot.station_id,
        fileId,
        commandId: command?.command_id ?? null,
        name,
        sizeBytes: stored.sizeBytes,
      },
    },
  ])
  if (command?.outcome === 'pending') await complete(deps, command)
  return { kind: 'received', fileId }
}

async function contentOf(db: Db, organizationId: string, fileId: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('station_file')
    .select('sha256')
    .where('organization_id', '=', organizationId)
    .where('file_id', '=', fileId)
    .executeTakeFirst()
  return row?.sha256
}

async function commandOf(db: Db, slot: UploadSlotRow) {
  return db
    .selectFrom('command')
    .selectAll()
    .where('organization_id', '=', slot.organization_id)
    .where('station_id', '=', slot.station_id)
    .where('request_id', '=', slot.request_id)
    .where('name', '=', 'get_log')
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst()
}

/** The file is what was asked for: whether the station then says "uploaded" or not, the promise is kept. */
async function complete(deps: FileDeps, command: { organization_id: string; command_id: string }): Promise<void> {
  const now = deps.clock.now()
  const row = await deps.db
    .updateTable('command')
    .set({ outcome: 'completed', outcome_at: now, reason: null })
    .where('organization_id', '=', command.organization_id)
    .where('command_id', '=', command.command_id)
    .where('outcome', '=', 'pending')
    .returningAll()
    .executeTakeFirst()
  if (row === undefined) return
  await deps.db
    .deleteFrom('timer')
    .where('organization_id', '=', row.organization_id)
    .where('kind', '=', 'command.not_started')
    .where('key', '=', row.command_id)
    .execute()
  await tellFinished(deps, deps.db, row, now)
}
