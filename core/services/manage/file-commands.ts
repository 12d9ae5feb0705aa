// Owns the commands that need an address of the hub's own file store: firmware to fetch, a place to put a log.
// Must not queue them; command-station.ts and the campaigns do.
import { linkToken } from '../../domain/file-link.ts'
import type { StationCommand } from '../../domain/station-command.ts'
import { insertSlot, type StationFile, stationFiles } from '../../store/files.ts'
import { getRecord } from '../../store/record-table.ts'
import { stations } from '../../store/stations.ts'
import type { FileDeps } from '../files/file-deps.ts'
import { type Access, invalid, notFound, type Refusal } from './outcome.ts'

type UpdateFirmware = Extract<StationCommand, { name: 'update_firmware' }>
type GetLog = Extract<StationCommand, { name: 'get_log' }>

/** As a caller says it: an address of their own, or the hub's. */
export type FirmwareRequest = Omit<UpdateFirmware, 'url' | 'requestId' | 'retrieveAt'> & {
  /** Now, when left out. */
  retrieveAt?: string
  /** Exactly one of the two. */
  url?: string
  fileId?: string
}
export type LogRequest = Omit<GetLog, 'url' | 'requestId'> & { url?: string }
export type FileCommandRequest = FirmwareRequest | LogRequest

export interface FileCommandDeps extends FileDeps {
  /** 1 to 2^31 - 1. */
  newRequestId(): number
}

const hour = 3_600_000
/** A station may fetch days after it was asked to, and go on after a break. */
const downloadMs = 7 * 24 * hour
/** Collecting a log may take a station hours; then it tries again. */
const uploadMs = 24 * hour

export function prepareFileCommand(deps: FileCommandDeps) {
  return async (
    access: Access,
    stationId: string,
    request: FileCommandRequest,
  ): Promise<UpdateFirmware | GetLog | Refusal> =>
    request.name === 'update_firmware'
      ? updateFirmware(deps, access, request)
      : getLog(deps, access, stationId, request)
}

async function updateFirmware(
  deps: FileCommandDeps,
  access: Access,
  { fileId, url, ...request }: FirmwareRequest,
): Promise<UpdateFirmware | Refusal> {
  if (fileId !== undefined && url !== undefined) return invalid('/fileId', 'give either fileId or url')
  if ((request.signature === undefined) !== (request.signingCertificate === undefined)) {
    return invalid('/signature', 'a signature and its signing certificate belong together')
  }
  const retrieveAt = request.retrieveAt ?? deps.clock.now().toISOString()
  const rest = { ...request, retrieveAt, requestId: deps.newRequestId() }
  if (url !== undefined) return { ...rest, url }
  if (fileId === undefined) return invalid('/fileId', 'fileId or url is required')
  const file = await getRecord(deps.db, stationFiles, access, fileId)
  if (!file || file.archivedAt !== null) return invalid('/fileId', 'no such file')
  if (file.kind !== 'firmware') return invalid('/fileId', 'this file is no firmware')
  const from = Math.max(deps.clock.now().getTime(), Date.parse(retrieveAt))
  return { ...rest, url: downloadUrl(deps, access.organizationId, file, new Date(from + downloadMs)) }
}

async function getLog(
  deps: FileCommandDeps,
  access: Access,
  stationId: string,
  { url, ...request }: LogRequest,
): Promise<GetLog | Refusal> {
  const requestId = deps.newRequestId()
  if (url !== undefined) return { ...request, url, requestId }
  const station = await getRecord(deps.db, stations, access, stationId)
  if (!station || station.archivedAt !== null) return notFound
  const slotId = deps.newId()
  const now = deps.clock.now()
  const expiresAt = new Date(now.getTime() + uploadMs)
  await insertSlot(deps.db, {
    organization_id: access.organizationId,
    site_id: station.siteId,
    slot_id: slotId,
    station_id: stationId,
    request_id: requestId,
    log: request.log,
    created_at: now,
    expires_at: expiresAt,
  })
  const { sign, settings } = deps.files
  const link = { purpose: 'upload', organizationId: access.organizationId, id: slotId, expiresAt } as const
  return { ...request, url: linkUrl(settings.publicUrl, linkToken(sign, link)), requestId }
}

/** Ends with the file's name: stations take the kind of file, and the name to store it under, from there. */
export function downloadUrl(
  { files: { sign, settings } }: Pick<FileDeps, 'files'>,
  organizationId: string,
  file: Pick<StationFile, 'fileId' | 'name'>,
  expiresAt: Date,
): string {
  const token = linkToken(sign, { purpose: 'download', organizationId, id: file.fileId, expiresAt })
  return `${linkUrl(settings.publicUrl, token)}/${encodeURIComponent(file.name)}`
}

function linkUrl(publicUrl: string, token: string): string {
  return `${publicUrl.replace(/\/$/, '')}/files/${token}`
}
