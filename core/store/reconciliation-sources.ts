// Owns what the hub has that others' books are held against: payments, bills, prices told, energy recorded and billed.
// Must not compare, and must not write.
import { sql } from 'kysely'
import type { Db } from './record-table.ts'
import { notTakenBack } from './taken-back.ts'

/** A stretch of time at a site, its end not included. */
export interface SourceSpan {
  organizationId: string
  siteId: string
  fromAt: Date
  toAt: Date
  /** Business days of the same stretch, both included. */
  fromDay: string
  toDay: string
  connectionId?: string | undefined
}

const here = (alias: string, { organizationId, siteId }: SourceSpan) =>
  sql`${sql.raw(alias)}.organization_id = ${organizationId} and ${sql.raw(alias)}.site_id = ${siteId}`
const of = (column: string, connectionId: string | undefined) =>
  connectionId === undefined ? sql`true` : sql`${sql.raw(column)} = ${connectionId}`

export interface TakenPayment {
  paymentId: string
  /** Less than nothing when it went back. */
  amountMinor: number
  currency: string
  at: Date
  method: string | null
  transaction: string | null
  ticket: string | null
  place: string | null
  discountMinor: number
}

/** Payments that a parking system told of, as they stand in the books; those that a correction took back are not among them. */
export async function parcsPayments(db: Db, span: SourceSpan): Promise<TakenPayment[]> {
  const { rows } = await sql<TakenPayment>`
    select p.payment_id as "paymentId", (case p.kind when 'captured' then p.amount_minor else -p.amount_minor end)::bigint as "amountMinor",
      p.currency, p.at, p.method, p.vendor_transaction as transaction, y.stay_ref as ticket,
      coalesce(f.device_code, f.lane_code) as place,
      coalesce((select sum((d ->> 'amountMinor')::numeric) from jsonb_array_elements(y.discounts) d
        where d ->> 'amountMinor' is not null), 0)::bigint as "discountMinor"
    from payment p
    left join stay y on y.organization_id = p.organization_id and y.stay_id = p.stay_id
    left join parking_fact f on f.organization_id = p.organization_id and f.fact_id = p.payment_id and f.type like 'payment.%'
    where ${here('p', span)} and p.at >= ${span.fromAt} and p.at < ${span.toAt} and p.kind <> 'failed' and p.order_id is null
      and p.connection_id is not null and ${of('p.connection_id', span.connectionId)} and p.content_key not like '%/back'
      and ${notTakenBack('p')}
    order by p.at, p.payment_id`.execute(db)
  return rows
}

export interface ToldPayment {
  factId: string
  amountMinor: number
  currency: string
  at: Date
  method: string | null
  transaction: string | null
  ticket: string | null
  place: string | null
}

/** What the parking system's own facts say was paid, each in its last revision. */
export async function toldPayments(db: Db, span: SourceSpan): Promise<ToldPayment[]> {
  const { rows } = await sql<ToldPayment>`
    select f.fact_id as "factId", f.data ->> 'currency' as currency, f.occurred_at as at, f.data ->> 'method' as method,
      (case f.type when 'payment.captured' then 1 else -1 end * (f.data ->> 'amountMinor')::bigint)::bigint as "amountMinor",
      f.data ->> 'vendorTransaction' as transaction, coalesce(y.stay_ref, f.stay_ref) as ticket,
      coalesce(f.device_code, f.lane_code) as place
    from parking_fact f
    left join stay y on y.organization_id = f.organization_id and y.stay_id = f.stay_id
    where ${here('f', span)} and f.occurred_at >= ${span.fromAt} and f.occurred_at < ${span.toAt} and not f.superseded
      and f.type in ('payment.captured', 'payment.refunded') and ${of('f.connection_id', span.connectionId)}
    order by f.occurred_at, f.fact_id`.execute(db)
  return rows
}

