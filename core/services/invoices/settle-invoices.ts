// Owns what makes invoices less open: credits set off against invoices, and money that came straight for what is on them.
// Must not take money; and must not run without the account's terms being locked.
import { insertSettlements, openBySite, openInvoices, type Settlement, straightPayments } from '../../store/invoices.ts'
import type { Db } from '../../store/record-table.ts'
import type { ServiceDeps } from '../service-deps.ts'

type Deps = Pick<ServiceDeps, 'newId' | 'clock'>

export interface AccountMoney {
  organizationId: string
  accountId: string
  currency: string
}

export function settlement(
  deps: Deps,
  of: Pick<Settlement, 'siteId' | 'invoiceId' | 'kind' | 'amountMinor'> & Partial<Settlement>,
): Settlement {
  const none = { paymentId: null, otherInvoiceId: null, reason: null, approvedBy: null }
  return { ...none, actor: 'hub', at: deps.clock.now(), ...of, settlementId: of.settlementId ?? deps.newId() }
}

/** Payments at the gate or charger for stays and sessions that are on invoices of the account. */
export async function takeStraightPayments(deps: Deps, trx: Db, of: AccountMoney, invoiceId: string): Promise<void> {
  const payments = await straightPayments(trx, of)
  const rows = payments.map(({ paymentId, siteId, kind, amountMinor }) =>
    settlement(deps, {
      siteId,
      invoiceId,
      paymentId,
      kind: kind === 'captured' ? 'payment' : 'refund',
      amountMinor: kind === 'captured' ? amountMinor : -amountMinor,
    }),
  )
  await insertSettlements(trx, of.organizationId, rows)
}

/** Credits of the account pay its invoices: a credit note the one that it corrects, then the oldest first. */
export async function setOff(deps: Deps, trx: Db, of: AccountMoney): Promise<void> {
  const all = await openInvoices(trx, of)
  const owed = all.filter((one) => one.openMinor > 0)
  const rows: Settlement[] = []
  for (const credit of all.filter((one) => one.openMinor < 0)) {
    const own = owed.filter((one) => one.invoiceId === credit.correctsInvoiceId)
    for (const invoice of [...own, ...owed.filter((one) => !own.includes(one))]) {
      const amountMinor = Math.min(invoice.openMinor, -credit.openMinor)
      if (amountMinor <= 0) continue
      invoice.openMinor -= amountMinor
      credit.openMinor += amountMinor
      const [a, b] = [invoice.invoiceId, credit.invoiceId]
      const { siteId } = invoice
      rows.push(settlement(deps, { siteId, invoiceId: a, otherInvoiceId: b, kind: 'credit', amountMinor }))
      rows.push(
        settlement(deps, { siteId, invoiceId: b, otherInvoiceId: a, kind: 'credit', amountMinor: -amountMinor }),
      )
    }
  }
  await insertSettlements(trx, of.organizationId, rows)
}

export interface Part {
  siteId: string
  amountMinor: number
}

/** An amount over the sites whose books the invoice is open in; what is too much stays with the site that issued it. */
export async function partsOf(
  db: Db,
  organizationId: string,
  invoice: { invoiceId: string; siteId: string },
  amountMinor: number,
): Promise<Part[]> {
  const parts: Part[] = []
  let left = amountMinor
  for (const { siteId, openMinor } of await openBySite(db, organizationId, invoice.invoiceId)) {
    const part = Math.min(Math.max(openMinor, 0), left)
    if (part > 0) parts.push({ siteId, amountMinor: part })
    left -= part
  }
  if (left === 0) return parts
  const own = parts.find((part) => part.siteId === invoice.siteId)
  if (own === undefined) return [...parts, { siteId: invoice.siteId, amountMinor: left }]
  own.amountMinor += left
  return parts
}
