// Owns the rows of closed periods: what is open, what a close adds, how a closed one is read back.
// Must not change a row, and must not hash.
import { type Kysely, sql } from 'kysely'
import type { PeriodAccount, PeriodContent, StoredEntry, StoredPosting, Unsettled } from '../domain/ledger/chain.ts'
import { billNumberSql } from './bills.ts'
import { jsonText } from './json-text.ts'
import type { HubTables } from './schema.ts'

type Db = Kysely<HubTables>

export interface Books {
  organizationId: string
  siteId: string
}

/** Until the transaction ends nobody posts at the site nor closes it. */
export async function lockBooks(trx: Db, { organizationId, siteId }: Books): Promise<void> {
  await sql`select pg_advisory_xact_lock(ledger_lock(${organizationId}::uuid, ${siteId}::uuid))`.execute(trx)
}

export interface PeriodEnd {
  number: number
  to: string
  hash: string
}

export async function lastPeriod(db: Db, { organizationId, siteId }: Books): Promise<PeriodEnd | undefined> {
  const row = await db
    .selectFrom('ledger_period')
    .select(['number', 'to_date', 'hash'])
    .where('organization_id', '=', organizationId)
    .where('site_id', '=', siteId)
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row && { number: row.number, to: row.to_date, hash: row.hash }
}

/** What is posted up to a day and not closed, by currency. An entry has one: the database sees to that. */
export async function openBooks(
  db: Db,
  { organizationId, siteId }: Books,
  to: string,
): Promise<{ currency: string; entries: number; from: string }[]> {
  const { rows } = await sql<{ currency: string; entries: number; from: string }>`
    select p.currency, count(*)::int as entries, min(e.business_date) as "from" ${open({ organizationId, siteId }, to)}
    group by p.currency order by p.currency`.execute(db)
  return rows
}

/** The entries that are closed next; `p` is the first posting of each. */
const open = ({ organizationId, siteId }: Books, to: string) => sql`
  from journal_entry e
  join journal_posting p on p.organization_id = e.organization_id and p.entry_id = e.entry_id and p.posting = 1
  where e.organization_id = ${organizationId} and e.site_id = ${siteId} and e.business_date <= ${to}::date
    and e.business_date > coalesce((select max(c.to_date) from ledger_period c
      where c.organization_id = ${organizationId} and c.site_id = ${siteId}), '-infinity')`

const entryFields = sql`e.entry_id as "entryId", e.site_id as "siteId", e.business_date as date, e.fact_date as "factDate",
  e.posted_at as "postedAt", (extract(epoch from e.posted_at) * 1000000)::bigint as "postedMicros", e.description,
  e.source_type as "sourceType", e.source_id as "sourceId", e.corrects_entry_id as corrects,
  case e.source_type
    when 'bill' then (select ${sql.raw(billNumberSql('b'))} from bill b
      where b.organization_id = e.organization_id and b.bill_id = e.source_id)
    when 'payment' then (select m.vendor_transaction from payment m
      where m.organization_id = e.organization_id and m.payment_id = e.source_id)
  end as "sourceNumber",
  (select json_agg(json_build_object('posting', q.posting, 'debit', q.debit_account, 'credit', q.credit_account,
      'amountMinor', q.amount_minor, 'currency', q.currency, 'billId', q.bill_id, 'billLine', q.bill_line,
      'taxCode', nullif(l.tax_code, 'none')) order by q.posting)
    from journal_posting q
    left join bill_line l on l.organization_id = q.organization_id and l.bill_id = q.bill_id and l.line = q.bill_line
    where q.organization_id = e.organization_id and q.entry_id = e.entry_id) as postings`

type EntryRow = Omit<StoredEntry, 'postings'> & { postings: StoredPosting[] | null }

const entry = ({ postings, ...row }: EntryRow): StoredEntry => ({ ...row, postings: postings ?? [] })

/** Where the next page begins: after the entry with this day, time and id. */
export type EntryPlace = Pick<StoredEntry, 'date' | 'postedMicros' | 'entryId'>

