// Owns the operations on partners, their charge detail records, disputes and statements.
// Must not price.
import { answerDispute, openDispute, settleDispute } from '../../services/partners/dispute-cdr.ts'
import { importCdrs, resolveConflict } from '../../services/partners/import-cdrs.ts'
import { managePartners } from '../../services/partners/manage-partners.ts'
import { getCdr, getStatement, listCdrs, listDisputes, listStatements } from '../../services/partners/read-partners.ts'
import {
  discardStatement,
  draftPartnerStatement,
  moveStatement,
} from '../../services/partners/settlement-statements.ts'
import { statementDocument } from '../../services/partners/statement-document.ts'
import type { HostPorts } from '../api-ports.ts'
import { csvStream } from '../csv.ts'
import { listQuery } from '../cursor.ts'
import type { CallContext, Part } from '../operation-types.ts'
import { documentReply } from '../printed.ts'
import { done, found, listed, made, shown } from '../replies.ts'
import { wantsCsv } from './reports.ts'

type Ids =
  | 'listPartners'
  | 'createPartner'
  | 'getPartner'
  | 'updatePartner'
  | 'archivePartner'
  | 'importPartnerCdrs'
  | 'listPartnerCdrs'
  | 'getPartnerCdr'
  | 'resolvePartnerCdr'
  | 'disputePartnerCdr'
  | 'listCdrDisputes'
  | 'answerCdrDispute'
  | 'settleCdrDispute'
  | 'draftPartnerStatement'
  | 'listSettlementStatements'
  | 'getSettlementStatement'
  | 'discardSettlementStatement'
  | 'moveSettlementStatement'
  | 'getSettlementStatementDocument'

const lineColumns = [
  ...(['kind', 'id', 'siteId', 'text', 'date', 'energyWh'] as const),
  ...(['netMinor', 'taxMinor', 'totalMinor', 'words'] as const),
]

export function partners(host: Pick<HostPorts, 'capability'>): Part<Ids> {
  const pricing = ({ deps, access: { organizationId } }: CallContext) => ({
    ...deps,
    engine: (pluginId: string) => host.capability('tariff', { organizationId, pluginId })[0]?.implementation ?? null,
  })
  return {
    listPartners: async ({ query }, { deps, access }) =>
      listed(await managePartners(deps).list(access, listQuery(query))),
    createPartner: async ({ body }, { deps, access }) =>
      made(await managePartners(deps).create(access, body), ({ partnerId }) => `/partners/${partnerId}`),
    getPartner: async ({ path }, { deps, access }) => found(await managePartners(deps).get(access, path.partnerId)),
    updatePartner: async ({ path, body, version }, { deps, access }) =>
      found(await managePartners(deps).update(access, path.partnerId, body, version)),
    archivePartner: async ({ path, version }, { deps, access }) =>
      done(await managePartners(deps).archive(access, path.partnerId, version)),

    importPartnerCdrs: async ({ path, body }, context) =>
      shown(await importCdrs(pricing(context))(context.access, path.partnerId, body)),
    listPartnerCdrs: async ({ query }, { deps, access }) => listed(await listCdrs(deps)(access, listQuery(query))),
    getPartnerCdr: async ({ path }, { deps, access }) => shown(await getCdr(deps)(access, path.cdrId)),
    resolvePartnerCdr: async ({ path, body }, context) =>
      shown(await resolveConflict(pricing(context))(context.access, path.cdrId, body)),
    disputePartnerCdr: async ({ path, body }, { deps, access }) =>
      made(await openDispute(deps)(access, path.cdrId, body), () => `/cdr-disputes?cdrId=${path.cdrId}`),
    listCdrDisputes: async ({ query }, { deps, access }) => listed(await listDisputes(deps)(access, listQuery(query))),
    answerCdrDispute: async ({ path, body }, { deps, access }) =>
      shown(await answerDispute(deps)(access, path.disputeId, body)),
    settleCdrDispute: async ({ path, body }, { deps, access }) =>
      shown(await settleDispute(deps)(access, path.disputeId, body)),

    draftPartnerStatement: async ({ path, body }, { deps, access }) =>
      made(
        await draftPartnerStatement(deps)(access, path.partnerId, body),
        ({ statementId }) => `/settlement-statements/${statementId}`,
      ),
    listSettlementStatements: async ({ query }, { deps, access }) =>
      listed(await listStatements(deps)(access, listQuery(query))),
    async getSettlementStatement({ path, request }, { deps, access }) {
      const statement = await getStatement(deps)(access, path.statementId)
      if (statement.kind !== 'ok' || !wantsCsv(request)) return found(statement)
      return csvStream(`statement-${path.statementId}.csv`, lineColumns, async function* () {
        yield statement.value.lines
      })
    },
    discardSettlementStatement: async ({ path }, { deps, access }) =>
      done(await discardStatement(deps)(access, path.statementId)),
    moveSettlementStatement: async ({ path, body }, { deps, access }) =>
      shown(await moveStatement(deps)(access, path.statementId, body)),
    getSettlementStatementDocument: async ({ path, query, request }, { deps, access }) =>
      documentReply(await statementDocument(deps)(access, path.statementId), query, request),
  }
}
