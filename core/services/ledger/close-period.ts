// Owns closing a site's books up to a day: one transaction that numbers, adds up and chains what was posted until then.
// Must not reopen: what comes later is posted on a later day.
import { createHash } from 'node:crypto'
import { bookAccount } from '../../domain/bill/index.ts'
import { businessClock, businessDate, startOfBusinessDate } from '../../domain/business-day.ts'
import {
  chainStart,
  type Digest,
  entryHash,
  type PeriodContent,
  periodHash,
  type Unsettled,
} from '../../domain/ledger/chain.ts'
import { addDays } from '../../domain/local-time.ts'
import { appendAudit } from '../../store/audit.ts'
import { appendEvents } from '../../store/event-log.ts'
import {
  type Books,
  type EntryPlace,
  insertPeriod,
  lastPeriod,
  lockBooks,
  openBooks,
  openEntries,
  openTotals,
  type PeriodEnd,
} from '../../store/ledger-periods.ts'
import { type LedgerPeriod, ledgerPeriods } from '../../store/ledger-read.ts'
import { unpostedStrays, unsettledBefore } from '../../store/ledger-unsettled.ts'
import { organizations, type Site, sites } from '../../store/places.ts'
import { type Db, getRecord } from '../../store/record-table.ts'
import { wakeStandingExports } from '../../store/standing-exports.ts'
import { postPayment } from '../billing/post-payment.ts'
import { refusable } from '../manage/manage-record.ts'
import { type Access, invalid, type Outcome, ok, type Refusal } from '../manage/outcome.ts'
import { recogniseThrough } from '../memberships/recognise-memberships.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { postAtClose } from '../shares/post-at-close.ts'

export interface CloseInput {
  siteId: string
  /** The last business date that is closed. */
  to: string
  /** Closes even though something of these days is unsettled, for this reason. */
  reason?: string
}

export const sha256: Digest = (text) => createHash('sha256').update(text).digest('hex')

export const entriesAtOnce = 2000

/** The closed periods: one for each currency, that of the site first. */
export function closePeriod(
  deps: Pick<ServiceDeps, 'db' | 'clock' | 'newId'>,
): (access: Access, input: CloseInput) => Promise<Outcome<LedgerPeriod[]>> {
  return (access, input) =>
    refusable<LedgerPeriod[]>(deps, async (trx) => {
      const site = await getRecord(trx, sites, access, input.siteId)
      if (site === undefined) return invalid('/siteId', 'no such site')
      const books = { organizationId: access.organizationId, siteId: site.siteId }
      await lockBooks(trx, books)
      const now = deps.clock.now()
      const last = await lastPeriod(trx, books)
      const refusal = wrongDay(site, last, input.to, now)
      if (refusal) return refusal
      const before = startOfBusinessDate(addDays(input.to, 1), businessClock(site.timeZone, site.settings))
      for (const paymentId of await unpostedStrays(trx, books, before)) {
        await postPayment({ ...deps, db: trx })({ organizationId: access.organizationId, paymentId })
      }
      await recogniseThrough({ ...deps, db: trx }, books, input.to)
      const unsettled = await unsettledBefore(trx, books, { before, zone: site.timeZone })
      if (unsettled.length > 0 && input.reason === undefined) return { kind: 'conflict', message: named(unsettled) }

      await postAtClose(deps, trx, { organizationId: access.organizationId, site, to: input.to, now })
      const organization = await getRecord(trx, organizations, access, access.organizationId)
      const open = await openBooks(trx, books, input.to)
      const currencies = [site.currency, ...open.map((one) => one.currency).filter((one) => one !== site.currency)]
      const first = open.reduce((earliest, one) => (one.from < earliest ? one.from : earliest), input.to)
      const shared = {
        organizationId: access.organizationId,
        organizationName: organization?.name ?? '',
        siteId: site.siteId,
        siteCode: site.code,
        siteName: site.name,
        timeZone: site.timeZone,
        from: last === undefined ? first : addDays(last.to, 1),
        to: input.to,
        closedAt: now,
        closedMicros: now.getTime() * 1000,
        closedBy: access.actor,
        reason: unsettled.length > 0 ? (input.reason ?? null) : null,
        unsettled,
      }
      const ready: Sealed[] = []
      for (const currency of currencies) {
        const end = ready.at(-1)?.period ?? last
        ready.push(await seal(trx, books, { ...shared, periodId: deps.newId(), currency, ...following(end) }))
      }
      // All are read before the first is written: what is open follows from what is closed.
      for (const { period, entries } of ready) await insertPeriod(trx, period, entries)
      const closed: LedgerPeriod[] = []
      for (const { period } of ready) {
        const record = await getRecord(trx, ledgerPeriods, access, period.periodId)
        if (record === undefined) throw new Error('a period that was just closed is not there')
        await tell(deps, trx, access, record, now)
        closed.push(record)
      }
      await wakeStandingExports(trx, access.organizationId, { siteId: site.siteId })
      return ok(closed)
    })
}