/** The next entries that a close takes in, in the order of their numbers. */
export async function openEntries(
  db: Db,
  books: Books,
  { to, currency, after, limit }: { to: string; currency: string; after: EntryPlace | undefined; limit: number },
): Promise<StoredEntry[]> {
  const rest =
    after === undefined
      ? sql``
      : sql`and (e.business_date, (extract(epoch from e.posted_at) * 1000000)::bigint, e.entry_id)
          > (${after.date}::date, ${after.postedMicros}::bigint, ${after.entryId}::uuid)`
  const { rows } = await sql<EntryRow>`
    select ${entryFields} ${open(books, to)} and p.currency = ${currency} ${rest}
    order by e.business_date, e.posted_at, e.entry_id limit ${limit}`.execute(db)
  return rows.map(entry)
}

export type ClosedEntry = { number: number; entryId: string; hash: string } & { entry: StoredEntry | null }

/** The next entries of a closed period, with the hash that was kept of each; null for one that is gone. */
export async function closedEntries(
  db: Db,
  organizationId: string,
  { periodId, after, limit }: { periodId: string; after: number; limit: number },
): Promise<ClosedEntry[]> {
  const { rows } = await sql<EntryRow & { number: number; closedId: string; hash: string }>`
    select c.number, c.entry_id as "closedId", c.hash, ${entryFields}
    from ledger_period_entry c
    left join journal_entry e on e.organization_id = c.organization_id and e.entry_id = c.entry_id
    where c.organization_id = ${organizationId} and c.period_id = ${periodId} and c.number > ${after}
    order by c.number limit ${limit}`.execute(db)
  return rows.map(({ number, closedId, hash, ...row }) => ({
    number,
    entryId: closedId,
    hash,
    entry: row.entryId === null ? null : entry(row),
  }))
}

export type AccountTotal = Pick<PeriodAccount, 'account' | 'debitMinor' | 'creditMinor'>

/** Debits and credits by account of what is closed next. */
export async function openTotals(
  db: Db,
  books: Books,
  { to, currency }: { to: string; currency: string },
): Promise<AccountTotal[]> {
  const { rows } = await sql<AccountTotal>`
    select side.account, sum(side.debit)::bigint as "debitMinor", sum(side.credit)::bigint as "creditMinor"
    from (select e.organization_id, e.entry_id ${open(books, to)} and p.currency = ${currency}) as e
    join journal_posting p on p.organization_id = e.organization_id and p.entry_id = e.entry_id
    cross join lateral (values (p.debit_account, p.amount_minor, 0::bigint), (p.credit_account, 0::bigint, p.amount_minor))
      as side(account, debit, credit)
    group by side.account order by side.account collate "C"`.execute(db)
  return rows
}

/** The same of a closed period, added up anew from its entries. */
export async function recountTotals(db: Db, organizationId: string, periodId: string): Promise<AccountTotal[]> {
  const { rows } = await sql<AccountTotal>`
    select side.account, sum(side.debit)::bigint as "debitMinor", sum(side.credit)::bigint as "creditMinor"
    from ledger_period_entry c
    join journal_posting p on p.organization_id = c.organization_id and p.entry_id = c.entry_id
    cross join lateral (values (p.debit_account, p.amount_minor, 0::bigint), (p.credit_account, 0::bigint, p.amount_minor))
      as side(account, debit, credit)
    where c.organization_id = ${organizationId} and c.period_id = ${periodId}
    group by side.account order by side.account collate "C"`.execute(db)
  return rows
}

const idsAtOnce = 10_000

