// Owns the operations on invoices, accounts' terms, deposits, statements, and on who bills what.
// Must not compute an amount.
import { answerBillingModel, setBillingModel } from '../../services/billing/manage-billing-models.ts'
import { issueInvoice, previewInvoice } from '../../services/invoices/collect-invoices.ts'
import { creditInvoice, payInvoice, writeOffInvoice } from '../../services/invoices/manage-invoices.ts'
import { recordDeposit, setTerms } from '../../services/invoices/manage-terms.ts'
import {
  documentOfInvoice,
  getInvoice,
  getTerms,
  listBillingModels,
  listDeposits,
  listInvoices,
  shownInvoice,
  statementOf,
} from '../../services/invoices/read-invoices.ts'
import { csvStream } from '../csv.ts'
import { listQuery } from '../cursor.ts'
import type { Part } from '../operation-types.ts'
import { documentReply } from '../printed.ts'
import { refused } from '../problem.ts'
import { done, found, listed, made, mapped, shown } from '../replies.ts'

type Ids =
  | 'listInvoices'
  | 'issueInvoice'
  | 'getInvoice'
  | 'getInvoiceDocument'
  | 'downloadInvoiceLines'
  | 'payInvoice'
  | 'creditInvoice'
  | 'writeOffInvoice'
  | 'getAccountTerms'
  | 'setAccountTerms'
  | 'endAccountTerms'
  | 'getRunningInvoice'
  | 'getAccountStatement'
  | 'listAccountDeposits'
  | 'recordAccountDeposit'
  | 'listBillingModels'
  | 'setBillingModel'
  | 'getBillingModel'

const csvColumns = [
  ...([
    'line',
    'serviceAt',
    'billNumber',
    'kind',
    'description',
    'department',
    'plate',
    'driver',
    'quantity',
    'unit',
  ] as const),
  ...(['netMinor', 'taxCode', 'taxRate', 'taxMinor', 'totalMinor', 'stayId', 'sessionId'] as const),
] as const

const at = ({ invoiceId }: { invoiceId: string }) => `/invoices/${invoiceId}`

export const invoices: Part<Ids> = {
  listInvoices: async ({ query }, { deps, access }) => listed(await listInvoices(deps)(access, listQuery(query))),
  issueInvoice: async ({ body }, { deps, access }) =>
    made(await mapped(issueInvoice(deps)(access, body), (invoice) => shownInvoice(deps, invoice)), at),
  getInvoice: async ({ path }, { deps, access }) => shown(await getInvoice(deps)(access, path.invoiceId)),
  getInvoiceDocument: async ({ path, query, request }, { deps, access }) =>
    documentReply(await documentOfInvoice(deps)(access, path.invoiceId, query.locale), query, request),
  async downloadInvoiceLines({ path }, { deps, access }) {
    const invoice = await getInvoice(deps)(access, path.invoiceId)
    if (invoice.kind !== 'ok') return refused(invoice)
    const { number, lines } = invoice.value
    return csvStream(`${number.replace(/[^A-Za-z0-9._-]/g, '_')}.csv`, csvColumns, async function* () {
      yield lines
    })
  },
  payInvoice: async ({ path, body }, { deps, access }) =>
    shown(await mapped(payInvoice(deps)(access, path.invoiceId, body), (invoice) => shownInvoice(deps, invoice))),
  creditInvoice: async ({ path, body }, { deps, access }) =>
    made(await mapped(creditInvoice(deps)(access, path.invoiceId, body), (invoice) => shownInvoice(deps, invoice)), at),
  writeOffInvoice: async ({ path, body }, { deps, access }) =>
    shown(await mapped(writeOffInvoice(deps)(access, path.invoiceId, body), (invoice) => shownInvoice(deps, invoice))),

  getAccountTerms: async ({ path }, { deps, access }) => found(await getTerms(deps)(access, path.accountId)),
  setAccountTerms: async ({ path, body, version }, { deps, access }) =>
    found(await setTerms(deps)(access, path.accountId, body, version)),
  endAccountTerms: async ({ path, version }, { deps, access }) =>
    done(await setTerms(deps)(access, path.accountId, null, version)),
  getRunningInvoice: async ({ path }, { deps, access }) => shown(await previewInvoice(deps)(access, path.accountId)),
  getAccountStatement: async ({ path, query }, { deps, access }) =>
    shown(await statementOf(deps)(access, path.accountId, query)),
  listAccountDeposits: async ({ path, query }, { deps, access }) =>
    listed(await listDeposits(deps)(access, { ...listQuery(query), accountId: path.accountId })),
  recordAccountDeposit: async ({ path, body }, { deps, access }) =>
    made(await recordDeposit(deps)(access, path.accountId, body), () => `/accounts/${path.accountId}/deposits`),

  listBillingModels: async ({ query }, { deps, access }) =>
    listed(await listBillingModels(deps)(access, listQuery(query))),
  setBillingModel: async ({ body }, { deps, access }) =>
    made(await setBillingModel(deps)(access, body), ({ siteId }) => `/billing-models?siteId=${siteId}`),
  getBillingModel: async ({ query }, { deps, access }) => shown(await answerBillingModel(deps)(access, query)),
}
