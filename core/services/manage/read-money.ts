// Owns reading bills, payments, the journal and revenue within the caller's limits.
// Must not compute an amount beyond adding up what is stored.
import { bills, linesOfBill, receiptOfBill } from '../../store/bills.ts'
import { accountBalances, type JournalPeriod, listEntries, type RevenueRow, revenueByDay } from '../../store/journal.ts'
import type { Place } from '../../store/keyset.ts'
import { payments } from '../../store/payments.ts'
import { getRecord, type ListQuery, listRecords } from '../../store/record-table.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { type Access, invalid, notFound, type Outcome, ok } from './outcome.ts'

type Reading = Pick<ServiceDeps, 'db'>

export function listBills(deps: Reading) {
  return (access: Access, query: ListQuery) => listRecords(deps.db, bills, access, query)
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
    return ok({
      ...bill,
      lines: await linesOfBill(deps.db, access.organizationId, billId),
      adjustments: items.filter((one) => one.sequence > bill.sequence),
    })
  }
}

export function getReceipt(deps: Reading) {
  return async (access: Access, billId: string): Promise<Outcome<unknown>> => {
    const bill = await getRecord(deps.db, bills, access, billId)
    return bill ? ok(await receiptOfBill(deps.db, access.organizationId, billId)) : notFound
  }
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
    const days = (Date.parse(query.to) - Date.parse(query.from)) / 86_400_000 + 1
    if (days < 1) return invalid('/to', 'must not be before from')
    if (days > longestDays) return invalid('/to', `must be within ${longestDays} days of from`)
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
    bills: a.bills + b.bills,
    energyWh: a.energyWh + b.energyWh,
  }
}
