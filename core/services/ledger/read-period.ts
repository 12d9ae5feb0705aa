// Owns reading closed periods back, and proving that not a column of them has changed since.
// Must not mend what is broken.
import type { BookEntry, ClosedPeriod } from '../../domain/closed-period.ts'
import { bookEntry, chainStart, closedPeriod, entryHash, periodHash } from '../../domain/ledger/chain.ts'
import {
  type ClosedEntry,
  closedEntries,
  missingPeriod,
  type PeriodRow,
  periodContents,
  recountTotals,
  strayEntry,
} from '../../store/ledger-periods.ts'
import { ledgerPeriods } from '../../store/ledger-read.ts'
import { sites } from '../../store/places.ts'
import { type Db, getRecord } from '../../store/record-table.ts'
import { transaction } from '../../store/transaction.ts'
import { type Access, invalid, notFound, type Outcome, ok } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { entriesAtOnce, sha256 } from './close-period.ts'

type Reading = Pick<ServiceDeps, 'db'>

/** The same value for ever, field by field in the same order. */
export function readClosedPeriod(deps: Reading) {
  return async (access: Access, periodId: string): Promise<Outcome<ClosedPeriod>> => {
    const { organizationId } = access
    if ((await getRecord(deps.db, ledgerPeriods, access, periodId)) === undefined) return notFound
    const [period] = await periodContents(deps.db, organizationId, { periodId })
    if (period === undefined) return notFound
    // Page by page: others have their turn while the next one is read.
    const entries: BookEntry[] = []
    for await (const page of pagesOf(deps.db, period)) {
      for (const { number, entry } of page) {
        if (entry === null) throw new Error(`entry ${number} of closed period ${periodId} is gone`)
        entries.push(bookEntry(entry, entries.length + 1))
      }
    }
    return ok(closedPeriod(period, entries))
  }
}

export interface Verdict {
  siteId: string
  intact: boolean
  periods: number
  entries: number
  /** Of the last period; worth noting down elsewhere, as a chain cut off at its end is still a chain. */
  lastHash: string
  firstBroken: Broken | null
}

export interface Broken {
  periodId: string
  number: number
  entryNumber: number | null
  reason: string
}

/** Works the chain of a site out anew, up to the first thing that is not as it was closed. */
export function verifyPeriods(deps: Reading) {
  return async (access: Access, { siteId }: { siteId: string }): Promise<Outcome<Verdict>> => {
    const site = await getRecord(deps.db, sites, access, siteId)
    if (site === undefined) return invalid('/siteId', 'no such site')
    // One snapshot: a close meanwhile is no break.
    return transaction(deps.db, async (trx) => ok(await verdict(trx, access.organizationId, siteId)), {
      isolation: 'repeatable read',
    })
  }
}

async function verdict(trx: Db, organizationId: string, siteId: string): Promise<Verdict> {
  const periods = await periodContents(trx, organizationId, { siteId })
  const seen = { siteId, periods: 0, entries: 0, lastHash: chainStart }
  for (const period of periods) {
    const broken = await brokenIn(trx, period, seen)
    if (broken !== null) {
      const { periodId, number } = period
      return { ...seen, intact: false, firstBroken: { periodId, number, ...broken } }
    }
    seen.periods++
    seen.entries += period.entryCount
    seen.lastHash = period.hash
  }
  const missing = await missingPeriod(trx, { organizationId, siteId })
  if (missing !== undefined) {
    const where = { periodId: missing, number: seen.periods + 1, entryNumber: null }
    return { ...seen, intact: false, firstBroken: { ...where, reason: 'The period is gone, its entries are not.' } }
  }
  const last = periods.at(-1)
  const stray = last && (await strayEntry(trx, { organizationId, siteId }, last.to))
  if (last === undefined || stray === undefined) return { ...seen, intact: true, firstBroken: null }
  const { periodId, number } = last
  const reason = `Entry ${stray} stands in closed days and in no period.`
  return { ...seen, intact: false, firstBroken: { periodId, number, entryNumber: null, reason } }
}

async function brokenIn(
  trx: Db,
  period: PeriodRow,
  before: { periods: number; lastHash: string },
): Promise<Pick<Broken, 'entryNumber' | 'reason'> | null> {
  const whole = (reason: string) => ({ entryNumber: null, reason })
  if (period.number !== before.periods + 1) return whole(`Period ${before.periods + 1} is missing.`)
  if (period.previousHash !== before.lastHash) return whole('It does not follow the period before it.')
  let hash = period.previousHash
  let count = 0
  for await (const page of pagesOf(trx, period)) {
    for (const { number, entry, hash: kept } of page) {
      count++
      if (number !== count) return { entryNumber: count, reason: 'The entry is missing.' }
      if (entry === null) return { entryNumber: count, reason: 'The entry is gone from the journal.' }
      hash = entryHash(sha256, hash, number, entry)
      if (hash !== kept) return { entryNumber: count, reason: 'The entry is not as it was closed.' }
    }
  }
  if (count !== period.entryCount) return whole(`It has ${count} entries instead of ${period.entryCount}.`)
  if (periodHash(sha256, period, hash) !== period.hash) return whole('The period is not as it was closed.')
  const added = await recountTotals(trx, period.organizationId, period.periodId)
  const totals = period.accounts.map(({ account, debitMinor, creditMinor }) => ({ account, debitMinor, creditMinor }))
  return JSON.stringify(added) === JSON.stringify(totals) ? null : whole('Its totals are not those of its entries.')
}

async function* pagesOf(db: Db, { organizationId, periodId }: PeriodRow): AsyncGenerator<ClosedEntry[], void, void> {
  let after = 0
  for (;;) {
    const page = await closedEntries(db, organizationId, { periodId, after, limit: entriesAtOnce })
    if (page.length > 0) yield page
    after = page.at(-1)?.number ?? 0
    if (page.length < entriesAtOnce) return
  }
}
