// Owns what the books are held against: runs, the rows of others that were brought in, what differs, what people decided.
// Must not be edited once it has landed.
import { type Kysely, sql } from 'kysely'
import { grantTables } from './grant-tables.ts'

const tables = [
  `create table reconciliation (
    organization_id uuid not null,
    site_id uuid not null,
    reconciliation_id uuid not null,
    kind text not null check (kind in ('parcs_stays', 'parcs_report', 'session_energy', 'meter_readings', 'processor_settlement')),
    from_date date not null,
    to_date date not null,
    currency text not null,
    -- Of the file and how it is to be read; the same input for the same days is the same run.
    input_hash text not null check (input_hash ~ '^[0-9a-f]{64}$'),
    file_hash text check (file_hash ~ '^[0-9a-f]{64}$'),
    file_name text,
    options jsonb not null,
    state text not null check (state in ('agreed', 'differs')),
    totals jsonb not null,
    counts jsonb not null,
    open_items integer not null,
    runs integer not null,
    last_run_at timestamptz not null,
    created_by text not null,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (organization_id, reconciliation_id),
    unique (organization_id, site_id, kind, from_date, to_date, input_hash),
    foreign key (organization_id, site_id) references site,
    check (to_date >= from_date)
  )`,
  'create index reconciliation_time on reconciliation (organization_id, created_at, reconciliation_id)',
  // As they were read, one for each line of the file.
  `create table reconciliation_row (
    organization_id uuid not null,
    site_id uuid not null,
    reconciliation_id uuid not null,
    line integer not null check (line > 0),
    data jsonb not null,
    primary key (organization_id, reconciliation_id, line),
    foreign key (organization_id, reconciliation_id) references reconciliation
  )`,
  `create table reconciliation_item (
    organization_id uuid not null,
    site_id uuid not null,
    reconciliation_id uuid not null,
    item_id uuid not null,
    item_key text not null check (item_key ~ '^[0-9a-f]{64}$'),
    class text not null check (class in ('matched', 'amount_differs', 'day_differs', 'missing_here', 'missing_there',
      'duplicate_here', 'duplicate_there', 'ambiguous')),
    reasons text[] not null,
    words text not null,
    sort text not null,
    unit text not null,
    business_date date not null,
    matched_by text check (matched_by in ('reference', 'likeness', 'person')),
    ours jsonb not null,
    theirs jsonb not null,
    candidates text[] not null,
    ours_amount bigint not null,
    theirs_amount bigint not null,
    difference bigint not null,
    state text not null check (state in ('agreed', 'open', 'explained', 'accepted', 'closed')),
    note text,
    decided_by text,
    decided_at timestamptz,
    closed_at timestamptz,
    -- The run that had it last.
    run integer not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (organization_id, item_id),
    unique (organization_id, reconciliation_id, item_key),
    foreign key (organization_id, reconciliation_id) references reconciliation,
    check (ours_amount - theirs_amount = difference),
    check ((state = 'closed') = (closed_at is not null))
  )`,
  'create index reconciliation_item_day on reconciliation_item (organization_id, reconciliation_id, business_date, item_id)',
  // What people said of rows and differences. A later one stands against an earlier one; none is ever changed.
  `create table reconciliation_decision (
    organization_id uuid not null,
    site_id uuid not null,
    reconciliation_id uuid not null,
    decision_id uuid not null,
    kind text not null check (kind in ('match', 'unmatch', 'accept', 'reopen')),
    item_key text not null check (item_key ~ '^[0-9a-f]{64}$'),
    ours text[] not null,
    theirs text[] not null,
    difference bigint not null,
    unit text not null,
    reason text not null check (reason <> ''),
    undoes uuid,
    decided_by text not null,
    decided_at timestamptz not null,
    primary key (organization_id, decision_id),
    foreign key (organization_id, reconciliation_id) references reconciliation,
    foreign key (organization_id, undoes) references reconciliation_decision
  )`,
  'create index reconciliation_decision_run on reconciliation_decision (organization_id, reconciliation_id, decision_id)',
]

const forGood = ['reconciliation_row', 'reconciliation_decision']

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of tables) await sql.raw(statement).execute(db)
  await grantTables(db, ['reconciliation', 'reconciliation_item', ...forGood])
  for (const table of forGood) {
    await sql
      .raw(`create trigger never_changes before update or delete or truncate on ${table}
        for each statement execute function never_changes()`)
      .execute(db)
  }
}
