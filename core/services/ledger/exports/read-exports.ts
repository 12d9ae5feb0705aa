// Owns reading exports within the caller's limits: batches, and the bytes of their files.
// Must not write.
import type { Readable } from 'node:stream'
import { exportContent, type FileOfExport, type LedgerExport, ledgerExports } from '../../../store/ledger-exports.ts'
import { getRecord, type ListQuery, listRecords } from '../../../store/record-table.ts'
import { type Access, notFound, type Outcome, ok } from '../../manage/outcome.ts'
import type { ServiceDeps } from '../../service-deps.ts'

type Reading = Pick<ServiceDeps, 'db'>

export function listExports({ db }: Reading) {
  return (access: Access, query: ListQuery) => listRecords(db, ledgerExports, access, query)
}

export function getExport({ db }: Reading) {
  return async (access: Access, exportId: string): Promise<Outcome<LedgerExport>> => {
    const batch = await getRecord(db, ledgerExports, access, exportId)
    return batch ? ok(batch) : notFound
  }
}

export interface ReadableFile {
  file: FileOfExport
  /** The bytes from `start` to `end`, both included. */
  read(range: { start: number; end: number }): Readable
}

export function getExportFile({ db }: Reading) {
  return async (access: Access, exportId: string, number: number): Promise<Outcome<ReadableFile>> => {
    const batch = await getRecord(db, ledgerExports, access, exportId)
    const file = batch?.files.find((one) => one.number === number)
    if (file === undefined) return notFound
    const which = { organizationId: access.organizationId, exportId, number }
    return ok({ file, read: (range) => exportContent(db, which, range) })
  }
}
