// Owns what is asked of parking systems: actions with their outcomes, credentials preloaded there, and how far a revocation has come.
// Must not be edited once it has landed.
import { type Kysely, sql } from 'kysely'
import { grantTables } from './grant-tables.ts'

const statements = [
  // `position` is the order in which actions were asked for. It is drawn, not counted: gaps mean nothing.
  `create table parking_action (
    organization_id uuid not null,
    site_id uuid not null,
    action_id uuid not null,
    connection_id uuid not null,
    position bigint generated always as identity,
    kind text not null,
    subject_type text not null check (subject_type in ('stay', 'credential', 'lane', 'counter')),
    subject_key text not null,
    data jsonb not null,
    state text not null check (state in
      ('queued', 'sent', 'done', 'refused', 'unknown', 'expired', 'superseded', 'cancelled')),
    needs_person boolean not null default false,
    attempt integer not null default 0,
    asks integer not null default 0,
    priority smallint not null,
    idempotency_key text not null,
    bill_id uuid,
    requested_by text not null,
    deadline timestamptz,
    next_at timestamptz,
    sent_at timestamptz,
    unknown_since timestamptz,
    finished_at timestamptz,
    reason text,
    code text,
    reference text,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (organization_id, action_id),
    unique (organization_id, connection_id, idempotency_key),
    foreign key (organization_id, connection_id) references connection,
    foreign key (organization_id, site_id) references site
  ) with (fillfactor = 70)`,
  `create index parking_action_open on parking_action (organization_id, connection_id, priority, position)
    where state in ('queued', 'sent', 'unknown')`,
  `create index parking_action_open_subject on parking_action (organization_id, connection_id, subject_type, subject_key, position)
    where state in ('queued', 'sent', 'unknown')`,
  'create index parking_action_subject on parking_action (organization_id, subject_type, subject_key, position)',
  'create index parking_action_bill on parking_action (organization_id, bill_id) where bill_id is not null',
  'create index parking_action_time on parking_action (organization_id, created_at)',
  // What the vendor of a connection said it can do when it last ran, and what is to be known there.
  `create table parcs_link (
    organization_id uuid not null,
    site_id uuid not null,
    connection_id uuid not null,
    features text[] not null default '{}',
    actions jsonb not null default '{}',
    can_ask boolean not null default false,
    can_quote boolean not null default false,
    preload text not null default 'none' check (preload in ('all', 'groups', 'none')),
    preload_groups text[] not null default '{}',
    seen_at timestamptz,
    reconciled_at timestamptz,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (organization_id, connection_id),
    foreign key (organization_id, connection_id) references connection,
    foreign key (organization_id, site_id) references site
  )`,
  // `asked` is what was last asked of the vendor, `done` what it last confirmed: a fingerprint, or 'gone'.
  `create table parcs_preload (
    organization_id uuid not null,
    site_id uuid not null,
    connection_id uuid not null,
    credential_id uuid not null,
    asked text not null,
    done text,
    forms jsonb not null default '[]',
    reference text,
    action_id uuid,
    state text not null check (state in ('pending', 'in_place', 'removing', 'removed', 'refused', 'unknown')),
    reason text,
    since timestamptz not null,
    done_at timestamptz,
    updated_at timestamptz not null,
    primary key (organization_id, connection_id, credential_id),
    foreign key (organization_id, connection_id) references connection
  ) with (fillfactor = 70)`,
  'create index parcs_preload_credential on parcs_preload (organization_id, credential_id)',
  'create index parcs_preload_action on parcs_preload (organization_id, action_id)',
  `create table revocation (
    organization_id uuid not null,
    revocation_id uuid not null,
    credential_id uuid not null,
    cause text not null check (cause in ('blocked', 'revoked', 'expired', 'archived', 'account_suspended', 'account_closed',
      'account_expired', 'moved')),
    state text not null check (state in ('running', 'stalled', 'completed', 'lifted')),
    begun_at timestamptz not null,
    stalled_at timestamptz,
    ended_at timestamptz,
    updated_at timestamptz not null,
    primary key (organization_id, revocation_id)
  )`,
  'create index revocation_credential on revocation (organization_id, credential_id, begun_at)',
  `create unique index revocation_open on revocation (organization_id, credential_id) where state in ('running', 'stalled')`,
  // Where a card has charged is where a station may remember it.
  `create index charging_session_credential on charging_session (organization_id, credential_id) where credential_id is not null`,
  `create table revocation_place (
    organization_id uuid not null,
    site_id uuid,
    revocation_id uuid not null,
    place text not null check (place in ('connection', 'station_list', 'station_cache', 'session')),
    place_id uuid not null,
    state text not null check (state in ('waiting', 'away', 'refused', 'needs_person', 'done', 'left')),
    reason text,
    command_id uuid,
    since timestamptz not null,
    done_at timestamptz,
    updated_at timestamptz not null,
    primary key (organization_id, revocation_id, place, place_id),
    foreign key (organization_id, revocation_id) references revocation
  )`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
  await grantTables(db, ['parking_action', 'parcs_link', 'parcs_preload', 'revocation', 'revocation_place'])
}
