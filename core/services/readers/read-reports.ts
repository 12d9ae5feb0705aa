// Owns reading what readers reported, and the pictures of it.
// Must not show a picture to a caller who may not see its report.
import { plateText } from '../../domain/reader-binding.ts'
import type { Page } from '../../store/keyset.ts'
import { pictureOf, type ReaderPicture, type ReaderReportRecord, readerReports } from '../../store/readers.ts'
import { getRecord, type ListQuery, listRecords } from '../../store/record-table.ts'
import { type Access, notFound, type Outcome, ok } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'

export function listReports({ db }: Pick<ServiceDeps, 'db'>) {
  return (access: Access, { plate, ...query }: ListQuery): Promise<Page<ReaderReportRecord>> => {
    const text = typeof plate === 'string' ? (plateText(plate) ?? plate) : undefined
    return listRecords(db, readerReports, access, { ...query, plateText: text })
  }
}

/** `gone`: the report is there and this picture of it is not any more. */
export function readPicture({ db }: Pick<ServiceDeps, 'db'>) {
  return async (access: Access, reportId: string, number: number): Promise<Outcome<ReaderPicture | 'gone'>> => {
    if (!(await getRecord(db, readerReports, access, reportId))) return notFound
    return ok((await pictureOf(db, access.organizationId, reportId, number)) ?? 'gone')
  }
}
