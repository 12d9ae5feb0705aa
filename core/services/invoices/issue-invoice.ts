// Owns issuing invoices: an account's bills of a period on one document with a number without gap, once.
// Must not change a bill, and must not post: what is owed was posted with each bill.
import { billingSettings, billNumber, localeOf, numberedKinds, sellerOf, seriesOf } from '../../domain/bill/index.ts'
import type { InvoiceContent } from '../../domain/document/invoice-document.ts'
import { addDays, localDate, startOfLocalDate } from '../../domain/local-time.ts'
import { type BillingSite, readBillingSite } from '../../store/billing-facts.ts'
import { nextBillNumber } from '../../store/bills.ts'
import { appendEvents } from '../../store/event-log.ts'
import {
  type AccountTerms,
  collectable,
  type Invoice,
  type InvoiceLine,
  insertInvoice,
  invoices,
} from '../../store/invoices.ts'
import { accounts } from '../../store/people.ts'
import { type Db, getRecord } from '../../store/record-table.ts'
import { setTimer } from '../../store/timers.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { setOff, takeStraightPayments } from './settle-invoices.ts'

export type InvoiceDeps = Pick<ServiceDeps, 'newId' | 'clock'>
type Lines = readonly Omit<InvoiceLine, 'line'>[]

export interface Draft {
  site: BillingSite
  lines: Lines
  sums: { netMinor: number; taxMinor: number; totalMinor: number }
  content: InvoiceContent
}

/** What an invoice up to before `to` would hold. */
export async function draftInvoice(db: Db, organizationId: string, terms: AccountTerms, to: string): Promise<Draft> {
  const site = await issuer(db, organizationId, terms.siteId)
  const before = startOfLocalDate(to, site.zone)
  const from = startOfLocalDate(terms.from, site.zone)
  const of = { organizationId, accountId: terms.accountId, currency: site.currency, from, before }
  const lines = await collectable(db, of)
  return { site, lines, ...(await contentOf(db, organizationId, terms, site, lines, null)) }
}

export async function issuer(db: Db, organizationId: string, siteId: string): Promise<BillingSite> {
  const site = await readBillingSite(db, organizationId, siteId)
  if (site === undefined) throw new Error(`there is no site ${siteId}`)
  return site
}

export async function contentOf(
  db: Db,
  organizationId: string,
  terms: AccountTerms,
  site: BillingSite,
  lines: Lines,
  corrects: string | null,
): Promise<{ sums: Draft['sums']; content: InvoiceContent }> {
  const account = await getRecord(db, accounts, { organizationId, siteIds: null }, terms.accountId)
  const { buyer } = terms
  const seller = sellerOf(site, site.organizationName)
  const content: InvoiceContent = {
    schema: 1,
    locale: terms.locale ?? localeOf(site),
    zone: site.zone,
    seller: { name: seller.name, address: seller.address, taxId: seller.taxId },
    buyer: {
      name: buyer.name ?? account?.name ?? '',
      address: buyer.address ?? null,
      taxId: buyer.taxId ?? null,
      number: account?.number ?? '',
      reference: buyer.reference ?? null,
    },
    taxes: summed(
      lines,
      (line) => JSON.stringify([line.taxCode, line.taxRate]),
      ({ taxCode: code, taxRate: rate }) => ({ code, rate }),
    ),
    departments: summed(
      lines,
      (line) => line.department,
      ({ department }) => ({ department }),
    ),
    corrects,
  }
  const [sums = { netMinor: 0, taxMinor: 0, totalMinor: 0 }] = summed(
    lines,
    () => '',
    () => ({}),
  )
  return { sums, content }
}

function summed<T extends object>(
  lines: Lines,
  keyOf: (line: Lines[number]) => string,
  named: (line: Lines[number]) => T,
) {
  const sums = new Map<string, T & Draft['sums']>()
  for (const line of lines) {
    const sum = sums.get(keyOf(line)) ?? { ...named(line), netMinor: 0, taxMinor: 0, totalMinor: 0 }
    sum.netMinor += line.netMinor
    sum.taxMinor += line.taxMinor
    sum.totalMinor += line.totalMinor
    sums.set(keyOf(line), sum)
  }
  return [...sums.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, sum]) => sum)
}

export interface InvoiceToIssue extends Draft {
  organizationId: string
  terms: AccountTerms
  kind: Invoice['kind']
  correctsInvoiceId: string | null
  span: { from: string; to: string }
  dueDays: number
  reason: string | null
  approvedBy: string | null
  actor: string
}

/** The account's terms must be locked. */
export async function issue(deps: InvoiceDeps, trx: Db, draft: InvoiceToIssue): Promise<Invoice> {
  const { organizationId, site, terms, lines, sums, kind, span } = draft
  const now = deps.clock.now()
  const today = localDate(now, site.zone)
  const invoiceId = deps.newId()
  const series = invoiceSeries(site, today)
  const count = await nextBillNumber(trx, organizationId, series)
  const dueOn = addDays(today, draft.dueDays)
  const { accountId } = terms
  await insertInvoice(
    trx,
    {
      organizationId,
      siteId: site.siteId,
      invoiceId,
      series,
      count,
      kind,
      accountId,
      ...sums,
      dueOn,
      correctsInvoiceId: draft.correctsInvoiceId,
      currency: site.currency,
      fromDate: span.from,
      toDate: span.to,
      businessDate: today,
      issuedAt: now,
      issuedBy: draft.actor,
      approvedBy: draft.approvedBy,
      reason: draft.reason,
      content: draft.content,
    },
    lines,
  )
  const about = { organizationId, accountId, currency: site.currency }
  await takeStraightPayments(deps, trx, about, invoiceId)
  await setOff(deps, trx, about)
  const invoice = await getRecord(trx, invoices, { organizationId, siteIds: null }, invoiceId)
  if (invoice === undefined) throw new Error('an invoice that was just issued is not there')
  const number = billNumber(series, count)
  const data = { invoiceId, number, kind, accountId, totalMinor: sums.totalMinor, currency: site.currency, dueOn }
  const subject = { type: 'invoice', id: invoiceId }
  await appendEvents(trx, [
    {
      id: deps.newId(),
      type: 'invoice.issued',
      organizationId,
      siteId: site.siteId,
      subject,
      occurredAt: now,
      recordedAt: now,
      data,
    },
  ])
  if (invoice.openMinor > 0) {
    const dueAt = startOfLocalDate(addDays(dueOn, 1), site.zone)
    const timer = { organizationId, siteId: site.siteId, kind: 'invoice.overdue', key: `invoice:${invoiceId}`, dueAt }
    await setTimer(trx, { ...timer, data: { organizationId, invoiceId } })
  }
  return invoice
}

/** Apart from the series of bills: an invoice's numbers have no gap either. */
function invoiceSeries(site: BillingSite, today: string): string {
  const given = (site.settings as { invoice_series?: unknown } | null)?.invoice_series
  const series = typeof given === 'string' && given !== '' ? given : 'INV'
  const { numbering } = billingSettings(site.settings, site.code)
  const ofBills = numberedKinds.map((kind) => seriesOf(numbering, kind, today).series)
  return ofBills.includes(series) ? `${series}-INV` : series
}
