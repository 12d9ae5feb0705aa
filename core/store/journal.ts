// Owns the journal: entries with postings are added, listed and summed, never changed.
// Must not decide what is posted; core/domain/bill does.
import { type Kysely, sql } from 'kysely'
import type { Posting } from '../domain/bill/index.ts'
import { jsonText } from './json-text.ts'
import { after, keyOf, type Order, orderBy, type Page, type Place, page } from './keyset.ts'
import type { Sight } from './record-table.ts'
import { all, visible } from './record-table.ts'
import { billedAhead, revenueSide } from './revenue-side.ts'
import type { HubTables } from './schema.ts'
import { withoutWaiting } from './transaction.ts'

type Db = Kysely<HubTables>

export type EntrySource =
  | 'bill'
  | 'payment'
  | 'revenue_share'
  | 'energy_cost'
  | 'partner_cdr'
  | 'cdr_dispute'
  | 'settlement_statement'
  | 'recognition'
  | 'write_off'
  | 'deposit'

export interface NewEntry {
  organizationId: string
  siteId: string
  entryId: string
  /** With the source's id it names the entry for ever: posting the same source again adds nothing. */
  sourceType: EntrySource
  sourceId: string
  description: string
  /** Local day of the site on which it was posted. When that is closed already, the database takes the first open one. */
  businessDate: string
  /** Local day of what it is about. */
  factDate: string
  /** Of a correction: the source whose entry it corrects. */
  corrects: { sourceType: EntrySource; sourceId: string } | null
  postedAt: Date
  currency: string
  billId: string | null
}

/** True when it was added, false when this source was posted before. Nothing is added for a source without postings. */
export async function appendEntry(trx: Db, entry: NewEntry, postings: readonly Posting[]): Promise<boolean> {
  if (postings.length === 0) return false
  const { numInsertedOrUpdatedRows } = await withPostings(trx, entry, postings).executeTakeFirst()
  return (numInsertedOrUpdatedRows ?? 0n) > 0n
}

/** As appendEntry, without waiting for what comes of it: the commit is waited for. */
export async function sendEntry(trx: Db, entry: NewEntry, postings: readonly Posting[]): Promise<void> {
  if (postings.length > 0) await withoutWaiting(trx, withPostings(trx, entry, postings))
}

function withPostings(trx: Db, entry: NewEntry, postings: readonly Posting[]) {
  const rows = postings.map((posting, i) => ({
    posting: i + 1,
    debit_account: posting.debit,
    credit_account: posting.credit,
    amount_minor: posting.amountMinor,
    bill_line: posting.line,
  }))
  return trx
    .with('entry', (db) => entryOf(db, entry, postings.length))
    .insertInto('journal_posting')
    .columns([
      'organization_id',
      'site_id',
      'entry_id',
      'posting',
      'debit_account',
      'credit_account',
      'amount_minor',
      'currency',
      'bill_id',
      'bill_line',
    ])
    .expression((from) =>
      from
        .selectFrom([
          'entry',
          sql<(typeof rows)[number]>`json_to_recordset(${jsonText(rows)}::json)`.as<'r'>(
            sql`r(posting integer, debit_account text, credit_account text, amount_minor bigint, bill_line integer)`,
          ),
        ])
        .select([
          'entry.organization_id',
          'entry.site_id',
          'entry.entry_id',
          'r.posting',
          'r.debit_account',
          'r.credit_account',
          'r.amount_minor',
          sql<string>`${entry.currency}::text`.as('currency'),
          sql<string | null>`${entry.billId}::uuid`.as('bill_id'),
          'r.bill_line',
        ]),
    )
}

function entryOf(db: Pick<Db, 'insertInto'>, entry: NewEntry, postings: number) {
  const { corrects } = entry
  return db
    .insertInto('journal_entry')
    .values({
      organization_id: entry.organizationId,
      site_id: entry.siteId,
      entry_id: entry.entryId,
      source_type: entry.sourceType,
      source_id: entry.sourceId,
      description: entry.description,
      business_date: entry.businessDate,
      posted_at: entry.postedAt,
      fact_date: entry.factDate,
      postings,
      corrects_entry_id:
        corrects === null
          ? null
          : sql<string | null>`(select c.entry_id from journal_entry c where c.organization_id = ${entry.organizationId}
              and c.source_type = ${corrects.sourceType} and c.source_id = ${corrects.sourceId})`,
    })
    .onConflict((conflict) => conflict.columns(['organization_id', 'source_type', 'source_id']).doNothing())
    .returning(['organization_id', 'site_id', 'entry_id'])
}

export interface JournalPosting {
  debitAccount: string
  creditAccount: string
  amountMinor: number
  currency: string
  billId: string | null
  billLine: number | null
}

export interface JournalEntry {
  entryId: string
  siteId: string
  sourceType: string
  sourceId: string
  description: string
  businessDate: string
  postedAt: Date
  postings: JournalPosting[]
}

export interface JournalPeriod {
  siteId?: string
  /** Business dates, both included. */
  from?: string
  to?: string
}

const newestFirst: Order = {
  name: '-postedAt',
  columns: [
    { expression: 't.posted_at', type: 'timestamptz' },
    { expression: 't.entry_id', type: 'uuid' },
  ],
  descending: true,
}

const period = ({ siteId, from, to }: JournalPeriod) => [
  siteId === undefined ? undefined : sql<boolean>`t.site_id = ${siteId}`,
  from === undefined ? undefined : sql<boolean>`t.business_date >= ${from}::date`,
  to === undefined ? undefined : sql<boolean>`t.business_date <= ${to}::date`,
]

