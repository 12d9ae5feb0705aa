// Owns the sums that a revenue report shows, each read in one pass over the rows of a site and a span of business dates.
// Must not decide what a figure means; core/domain/report does.
import { type RawBuilder, sql } from 'kysely'
import type {
  AccountMovement,
  ExceptionName,
  LineGrouping,
  LineSum,
  PaymentSum,
  RevenueFigures,
  SessionFigures,
  StayFigures,
} from '../domain/report/revenue-report.ts'
import type { Db } from './record-table.ts'
import { billedAhead } from './revenue-side.ts'

export interface ReportSpan {
  organizationId: string
  siteId: string
  siteCode: string
  zone: string
  /** Business dates, both included, and the instants at which the first begins and the last ends. */
  from: string
  to: string
  fromAt: Date
  toAt: Date
}

const figures = sql`count(*)::int as lines,
  coalesce(sum(total_minor) filter (where kind not in ('DISCOUNT', 'REBATE', 'VALIDATION', 'CREDIT')), 0)::bigint as "grossMinor",
  coalesce(-sum(total_minor) filter (where kind in ('DISCOUNT', 'REBATE')), 0)::bigint as "discountsMinor",
  coalesce(-sum(total_minor) filter (where kind = 'VALIDATION'), 0)::bigint as "validationsMinor",
  coalesce(-sum(total_minor) filter (where kind = 'CREDIT'), 0)::bigint as "paidByOthersMinor",
  coalesce(sum(net_minor) filter (where kind <> 'CREDIT'), 0)::bigint as "netMinor",
  coalesce(sum(tax_minor) filter (where kind <> 'CREDIT'), 0)::bigint as "taxMinor",
  coalesce(sum(total_minor), 0)::bigint as "totalMinor",
  coalesce(sum(billed_quantity * 1000) filter (where kind = 'ENERGY' and unit = 'kWh'), 0)::bigint as "energyWh"`

interface GroupSql {
  key: RawBuilder<unknown>
  label?: RawBuilder<unknown>
  joins?: RawBuilder<unknown>
}

const joinSession = sql`left join charging_session c on c.organization_id = l.organization_id and c.session_id = l.session_id`
const joinStay = sql`left join stay y on y.organization_id = l.organization_id and y.stay_id = l.stay_id`

/** `b` is the bill, `l` its line; a key of null is "nothing of the kind". */
const groups: Readonly<Record<LineGrouping, (span: ReportSpan) => GroupSql>> = {
  day: () => ({ key: sql`b.business_date::text` }),
  hour: ({ zone }) => ({ key: sql`to_char(b.service_to at time zone ${zone}, 'HH24')` }),
  site: ({ siteCode }) => ({ key: sql`b.site_id::text`, label: sql`${siteCode}::text` }),
  kind: () => ({ key: sql`l.kind` }),
  rate: () => ({
    key: sql`coalesce(l.tariff_id::text || ':' || l.tariff_version, y.price ->> 'rate')`,
    label: sql`coalesce(t.code || ' v' || l.tariff_version, y.price ->> 'rate')`,
    joins: sql`left join tariff t on t.organization_id = l.organization_id and t.tariff_id = l.tariff_id ${joinStay}`,
  }),
  rule: () => ({ key: sql`l.rule_path` }),
  tax: () => ({
    key: sql`coalesce(l.tax_code, 'none') || ' ' || trim_scale(l.tax_rate)::text`,
  }),
  entryLane: () => ({ key: sql`y.entry_lane`, joins: joinStay }),
  exitLane: () => ({ key: sql`y.exit_lane`, joins: joinStay }),
  station: () => ({
    key: sql`c.station_id::text`,
    label: sql`s.code`,
    joins: sql`${joinSession} left join station s on s.organization_id = c.organization_id and s.station_id = c.station_id`,
  }),
  evse: () => ({
    key: sql`c.station_id::text || ':' || c.evse_number`,
    label: sql`s.code || '/' || c.evse_number`,
    joins: sql`${joinSession} left join station s on s.organization_id = c.organization_id and s.station_id = c.station_id`,
  }),
  bay: () => ({
    key: sql`c.bay_id::text`,
    label: sql`a.code`,
    joins: sql`${joinSession} left join bay a on a.organization_id = c.organization_id and a.bay_id = c.bay_id`,
  }),
  account: () => ({
    key: sql`b.account_id::text`,
    label: sql`a.number || ' ' || a.name`,
    joins: sql`left join account a on a.organization_id = b.organization_id and a.account_id = b.account_id`,
  }),
}

