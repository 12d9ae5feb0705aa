// Owns exports of closed periods: numbered batches that never change but for what became of them, their files, standing orders for them.
// Must not be edited once it has landed.
import { type Kysely, sql } from 'kysely'
import { grantTables } from './grant-tables.ts'

const tables = [
  `create table ledger_export_series (
    organization_id uuid not null references organization,
    target text not null,
    last_number integer not null check (last_number >= 0),
    primary key (organization_id, target)
  )`,
  // `key` is of everything that the files were made from, `hash` of the files; the names of the mapping are kept as they were.
  `create table ledger_export (
    organization_id uuid not null,
    site_id uuid not null,
    export_id uuid not null,
    period_id uuid not null,
    target text not null,
    number integer not null check (number > 0),
    format text not null,
    mapping_id uuid,
    mapping_version integer,
    accounts jsonb not null,
    tax_codes jsonb not null,
    options jsonb not null,
    key text not null check (key ~ '^[0-9a-f]{64}$'),
    hash text not null check (hash ~ '^[0-9a-f]{64}$'),
    entry_count integer not null check (entry_count >= 0),
    debit_minor bigint not null check (debit_minor >= 0),
    credit_minor bigint not null check (credit_minor = debit_minor),
    supersedes_export_id uuid,
    created_at timestamptz not null,
    created_by text not null,
    state text not null check (state in ('ready', 'delivered', 'cancelled')),
    settled_at timestamptz,
    settled_by text,
    reference text,
    note text,
    primary key (organization_id, export_id),
    unique (organization_id, target, number),
    foreign key (organization_id, period_id) references ledger_period,
    foreign key (organization_id, mapping_id) references account_mapping,
    foreign key (organization_id, supersedes_export_id) references ledger_export,
    check ((mapping_id is null) = (mapping_version is null)),
    check ((state = 'ready') = (settled_at is null) and (settled_at is null) = (settled_by is null)),
    check ((state = 'delivered') = (reference is not null))
  )`,
  `create unique index ledger_export_once on ledger_export (organization_id, period_id, target, key) where state <> 'cancelled'`,
  `create unique index ledger_export_content on ledger_export (organization_id, period_id, target, hash) where state <> 'cancelled'`,
  'create index ledger_export_supersedes on ledger_export (organization_id, supersedes_export_id) where supersedes_export_id is not null',
  `create table ledger_export_file (
    organization_id uuid not null,
    site_id uuid not null,
    export_id uuid not null,
    number integer not null check (number > 0),
    name text not null,
    content_type text not null,
    sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
    size_bytes bigint not null check (size_bytes = octet_length(content)),
    content bytea not null,
    primary key (organization_id, export_id, number),
    unique (organization_id, export_id, name),
    foreign key (organization_id, export_id) references ledger_export
  )`,
  // Not compressed, so that a piece of a file is read without the rest of it.
  'alter table ledger_export_file alter column content set storage external',
  `create table standing_export (
    organization_id uuid not null references organization,
    site_id uuid,
    standing_export_id uuid not null,
    format text not null,
    mapping_id uuid not null,
    options jsonb not null default '{}',
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    archived_at timestamptz,
    primary key (organization_id, standing_export_id),
    foreign key (organization_id, site_id) references site,
    foreign key (organization_id, mapping_id) references account_mapping
  )`,
  'create index standing_export_mapping on standing_export (organization_id, mapping_id)',
  `create table standing_export_refusal (
    organization_id uuid not null,
    site_id uuid not null,
    standing_export_id uuid not null,
    period_id uuid not null,
    at timestamptz not null,
    problems jsonb not null,
    primary key (organization_id, standing_export_id, period_id),
    foreign key (organization_id, standing_export_id) references standing_export,
    foreign key (organization_id, period_id) references ledger_period
  )`,
  // What became of a ready batch is written once; what it is, never again.
  `create function ledger_export_settles() returns trigger language plpgsql set search_path from current as $$
    declare
      settling text[] := array['state', 'settled_at', 'settled_by', 'reference', 'note'];
    begin
      if old.state <> 'ready' or to_jsonb(new) - settling <> to_jsonb(old) - settling then
        raise exception 'export % is % and stays as it is', old.export_id, old.state
          using errcode = 'insufficient_privilege';
      end if;
      return new;
    end $$`,
  'create trigger settles before update on ledger_export for each row execute function ledger_export_settles()',
  `create trigger never_goes before delete or truncate on ledger_export for each statement execute function never_changes()`,
  `create trigger never_changes before update or delete or truncate on ledger_export_file
    for each statement execute function never_changes()`,
]

const revoked = { ledger_export: 'delete, truncate', ledger_export_file: 'update, delete, truncate' }

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of tables) await sql.raw(statement).execute(db)
  await grantTables(db, [
    'ledger_export_series',
    'ledger_export',
    'ledger_export_file',
    'standing_export',
    'standing_export_refusal',
  ])
  for (const [table, rights] of Object.entries(revoked)) {
    await sql`
      do $$ begin
        if exists (select 1 from pg_roles where rolname = 'baywatt_app') then
          execute ${sql.lit(`revoke ${rights} on ${table} from baywatt_app`)};
        end if;
      end $$`.execute(db)
  }
}
