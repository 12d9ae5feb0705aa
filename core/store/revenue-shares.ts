// Owns agreements about shares of a site's takings, energy rates, and the rows of what was shared and paid for day by day.
// Must not compute an amount; core/domain/share does.
import { sql } from 'kysely'
import type { DaySum, ShareLine, ShareRule } from '../domain/share/share-of-day.ts'
import { jsonText } from './json-text.ts'
import { type Stamped, stampColumns } from './places.ts'
import { type Db, is, recordTable } from './record-table.ts'

export interface RevenueAgreement extends Stamped {
  agreementId: string
  siteId: string
  party: 'owner' | 'partner'
  name: string
  address: string[]
  validFrom: string
  validTo: string | null
  shares: ShareRule[]
}

export const revenueAgreements = recordTable<RevenueAgreement>()('revenue_agreement', {
  type: 'revenue_agreement',
  id: 'agreement_id',
  columns: {
    agreementId: 'agreement_id',
    siteId: 'site_id',
    party: 'party',
    name: 'name',
    address: 'address',
    validFrom: 'valid_from',
    validTo: 'valid_to',
    shares: 'shares',
    ...stampColumns,
  },
  json: ['address', 'shares'],
  reach: 'site',
  archives: true,
  search: ['name'],
  sorts: {
    validFrom: [
      { expression: 't.valid_from', type: 'date' },
      { expression: 't.agreement_id', type: 'uuid' },
    ],
  },
  filters: { siteId: is('site_id'), party: is('party') },
})

export interface EnergyRate extends Stamped {
  rateId: string
  siteId: string
  name: string
  validFrom: string
  pricePerKwh: string
}

export const energyRates = recordTable<EnergyRate>()('energy_rate', {
  type: 'energy_rate',
  id: 'rate_id',
  columns: {
    rateId: 'rate_id',
    siteId: 'site_id',
    name: 'name',
    validFrom: 'valid_from',
    pricePerKwh: 'price_per_kwh',
    ...stampColumns,
  },
  reach: 'site',
  archives: true,
  search: ['name'],
  sorts: {
    validFrom: [
      { expression: 't.valid_from', type: 'date' },
      { expression: 't.rate_id', type: 'uuid' },
    ],
  },
  filters: { siteId: is('site_id') },
})

interface Books {
  organizationId: string
  siteId: string
}

/** Those that hold on some day of the span, archived ones too: an archived one ends with its last day. */
export async function agreementsIn(
  db: Db,
  { organizationId, siteId }: Books,
  to: string,
): Promise<Pick<RevenueAgreement, 'agreementId' | 'party' | 'name' | 'validFrom' | 'validTo' | 'shares'>[]> {
  const { rows } = await sql<RevenueAgreement>`
    select agreement_id as "agreementId", party, name, valid_from as "validFrom", valid_to as "validTo", shares
    from revenue_agreement
    where organization_id = ${organizationId} and site_id = ${siteId} and archived_at is null and valid_from <= ${to}::date
    order by agreement_id`.execute(db)
  return rows
}

export interface OpenDay {
  date: string
  currency: string
  sums: DaySum[]
}

/** Bill lines of days that are not closed, up to one, by day, currency and kind. */
export async function openDays(db: Db, { organizationId, siteId }: Books, to: string): Promise<OpenDay[]> {
  const { rows } = await sql<OpenDay>`
    with sums as (
      select b.business_date, b.currency, l.kind, sum(l.net_minor)::bigint as net_minor,
        coalesce(sum(l.billed_quantity * 1000) filter (where l.kind = 'ENERGY' and l.unit = 'kWh'), 0)::bigint as energy_wh
      from bill b join bill_line l on l.organization_id = b.organization_id and l.bill_id = b.bill_id
      where b.organization_id = ${organizationId} and b.site_id = ${siteId} and b.business_date <= ${to}::date
        and b.business_date > coalesce((select max(c.to_date) from ledger_period c
          where c.organization_id = ${organizationId} and c.site_id = ${siteId}), '-infinity')
      group by 1, 2, 3)
    select business_date::text as date, currency,
      json_agg(json_build_object('kind', kind, 'netMinor', net_minor, 'energyWh', energy_wh) order by kind) as sums
    from sums group by 1, 2 order by 1, 2`.execute(db)
  return rows
}

export interface NewShare extends Books {
  shareId: string
  agreementId: string
  date: string
  currency: string
  amountMinor: number
  lines: readonly ShareLine[]
  postedAt: Date
}