const billsIn = ({ organizationId, siteId, from, to }: ReportSpan) => sql`b.organization_id = ${organizationId}
  and b.site_id = ${siteId} and b.business_date between ${from}::date and ${to}::date`

export interface RevenueRow extends RevenueFigures {
  currency: string
  /** Null: nothing of the kind, for example no lane. */
  key: string | null
  label: string | null
}
/** Of lines of one kind, tax code and rate, owed by the same and earned alike; credits and their taxes, too. */
export type RevenueLineSum = LineSum & { currency: string; taxRate: string }
type Summed = RevenueRow &
  RevenueLineSum & { of: 'all' | 'rows' | 'kinds' | 'sums'; allNetMinor: number; allTaxMinor: number }

export interface RevenueSums {
  totals: RevenueRow[]
  rows: RevenueRow[]
  kinds: RevenueRow[]
  sums: RevenueLineSum[]
}

/** All that is said of bill lines, from one pass over them. */
export async function revenueSums(db: Db, span: ReportSpan, by: LineGrouping): Promise<RevenueSums> {
  const { key, label = key, joins = sql`` } = groups[by](span)
  const { rows } = await sql<Summed>`
    with lines as (
      select b.currency, b.bill_id, l.kind, coalesce(l.tax_code, 'none') as tax_code, trim_scale(l.tax_rate)::text as tax_rate,
        b.owed_by, ${sql.raw(billedAhead('b'))} as ahead, l.net_minor, l.tax_minor, l.total_minor, l.unit, l.billed_quantity, ${key} as key, ${label} as label
      from bill b join bill_line l on l.organization_id = b.organization_id and l.bill_id = b.bill_id ${joins}
      where ${billsIn(span)}
    )
    select case when grouping(key) = 0 then 'rows' when grouping(tax_code) = 0 then 'sums' when grouping(kind) = 0 then 'kinds'
        else 'all' end as of,
      currency, key, max(label) as label, kind, tax_code as "taxCode", tax_rate as "taxRate", owed_by as "owedBy", ahead,
      count(distinct bill_id)::int as bills, ${figures},
      sum(net_minor)::bigint as "allNetMinor", sum(tax_minor)::bigint as "allTaxMinor"
    from lines
    group by grouping sets ((currency), (currency, key), (currency, kind), (currency, kind, tax_code, tax_rate, owed_by, ahead))
    order by currency, key nulls last, kind, tax_code, tax_rate, owed_by, ahead`.execute(db)
  const of = (which: Summed['of']) => rows.filter((row) => row.of === which)
  const shown = (row: Summed, key = row.key, label = row.label): RevenueRow => {
    const { of: _, kind: _kind, taxCode: _code, taxRate: _rate, allNetMinor: _net, allTaxMinor: _tax, ...rest } = row
    const { owedBy: _owed, ahead: _ahead, ...figures } = rest
    return { ...figures, key, label }
  }
  return {
    totals: of('all').map((row) => shown(row, null, null)),
    rows: of('rows').map((row) => shown(row)),
    kinds: of('kinds').map((row) => shown(row, row.kind, row.kind)),
    sums: of('sums').map((row) => {
      const { currency, kind, taxCode, taxRate, owedBy, ahead, allNetMinor, allTaxMinor, totalMinor } = row
      const amounts = { netMinor: allNetMinor, taxMinor: allTaxMinor, totalMinor }
      return { currency, kind, taxCode, taxRate, owedBy, ahead, ...amounts }
    }),
  }
}

/** What memberships served, by the day of the books on which it became revenue. */
export async function servedSums(
  db: Db,
  { organizationId, siteId, from, to }: ReportSpan,
): Promise<{ currency: string; amountMinor: number }[]> {
  const { rows } = await sql<{ currency: string; amountMinor: number }>`
    select c.currency, sum(r.amount_minor)::bigint as "amountMinor"
    from journal_entry e
    join membership_recognition r on r.organization_id = e.organization_id and r.run_id = e.source_id
    join membership_charge c on c.organization_id = r.organization_id and c.charge_id = r.charge_id
    where e.organization_id = ${organizationId} and e.site_id = ${siteId} and e.source_type = 'recognition'
      and e.business_date between ${from}::date and ${to}::date
    group by 1 order by 1`.execute(db)
  return rows
}

