// Owns what happens to an invoice after it was issued: paid, corrected by a credit note, written off, overdue.
// Must not change an invoice; each of these is a row of its own beside it.

import {
  type BillLine,
  billingSettings,
  defaultRounding,
  emptyBasis,
  totalsOf,
  writeOffPostings,
} from '../../domain/bill/index.ts'
import { businessClock, businessDate } from '../../domain/business-day.ts'
import { addDays, localDate } from '../../domain/local-time.ts'
import { Decimal, minor, sumMinor } from '../../domain/money.ts'
import { appendAudit } from '../../store/audit.ts'
import { billedLines, issuedBills, linesOfBill } from '../../store/bills.ts'
import { appendEvents } from '../../store/event-log.ts'
import {
  accountTerms,
  type Invoice,
  type InvoiceLine,
  insertSettlements,
  invoices,
  linesOfBillToInvoice,
  linesOfInvoice,
  noteOverdue,
  openBySite,
} from '../../store/invoices.ts'
import { appendEntry } from '../../store/journal.ts'
import { type Db, getRecord } from '../../store/record-table.ts'
import { appendPayments } from '../../store/site-state.ts'
import { transaction } from '../../store/transaction.ts'
import { issueBill } from '../billing/issue-bill.ts'
import { postPayment } from '../billing/post-payment.ts'
import { refusable } from '../manage/manage-record.ts'
import { type Access, invalid, notFound, type Outcome, ok } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { contentOf, issue, issuer } from './issue-invoice.ts'
import { partsOf, setOff, settlement } from './settle-invoices.ts'

type Deps = Pick<ServiceDeps, 'db' | 'clock' | 'newId'>

/** The invoice, with its account's terms locked: nobody else settles anything of the account meanwhile. */
async function locked(trx: Db, access: Access, invoiceId: string): Promise<Invoice | undefined> {
  const invoice = await getRecord(trx, invoices, access, invoiceId)
  if (invoice === undefined) return undefined
  const sight = { organizationId: access.organizationId, siteIds: null }
  await getRecord(trx, accountTerms, sight, invoice.accountId, 'lock')
  return getRecord(trx, invoices, access, invoiceId)
}

function moneyOf(organizationId: string, { accountId, currency }: Invoice) {
  return { organizationId, accountId, currency }
}

async function done(deps: Deps, trx: Db, access: Access, before: Invoice, action: string): Promise<Outcome<Invoice>> {
  const after = await getRecord(trx, invoices, access, before.invoiceId)
  if (after === undefined) return notFound
  await appendAudit(trx, access.organizationId, {
    auditId: deps.newId(),
    siteId: after.siteId,
    at: deps.clock.now(),
    actor: access.actor,
    action: `invoice.${action}`,
    subjectType: 'invoice',
    subjectId: after.invoiceId,
    before,
    after,
    requestId: access.requestId,
  })
  return ok(after)
}

export interface PaymentInput {
  /** Negative gives money of a credit back. */
  amountMinor: number
  method: string
  reference?: string
  at?: string | Date
}

/** Money that came, or went back, for an invoice; in each site's books what belongs there. */
export function payInvoice(deps: Deps) {
  return (access: Access, invoiceId: string, input: PaymentInput): Promise<Outcome<Invoice>> =>
    refusable<Invoice>(deps, async (trx) => {
      const { organizationId, actor } = access
      const invoice = await locked(trx, access, invoiceId)
      if (invoice === undefined) return notFound
      const { amountMinor } = input
      const now = deps.clock.now()
      const at = input.at === undefined ? now : new Date(input.at)
      if (at > now) return invalid('/at', 'must not be in the future')
      if (amountMinor === 0) return invalid('/amountMinor', 'must not be 0')
      if (amountMinor < 0 && amountMinor < invoice.openMinor)
        return invalid('/amountMinor', `more than its credit, which is ${invoice.openMinor}`)
      const parts =
        amountMinor > 0
          ? await partsOf(trx, organizationId, invoice, amountMinor)
          : [{ siteId: invoice.siteId, amountMinor }]
      const rows = parts.map((part) => ({ ...part, paymentId: deps.newId() }))
      await appendPayments(
        trx,
        rows.map((part) => ({
          organization_id: organizationId,
          site_id: part.siteId,
          payment_id: part.paymentId,
          stay_id: null,
          kind: amountMinor > 0 ? ('captured' as const) : ('refunded' as const),
          subject_key: `invoice:${invoiceId}`,
          connection_id: null,
          content_key: `invoice/${part.paymentId}`,
          vendor_transaction: input.reference ?? null,
          method: input.method,
          scope: 'both' as const,
          amount_minor: Math.abs(part.amountMinor),
          currency: invoice.currency,
          at,
          recorded_at: now,
        })),
      )
      await insertSettlements(
        trx,
        organizationId,
        rows.map(({ siteId, amountMinor, paymentId }) =>
          settlement(deps, {
            siteId,
            invoiceId,
            paymentId,
            kind: amountMinor > 0 ? 'payment' : 'refund',
            amountMinor,
            at,
            actor,
          }),
        ),
      )
      for (const { paymentId } of rows) await postPayment({ ...deps, db: trx })({ organizationId, paymentId })
      await setOff(deps, trx, moneyOf(organizationId, invoice))
      return done(deps, trx, access, invoice, 'paid')
    })
}