export interface PricedStayRow {
  stayId: string
  ticket: string | null
  /** What the parking system says in the end; null where it told none. */
  priceMinor: number | null
  priceTaxMinor: number | null
  priceCurrency: string | null
  pricedAt: Date | null
  leftAt: Date | null
  place: string | null
  /** What the bills of the stay have of its parking, all adjustments in. */
  billedMinor: number | null
  billedTaxMinor: number | null
  billedDiscountMinor: number | null
  billCurrency: string | null
  billDate: string | null
  billingState: string | null
  billingReason: string | null
}

/** Stays with a final price of the parking system, and billed ones of the connections that tell prices. */
export async function pricedStays(db: Db, span: SourceSpan): Promise<PricedStayRow[]> {
  const { organizationId, siteId } = span
  const { rows } = await sql<PricedStayRow>`
    with told as (
      select y.stay_id, y.connection_id from stay y
      where ${here('y', span)} and y.state <> 'voided' and y.price ->> 'final' = 'true' and ${of('y.connection_id', span.connectionId)}
        and coalesce(y.exited_at, y.exit_before, (y.price ->> 'at')::timestamptz) >= ${span.fromAt}
        and coalesce(y.exited_at, y.exit_before, (y.price ->> 'at')::timestamptz) < ${span.toAt}
    ), meant as (
      select stay_id from told
      union
      select b.stay_id from bill b join stay y on y.organization_id = b.organization_id and y.stay_id = b.stay_id
      where ${here('b', span)} and b.stay_id is not null and b.business_date between ${span.fromDay}::date and ${span.toDay}::date
        and y.connection_id in (select connection_id from told)
    ), billed as (
      select b.stay_id, b.currency, min(b.business_date)::text as day, sum(l.total_minor)::bigint as total, sum(l.tax_minor)::bigint as tax,
        coalesce(-sum(l.total_minor) filter (where l.kind in ('VALIDATION', 'DISCOUNT', 'REBATE')), 0)::bigint as discount
      from meant m join bill b on b.organization_id = ${organizationId} and b.site_id = ${siteId} and b.stay_id = m.stay_id
      join bill_line l on l.organization_id = b.organization_id and l.bill_id = b.bill_id and l.session_id is null and l.kind <> 'CREDIT'
      group by b.stay_id, b.currency
    )
    select y.stay_id as "stayId", y.stay_ref as ticket, coalesce(y.exit_lane, y.entry_lane) as place,
      case when y.state <> 'voided' and y.price ->> 'final' = 'true' then (y.price ->> 'amountMinor')::bigint end as "priceMinor",
      (y.price ->> 'taxMinor')::bigint as "priceTaxMinor", y.price ->> 'currency' as "priceCurrency",
      (y.price ->> 'at')::timestamptz as "pricedAt", coalesce(y.exited_at, y.exit_before) as "leftAt",
      k.total as "billedMinor", k.tax as "billedTaxMinor", k.discount as "billedDiscountMinor", k.currency as "billCurrency",
      k.day as "billDate", u.state as "billingState", u.reason as "billingReason"
    from meant m join stay y on y.organization_id = ${organizationId} and y.stay_id = m.stay_id
    left join billed k on k.stay_id = y.stay_id
    left join billing_subject u on u.organization_id = y.organization_id and u.subject_key = 'stay:' || y.stay_id
    order by y.stay_id, k.currency`.execute(db)
  return rows
}

export interface ProviderMovement {
  id: string
  amountMinor: number
  currency: string
  at: Date
  transaction: string | null
  method: string | null
}

/** Money that providers and terminals moved; one movement that pays for several things is one. */
export async function providerMovements(
  db: Db,
  span: SourceSpan & { methods?: readonly string[] | undefined },
): Promise<ProviderMovement[]> {
  const methods = span.methods === undefined ? sql`true` : sql`p.method = any(${[...span.methods]}::text[])`
  const { rows } = await sql<ProviderMovement>`
    select case when p.order_id is null then 'payment:' || p.payment_id else 'movement:' || p.order_id || '/' || p.movement end as id,
      sum(case p.kind when 'captured' then p.amount_minor else -p.amount_minor end)::bigint as "amountMinor",
      p.currency, min(p.at) as at, min(p.vendor_transaction) as transaction, min(p.method) as method
    from payment p
    where ${here('p', span)} and p.at >= ${span.fromAt} and p.at < ${span.toAt} and p.kind <> 'failed' and p.amount_minor > 0
      and ${of('p.connection_id', span.connectionId)} and ${methods}
    group by 1, p.currency order by 1, p.currency`.execute(db)
  return rows
}