export async function insertPeriod(
  trx: Db,
  period: PeriodContent & { hash: string },
  entries: readonly { entryId: string; hash: string }[],
): Promise<void> {
  const { organizationId, siteId, periodId, accounts } = period
  const place = { organization_id: organizationId, site_id: siteId, period_id: periodId }
  await trx
    .insertInto('ledger_period')
    .values({
      ...place,
      number: period.number,
      currency: period.currency,
      from_date: period.from,
      to_date: period.to,
      closed_at: period.closedAt,
      closed_by: period.closedBy,
      reason: period.reason,
      unsettled: jsonText(period.unsettled),
      organization_name: period.organizationName,
      site_code: period.siteCode,
      site_name: period.siteName,
      time_zone: period.timeZone,
      entry_count: period.entryCount,
      account_count: accounts.length,
      previous_hash: period.previousHash,
      hash: period.hash,
    })
    .execute()
  if (accounts.length > 0) {
    await trx
      .insertInto('ledger_period_account')
      .values(
        accounts.map(({ account, name, kind, debitMinor, creditMinor }, i) => ({
          ...place,
          number: i + 1,
          account,
          name,
          kind,
          debit_minor: debitMinor,
          credit_minor: creditMinor,
        })),
      )
      .execute()
  }
  for (let start = 0; start < entries.length; start += idsAtOnce) {
    const some = entries.slice(start, start + idsAtOnce)
    await sql`insert into ledger_period_entry (organization_id, site_id, period_id, number, entry_id, hash)
      select ${organizationId}::uuid, ${siteId}::uuid, ${periodId}::uuid, ${start}::int + s.place, s.id, s.hash
      from unnest(${some.map(({ entryId }) => entryId)}::uuid[], ${some.map(({ hash }) => hash)}::text[])
        with ordinality as s(id, hash, place)`.execute(trx)
  }
}

export type PeriodRow = PeriodContent & { hash: string }

/** Closed periods as their hash needs them, in the order of the chain. */
export async function periodContents(
  db: Db,
  organizationId: string,
  which: { periodId: string } | { siteId: string },
): Promise<PeriodRow[]> {
  const one = 'periodId' in which ? sql`t.period_id = ${which.periodId}` : sql`t.site_id = ${which.siteId}`
  const { rows } = await sql<
    Omit<PeriodRow, 'accounts'> & { accounts: PeriodAccount[] | null; unsettled: Unsettled[] }
  >`
    select t.organization_id as "organizationId", t.organization_name as "organizationName", t.period_id as "periodId",
      t.site_id as "siteId", t.site_code as "siteCode", t.site_name as "siteName", t.time_zone as "timeZone", t.currency,
      t.number, t.from_date as "from", t.to_date as "to", t.closed_at as "closedAt", t.closed_by as "closedBy", t.reason,
      t.unsettled, t.entry_count as "entryCount", t.previous_hash as "previousHash", t.hash,
      (extract(epoch from t.closed_at) * 1000000)::bigint as "closedMicros",
      (select json_agg(json_build_object('account', a.account, 'name', a.name, 'kind', a.kind, 'debitMinor', a.debit_minor,
          'creditMinor', a.credit_minor) order by a.number)
        from ledger_period_account a where a.organization_id = t.organization_id and a.period_id = t.period_id) as accounts
    from ledger_period t where t.organization_id = ${organizationId} and ${one} order by t.number`.execute(db)
  return rows.map(({ accounts, ...row }) => ({ ...row, accounts: accounts ?? [] }))
}

/** The first entry that stands in closed days and in no period. */
export async function strayEntry(db: Db, { organizationId, siteId }: Books, to: string): Promise<string | undefined> {
  const { rows } = await sql<{ id: string }>`
    select e.entry_id as id from journal_entry e
    where e.organization_id = ${organizationId} and e.site_id = ${siteId} and e.business_date <= ${to}::date
      and not exists (select from ledger_period_entry c
        where c.organization_id = e.organization_id and c.entry_id = e.entry_id)
    order by e.business_date, e.posted_at, e.entry_id limit 1`.execute(db)
  return rows[0]?.id
}

/** A period that entries of the site are closed in and that the site does not have. */
export async function missingPeriod(db: Db, { organizationId, siteId }: Books): Promise<string | undefined> {
  const { rows } = await sql<{ id: string }>`
    select c.period_id as id from ledger_period_entry c
    where c.organization_id = ${organizationId} and c.site_id = ${siteId}
      and not exists (select from ledger_period t where t.organization_id = c.organization_id
        and t.site_id = c.site_id and t.period_id = c.period_id)
    limit 1`.execute(db)
  return rows[0]?.id
}
