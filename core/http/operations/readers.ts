// Owns the operations on cameras and card readers, their reports and pictures, and decode profiles.
// Must not hold rules; core/services/readers does.
import type { FilePorts } from '../../services/files/file-deps.ts'
import {
  manageProfiles,
  manageReaders,
  type ProfileCreate,
  type ReaderCreate,
} from '../../services/readers/manage-readers.ts'
import { listReports, readPicture } from '../../services/readers/read-reports.ts'
import { listQuery } from '../cursor.ts'
import { fileResponse } from '../file-response.ts'
import type { Part } from '../operation-types.ts'
import { problem, refused } from '../problem.ts'
import { done, found, listed, made } from '../replies.ts'

type Ids =
  | 'listReaders'
  | 'createReader'
  | 'getReader'
  | 'updateReader'
  | 'archiveReader'
  | 'listDecodeProfiles'
  | 'createDecodeProfile'
  | 'getDecodeProfile'
  | 'updateDecodeProfile'
  | 'archiveDecodeProfile'
  | 'listReaderReports'
  | 'getReaderImage'

export function readers({ disk }: FilePorts): Part<Ids> {
  return {
    listReaders: async ({ query }, { deps, access }) =>
      listed(await manageReaders(deps).list(access, listQuery(query))),
    createReader: async ({ body }, { deps, access }) =>
      made(await manageReaders(deps).create(access, body as ReaderCreate), (one) => `/readers/${one.readerId}`),
    getReader: async ({ path }, { deps, access }) => found(await manageReaders(deps).get(access, path.readerId)),
    updateReader: async ({ path, body, version }, { deps, access }) =>
      found(await manageReaders(deps).update(access, path.readerId, body as Partial<ReaderCreate>, version)),
    archiveReader: async ({ path, version }, { deps, access }) =>
      done(await manageReaders(deps).archive(access, path.readerId, version)),

    listDecodeProfiles: async ({ query }, { deps, access }) =>
      listed(await manageProfiles(deps).list(access, listQuery(query))),
    createDecodeProfile: async ({ body }, { deps, access }) =>
      made(
        await manageProfiles(deps).create(access, body as ProfileCreate),
        (one) => `/decode-profiles/${one.profileId}`,
      ),
    getDecodeProfile: async ({ path }, { deps, access }) =>
      found(await manageProfiles(deps).get(access, path.profileId)),
    updateDecodeProfile: async ({ path, body, version }, { deps, access }) =>
      found(await manageProfiles(deps).update(access, path.profileId, body as Partial<ProfileCreate>, version)),
    archiveDecodeProfile: async ({ path, version }, { deps, access }) =>
      done(await manageProfiles(deps).archive(access, path.profileId, version)),

    listReaderReports: async ({ query }, { deps, access }) => listed(await listReports(deps)(access, listQuery(query))),
    async getReaderImage({ path, request }, { deps, access }) {
      const outcome = await readPicture(deps)(access, path.reportId, Number(path.number))
      if (outcome.kind !== 'ok') return refused(outcome)
      if (outcome.value === 'gone') return problem('gone')
      const { sha256, url, contentType, sizeBytes, kind } = outcome.value
      if (url !== null) return new Response(null, { status: 302, headers: { Location: url } })
      if (sha256 === null || !(await disk.has(sha256)))
        return problem('unavailable', { detail: 'The picture is not on this node.' })
      const file = {
        name: `${kind}-${path.number}.${contentType === 'image/png' ? 'png' : 'jpg'}`,
        contentType: contentType ?? 'application/octet-stream',
        sizeBytes: sizeBytes ?? 0,
        sha256,
      }
      return fileResponse(request, file, (range) => disk.read(sha256, range))
    },
  }
}