export interface SessionEnergy {
  sessionId: string
  station: string
  startedAt: Date
  endedAt: Date
  energyWh: number
  void: boolean
  /** Null without a line of energy. */
  billedWh: number | null
  /** What steps added. */
  stepWh: number
  billed: boolean
  billingState: string | null
  billingReason: string | null
}

/** Sessions that were over within the span, with what was metered and what was billed of it. */
export async function sessionEnergy(db: Db, span: SourceSpan): Promise<SessionEnergy[]> {
  const { rows } = await sql<SessionEnergy>`
    select c.session_id as "sessionId", t.code as station, c.started_at as "startedAt", coalesce(c.unplugged_at, c.ended_at) as "endedAt",
      c.energy_wh as "energyWh", c.state = 'void' as void, l.billed as "billedWh", coalesce(l.step, 0)::bigint as "stepWh",
      coalesce(l.lines, 0) > 0 as billed, u.state as "billingState", u.reason as "billingReason"
    from charging_session c
    join station t on t.organization_id = c.organization_id and t.station_id = c.station_id
    left join lateral (
      select count(*)::int as lines, round(sum(billed_quantity * 1000) filter (where kind = 'ENERGY' and unit = 'kWh'))::bigint as billed,
        round(sum((billed_quantity - quantity) * 1000) filter (where kind = 'ENERGY' and unit = 'kWh'))::bigint as step
      from bill_line where organization_id = c.organization_id and session_id = c.session_id
    ) l on true
    left join lateral (
      select s.state, s.reason from billing_subject s
      where s.organization_id = c.organization_id and s.subject_key in (select 'session:' || c.session_id union all
        select 'stay:' || k.stay_id from link k where k.organization_id = c.organization_id and k.session_id = c.session_id and k.state = 'linked')
      order by (s.state = 'settled'), s.subject_key desc limit 1
    ) u on true
    where ${here('c', span)} and c.state in ('ended', 'closed', 'void')
      and coalesce(c.unplugged_at, c.ended_at) >= ${span.fromAt} and coalesce(c.unplugged_at, c.ended_at) < ${span.toAt}
      and (c.energy_wh <> 0 or l.lines > 0)
    order by c.session_id`.execute(db)
  return rows
}

export interface StationSession {
  stationId: string
  startedAt: Date
  endedAt: Date
  energyWh: number
  registers: [string, number][]
}

/** Sessions at these stations that took energy at some time of the span; one that goes on counts up to now. */
export async function stationSessions(
  db: Db,
  { organizationId, siteId, fromAt, toAt }: Pick<SourceSpan, 'organizationId' | 'siteId' | 'fromAt' | 'toAt'>,
  { stationIds, now }: { stationIds: readonly string[]; now: Date },
): Promise<StationSession[]> {
  const { rows } = await sql<StationSession>`
    select station_id as "stationId", started_at as "startedAt", coalesce(ended_at, unplugged_at, ${now}::timestamptz) as "endedAt",
      energy_wh as "energyWh", registers
    from charging_session
    where organization_id = ${organizationId} and site_id = ${siteId} and state <> 'void' and energy_wh > 0
      and station_id = any(${[...stationIds]}::uuid[]) and started_at < ${toAt}
      and coalesce(ended_at, unplugged_at, ${now}::timestamptz) > ${fromAt}
    order by started_at, session_id`.execute(db)
  return rows
}

/** Codes of the site's stations, by id. */
export async function stationCodes(db: Db, organizationId: string, siteId: string): Promise<Map<string, string>> {
  const rows = await db
    .selectFrom('station')
    .select(['station_id', 'code'])
    .where('organization_id', '=', organizationId)
    .where('site_id', '=', siteId)
    .execute()
  return new Map(rows.map((row) => [row.station_id, row.code]))
}