export interface ReportBill {
  billId: string
  number: string
  kind: 'bill' | 'adjustment'
  businessDate: string
  issuedAt: Date
  stayId: string | null
  sessionId: string | null
  currency: string
  /** Of the lines in the row that was drilled into; all of the bill's when none was. */
  netMinor: number
  taxMinor: number
  totalMinor: number
  billTotalMinor: number
}

/** The bills behind one row of a report, in the order of their ids. */
export async function reportBills(
  db: Db,
  span: ReportSpan,
  { by, key, after, limit }: { by: LineGrouping; key: string | null; after: string | null; limit: number },
): Promise<ReportBill[]> {
  const group = groups[by](span)
  const same = key === null ? sql`${group.key} is null` : sql`${group.key} = ${key}`
  const { rows } = await sql<ReportBill>`
    select b.bill_id as "billId", b.series || '-' || lpad(b.number::text, greatest(6, length(b.number::text)), '0') as number,
      b.kind, b.business_date::text as "businessDate", b.issued_at as "issuedAt", b.stay_id as "stayId",
      b.session_id as "sessionId", b.currency, sum(l.net_minor)::bigint as "netMinor", sum(l.tax_minor)::bigint as "taxMinor",
      sum(l.total_minor)::bigint as "totalMinor", b.total_minor as "billTotalMinor"
    from bill b join bill_line l on l.organization_id = b.organization_id and l.bill_id = b.bill_id ${group.joins ?? sql``}
    where ${billsIn(span)} and ${same} ${after === null ? sql`` : sql`and b.bill_id > ${after}::uuid`}
    group by b.organization_id, b.bill_id order by b.bill_id limit ${limit}`.execute(db)
  return rows
}

/** Debits less credits of every account by business dates: the change of the trial balance. */
export async function accountMovements(
  db: Db,
  { organizationId, siteId, from, to }: ReportSpan,
): Promise<(AccountMovement & { currency: string })[]> {
  const { rows } = await sql<AccountMovement & { currency: string }>`
    select side.account, p.currency, e.source_type as "sourceType", sum(side.amount)::bigint as "movementMinor"
    from journal_entry e
    join journal_posting p on p.organization_id = e.organization_id and p.entry_id = e.entry_id
    cross join lateral (values (p.debit_account, p.amount_minor), (p.credit_account, -p.amount_minor)) as side(account, amount)
    where e.organization_id = ${organizationId} and e.site_id = ${siteId}
      and e.business_date between ${from}::date and ${to}::date
    group by 1, 2, 3 order by 1, 2, 3`.execute(db)
  return rows
}

export interface PaymentRow extends PaymentSum {
  currency: string
  device: string | null
  count: number
}

/** Payments by the day on which they were posted, as the clearing accounts have them; told by which device, where one is named. */
export async function paymentSums(db: Db, span: ReportSpan): Promise<PaymentRow[]> {
  const { rows } = await sql<PaymentRow>`
    select p.currency, p.method, p.kind, f.device_code as device, (p.stay_id is not null or p.subject_key is not null) as applied,
      count(*)::int as count, sum(p.amount_minor)::bigint as "amountMinor"
    from journal_entry e
    join payment p on p.organization_id = e.organization_id and p.payment_id = e.source_id
    left join parking_fact f on f.organization_id = p.organization_id and f.fact_id = p.payment_id and f.type like 'payment.%'
    where e.organization_id = ${span.organizationId} and e.site_id = ${span.siteId} and e.source_type = 'payment'
      and e.business_date between ${span.from}::date and ${span.to}::date
    group by 1, 2, 3, 4, 5 order by 1, 2 nulls last, 3, 4 nulls last, 5`.execute(db)
  return rows
}