export interface Approved {
  reason: string
  approvedBy: string
}

/** What is open is not expected any more. */
export function writeOffInvoice(deps: Deps) {
  return (access: Access, invoiceId: string, { reason, approvedBy }: Approved): Promise<Outcome<Invoice>> =>
    refusable<Invoice>(deps, async (trx) => {
      const { organizationId, actor } = access
      const invoice = await locked(trx, access, invoiceId)
      if (invoice === undefined) return notFound
      if (invoice.openMinor <= 0) return { kind: 'conflict', message: 'Nothing of it is open.' }
      const now = deps.clock.now()
      const { currency } = invoice
      for (const part of await openBySite(trx, organizationId, invoiceId)) {
        const site = await issuer(trx, organizationId, part.siteId)
        const { siteId, openMinor: amountMinor } = part
        const row = settlement(deps, { siteId, invoiceId, kind: 'write_off', amountMinor, reason, approvedBy, actor })
        await insertSettlements(trx, organizationId, [row])
        const day = businessDate(now, businessClock(site.zone, site.settings))
        await appendEntry(
          trx,
          {
            organizationId,
            siteId,
            entryId: deps.newId(),
            sourceType: 'write_off',
            sourceId: row.settlementId,
            description: `Write-off of ${invoice.number}`,
            businessDate: day,
            factDate: day,
            corrects: null,
            postedAt: now,
            currency,
            billId: null,
          },
          writeOffPostings(amountMinor),
        )
      }
      return done(deps, trx, access, invoice, 'written_off')
    })
}

export interface CreditInput extends Approved {
  /** Each with how much of its total is given back; all of it when left out. */
  lines: readonly { line: number; totalMinor?: number }[]
}