/** False when the day's share was there before. */
export async function insertShare(trx: Db, share: NewShare): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('revenue_share')
    .values({
      organization_id: share.organizationId,
      site_id: share.siteId,
      share_id: share.shareId,
      agreement_id: share.agreementId,
      business_date: share.date,
      currency: share.currency,
      amount_minor: share.amountMinor,
      lines: jsonText(share.lines),
      posted_at: share.postedAt,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n
}

/** The last day that was shared under an agreement. */
export async function lastShared(db: Db, organizationId: string, agreementId: string): Promise<string | null> {
  const { rows } = await sql<{ date: string | null }>`
    select max(business_date)::text as date from revenue_share
    where organization_id = ${organizationId} and agreement_id = ${agreementId}`.execute(db)
  return rows[0]?.date ?? null
}

export interface ShareRow {
  shareId: string
  date: string
  amountMinor: number
  lines: ShareLine[]
}

/** Shares up to the end of a month that stand on no statement. */
export async function unstatedShares(
  db: Db,
  organizationId: string,
  { agreementId, currency, until }: { agreementId: string; currency: string; until: string },
): Promise<ShareRow[]> {
  const { rows } = await sql<ShareRow>`
    select share_id as "shareId", business_date::text as date, amount_minor as "amountMinor", lines from revenue_share r
    where r.organization_id = ${organizationId} and r.agreement_id = ${agreementId} and r.currency = ${currency}
      and r.business_date < ${until}::date and not exists (select from revenue_share_stated s
        where s.organization_id = r.organization_id and s.share_id = r.share_id)
    order by business_date`.execute(db)
  return rows
}

export async function markStated(
  trx: Db,
  { organizationId, siteId }: Books,
  statementId: string,
  shareIds: readonly string[],
): Promise<void> {
  if (shareIds.length === 0) return
  await sql`insert into revenue_share_stated (organization_id, site_id, share_id, statement_id)
    select ${organizationId}::uuid, ${siteId}::uuid, s, ${statementId}::uuid from unnest(${shareIds}::uuid[]) s`.execute(
    trx,
  )
}

/** Rates of a site, the first day that they hold first. */
export async function ratesOf(
  db: Db,
  { organizationId, siteId }: Books,
): Promise<Pick<EnergyRate, 'rateId' | 'validFrom' | 'pricePerKwh'>[]> {
  const { rows } = await sql<Pick<EnergyRate, 'rateId' | 'validFrom' | 'pricePerKwh'>>`
    select rate_id as "rateId", valid_from::text as "validFrom", price_per_kwh::text as "pricePerKwh" from energy_rate
    where organization_id = ${organizationId} and site_id = ${siteId} and archived_at is null order by valid_from`.execute(
    db,
  )
  return rows
}

/** Metered energy by day; a session counts on the day on which it ended. `starts` has one more, the end of the last day. */
export async function meteredByDay(
  db: Db,
  { organizationId, siteId }: Books,
  { dates, starts }: { dates: readonly string[]; starts: readonly Date[] },
): Promise<{ date: string; meteredWh: number }[]> {
  const [first] = starts
  const last = starts.at(-1)
  if (first === undefined || last === undefined || dates.length === 0) return []
  const { rows } = await sql<{ date: string; meteredWh: number }>`
    select (${dates}::text[])[width_bucket(coalesce(unplugged_at, ended_at), ${starts}::timestamptz[])] as date,
      sum(energy_wh)::bigint as "meteredWh"
    from charging_session
    where organization_id = ${organizationId} and site_id = ${siteId} and state in ('ended', 'closed')
      and coalesce(unplugged_at, ended_at) >= ${first} and coalesce(unplugged_at, ended_at) < ${last}
    group by 1 order by 1`.execute(db)
  return rows
}

export interface CostOfDay {
  costId: string
  date: string
  sequence: number
  meteredWh: number
  amountMinor: number
}

/** The latest row of each day of a span. */
export async function costsOf(
  db: Db,
  { organizationId, siteId }: Books,
  from: string,
  to: string,
): Promise<CostOfDay[]> {
  const { rows } = await sql<CostOfDay>`
    select distinct on (business_date) cost_id as "costId", business_date::text as date, sequence, metered_wh as "meteredWh",
      amount_minor as "amountMinor"
    from energy_cost where organization_id = ${organizationId} and site_id = ${siteId}
      and business_date between ${from}::date and ${to}::date
    order by business_date, sequence desc`.execute(db)
  return rows
}

export interface NewCost extends Books, CostOfDay {
  rateId: string
  postedMinor: number
  postedAt: Date
}

export async function insertCost(trx: Db, cost: NewCost): Promise<void> {
  await trx
    .insertInto('energy_cost')
    .values({
      organization_id: cost.organizationId,
      site_id: cost.siteId,
      cost_id: cost.costId,
      business_date: cost.date,
      sequence: cost.sequence,
      rate_id: cost.rateId,
      metered_wh: cost.meteredWh,
      amount_minor: cost.amountMinor,
      posted_minor: cost.postedMinor,
      posted_at: cost.postedAt,
    })
    .execute()
}

export interface EnergyCostRow {
  costId: string
  siteId: string
  businessDate: string
  sequence: number
  rateId: string
  meteredWh: number
  amountMinor: number
  postedMinor: number
  postedAt: Date
}

export const energyCosts = recordTable<EnergyCostRow>()('energy_cost', {
  type: 'energy_cost',
  id: 'cost_id',
  columns: {
    costId: 'cost_id',
    siteId: 'site_id',
    businessDate: 'business_date',
    sequence: 'sequence',
    rateId: 'rate_id',
    meteredWh: 'metered_wh',
    amountMinor: 'amount_minor',
    postedMinor: 'posted_minor',
    postedAt: 'posted_at',
  },
  reach: 'site',
  sorts: {
    businessDate: [
      { expression: 't.business_date', type: 'date' },
      { expression: 't.sequence', type: 'int8' },
      { expression: 't.cost_id', type: 'uuid' },
    ],
  },
  defaultSort: '-businessDate',
  filters: {
    siteId: is('site_id'),
    from: (date: string) => sql<boolean>`t.business_date >= ${date}::date`,
    to: (date: string) => sql<boolean>`t.business_date <= ${date}::date`,
  },
})
