// Owns how invoices are read: with their state of today, as a document, and as a statement of an account.
// Must not write.
import { documentLocale } from '../../domain/document/document-locale.ts'
import { type InvoiceLineSource, invoiceDocument } from '../../domain/document/invoice-document.ts'
import type { PrintedDocument } from '../../domain/document/printed-document.ts'
import { addDays, localDate, startOfLocalDate } from '../../domain/local-time.ts'
import { billingModelRules } from '../../store/billing-models.ts'
import { accountDeposits } from '../../store/deposits.ts'
import {
  type AccountTerms,
  accountTerms,
  type Invoice,
  invoices,
  linesOfInvoice,
  type Movement,
  movementsOf,
  settlementsOf,
} from '../../store/invoices.ts'
import { getRecord, type ListQuery, listRecords } from '../../store/record-table.ts'
import { type Access, invalid, notFound, type Outcome, ok } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { issuer } from './issue-invoice.ts'

type Reading = Pick<ServiceDeps, 'db' | 'clock'>

export type InvoiceState = 'issued' | 'part_paid' | 'paid' | 'overdue' | 'written_off'

/** `today` at the site that issued it. */
export function stateOf(
  invoice: Pick<Invoice, 'openMinor' | 'totalMinor' | 'writtenOffMinor' | 'dueOn'>,
  today: string,
): InvoiceState {
  // Of an invoice that was paid more than it asks for, the rest is a credit of the account.
  if (invoice.openMinor === 0 || (invoice.openMinor < 0 && invoice.totalMinor > 0))
    return invoice.writtenOffMinor > 0 ? 'written_off' : 'paid'
  if (invoice.openMinor > 0 && invoice.dueOn < today) return 'overdue'
  return invoice.openMinor === invoice.totalMinor ? 'issued' : 'part_paid'
}

export interface ShownInvoice extends Invoice {
  state: InvoiceState
}

export function shownInvoice({ clock }: Pick<Reading, 'clock'>, invoice: Invoice): ShownInvoice {
  return { ...invoice, state: stateOf(invoice, localDate(clock.now(), invoice.content.zone)) }
}

export function listInvoices(deps: Reading) {
  return async (access: Access, { overdue, ...query }: ListQuery & { overdue?: boolean }) => {
    const more = overdue === true ? { overdueOn: localDate(deps.clock.now(), 'UTC') } : {}
    const page = await listRecords(deps.db, invoices, access, { ...query, ...more })
    return { ...page, items: page.items.map((invoice) => shownInvoice(deps, invoice)) }
  }
}

export function getInvoice(deps: Reading) {
  return async (access: Access, invoiceId: string) => {
    const invoice = await getRecord(deps.db, invoices, access, invoiceId)
    if (invoice === undefined) return notFound
    const { organizationId } = access
    return ok({
      ...shownInvoice(deps, invoice),
      lines: await linesOfInvoice(deps.db, organizationId, invoiceId),
      settlements: await settlementsOf(deps.db, organizationId, invoiceId),
    })
  }
}

export function documentOfInvoice(deps: Reading) {
  return async (access: Access, invoiceId: string, locale?: string): Promise<Outcome<PrintedDocument>> => {
    const found = await getInvoice(deps)(access, invoiceId)
    if (found.kind !== 'ok') return found
    const { lines, ...invoice } = found.value
    const content = { ...invoice.content, locale: documentLocale([locale], invoice.content.locale) }
    const rows = lines.map(
      (line): InvoiceLineSource => ({ ...line, date: localDate(line.serviceAt, invoice.content.zone) }),
    )
    return ok(invoiceDocument({ ...invoice, content, lastDate: addDays(invoice.toDate, -1) }, rows))
  }
}

export interface Statement {
  accountId: string
  currency: string
  from: string
  to: string
  openingMinor: number
  movements: Movement[]
  closingMinor: number
}

/** Both days included. */
export function statementOf(deps: Pick<Reading, 'db'>) {
  return async (
    access: Access,
    accountId: string,
    { from, to }: { from: string; to: string },
  ): Promise<Outcome<Statement>> => {
    if (to < from) return invalid('/to', 'must not be before from')
    const terms = await getRecord(deps.db, accountTerms, access, accountId)
    if (terms === undefined) return notFound
    const { organizationId } = access
    const { currency, zone } = await issuer(deps.db, organizationId, terms.siteId)
    const span = { from: startOfLocalDate(from, zone), to: startOfLocalDate(addDays(to, 1), zone) }
    const { openingMinor, movements } = await movementsOf(deps.db, { organizationId, accountId, currency, ...span })
    const closingMinor = movements.reduce((sum, one) => sum + one.amountMinor, openingMinor)
    return ok({ accountId, currency, from, to, openingMinor, movements, closingMinor })
  }
}

export function getTerms(deps: Pick<Reading, 'db'>) {
  return async (access: Access, accountId: string): Promise<Outcome<AccountTerms>> => {
    const terms = await getRecord(deps.db, accountTerms, access, accountId)
    return terms === undefined ? notFound : ok(terms)
  }
}

export function listDeposits(deps: Pick<Reading, 'db'>) {
  return (access: Access, query: ListQuery) => listRecords(deps.db, accountDeposits, access, query)
}

export function listBillingModels(deps: Pick<Reading, 'db'>) {
  return (access: Access, query: ListQuery) => listRecords(deps.db, billingModelRules, access, query)
}
