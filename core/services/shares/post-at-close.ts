// Owns what is posted when days are closed: shares of the takings, and what the metered energy cost. Once for each day.
// Must not change what was posted; energy that turns out otherwise later is another entry with the difference.
import { accounts } from '../../domain/bill/index.ts'
import { businessClock, businessDays } from '../../domain/business-day.ts'
import { addDays } from '../../domain/local-time.ts'
import { minor } from '../../domain/money.ts'
import { energyCostOf, shareOfDay } from '../../domain/share/share-of-day.ts'
import { appendEntry } from '../../store/journal.ts'
import type { Site } from '../../store/places.ts'
import type { Db } from '../../store/record-table.ts'
import {
  agreementsIn,
  costsOf,
  insertCost,
  insertShare,
  meteredByDay,
  openDays,
  ratesOf,
} from '../../store/revenue-shares.ts'
import type { ServiceDeps } from '../service-deps.ts'

interface Closing {
  organizationId: string
  site: Site
  /** The last day that is closed. */
  to: string
  now: Date
}
type Posting = Pick<ServiceDeps, 'newId'>

/** Meter data that comes later than this after its day is no longer looked at. */
const energyDaysBack = 62

/** In the transaction that closes, while nobody else posts. */
export async function postAtClose(deps: Posting, trx: Db, closing: Closing): Promise<void> {
  await postShares(deps, trx, closing)
  await postEnergy(deps, trx, closing)
}

async function postShares(deps: Posting, trx: Db, { organizationId, site, to, now }: Closing): Promise<void> {
  const books = { organizationId, siteId: site.siteId }
  const agreements = await agreementsIn(trx, books, to)
  if (agreements.length === 0) return
  for (const { date, currency, sums } of await openDays(trx, books, to)) {
    for (const { agreementId, party, name, validFrom, validTo, shares } of agreements) {
      if (date < validFrom || (validTo !== null && date > validTo)) continue
      const { lines, amountMinor } = shareOfDay(shares, sums, currency)
      if (lines.length === 0) continue
      const shareId = deps.newId()
      const row = { ...books, shareId, agreementId, date, currency, amountMinor, lines, postedAt: now }
      if (!(await insertShare(trx, row))) continue
      const [expense, payable] =
        party === 'owner'
          ? [accounts.ownerShare, accounts.ownerPayable]
          : [accounts.partnerShare, accounts.partnerPayable]
      await appendEntry(
        trx,
        {
          ...books,
          entryId: deps.newId(),
          sourceType: 'revenue_share',
          sourceId: shareId,
          corrects: null,
          billId: null,
          description: `Share of ${name}`,
          businessDate: date,
          factDate: date,
          postedAt: now,
          currency,
        },
        moved(expense, payable, amountMinor),
      )
    }
  }
}

async function postEnergy(deps: Posting, trx: Db, { organizationId, site, to, now }: Closing): Promise<void> {
  const books = { organizationId, siteId: site.siteId }
  const rates = await ratesOf(trx, books)
  const [first] = rates
  if (first === undefined || first.validFrom > to) return
  const back = addDays(to, -energyDaysBack)
  const from = first.validFrom > back ? first.validFrom : back
  const days = businessDays(from, to, businessClock(site.timeZone, site.settings))
  const known = new Map((await costsOf(trx, books, from, to)).map((cost) => [cost.date, cost]))
  const metered = new Map((await meteredByDay(trx, books, days)).map(({ date, meteredWh }) => [date, meteredWh]))
  for (const date of days.dates) {
    const rate = rates.findLast(({ validFrom }) => validFrom <= date)
    const before = known.get(date)
    const meteredWh = metered.get(date) ?? 0
    if (rate === undefined || (before === undefined && meteredWh === 0)) continue
    const amountMinor = energyCostOf(meteredWh, rate.pricePerKwh, site.currency)
    if (before?.meteredWh === meteredWh && before.amountMinor === amountMinor) continue
    const costId = deps.newId()
    const postedMinor = amountMinor - (before?.amountMinor ?? 0)
    const sequence = (before?.sequence ?? 0) + 1
    await insertCost(trx, {
      ...books,
      costId,
      date,
      sequence,
      rateId: rate.rateId,
      meteredWh,
      amountMinor,
      postedMinor,
      postedAt: now,
    })
    await appendEntry(
      trx,
      {
        ...books,
        entryId: deps.newId(),
        sourceType: 'energy_cost',
        sourceId: costId,
        billId: null,
        currency: site.currency,
        description: before === undefined ? `Energy of ${date}` : `Energy of ${date}, corrected`,
        corrects: before === undefined ? null : { sourceType: 'energy_cost', sourceId: before.costId },
        businessDate: date,
        factDate: date,
        postedAt: now,
      },
      moved(accounts.energyCost, accounts.energyPayable, postedMinor),
    )
  }
}

function moved(debit: string, credit: string, amount: number) {
  if (amount === 0) return []
  const [from, to] = amount > 0 ? [debit, credit] : [credit, debit]
  return [{ debit: from, credit: to, amountMinor: minor(Math.abs(amount)), line: null }]
}
