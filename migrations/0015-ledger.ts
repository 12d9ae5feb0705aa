// Owns the closed books: periods that follow each other in a chain, what stands in each, and that none of it ever changes.
// Must not be edited once it has landed.
import { type Kysely, sql } from 'kysely'
import { grantTables } from './grant-tables.ts'

const tables = [
  // Null in what was posted before there were periods; `postings` says with how many an entry is whole.
  `alter table journal_entry
    add column fact_date date,
    add column corrects_entry_id uuid,
    add column postings integer,
    add foreign key (organization_id, corrects_entry_id) references journal_entry,
    add constraint journal_entry_postings check (postings is not null and postings > 0) not valid`,
  'create index journal_entry_corrects on journal_entry (organization_id, corrects_entry_id) where corrects_entry_id is not null',
  // Names as they were that day: renaming a site does not change its closed books.
  `create table ledger_period (
    organization_id uuid not null,
    site_id uuid not null,
    period_id uuid not null,
    number integer not null check (number > 0),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    from_date date not null,
    to_date date not null,
    closed_at timestamptz not null,
    closed_by text not null,
    reason text,
    unsettled jsonb not null,
    organization_name text not null,
    site_code text not null,
    site_name text not null,
    time_zone text not null,
    entry_count integer not null check (entry_count >= 0),
    account_count integer not null check (account_count >= 0),
    previous_hash text not null check (previous_hash ~ '^[0-9a-f]{64}$'),
    hash text not null check (hash ~ '^[0-9a-f]{64}$'),
    primary key (organization_id, period_id),
    unique (organization_id, site_id, number),
    unique (organization_id, site_id, to_date, currency),
    foreign key (organization_id, site_id) references site,
    check (from_date <= to_date),
    check (reason is not null or unsettled = '[]')
  )`,
  `create table ledger_period_entry (
    organization_id uuid not null,
    site_id uuid not null,
    period_id uuid not null,
    number integer not null check (number > 0),
    entry_id uuid not null,
    hash text not null check (hash ~ '^[0-9a-f]{64}$'),
    primary key (organization_id, period_id, number),
    unique (organization_id, entry_id),
    foreign key (organization_id, period_id) references ledger_period,
    foreign key (organization_id, entry_id) references journal_entry
  )`,
  `create table ledger_period_account (
    organization_id uuid not null,
    site_id uuid not null,
    period_id uuid not null,
    number integer not null check (number > 0),
    account text not null,
    name text not null,
    kind text not null check (kind in ('asset', 'liability', 'equity', 'revenue', 'expense')),
    debit_minor bigint not null check (debit_minor >= 0),
    credit_minor bigint not null check (credit_minor >= 0),
    primary key (organization_id, period_id, number),
    unique (organization_id, period_id, account),
    foreign key (organization_id, period_id) references ledger_period
  )`,
  `create table account_mapping (
    organization_id uuid not null references organization,
    mapping_id uuid not null,
    target text not null,
    name text not null,
    accounts jsonb not null default '{}',
    tax_codes jsonb not null default '{}',
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    archived_at timestamptz,
    primary key (organization_id, mapping_id)
  )`,
  'create unique index account_mapping_target on account_mapping (organization_id, target) where archived_at is null',
]

const plpgsql = 'language plpgsql set search_path from current as'
const broken = `using errcode = 'integrity_constraint_violation'`