/** Made within the span and in no ledger yet; what a parking system keeps never comes there. */
export async function unpostedPaymentSum(
  db: Db,
  { organizationId, siteId, fromAt, toAt }: ReportSpan,
): Promise<{ currency: string; count: number; amountMinor: number }[]> {
  const { rows } = await sql<{ currency: string; count: number; amountMinor: number }>`
    select p.currency, count(*)::int as count,
      sum(case p.kind when 'captured' then p.amount_minor else -p.amount_minor end)::bigint as "amountMinor"
    from payment p
    where p.organization_id = ${organizationId} and p.site_id = ${siteId} and p.at >= ${fromAt} and p.at < ${toAt}
      and p.kind <> 'failed' and p.amount_minor > 0
      and not exists (select from payment_elsewhere w where w.organization_id = p.organization_id and w.payment_id = p.payment_id)
      and not exists (select from journal_entry e where e.organization_id = p.organization_id
        and e.source_type = 'payment' and e.source_id = p.payment_id)
    group by 1 order by 1`.execute(db)
  return rows
}

export interface UseFigures extends StayFigures, SessionFigures {
  bays: number
  /** Stays with a line of parking, for the average ticket. */
  ticketsBilled: number
}

export async function useFigures(db: Db, span: ReportSpan): Promise<UseFigures> {
  const { organizationId, siteId, fromAt, toAt } = span
  const stays = sql`from stay where organization_id = ${organizationId} and site_id = ${siteId}`
  const left = sql`coalesce(exited_at, exit_before)`
  const { rows } = await sql<UseFigures>`
    select
      (select count(*)::int ${stays} and state <> 'voided' and entered_at >= ${fromAt} and entered_at < ${toAt}) as issued,
      (select count(*)::int ${stays} and state <> 'voided' and ${left} >= ${fromAt} and ${left} < ${toAt}) as closed,
      (select count(*)::int ${stays} and state <> 'voided' and entered_at < ${toAt} and (${left} is null or ${left} >= ${toAt})) as open,
      (select count(*)::int ${stays} and state = 'voided' and entered_at >= ${fromAt} and entered_at < ${toAt}) as voided,
      (select count(distinct l.stay_id)::int from bill b join bill_line l
        on l.organization_id = b.organization_id and l.bill_id = b.bill_id and l.kind = 'PARKING' where ${billsIn(span)}) as "ticketsBilled",
      (select count(*)::int from bay where organization_id = ${organizationId} and site_id = ${siteId} and archived_at is null) as bays,
      s.* from (select count(*)::int as sessions, coalesce(sum(energy_wh), 0)::bigint as "meteredWh",
        coalesce(sum(extract(epoch from coalesce(unplugged_at, ended_at) - plugged_at)), 0)::bigint as "pluggedSeconds"
        from charging_session where organization_id = ${organizationId} and site_id = ${siteId} and state in ('ended', 'closed')
          and coalesce(unplugged_at, ended_at) >= ${fromAt} and coalesce(unplugged_at, ended_at) < ${toAt}) s`.execute(
    db,
  )
  const [row] = rows
  if (row === undefined) throw new Error('a count has a row')
  return row
}

