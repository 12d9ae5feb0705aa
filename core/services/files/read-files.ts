// Owns reading hosted files beside their management: the logs of one station, the file that a link stands for.
// Must not check a link; core/domain/file-link.ts does.
import { linkedFile, type StationFile, stationFiles } from '../../store/files.ts'
import type { Page } from '../../store/keyset.ts'
import { getRecord, type ListQuery, listRecords } from '../../store/record-table.ts'
import { stations } from '../../store/stations.ts'
import { type Access, notFound, type Outcome, ok } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'

export function listLogs({ db }: Pick<ServiceDeps, 'db'>) {
  return async (access: Access, stationId: string, query: ListQuery): Promise<Outcome<Page<StationFile>>> => {
    const station = await getRecord(db, stations, access, stationId)
    if (!station) return notFound
    return ok(await listRecords(db, stationFiles, access, { ...query, stationId, kind: 'log' }))
  }
}

export function fileOfLink({ db }: Pick<ServiceDeps, 'db'>) {
  return (link: { organizationId: string; id: string }): Promise<StationFile | undefined> =>
    linkedFile(db, link.organizationId, link.id)
}
