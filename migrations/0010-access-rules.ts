// Owns the rules of access beyond rights and sites: schedules, holidays, places at once, antipassback; bookings; imports of people.
// Must not be edited once it has landed.
import { type Kysely, sql } from 'kysely'
import { grantTables } from './grant-tables.ts'

const statements = [
  `alter table account drop constraint account_kind_check`,
  `alter table account add constraint account_kind_check
    check (kind in ('person', 'company', 'tenant', 'fleet', 'employee', 'visitor'))`,
  `alter table account
    add column access jsonb not null default '{}',
    add column parent_account_id uuid,
    add column passback_reset_at timestamptz,
    add constraint account_parent foreign key (organization_id, parent_account_id) references account`,
  'create index account_children on account (organization_id, parent_account_id) where parent_account_id is not null',
  `alter table account_group add column access jsonb not null default '{}'`,
  'alter table credential add column neutral boolean not null default false',
  'alter table lane add column area_id uuid, add constraint lane_area foreign key (organization_id, area_id) references area',
  `alter table station add column tags text[] not null default '{}'`,
  // Who is outside is known by the last exit; who charges, by the sessions that run.
  'create index stay_account_exit on stay (organization_id, account_id, site_id, exited_at) where account_id is not null',
  `create index charging_session_running on charging_session (organization_id, account_id) where state = 'active'`,
  `create table holiday_calendar (
    organization_id uuid not null references organization,
    site_id uuid,
    calendar_id uuid not null,
    code text not null,
    name text not null,
    days jsonb not null default '[]',
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    archived_at timestamptz,
    primary key (organization_id, calendar_id),
    unique (organization_id, code),
    foreign key (organization_id, site_id) references site
  )`,
  `create table access_schedule (
    organization_id uuid not null references organization,
    schedule_id uuid not null,
    code text not null,
    name text not null,
    windows jsonb not null default '[]',
    periods jsonb not null default '[]',
    on_holidays text not null default 'as_days' check (on_holidays in ('as_days', 'sunday', 'closed', 'open')),
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    archived_at timestamptz,
    primary key (organization_id, schedule_id),
    unique (organization_id, code)
  )`,
  // A place that somebody was promised and has not taken yet: granted at a gate and not passed, accepted at a charger and not started.
  `create table access_hold (
    organization_id uuid not null,
    site_id uuid,
    hold_key text not null,
    kind text not null check (kind in ('gate', 'charger')),
    account_id uuid not null,
    credential_id uuid,
    station_id uuid,
    connection_id uuid,
    request_id text,
    search_keys text[] not null default '{}',
    made_at timestamptz not null,
    until_at timestamptz not null,
    primary key (organization_id, hold_key)
  ) with (fillfactor = 50)`,
  'create index access_hold_account on access_hold (organization_id, account_id)',
  'create index access_hold_connection on access_hold (organization_id, connection_id) where connection_id is not null',
  `create table parking_reservation (
    organization_id uuid not null,
    site_id uuid not null,
    reservation_id uuid not null,
    connection_id uuid,
    reservation_ref text,
    kind text not null check (kind in ('reservation', 'visitor')),
    state text not null check (state in ('booked', 'used', 'no_show', 'expired', 'cancelled')),
    name text,
    account_id uuid,
    from_at timestamptz not null,
    until_at timestamptz not null,
    rights text[] not null default '{park}',
    uses text not null default 'single' check (uses in ('single', 'multiple')),
    credentials jsonb not null default '[]',
    search_keys text[] not null default '{}',
    said text check (said in ('used', 'expired')),
    used_count integer not null default 0,
    first_used_at timestamptz,
    last_used_at timestamptz,
    product text,
    amount_minor bigint,
    currency text,
    note text,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (organization_id, reservation_id),
    unique (organization_id, connection_id, reservation_ref),
    foreign key (organization_id, site_id) references site,
    foreign key (organization_id, account_id) references account
  )`,
  'create index parking_reservation_site on parking_reservation (organization_id, site_id, from_at)',
  'create index parking_reservation_keys on parking_reservation using gin (search_keys) with (fastupdate = off)',
  `create table people_import (
    organization_id uuid not null references organization,
    import_id uuid not null,
    state text not null check (state in ('queued', 'running', 'done', 'failed')),
    dry_run boolean not null,
    file_name text,
    content text,
    actor text not null,
    rows_total integer not null,
    rows_done integer not null default 0,
    created_count integer not null default 0,
    updated_count integer not null default 0,
    unchanged_count integer not null default 0,
    failed_count integer not null default 0,
    problems jsonb not null default '[]',
    created_at timestamptz not null,
    finished_at timestamptz,
    primary key (organization_id, import_id)
  )`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
  await grantTables(db, ['holiday_calendar', 'access_schedule', 'access_hold', 'parking_reservation', 'people_import'])
}