export async function exceptionCounts(db: Db, span: ReportSpan): Promise<{ name: ExceptionName; count: number }[]> {
  const { organizationId, siteId, fromAt, toAt } = span
  const flagged = (...flags: readonly string[]) => sql`select count(*)::int from stay
    where organization_id = ${organizationId} and site_id = ${siteId} and state <> 'voided' and flags && ${flags}::text[]
      and coalesce(exited_at, exit_before) >= ${fromAt} and coalesce(exited_at, exit_before) < ${toAt}`
  const bills = (condition: RawBuilder<unknown>) =>
    sql`select count(*)::int from bill b where ${billsIn(span)} and ${condition}`
  const moved = (condition: RawBuilder<unknown>) => sql`select count(*)::int from movement m
    where m.organization_id = ${organizationId} and m.site_id = ${siteId} and m.at >= ${fromAt} and m.at < ${toAt} and ${condition}`
  const paid = (kind: string) => sql`select count(*)::int from payment
    where organization_id = ${organizationId} and site_id = ${siteId} and kind = ${kind} and at >= ${fromAt} and at < ${toAt}`
  const counts: Readonly<Record<ExceptionName, RawBuilder<unknown>>> = {
    lost_ticket: flagged('lost_ticket'),
    exit_without_entry: flagged('entry_missing'),
    entry_without_exit: flagged('exit_missing', 'exit_unknown'),
    exit_before_entry: flagged('exit_before_entry'),
    voided: sql`select count(*)::int from stay where organization_id = ${organizationId} and site_id = ${siteId}
      and state = 'voided' and entered_at >= ${fromAt} and entered_at < ${toAt}`,
    overrides: sql`select count(distinct coalesce(stay_id::text, vendor_event_id))::int from parking_fact
      where organization_id = ${organizationId} and site_id = ${siteId} and type = 'stay.corrected' and not superseded
        and occurred_at >= ${fromAt} and occurred_at < ${toAt}`,
    backouts: moved(sql`m.kind = 'turned_round'`),
    refused: moved(sql`m.kind = 'refused'`),
    opened_without_stay: moved(sql`m.kind = 'passed' and m.direction <> 'internal' and not exists (
      select from parking_fact f where f.organization_id = m.organization_id and f.movement_id = m.movement_id
        and f.stay_id is not null)`),
    free_exit: bills(sql`b.kind = 'bill' and b.total_minor = 0 and b.stay_id is not null and not exists (
      select from bill_line l where l.organization_id = b.organization_id and l.bill_id = b.bill_id and l.total_minor <> 0)`),
    negative: bills(sql`b.kind = 'bill' and b.total_minor < 0`),
    adjusted: bills(sql`b.kind = 'adjustment'`),
    refunds: paid('refunded'),
    failed_payments: paid('failed'),
  }
  const names = Object.keys(counts) as ExceptionName[]
  const { rows } = await sql<Record<string, number>>`select ${sql.join(
    names.map((name) => sql`(${counts[name]}) as ${sql.id(name)}`),
  )}`.execute(db)
  return names.map((name) => ({ name, count: rows[0]?.[name] ?? 0 }))
}

/** Ticket references of a connection, by prefix and number, in which a gap shows; voided ones count as issued. */
export async function ticketGaps(
  db: Db,
  { organizationId, siteId, fromAt, toAt }: ReportSpan,
): Promise<
  {
    connectionId: string
    prefix: string
    first: string
    last: string
    issued: number
    voided: number
    gaps: TicketGap[]
  }[]
> {
  const { rows } = await sql<{
    connectionId: string
    prefix: string
    first: string
    last: string
    issued: number
    voided: number
    gaps: TicketGap[]
  }>`
    with ticket as (
      select y.connection_id, m[1] as prefix, length(m[2]) as digits, m[2]::numeric as number, y.entered_at,
        bool_and(y.state = 'voided') as voided
      from stay y cross join lateral regexp_match(y.stay_ref, '^(.*?)([0-9]{1,18})$') as m
      where y.organization_id = ${organizationId} and y.site_id = ${siteId} and m is not null
        and y.entered_at >= ${fromAt} and y.entered_at < ${toAt}
      group by 1, 2, 3, 4, 5
    ), numbered as (
      select *, lag(number) over w as before, lag(entered_at) over w as before_at,
        row_number() over w as place, count(*) over (partition by connection_id, prefix) as tickets
      from (select connection_id, prefix, number, max(digits) as digits, min(entered_at) as entered_at, bool_and(voided) as voided
        from ticket group by 1, 2, 3) as each
      window w as (partition by connection_id, prefix order by number)
    )
    select connection_id as "connectionId", prefix, prefix || lpad(min(number)::text, max(digits), '0') as first,
      prefix || lpad(max(number)::text, max(digits), '0') as last, count(*)::int as issued,
      (count(*) filter (where voided))::int as voided,
      coalesce(json_agg(json_build_object('from', prefix || lpad((before + 1)::text, digits, '0'),
        'to', prefix || lpad((number - 1)::text, digits, '0'), 'missing', number - before - 1,
        'after', before_at, 'before', entered_at) order by number) filter (where number > before + 1), '[]') as gaps
    from numbered group by connection_id, prefix order by connection_id, prefix`.execute(db)
  return rows
}

export interface TicketGap {
  from: string
  to: string
  missing: number
  /** When the tickets on both sides were issued. */
  after: string
  before: string
}
