// Owns reading bills, payments, the journal and revenue within the caller's limits.
// Must not compute an amount beyond adding up what is stored.
import { type ReceiptSince, sinceReceipt } from '../../domain/bill/index.ts'
import { billCredits } from '../../store/bill-credits.ts'
import { type BillKey, bills, linesOfBill, receiptOfBill, type ToldReceipt, totalsOfBills } from '../../store/bills.ts'
import { type Dispute, disputes } from '../../store/disputes.ts'
import { accountBalances, type JournalPeriod, listEntries, type RevenueRow, revenueByDay } from '../../store/journal.ts'
import type { Place } from '../../store/keyset.ts'
import { payments, paymentsOf } from '../../store/payments.ts'
import { getRecord, type ListQuery, listRecords } from '../../store/record-table.ts'
import { subjectStanding } from '../../store/subject-standing.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { daySpanProblem } from './day-span.ts'
import { type Access, invalid, notFound, type Outcome, ok } from './outcome.ts'

type Reading = Pick<ServiceDeps, 'db'>

export function listBills(deps: Reading) {
  return (access: Access, query: ListQuery) => listRecords(deps.db, bills, access, query)
}

export function billTotals(deps: Reading) {
  return (access: Access, query: ListQuery) => totalsOfBills(deps.db, access, query)
}

/** A bill with its lines and the later bills of what it is for. */
export function getBill(deps: Reading) {
  return async (access: Access, billId: string) => {
    const bill = await getRecord(deps.db, bills, access, billId)
    if (!bill) return notFound
    const { items } = await listRecords(deps.db, bills, access, {
      subjectKey: bill.subjectKey,
      sort: 'issuedAt',
      limit: 200,
    })
    const standing = await subjectStanding(deps.db, access.organizationId, [bill.subjectKey])
    const settlement = standing.get(bill.subjectKey)
    if (settlement === undefined) throw new Error('a bill has no standing')
    const { subjectKey: _, ...figures } = settlement
    return ok({
      ...bill,
      settlement: figures,
      lines: await linesOfBill(deps.db, access.organizationId, billId),
      adjustments: items.filter((one) => one.sequence > bill.sequence),
    })
  }
}

export function getReceipt(deps: Reading) {
  return async (access: Access, billId: string): Promise<Outcome<ReceiptNow>> => {
    const bill = await getRecord(deps.db, bills, access, billId)
    const told = bill && (await toldOf(deps, access.organizationId, billId))
    return told === undefined ? notFound : ok(told)
  }
}

/** The link is the right to it. */
export function receiptOfLink(deps: Reading) {
  return ({ organizationId, id }: { organizationId: string; id: string }) => toldOf(deps, organizationId, id)
}

/** A receipt as it was issued, and what came after it. */
export interface ReceiptNow extends ToldReceipt {
  since: ReceiptSince | null
}

async function toldOf({ db }: Reading, organizationId: string, billId: string): Promise<ReceiptNow | undefined> {
  const told = await receiptOfBill(db, organizationId, billId)
  if (told === undefined) return undefined
  const { receipt, subjectKey } = told
  const standing = (await subjectStanding(db, organizationId, [subjectKey])).get(subjectKey)
  const paid = await paymentsOf(db, organizationId, subjectKey as BillKey)
  return { ...told, since: sinceReceipt(receipt, paid, standing?.openMinor ?? 0) }
}

export function listDisputes(deps: Reading) {
  return (access: Access, query: ListQuery) => listRecords(deps.db, disputes, access, query)
}

export function getDispute(deps: Reading) {
  return async (access: Access, disputeId: string): Promise<Outcome<Dispute>> => {
    const dispute = await getRecord(deps.db, disputes, access, disputeId)
    return dispute === undefined ? notFound : ok(dispute)
  }
}

export function listCredits(deps: Reading) {
  return (access: Access, query: ListQuery) => listRecords(deps.db, billCredits, access, query)
}

export function listPayments(deps: Reading) {
  return (access: Access, query: ListQuery) => listRecords(deps.db, payments, access, query)
}

export function listJournal(deps: Reading) {
  return (access: Access, query: JournalPeriod & { limit?: number; after?: Place | undefined }) =>
    listEntries(deps.db, access, query)
}

export function journalBalances(deps: Reading) {
  return (access: Access, query: JournalPeriod) => accountBalances(deps.db, access, query)
}

export type RevenueFigures = Omit<RevenueRow, 'day'>

const longestDays = 366

export function revenueSummary(deps: Reading) {
  return async (access: Access, query: { siteId?: string; from: string; to: string }) => {
    const wrong = daySpanProblem(query, longestDays)
    if (wrong !== null) return invalid(wrong.pointer, wrong.message)
    const rows = await revenueByDay(deps.db, access, query)
    return ok({ from: query.from, to: query.to, days: rows, totals: totalsOf(rows) })
  }
}

/** One for each site and currency. */
function totalsOf(rows: readonly RevenueRow[]): RevenueFigures[] {
  const totals = new Map<string, RevenueFigures>()
  for (const { day: _, siteId, currency, ...figures } of rows) {
    const key = `${siteId} ${currency}`
    const before = totals.get(key)
    totals.set(key, { siteId, currency, ...(before ? added(before, figures) : figures) })
  }
  return [...totals.values()]
}

type Figures = Omit<RevenueFigures, 'siteId' | 'currency'>

function added(a: Figures, b: Figures): Figures {
  return {
    parkingNetMinor: a.parkingNetMinor + b.parkingNetMinor,
    chargingNetMinor: a.chargingNetMinor + b.chargingNetMinor,
    otherNetMinor: a.otherNetMinor + b.otherNetMinor,
    netMinor: a.netMinor + b.netMinor,
    taxMinor: a.taxMinor + b.taxMinor,
    totalMinor: a.totalMinor + b.totalMinor,
    parkingTotalMinor: a.parkingTotalMinor + b.parkingTotalMinor,
    chargingTotalMinor: a.chargingTotalMinor + b.chargingTotalMinor,
    earnedNetMinor: a.earnedNetMinor + b.earnedNetMinor,
    bills: a.bills + b.bills,
    energyWh: a.energyWh + b.energyWh,
  }
}
