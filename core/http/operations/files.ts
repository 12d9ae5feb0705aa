// Owns the operations on hosted files, the logs of stations, and the signed links that stations use.
// Must not hold rules; core/services/files does.
import { readLink } from '../../domain/file-link.ts'
import { contentTypeOf } from '../../domain/hosted-file.ts'
import type { FileDeps, FilePorts } from '../../services/files/file-deps.ts'
import { manageFiles, uploadFile } from '../../services/files/manage-files.ts'
import { fileOfLink, listLogs } from '../../services/files/read-files.ts'
import { receiveLog } from '../../services/files/receive-log.ts'
import type { StationFile } from '../../services/manage/records.ts'
import { listQuery } from '../cursor.ts'
import { etagOf } from '../etag.ts'
import { cut, fileBody, tooLarge } from '../file-body.ts'
import { fileResponse } from '../file-response.ts'
import type { CallContext, Part } from '../operation-types.ts'
import { isProblem, type ProblemReply, problem, refused } from '../problem.ts'
import { done, found, listed } from '../replies.ts'

type Ids =
  | 'listFiles'
  | 'uploadFile'
  | 'getFile'
  | 'archiveFile'
  | 'getFileContent'
  | 'listStationLogs'
  | 'getLinkedFile'
  | 'getNamedLinkedFile'
  | 'putLinkedFile'
  | 'putNamedLinkedFile'
  | 'postLinkedFile'
  | 'postNamedLinkedFile'

export function files(ports: FilePorts): Part<Ids> {
  const { disk, sign, settings } = ports
  const withFiles = ({ deps }: CallContext): FileDeps => ({ ...deps, files: ports })

  const send = async (request: Request, file: StationFile): Promise<Response | ProblemReply> =>
    (await disk.has(file.sha256))
      ? fileResponse(request, file, (range) => disk.read(file.sha256, range))
      : problem('unavailable', { detail: 'The file is not on this node.' })

  const ofLink = (token: string, purpose: 'download' | 'upload', { deps }: CallContext) => {
    const verdict = readLink(sign, token, deps.clock.now())
    if (verdict.kind === 'expired') return problem('gone')
    // A link for the one thing says nothing about the other.
    return verdict.kind === 'valid' && verdict.link.purpose === purpose ? verdict.link : problem('not_found')
  }

  const fetch = async (token: string, request: Request, context: CallContext): Promise<Response | ProblemReply> => {
    const link = ofLink(token, 'download', context)
    if (isProblem(link)) return link
    const file = await fileOfLink(context.deps)(link)
    return file === undefined ? problem('gone') : send(request, file)
  }

  const take = async (
    token: string,
    name: string | null,
    request: Request,
    context: CallContext,
  ): Promise<{ status: 201 } | ProblemReply> => {
    const link = ofLink(token, 'upload', context)
    if (isProblem(link)) return link
    const body = await fileBody(request, settings.uploadLimitBytes)
    if (isProblem(body)) return body
    const { organizationId, id: slotId } = link
    const received = await receiveLog(withFiles(context))(
      { organizationId, slotId },
      { ...body, name: body.name ?? name },
    )
    switch (received.kind) {
      case 'received':
      case 'outrun':
        return { status: 201 }
      case 'gone':
        return problem('gone')
      case 'empty':
        return problem('invalid_request', { detail: 'The file is empty.' })
      case 'too_large':
        return tooLarge(settings.uploadLimitBytes)
      case 'cut':
        return cut()
    }
  }

  return {
    listFiles: async ({ query }, context) =>
      listed(await manageFiles(context.deps).list(context.access, listQuery(query))),
    async uploadFile({ query, request }, context) {
      const { kind, siteId = null } = query
      const body = await fileBody(request, settings.fileLimitBytes)
      if (isProblem(body)) return body
      const contentType = contentTypeOf(kind, body.contentType)
      if (contentType === null) {
        return problem('unsupported_media_type', { detail: `A ${kind} file cannot be of this media type.` })
      }
      const name = query.name ?? body.name
      const outcome = await uploadFile(withFiles(context))(context.access, {
        kind,
        name,
        siteId,
        contentType,
        chunks: body.chunks,
      })
      if (outcome.kind === 'too_large') return tooLarge(settings.fileLimitBytes)
      if (outcome.kind === 'cut') return cut()
      if (outcome.kind !== 'ok') return refused(outcome)
      const { file, added } = outcome.value
      const headers = { ETag: etagOf(file.version), Location: `/api/v1/files/${file.fileId}` }
      return added ? { status: 201, headers, body: file } : { status: 200, headers, body: file }
    },
    getFile: async ({ path }, { deps, access }) => found(await manageFiles(deps).get(access, path.fileId)),
    archiveFile: async ({ path, version }, { deps, access }) =>
      done(await manageFiles(deps).archive(access, path.fileId, version)),
    async getFileContent({ path, request }, { deps, access }) {
      const file = await manageFiles(deps).get(access, path.fileId)
      return file.kind === 'ok' ? send(request, file.value) : refused(file)
    },
    async listStationLogs({ path, query }, { deps, access }) {
      const page = await listLogs(deps)(access, path.stationId, listQuery(query))
      return page.kind === 'ok' ? listed(page.value) : refused(page)
    },

    getLinkedFile: ({ path, request }, context) => fetch(path.token, request, context),
    getNamedLinkedFile: ({ path, request }, context) => fetch(path.token, request, context),
    putLinkedFile: ({ path, request }, context) => take(path.token, null, request, context),
    putNamedLinkedFile: ({ path, request }, context) => take(path.token, path.fileName, request, context),
    postLinkedFile: ({ path, request }, context) => take(path.token, null, request, context),
    postNamedLinkedFile: ({ path, request }, context) => take(path.token, path.fileName, request, context),
  }
}
