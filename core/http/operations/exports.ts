// Owns the operations on exports of closed periods: formats, looking first, making, downloading, what became of them, standing ones.
// Must not hold rules; core/services/ledger/exports does.
import { offeredFormats } from '../../host/offered-formats.ts'
import { checkExport, createExport } from '../../services/ledger/exports/create-export.ts'
import type { ExportDeps } from '../../services/ledger/exports/prepare-export.ts'
import { getExport, getExportFile, listExports } from '../../services/ledger/exports/read-exports.ts'
import { settleLedgerExport } from '../../services/ledger/exports/settle-export.ts'
import { manageStandingExports } from '../../services/ledger/exports/standing-exports.ts'
import type { HostPorts } from '../api-ports.ts'
import { listQuery } from '../cursor.ts'
import { fileResponse } from '../file-response.ts'
import type { CallContext, Part } from '../operation-types.ts'
import { refused } from '../problem.ts'
import { done, found, listed, made, shown } from '../replies.ts'

type Ids =
  | 'listExportFormats'
  | 'checkLedgerExport'
  | 'createLedgerExport'
  | 'listLedgerExports'
  | 'getLedgerExport'
  | 'getLedgerExportFile'
  | 'markLedgerExportDelivered'
  | 'cancelLedgerExport'
  | 'listStandingExports'
  | 'createStandingExport'
  | 'getStandingExport'
  | 'updateStandingExport'
  | 'archiveStandingExport'

export function exports(host: HostPorts): Part<Ids> {
  const formats = offeredFormats(host)
  const withFormats = ({ deps }: CallContext): ExportDeps => ({ ...deps, formats })
  const standing = (context: CallContext) => manageStandingExports(withFormats(context))

  return {
    listExportFormats: (_call, { access }) => ({
      status: 200,
      body: {
        items: formats(access.organizationId).map(({ pluginId, format }) => ({
          format: format.id,
          title: format.title,
          pluginId,
          options: { ...format.options },
        })),
      },
    }),
    checkLedgerExport: async ({ path, body }, context) => {
      const outcome = await checkExport(withFormats(context))(context.access, path.periodId, body)
      if (outcome.kind !== 'ok') return refused(outcome)
      return { status: 200, body: { ...outcome.value, problems: [...outcome.value.problems] } }
    },
    createLedgerExport: async ({ path, body }, context) => {
      const outcome = await createExport(withFormats(context))(context.access, path.periodId, body)
      if (outcome.kind !== 'ok') return refused(outcome)
      const { made: isNew, batch } = outcome.value
      const headers = { Location: `/api/v1/ledger/exports/${batch.exportId}` }
      return isNew ? { status: 201, headers, body: batch } : { status: 200, headers, body: batch }
    },
    listLedgerExports: async ({ query }, { deps, access }) => listed(await listExports(deps)(access, listQuery(query))),
    getLedgerExport: async ({ path }, { deps, access }) => shown(await getExport(deps)(access, path.exportId)),
    getLedgerExportFile: async ({ path, request }, { deps, access }) => {
      const outcome = await getExportFile(deps)(access, path.exportId, path.fileNumber)
      return outcome.kind === 'ok' ? fileResponse(request, outcome.value.file, outcome.value.read) : refused(outcome)
    },
    markLedgerExportDelivered: async ({ path, body }, { deps, access }) => {
      const { reference, note = null } = body
      return shown(await settleLedgerExport(deps)(access, path.exportId, { state: 'delivered', reference, note }))
    },
    cancelLedgerExport: async ({ path, body: { note } }, { deps, access }) =>
      shown(await settleLedgerExport(deps)(access, path.exportId, { state: 'cancelled', reference: null, note })),

    listStandingExports: async ({ query }, context) =>
      listed(await standing(context).list(context.access, listQuery(query))),
    createStandingExport: async ({ body }, context) =>
      made(
        await standing(context).create(context.access, body),
        ({ standingExportId }) => `/ledger/standing-exports/${standingExportId}`,
      ),
    getStandingExport: async ({ path }, context) =>
      found(await standing(context).get(context.access, path.standingExportId)),
    updateStandingExport: async ({ path, body, version }, context) =>
      found(await standing(context).update(context.access, path.standingExportId, body, version)),
    archiveStandingExport: async ({ path, version }, context) =>
      done(await standing(context).archive(context.access, path.standingExportId, version)),
  }
}