const functions = [
  // Posting shares a site's books, closing has them alone: an entry is in a period or after it, never beside it.
  `create function ledger_lock(organization uuid, site uuid) returns bigint language sql immutable as
    $$ select hashtextextended('ledger ' || organization || ' ' || site, 0) $$`,
  `create function journal_entry_opens() returns trigger ${plpgsql} $$
    begin
      perform pg_advisory_xact_lock_shared(ledger_lock(new.organization_id, new.site_id));
      new.business_date := greatest(new.business_date, (select max(p.to_date) + 1 from ledger_period p
        where p.organization_id = new.organization_id and p.site_id = new.site_id));
      return new;
    end $$`,
  `create function journal_entry_whole() returns trigger ${plpgsql} $$
    begin
      if (select count(*) <> new.postings or count(distinct p.currency) <> 1 from journal_posting p
        where p.organization_id = new.organization_id and p.entry_id = new.entry_id) then
        raise exception 'entry % needs its % postings, in one currency', new.entry_id, new.postings ${broken};
      end if;
      return null;
    end $$`,
  // What was posted before this table had the count is whole, too.
  `create function journal_posting_belongs() returns trigger ${plpgsql} $$
    begin
      if new.posting not between 1 and coalesce((select e.postings from journal_entry e
        where e.organization_id = new.organization_id and e.entry_id = new.entry_id), 0) then
        raise exception 'entry % has no posting %', new.entry_id, new.posting ${broken};
      end if;
      return new;
    end $$`,
  `create function ledger_period_follows() returns trigger ${plpgsql} $$
    declare
      last ledger_period;
    begin
      perform pg_advisory_xact_lock(ledger_lock(new.organization_id, new.site_id));
      select * into last from ledger_period p where p.organization_id = new.organization_id and p.site_id = new.site_id
        order by p.number desc limit 1;
      if new.number <> coalesce(last.number, 0) + 1 or new.previous_hash <> coalesce(last.hash, repeat('0', 64))
        or (last.number is not null and new.from_date <> last.to_date + 1
          and (new.from_date, new.to_date, new.closed_at) is distinct from (last.from_date, last.to_date, last.closed_at)) then
        raise exception 'period % does not follow the one before it', new.number ${broken};
      end if;
      return new;
    end $$`,
  `create function ledger_period_whole() returns trigger ${plpgsql} $$
    begin
      if new.entry_count <> (select count(*) from ledger_period_entry e
          where e.organization_id = new.organization_id and e.period_id = new.period_id)
        or new.account_count <> (select count(*) from ledger_period_account a
          where a.organization_id = new.organization_id and a.period_id = new.period_id)
        or (select sum(a.debit_minor) <> sum(a.credit_minor) from ledger_period_account a
          where a.organization_id = new.organization_id and a.period_id = new.period_id)
        or exists (select from journal_entry e
          where e.organization_id = new.organization_id and e.site_id = new.site_id and e.business_date <= new.to_date
            and (new.number = 1 or e.business_date >= new.from_date)
            and not exists (select from ledger_period_entry c
              where c.organization_id = e.organization_id and c.entry_id = e.entry_id)) then
        raise exception 'period % does not hold what was posted', new.number ${broken};
      end if;
      return null;
    end $$`,
  `create function ledger_period_sealed() returns trigger ${plpgsql} $$
    begin
      if new.number > (select case tg_table_name when 'ledger_period_entry' then p.entry_count else p.account_count end
        from ledger_period p where p.organization_id = new.organization_id and p.period_id = new.period_id) then
        raise exception 'period % is closed', new.period_id ${broken};
      end if;
      return new;
    end $$`,
  `create function never_changes() returns trigger ${plpgsql} $$
    begin
      raise exception '% is only added to', tg_table_name using errcode = 'insufficient_privilege';
    end $$`,
]

const triggers = [
  'create trigger opens before insert on journal_entry for each row execute function journal_entry_opens()',
  `create constraint trigger whole after insert on journal_entry deferrable initially deferred
    for each row execute function journal_entry_whole()`,
  'create trigger belongs before insert on journal_posting for each row execute function journal_posting_belongs()',
  'create trigger follows before insert on ledger_period for each row execute function ledger_period_follows()',
  `create constraint trigger whole after insert on ledger_period deferrable initially deferred
    for each row execute function ledger_period_whole()`,
  'create trigger sealed before insert on ledger_period_entry for each row execute function ledger_period_sealed()',
  'create trigger sealed before insert on ledger_period_account for each row execute function ledger_period_sealed()',
]

const closed = ['ledger_period', 'ledger_period_entry', 'ledger_period_account']

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [...tables, ...functions, ...triggers]) await sql.raw(statement).execute(db)
  await grantTables(db, [...closed, 'account_mapping'])
  for (const table of closed) {
    await sql`
      do $$ begin
        if exists (select 1 from pg_roles where rolname = 'baywatt_app') then
          execute ${sql.lit(`revoke update, delete, truncate on ${table} from baywatt_app`)};
        end if;
      end $$`.execute(db)
  }
  // For every role, the tables' owner too: rights can be granted back in silence, a trigger cannot be dropped so.
  for (const table of ['journal_entry', 'journal_posting', ...closed]) {
    await sql
      .raw(`create trigger never_changes before update or delete or truncate on ${table}
        for each statement execute function never_changes()`)
      .execute(db)
  }
}