/** A correction is another document: lines of the invoice are taken back by a bill, and that bill by a credit note. */
export function creditInvoice(deps: Deps) {
  return (access: Access, invoiceId: string, input: CreditInput): Promise<Outcome<Invoice>> =>
    refusable<Invoice>(deps, async (trx) => {
      const { organizationId, actor } = access
      const invoice = await locked(trx, access, invoiceId)
      if (invoice === undefined) return notFound
      if (invoice.kind === 'credit_note')
        return { kind: 'conflict', message: 'A credit note is not corrected by another.' }
      const terms = await getRecord(trx, accountTerms, { organizationId, siteIds: null }, invoice.accountId)
      const all = await linesOfInvoice(trx, organizationId, invoiceId)
      const subjectKey = `invoice:${invoiceId}` as const
      const before = await billedLines(trx, organizationId, subjectKey)
      const taken: BillLine[] = []
      const siteIds = new Set<string>()
      for (const [i, { line, totalMinor }] of input.lines.entries()) {
        const found = all.find((each) => each.line === line)
        if (found === undefined) return invalid(`/lines/${i}/line`, 'The invoice has no such line.')
        const rulePath = `invoice-line/${line}`
        const gone = [...before, ...taken].filter((each) => each.rulePath === rulePath)
        const left = found.totalMinor + gone.reduce((sum, each) => sum + each.totalMinor, 0)
        const amount = totalMinor ?? left
        if (amount === 0 || Math.sign(amount) !== Math.sign(left) || Math.abs(amount) > Math.abs(left)) {
          return invalid(`/lines/${i}/totalMinor`, `${left} of this line can be given back.`)
        }
        siteIds.add(found.siteId)
        const [origin] = (await linesOfBill(trx, organizationId, found.billId)).filter(
          (each) => each.line === found.billLine,
        )
        taken.push(creditLine(found, origin?.taxIncluded ?? true, amount, before.length + taken.length + 1))
      }
      const [siteId, another] = [...siteIds]
      if (siteId === undefined || terms === undefined) return notFound
      if (another !== undefined) return invalid('/lines', 'One credit note corrects lines of one site.')
      const site = await issuer(trx, organizationId, siteId)
      const settings = billingSettings(site.settings, site.code)
      const now = deps.clock.now()
      const bill = await issueBill(
        deps,
        trx,
        {
          organizationId,
          site,
          numbering: settings.numbering,
          subjectKey,
          accountId: invoice.accountId,
          lines: taken,
          earlier: await issuedBills(trx, organizationId, subjectKey),
          beforeMinor: totalsOf(before).totalMinor,
          stay: null,
          sessions: [],
          basis: emptyBasis(site.zone, invoice.currency),
          rounding: defaultRounding,
          tariffs: [],
          reason: input.reason,
          service: { from: now, to: now },
          issuedBy: actor,
        },
        now,
      )
      const lines = await linesOfBillToInvoice(trx, organizationId, bill.billId)
      const own = await issuer(trx, organizationId, invoice.siteId)
      const today = localDate(now, own.zone)
      const note = await issue(deps, trx, {
        organizationId,
        site: own,
        terms,
        lines,
        kind: 'credit_note',
        correctsInvoiceId: invoiceId,
        dueDays: 0,
        actor,
        ...(await contentOf(trx, organizationId, terms, own, lines, invoice.number)),
        span: { from: today, to: addDays(today, 1) },
        reason: input.reason,
        approvedBy: input.approvedBy,
      })
      return done(deps, trx, access, note, 'credited')
    })
}

/** Tax in the proportion of the line, rounded once. */
function creditLine(line: InvoiceLine, taxIncluded: boolean, amount: number, place: number): BillLine {
  const tax = new Decimal(line.taxMinor).times(amount).div(line.totalMinor).toDecimalPlaces(0, Decimal.ROUND_HALF_UP)
  const taxMinor = minor(-tax.toNumber() + 0)
  const totalMinor = minor(-amount)
  const share = new Decimal(line.quantity).times(amount).div(line.totalMinor).negated().toDecimalPlaces(6).toString()
  return {
    key: `credit/${place}`,
    kind: line.kind,
    description: line.description,
    stayId: null,
    sessionId: null,
    tariffId: null,
    tariffVersion: null,
    rulePath: `invoice-line/${line.line}`,
    quantity: share,
    billedQuantity: share,
    unit: line.unit,
    unitPrice: '0',
    per: '1',
    taxIncluded,
    netMinor: sumMinor([totalMinor, minor(-taxMinor + 0)]),
    taxCode: line.taxCode,
    taxRate: line.taxRate,
    taxMinor,
    totalMinor,
    rounding: defaultRounding.name,
    explanation: [`Takes back ${amount} of ${line.totalMinor} minor units of ${line.billNumber}.`],
    addedBy: null,
  }
}

/** The task `invoice.overdue`: told once, if it is still open. */
export function tellOverdue(deps: Deps): (of: { organizationId: string; invoiceId: string }) => Promise<void> {
  return ({ organizationId, invoiceId }) =>
    transaction(deps.db, async (trx) => {
      const invoice = await getRecord(trx, invoices, { organizationId, siteIds: null }, invoiceId)
      if (invoice === undefined || invoice.openMinor <= 0) return
      const now = deps.clock.now()
      const { siteId, number, accountId, openMinor, currency, dueOn } = invoice
      if (!(await noteOverdue(trx, { organizationId, siteId, invoiceId }, now))) return
      const data = { invoiceId, number, accountId, openMinor, currency, dueOn }
      const subject = { type: 'invoice', id: invoiceId }
      await appendEvents(trx, [
        {
          id: deps.newId(),
          type: 'invoice.overdue',
          organizationId,
          siteId,
          subject,
          occurredAt: now,
          recordedAt: now,
          data,
        },
      ])
    })
}
