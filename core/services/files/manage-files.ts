// Owns hosted files as operators see them: upload, list, archive, each change in the audit log.
// Must not read a request; core/http hands over chunks and words.
import { type FileKind, safeFileName } from '../../domain/hosted-file.ts'
import { appendAudit } from '../../store/audit.ts'
import { type StationFile, sameFile, stationFiles } from '../../store/files.ts'
import { getRecord, insertRecord } from '../../store/record-table.ts'
import { columns, manage, refusable } from '../manage/manage-record.ts'
import { type Access, invalid, type Outcome, ok, type Refusal } from '../manage/outcome.ts'
import { broken, theSite } from '../manage/references.ts'
import type { FileDeps } from './file-deps.ts'

/** A file that belongs to the whole organization is not a site's to change. */
function notTheirs(access: Access, siteId: string | null): Refusal | undefined {
  if (access.siteIds === null || (siteId !== null && access.siteIds.includes(siteId))) return undefined
  return { kind: 'forbidden', message: 'A key limited to sites has to name the site that the file is for.' }
}

export const manageFiles = manage<StationFile, never, Record<string, never>>({
  table: stationFiles,
  idOf: (file) => file.fileId,
  siteOf: (file) => file.siteId,
  create: async () => ({ kind: 'conflict', message: 'Files are uploaded.' }),
  update: async () => columns({}),
  changed: async ({ access }, before) => (before === null ? undefined : notTheirs(access, before.siteId)),
})

export interface FileUpload {
  kind: FileKind
  name: string | null
  siteId: string | null
  contentType: string
  chunks: AsyncIterable<Uint8Array>
}

interface Uploaded {
  file: StationFile
  added: boolean
}

export type UploadOutcome = Outcome<Uploaded> | { kind: 'too_large' } | { kind: 'cut' }

/** Uploading the same content under the same name again gives the file that is there. */
export function uploadFile(deps: FileDeps) {
  return async (access: Access, upload: FileUpload): Promise<UploadOutcome> => {
    const name = safeFileName(upload.name)
    if (name === null) return invalid('/name', 'the file needs a name')
    const { siteId, kind, contentType } = upload
    const refusal = notTheirs(access, siteId) ?? (await broken(deps.db, access, [theSite(siteId)]))
    if (refusal) return refusal
    const { disk, settings } = deps.files
    const stored = await disk.store(upload.chunks, settings.fileLimitBytes)
    if (stored.kind === 'empty') return invalid('', 'The file is empty.')
    if (stored.kind !== 'stored') return stored
    const { sha256, sizeBytes } = stored
    return refusable<Uploaded>(deps, async (trx) => {
      const known = await sameFile(trx, { organizationId: access.organizationId, siteId, kind, name, sha256 })
      const same = known === undefined ? undefined : await getRecord(trx, stationFiles, access, known)
      if (same) return ok({ file: same, added: false })
      const now = deps.clock.now()
      const file = await insertRecord(trx, stationFiles, {
        organization_id: access.organizationId,
        site_id: siteId,
        file_id: deps.newId(),
        kind,
        name,
        content_type: contentType,
        size_bytes: sizeBytes,
        sha256,
        created_by: access.actor,
        expires_at: kind === 'log' ? logExpiry(deps, now) : null,
        created_at: now,
        updated_at: now,
      })
      await appendAudit(trx, access.organizationId, {
        auditId: deps.newId(),
        siteId,
        at: now,
        actor: access.actor,
        action: 'file.uploaded',
        subjectType: 'file',
        subjectId: file.fileId,
        before: null,
        after: { ...file },
        requestId: access.requestId,
      })
      return ok({ file, added: true })
    })
  }
}

export function logExpiry({ files }: Pick<FileDeps, 'files'>, now: Date): Date | null {
  const days = files.settings.logRetentionDays
  return days === 0 ? null : new Date(now.getTime() + days * 86_400_000)
}
