// Owns what a report is about: which sites the caller means and reaches, and the business days it covers.
// Must not read what happened on them.
import { businessClock, startOfBusinessDate } from '../../domain/business-day.ts'
import { addDays } from '../../domain/local-time.ts'
import { ledgerPeriods } from '../../store/ledger-read.ts'
import { type Site, sites } from '../../store/places.ts'
import { type Db, getRecord, listRecords } from '../../store/record-table.ts'
import type { ReportSpan } from '../../store/report-revenue.ts'
import { daySpanProblem } from '../manage/day-span.ts'
import { type Access, invalid, type Outcome, ok } from '../manage/outcome.ts'

export interface SpanQuery {
  /** Left out: every site that the caller reaches. */
  siteId?: string
  from?: string
  to?: string
  /** Instead of days: a closed period of the books. */
  periodId?: string
}

const longestDays = 366
const mostSites = 200

export interface Spans {
  from: string
  to: string
  spans: ReportSpan[]
}

export async function reportSpans(db: Db, access: Access, query: SpanQuery): Promise<Outcome<Spans>> {
  const days = await daysOf(db, access, query)
  if (days.kind !== 'ok') return days
  const { from, to, siteId } = days.value
  const found = siteId === undefined ? await allSites(db, access) : [await getRecord(db, sites, access, siteId)]
  const known = found.filter((site): site is Site => site !== undefined)
  if (siteId !== undefined && known.length === 0) return invalid('/siteId', 'no such site')
  return ok({ from, to, spans: known.map((site) => spanOf(access.organizationId, site, from, to)) })
}

export function spanOf(organizationId: string, site: Site, from: string, to: string): ReportSpan {
  const clock = businessClock(site.timeZone, site.settings)
  return {
    organizationId,
    siteId: site.siteId,
    siteCode: site.code,
    zone: site.timeZone,
    from,
    to,
    fromAt: startOfBusinessDate(from, clock),
    toAt: startOfBusinessDate(addDays(to, 1), clock),
  }
}

async function daysOf(
  db: Db,
  access: Access,
  query: SpanQuery,
): Promise<Outcome<{ from: string; to: string; siteId?: string }>> {
  const { siteId, from, to, periodId } = query
  if (periodId !== undefined) {
    if (from !== undefined || to !== undefined) return invalid('/periodId', 'stands instead of from and to')
    const period = await getRecord(db, ledgerPeriods, access, periodId)
    if (period === undefined) return invalid('/periodId', 'no such closed period')
    if (siteId !== undefined && siteId !== period.siteId) return invalid('/siteId', 'the period is of another site')
    return ok({ from: period.from, to: period.to, siteId: period.siteId })
  }
  if (from === undefined) return invalid('/from', 'name the first day, or a closed period')
  const last = to ?? from
  const wrong = daySpanProblem({ from, to: last }, longestDays)
  if (wrong !== null) return invalid(wrong.pointer, wrong.message)
  return ok({ from, to: last, ...(siteId === undefined ? {} : { siteId }) })
}

async function allSites(db: Db, access: Access): Promise<Site[]> {
  const { items } = await listRecords(db, sites, access, { limit: mostSites })
  return items
}