/** Entries with their postings, newest first. */
export async function listEntries(
  db: Db,
  sight: Sight,
  query: JournalPeriod & { limit?: number; after?: Place | undefined },
): Promise<Page<JournalEntry>> {
  const { limit = 50 } = query
  const conditions = [...visible({ reach: 'site' }, sight), ...period(query), after(newestFirst, query.after)]
  const { rows } = await sql<JournalEntry & { key: string[] }>`
    select t.entry_id as "entryId", t.site_id as "siteId", t.source_type as "sourceType", t.source_id as "sourceId",
      t.description, t.business_date as "businessDate", t.posted_at as "postedAt", ${keyOf(newestFirst)} as key,
      (select coalesce(json_agg(json_build_object('debitAccount', p.debit_account, 'creditAccount', p.credit_account,
          'amountMinor', p.amount_minor, 'currency', p.currency, 'billId', p.bill_id, 'billLine', p.bill_line)
          order by p.posting), '[]')
        from journal_posting p where p.organization_id = t.organization_id and p.entry_id = t.entry_id) as postings
    from journal_entry t where ${all(conditions)} order by ${orderBy(newestFirst)} limit ${limit + 1}`.execute(db)
  return page(rows, limit, newestFirst, ({ key: _, ...entry }) => entry)
}

export interface AccountBalance {
  account: string
  currency: string
  debitMinor: number
  creditMinor: number
  /** Debits less credits. */
  balanceMinor: number
}

/** Debits and credits of every account in a period: the trial balance. Debits and credits are equal in each currency. */
export async function accountBalances(db: Db, sight: Sight, query: JournalPeriod): Promise<AccountBalance[]> {
  const { rows } = await sql<AccountBalance>`
    select side.account, side.currency, sum(side.debit)::bigint as "debitMinor", sum(side.credit)::bigint as "creditMinor",
      (sum(side.debit) - sum(side.credit))::bigint as "balanceMinor"
    from journal_entry t
    join journal_posting p on p.organization_id = t.organization_id and p.entry_id = t.entry_id
    cross join lateral (values (p.debit_account, p.currency, p.amount_minor, 0::bigint),
      (p.credit_account, p.currency, 0::bigint, p.amount_minor)) as side(account, currency, debit, credit)
    where ${all([...visible({ reach: 'site' }, sight), ...period(query)])}
    group by side.account, side.currency order by side.account, side.currency`.execute(db)
  return rows
}

export interface RevenueRow {
  siteId: string
  day: string
  currency: string
  parkingNetMinor: number
  chargingNetMinor: number
  otherNetMinor: number
  netMinor: number
  taxMinor: number
  totalMinor: number
  parkingTotalMinor: number
  chargingTotalMinor: number
  /** As the revenue accounts have it: memberships count on the days that they serve. */
  earnedNetMinor: number
  bills: number
  energyWh: number
}

/**
 * What was billed per site and business day, parking beside charging. Validations and discounts lower the side they were given on;
 * what others pay for the driver (credits) is no loss of revenue and stands apart, as memberships do. Beside it what was earned.
 */
export async function revenueByDay(
  db: Db,
  sight: Sight,
  query: { siteId?: string; from: string; to: string },
): Promise<RevenueRow[]> {
  const { rows } = await sql<RevenueRow>`
    with lines as (
      select t.site_id, t.business_date, t.currency, t.bill_id, t.kind as bill_kind, l.kind, l.unit, l.billed_quantity,
        l.net_minor, l.tax_minor, l.total_minor, ${sql.raw(revenueSide)} as side,
        case when l.kind = 'CREDIT' or ${sql.raw(billedAhead('t'))} then 0 else l.net_minor end as earned_minor
      from bill t
      join bill_line l on l.organization_id = t.organization_id and l.bill_id = t.bill_id
      where ${all([...visible({ reach: 'site' }, sight), ...period(query)])}
      union all
      select t.site_id, t.business_date, c.currency, null, null, null, null, null, null, null, null, null, r.amount_minor
      from journal_entry t
      join membership_recognition r on r.organization_id = t.organization_id and r.run_id = t.source_id
      join membership_charge c on c.organization_id = r.organization_id and c.charge_id = r.charge_id
      where t.source_type = 'recognition' and ${all([...visible({ reach: 'site' }, sight), ...period(query)])}
    )
    select site_id as "siteId", business_date as day, currency,
      coalesce(sum(net_minor) filter (where side = 'parking'), 0)::bigint as "parkingNetMinor",
      coalesce(sum(net_minor) filter (where side = 'charging'), 0)::bigint as "chargingNetMinor",
      coalesce(sum(net_minor) filter (where side = 'other'), 0)::bigint as "otherNetMinor",
      coalesce(sum(net_minor), 0)::bigint as "netMinor",
      coalesce(sum(tax_minor), 0)::bigint as "taxMinor",
      coalesce(sum(total_minor), 0)::bigint as "totalMinor",
      coalesce(sum(total_minor) filter (where side = 'parking'), 0)::bigint as "parkingTotalMinor",
      coalesce(sum(total_minor) filter (where side = 'charging'), 0)::bigint as "chargingTotalMinor",
      sum(earned_minor)::bigint as "earnedNetMinor",
      (count(distinct bill_id) filter (where bill_kind = 'bill'))::int as bills,
      coalesce(sum(billed_quantity * 1000) filter (where kind = 'ENERGY' and unit = 'kWh'), 0)::bigint as "energyWh"
    from lines group by site_id, business_date, currency order by business_date, site_id, currency`.execute(db)
  return rows
}
