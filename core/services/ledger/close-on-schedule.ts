// Owns closing days by themselves, some days after they are over, where a site asks for it.
// Must not close over what is unsettled: that takes a person with a reason.
import { businessClock, businessDate, startOfBusinessDate } from '../../domain/business-day.ts'
import { addDays } from '../../domain/local-time.ts'
import { lastPeriod } from '../../store/ledger-periods.ts'
import { type Site, sites } from '../../store/places.ts'
import { type Db, getRecord } from '../../store/record-table.ts'
import { clearTimer, setTimer } from '../../store/timers.ts'
import type { Access } from '../manage/outcome.ts'
import type { ServiceDeps } from '../service-deps.ts'
import { closePeriod } from './close-period.ts'

/** After the end of the day: what was posted on the last second of a day has been stored by then. */
const afterEndMs = 10 * 60_000
const againMs = 60 * 60_000

interface SiteBooks {
  organizationId: string
  siteId: string
}

/** Days between the end of a day and its closing; null when somebody closes by hand. */
export function closeAfterDays(settings: unknown): number | null {
  const days = typeof settings === 'object' && settings !== null ? { ...settings } : {}
  const value = (days as Record<string, unknown>).ledger_close_after_days
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : null
}

/** In the transaction that changes the settings. */
export async function closeSettingChanged(
  trx: Db,
  site: SiteBooks & Pick<Site, 'settings'>,
  before: unknown,
  now: Date,
): Promise<void> {
  const days = closeAfterDays(site.settings)
  if (days === closeAfterDays(before)) return
  if (days === null) await clearTimer(trx, { ...site, kind: 'ledger.close', key: `ledger:${site.siteId}` })
  else await appoint(trx, site, now)
}

async function appoint(trx: Db, { organizationId, siteId }: SiteBooks, dueAt: Date): Promise<void> {
  const data = { organizationId, siteId }
  await setTimer(trx, { organizationId, siteId, kind: 'ledger.close', key: `ledger:${siteId}`, dueAt, data })
}

/** The task `ledger.close`. */
export function closeOnSchedule(deps: ServiceDeps): (books: SiteBooks) => Promise<void> {
  return async (books) => {
    const access: Access = {
      organizationId: books.organizationId,
      siteIds: null,
      actor: 'hub',
      requestId: 'ledger.close',
    }
    const site = await getRecord(deps.db, sites, access, books.siteId)
    const days = closeAfterDays(site?.settings)
    if (site === undefined || site.archivedAt !== null || days === null) return
    const now = deps.clock.now()
    const clock = businessClock(site.timeZone, site.settings)
    const today = businessDate(now, clock)
    const to = addDays(today, -1 - days)
    const last = await lastPeriod(deps.db, books)
    const due = last === undefined || last.to < to
    const outcome = due ? await closePeriod(deps)(access, { siteId: site.siteId, to }) : null
    const waits = outcome !== null && outcome.kind !== 'ok'
    if (waits) deps.log.warn({ siteId: site.siteId, to, outcome }, 'the books could not be closed yet')
    const tomorrow = startOfBusinessDate(addDays(today, 1), clock)
    const dueAt = new Date(waits ? now.getTime() + againMs : tomorrow.getTime() + afterEndMs)
    await appoint(deps.db, books, dueAt)
  }
}