/** Business dates that can be closed: over at the site, and after those that are closed. */
function wrongDay(site: Site, last: PeriodEnd | undefined, to: string, now: Date): Refusal | null {
  const today = businessDate(now, businessClock(site.timeZone, site.settings))
  if (to >= today) return invalid('/to', `must be before today, which is ${today} at the site`)
  if (last !== undefined && to <= last.to) {
    return { kind: 'conflict', pointer: '/to', message: `The books are closed up to ${last.to} already.` }
  }
  return null
}

const mostNamed = 10

export function named(unsettled: readonly Unsettled[]): string {
  const some = unsettled.slice(0, mostNamed).map((one) => `${one.type} ${one.id} of ${one.date} (${one.reason})`)
  const rest = unsettled.length > mostNamed ? [`and ${unsettled.length - mostNamed} more`] : []
  return `Not settled: ${[...some, ...rest].join(', ')}. Wait, settle them, or close with a reason.`
}

function following(end: { number: number; hash: string } | undefined): { number: number; previousHash: string } {
  return end === undefined
    ? { number: 1, previousHash: chainStart }
    : { number: end.number + 1, previousHash: end.hash }
}

interface Sealed {
  period: PeriodContent & { hash: string }
  entries: { entryId: string; hash: string }[]
}

/** Entries are numbered by day, then by time of posting. They are read in pages: a first close may take in years. */
async function seal(trx: Db, books: Books, content: Omit<PeriodContent, 'accounts' | 'entryCount'>): Promise<Sealed> {
  const { to, currency, previousHash } = content
  const totals = await openTotals(trx, books, { to, currency })
  const accounts = totals.map((total) => {
    const { name, kind } = bookAccount(total.account) ?? { name: total.account, kind: 'asset' as const }
    return { ...total, name, kind }
  })
  const entries: Sealed['entries'] = []
  let hash = previousHash
  let after: EntryPlace | undefined
  do {
    const page = await openEntries(trx, books, { to, currency, after, limit: entriesAtOnce })
    for (const entry of page) {
      hash = entryHash(sha256, hash, entries.length + 1, entry)
      entries.push({ entryId: entry.entryId, hash })
    }
    after = page.length === entriesAtOnce ? page.at(-1) : undefined
  } while (after !== undefined)
  const period = { ...content, accounts, entryCount: entries.length }
  return { period: { ...period, hash: periodHash(sha256, period, hash) }, entries }
}

async function tell(
  deps: Pick<ServiceDeps, 'newId'>,
  trx: Db,
  access: Access,
  period: LedgerPeriod,
  now: Date,
): Promise<void> {
  const { organizationId, actor, requestId } = access
  const { siteId, periodId, number, currency, from, to, entryCount, hash } = period
  await appendAudit(trx, organizationId, {
    auditId: deps.newId(),
    siteId,
    at: now,
    actor,
    action: 'ledger_period.closed',
    subjectType: 'ledger_period',
    subjectId: periodId,
    before: null,
    after: period,
    requestId,
  })
  await appendEvents(trx, [
    {
      id: deps.newId(),
      type: 'ledger.closed',
      organizationId,
      siteId,
      subject: { type: 'ledger_period', id: periodId },
      occurredAt: now,
      recordedAt: now,
      data: { periodId, number, currency, from, to, entries: entryCount, hash },
    },
  ])
}
