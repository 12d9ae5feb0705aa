// Owns what the hub asks of payment providers: orders, their operations, what the providers reported, and the story of each order.
// Must not be edited once it has landed.
import { type Kysely, sql } from 'kysely'
import { grantTables } from './grant-tables.ts'

const statements = [
  `create table payment_order (
    organization_id uuid not null,
    site_id uuid not null,
    order_id uuid not null,
    connection_id uuid not null,
    provider text not null,
    method text not null,
    booking text not null check (booking in ('hub', 'elsewhere')),
    purpose text not null check (purpose in ('bills', 'stay', 'top_up')),
    account_id uuid,
    stay_ids jsonb not null default '[]',
    description text not null,
    amount_minor bigint not null check (amount_minor > 0),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    capture text not null check (capture in ('automatic', 'manual')),
    state text not null check (state in ('requested', 'authorising', 'authorised', 'capturing', 'captured', 'declined',
      'cancelled', 'expired')),
    ended text check (ended in ('cancelled', 'expired')),
    reference text,
    checkout_url text,
    return_url text,
    card_brand text,
    card_last_four text check (card_last_four ~ '^[0-9]{4}$'),
    money jsonb,
    captured_minor bigint not null default 0,
    refunded_minor bigint not null default 0,
    unknown_since timestamptz,
    needs_person boolean not null default false,
    reason text,
    requested_by text not null,
    idempotency_key text not null,
    expires_at timestamptz not null,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (organization_id, order_id),
    unique (organization_id, idempotency_key),
    foreign key (organization_id, site_id) references site
  )`,
  'create index payment_order_site on payment_order (organization_id, site_id, created_at)',
  'create index payment_order_account on payment_order (organization_id, account_id) where account_id is not null',
  // What the money is for; in this order it is spread.
  `create table payment_order_part (
    organization_id uuid not null,
    site_id uuid not null,
    order_id uuid not null,
    part integer not null,
    subject_key text not null,
    bill_id uuid,
    amount_minor bigint not null check (amount_minor > 0),
    primary key (organization_id, order_id, part),
    unique (organization_id, order_id, subject_key),
    foreign key (organization_id, order_id) references payment_order
  )`,
  'create index payment_order_part_subject on payment_order_part (organization_id, subject_key)',
  // The id is the key by which the provider knows the operation on every try.
  `create table payment_operation (
    organization_id uuid not null,
    site_id uuid not null,
    order_id uuid not null,
    operation_id uuid not null,
    kind text not null check (kind in ('authorise', 'capture', 'cancel', 'refund')),
    amount_minor bigint not null check (amount_minor > 0),
    subject_key text,
    cause text not null,
    state text not null check (state in ('waiting', 'queued', 'sent', 'done', 'refused', 'unknown', 'dropped')),
    attempt integer not null default 0,
    asks integer not null default 0,
    sent_at timestamptz,
    unknown_since timestamptz,
    next_at timestamptz,
    reason text,
    outcome text,
    code text,
    requested_by text not null,
    decided_by text,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (organization_id, operation_id),
    unique (organization_id, order_id, cause),
    foreign key (organization_id, order_id) references payment_order,
    check (decided_by is null or decided_by <> requested_by)
  )`,
  'create index payment_operation_order on payment_operation (organization_id, order_id)',
  // As it was said; the same content is kept once.
  `create table payment_report (
    organization_id uuid not null,
    connection_id uuid not null,
    content_key text not null,
    order_id uuid not null,
    data jsonb not null,
    received_at timestamptz not null,
    primary key (organization_id, connection_id, content_key)
  )`,
  `create table payment_story (
    organization_id uuid not null,
    order_id uuid not null,
    entry_id uuid not null,
    at timestamptz not null,
    actor text not null,
    words text not null,
    primary key (organization_id, order_id, entry_id),
    foreign key (organization_id, order_id) references payment_order
  )`,
  'alter table payment add column order_id uuid, add column movement text, add column reason text',
  'create index payment_order_movement on payment (organization_id, order_id) where order_id is not null',
  'create index payment_subject on payment (organization_id, subject_key) where subject_key is not null',
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
  const tables = ['payment_order', 'payment_order_part', 'payment_operation', 'payment_report', 'payment_story']
  await grantTables(db, tables)
  for (const table of ['payment_report', 'payment_story']) {
    await sql`
      do $$ begin
        if exists (select 1 from pg_roles where rolname = 'baywatt_app') then
          execute ${sql.lit(`revoke update, delete, truncate on ${table} from baywatt_app`)};
        end if;
      end $$`.execute(db)
  }
}
