// Owns the operations on reports, shares of the takings and the cost of energy.
// Must not compute an amount.
import { draftOwnerStatement } from '../../services/partners/settlement-statements.ts'
import { billsOfRow, revenueReport } from '../../services/reports/revenue-report.ts'
import { ticketSequence } from '../../services/reports/ticket-sequence.ts'
import { listEnergyCosts, manageAgreements, manageEnergyRates } from '../../services/shares/manage-agreements.ts'
import { csvStream } from '../csv.ts'
import { cursorOf, listQuery, placeOf } from '../cursor.ts'
import type { Part } from '../operation-types.ts'
import { refused } from '../problem.ts'
import { done, found, listed, made, mapped, shown } from '../replies.ts'

type Ids =
  | 'getRevenueReport'
  | 'getRevenueReportBills'
  | 'getTicketSequence'
  | 'listRevenueAgreements'
  | 'createRevenueAgreement'
  | 'getRevenueAgreement'
  | 'updateRevenueAgreement'
  | 'archiveRevenueAgreement'
  | 'draftAgreementStatement'
  | 'listEnergyRates'
  | 'createEnergyRate'
  | 'getEnergyRate'
  | 'updateEnergyRate'
  | 'archiveEnergyRate'
  | 'listEnergyCosts'

export const wantsCsv = (request: Request): boolean =>
  (request.headers.get('accept') ?? '').split(',').some((range) => range.trim().startsWith('text/csv'))

const rowColumns = [
  ...(['currency', 'key', 'label', 'bills', 'lines', 'grossMinor', 'discountsMinor', 'validationsMinor'] as const),
  ...(['paidByOthersMinor', 'netMinor', 'taxMinor', 'totalMinor', 'energyWh'] as const),
]

export const reports: Part<Ids> = {
  async getRevenueReport({ query, request }, { deps, access }) {
    const report = await revenueReport(deps)(access, query)
    if (report.kind !== 'ok') return refused(report)
    const { value } = report
    if (!wantsCsv(request)) return { status: 200, body: { ...value, figures: [...value.figures] } }
    const rows = value.currencies.flatMap(({ currency, rows }) => rows.map((row) => ({ currency, ...row })))
    return csvStream(`revenue-${value.from}-${value.to}-${value.by}.csv`, rowColumns, async function* () {
      yield rows
    })
  },
  async getRevenueReportBills({ query }, { deps, access }) {
    const { cursor, ...rest } = query
    const [after] = placeOf(cursor) ?? []
    const bills = billsOfRow(deps)(access, { ...rest, ...(after === undefined ? {} : { after }) })
    return shown(
      await mapped(bills, ({ items, next }) => ({
        items,
        nextCursor: cursorOf(next === null ? null : [next]),
      })),
    )
  },
  getTicketSequence: async ({ query }, { deps, access }) => shown(await ticketSequence(deps)(access, query)),

  listRevenueAgreements: async ({ query }, { deps, access }) =>
    listed(await manageAgreements(deps).list(access, listQuery(query))),
  createRevenueAgreement: async ({ body }, { deps, access }) =>
    made(await manageAgreements(deps).create(access, body), ({ agreementId }) => `/revenue-agreements/${agreementId}`),
  getRevenueAgreement: async ({ path }, { deps, access }) =>
    found(await manageAgreements(deps).get(access, path.agreementId)),
  updateRevenueAgreement: async ({ path, body, version }, { deps, access }) =>
    found(await manageAgreements(deps).update(access, path.agreementId, body, version)),
  archiveRevenueAgreement: async ({ path, version }, { deps, access }) =>
    done(await manageAgreements(deps).archive(access, path.agreementId, version)),
  draftAgreementStatement: async ({ path, body }, { deps, access }) =>
    made(
      await draftOwnerStatement(deps)(access, path.agreementId, body),
      ({ statementId }) => `/settlement-statements/${statementId}`,
    ),

  listEnergyRates: async ({ query }, { deps, access }) =>
    listed(await manageEnergyRates(deps).list(access, listQuery(query))),
  createEnergyRate: async ({ body }, { deps, access }) =>
    made(await manageEnergyRates(deps).create(access, body), ({ rateId }) => `/energy-rates/${rateId}`),
  getEnergyRate: async ({ path }, { deps, access }) => found(await manageEnergyRates(deps).get(access, path.rateId)),
  updateEnergyRate: async ({ path, body, version }, { deps, access }) =>
    found(await manageEnergyRates(deps).update(access, path.rateId, body, version)),
  archiveEnergyRate: async ({ path, version }, { deps, access }) =>
    done(await manageEnergyRates(deps).archive(access, path.rateId, version)),
  listEnergyCosts: async ({ query }, { deps, access }) => listed(await listEnergyCosts(deps)(access, listQuery(query))),
}
