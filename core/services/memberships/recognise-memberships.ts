// Owns earning what was billed ahead: day by day, what a membership served moves from deferred revenue to revenue.
// Must not earn a day twice or before it is over.
import { recognitionPostings } from '../../domain/bill/index.ts'
import { addDays, localDate, startOfLocalDate } from '../../domain/local-time.ts'
import { earned } from '../../domain/membership/index.ts'
import { appendEntry } from '../../store/journal.ts'
import { firstUnearned, lockUnearned, type OpenCharge, writeRecognised } from '../../store/memberships.ts'
import { sites } from '../../store/places.ts'
import { type Db, getRecord } from '../../store/record-table.ts'
import { setTimer } from '../../store/timers.ts'
import { transaction } from '../../store/transaction.ts'
import type { ServiceDeps } from '../service-deps.ts'

type Deps = Pick<ServiceDeps, 'db' | 'clock' | 'newId'>

export interface SiteBooks {
  organizationId: string
  siteId: string
}

/** After midnight: renewals of the day before have been billed by then. */
const afterMidnightMs = 5 * 60_000

/** In the transaction that bills a membership. */
export async function appointRecognition(trx: Db, of: SiteBooks, zone: string, now: Date): Promise<void> {
  const tomorrow = startOfLocalDate(addDays(localDate(now, zone), 1), zone)
  const dueAt = new Date(tomorrow.getTime() + afterMidnightMs)
  const key = `membership:site:${of.siteId}`
  await setTimer(trx, { ...of, kind: 'membership.recognise', key, dueAt, data: { ...of } })
}

/** The task `membership.recognise`: every day that is over, each with its own entry. */
export function recogniseMemberships(deps: Deps): (of: SiteBooks) => Promise<void> {
  return async (of) => {
    const site = await getRecord(deps.db, sites, { organizationId: of.organizationId, siteIds: null }, of.siteId)
    if (site === undefined) return
    const now = deps.clock.now()
    await recogniseThrough(deps, of, addDays(localDate(now, site.timeZone), -1))
    if ((await firstUnearned(deps.db, of)) !== undefined) await appointRecognition(deps.db, of, site.timeZone, now)
  }
}

/** Joins the caller's transaction when `deps.db` is one. */
export async function recogniseThrough(deps: Deps, of: SiteBooks, through: string): Promise<void> {
  for (;;) {
    const first = await firstUnearned(deps.db, of)
    if (first === undefined || first > through) return
    await transaction(deps.db, (trx) => recogniseDay(deps, trx, of, first))
  }
}

async function recogniseDay(deps: Deps, trx: Db, of: SiteBooks, day: string): Promise<void> {
  const date = addDays(day, 1)
  const charges = await lockUnearned(trx, of, date)
  for (const currency of new Set(charges.map((charge) => charge.currency))) {
    await recognise(deps, trx, of, day, {
      date,
      currency,
      charges: charges.filter((each) => each.currency === currency),
    })
  }
}

async function recognise(
  deps: Deps,
  trx: Db,
  of: SiteBooks,
  day: string,
  { date, currency, charges }: { date: string; currency: string; charges: readonly OpenCharge[] },
): Promise<void> {
  const runId = deps.newId()
  const all = charges.map((charge) => {
    const recognisedMinor = earned(charge, date)
    return { chargeId: charge.chargeId, recognisedMinor, amountMinor: recognisedMinor - charge.recognisedMinor }
  })
  await writeRecognised(trx, { ...of, runId, date, through: day }, all)
  const amount = all.reduce((sum, each) => sum + each.amountMinor, 0)
  await appendEntry(
    trx,
    {
      ...of,
      entryId: deps.newId(),
      sourceType: 'recognition',
      sourceId: runId,
      description: `Memberships served on ${day}`,
      businessDate: day,
      factDate: day,
      corrects: null,
      postedAt: deps.clock.now(),
      currency,
      billId: null,
    },
    recognitionPostings(amount),
  )
}
