// Owns reading the ledger within the caller's limits: accounts, entries, periods, trial balance, what a close would find.
// Must not write.
import { bookAccount, chartOfAccounts } from '../../domain/bill/index.ts'
import { businessClock, businessDate, startOfBusinessDate } from '../../domain/business-day.ts'
import type { AccountKind, BookAccount } from '../../domain/closed-period.ts'
import type { Unsettled } from '../../domain/ledger/chain.ts'
import { addDays } from '../../domain/local-time.ts'
import { accountBalances } from '../../store/journal.ts'
import { lastPeriod, openBooks } from '../../store/ledger-periods.ts'
import { ledgerEntries, ledgerPeriods, usedAccounts } from '../../store/ledger-read.ts'
import { unsettledBefore } from '../../store/ledger-unsettled.ts'
import { sites } from '../../store/places.ts'
import { getRecord, type ListQuery, listRecords } from '../../store/record-table.ts'
import { type Access, invalid, notFound, type Outcome, ok } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'

type Reading = Pick<ServiceDeps, 'db' | 'clock'>

/** The chart: what the hub has by itself, and the accounts per tax code and way of paying that were posted to. */
export function listAccounts(deps: Reading) {
  return async (access: Access): Promise<(BookAccount & { used: boolean })[]> => {
    const used = new Set(await usedAccounts(deps.db, access))
    const own = new Set(chartOfAccounts.map(({ code }) => code))
    const others = [...used].filter((code) => !own.has(code)).flatMap((code) => bookAccount(code) ?? [])
    return [...chartOfAccounts, ...others].map((account) => ({ ...account, used: used.has(account.code) }))
  }
}

export function listLedgerEntries(deps: Reading) {
  return (access: Access, query: ListQuery) => listRecords(deps.db, ledgerEntries, access, query)
}

export function listPeriods(deps: Reading) {
  return (access: Access, query: ListQuery) => listRecords(deps.db, ledgerPeriods, access, query)
}

export function getPeriod(deps: Reading) {
  return async (access: Access, periodId: string) => {
    const period = await getRecord(deps.db, ledgerPeriods, access, periodId)
    return period ? ok(period) : notFound
  }
}

export interface Closing {
  siteId: string
  /** Null while nothing is closed. */
  closedTo: string | null
  to: string
  open: { currency: string; entries: number; from: string }[]
  unsettled: Unsettled[]
}

/** What closing up to a day, or up to yesterday, would take in and be held up by. */
export function lookAtClosing(deps: Reading) {
  return async (access: Access, query: { siteId: string; to?: string }): Promise<Outcome<Closing>> => {
    const site = await getRecord(deps.db, sites, access, query.siteId)
    if (site === undefined) return invalid('/siteId', 'no such site')
    const books = { organizationId: access.organizationId, siteId: site.siteId }
    const clock = businessClock(site.timeZone, site.settings)
    const to = query.to ?? addDays(businessDate(deps.clock.now(), clock), -1)
    const before = startOfBusinessDate(addDays(to, 1), clock)
    return ok({
      siteId: site.siteId,
      closedTo: (await lastPeriod(deps.db, books))?.to ?? null,
      to,
      open: await openBooks(deps.db, books, to),
      unsettled: await unsettledBefore(deps.db, books, { before, zone: site.timeZone }),
    })
  }
}

export interface TrialBalance {
  date: string
  accounts: {
    account: string
    name: string
    kind: AccountKind | null
    currency: string
    debitMinor: number
    creditMinor: number
    balanceMinor: number
  }[]
  /** Debits and credits of each currency; they are the same. */
  totals: { currency: string; debitMinor: number; creditMinor: number }[]
}

/** Every account from the first entry to the end of a business date. */
export function trialBalance(deps: Reading) {
  return async (access: Access, { siteId, date }: { siteId?: string; date: string }): Promise<TrialBalance> => {
    const rows = await accountBalances(deps.db, access, { ...(siteId === undefined ? {} : { siteId }), to: date })
    const totals = new Map<string, { currency: string; debitMinor: number; creditMinor: number }>()
    for (const { currency, debitMinor, creditMinor } of rows) {
      const sum = totals.get(currency) ?? { currency, debitMinor: 0, creditMinor: 0 }
      totals.set(currency, {
        currency,
        debitMinor: sum.debitMinor + debitMinor,
        creditMinor: sum.creditMinor + creditMinor,
      })
    }
    const accounts = rows.map((row) => {
      const account = bookAccount(row.account)
      return { ...row, name: account?.name ?? row.account, kind: account?.kind ?? null }
    })
    return { date, accounts, totals: [...totals.values()].sort((a, b) => (a.currency < b.currency ? -1 : 1)) }
  }
}
