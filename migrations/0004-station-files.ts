// Owns hosted files and upload slots, firmware campaigns with their stations, firmware history, and reservations.
// Must not be edited once it has landed.
import { type Kysely, sql } from 'kysely'
import { grantTables } from './grant-tables.ts'

const statements = [
  `create table station_file (
    organization_id uuid not null,
    site_id uuid,
    file_id uuid not null,
    kind text not null check (kind in ('firmware', 'log', 'other')),
    name text not null,
    content_type text not null,
    size_bytes bigint not null check (size_bytes > 0),
    sha256 text not null,
    station_id uuid,
    command_id uuid,
    request_id integer,
    created_by text not null,
    expires_at timestamptz,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    archived_at timestamptz,
    primary key (organization_id, file_id)
  )`,
  'create index station_file_content on station_file (sha256)',
  'create index station_file_station on station_file (organization_id, station_id, created_at) where station_id is not null',
  'create index station_file_expiry on station_file (expires_at) where expires_at is not null',
  // Where a station may put the file that a command asked for; the token of its link names this row.
  `create table upload_slot (
    organization_id uuid not null,
    site_id uuid,
    slot_id uuid not null,
    station_id uuid not null,
    request_id integer not null,
    log text not null,
    file_id uuid,
    file_begun_at timestamptz,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    primary key (organization_id, slot_id)
  )`,
  'create index upload_slot_expiry on upload_slot (expires_at)',
  `create table firmware_campaign (
    organization_id uuid not null,
    site_id uuid,
    campaign_id uuid not null,
    name text not null,
    file_id uuid,
    url text,
    firmware_version text not null,
    signing_certificate text,
    signature text,
    target jsonb not null,
    waves jsonb not null,
    schedule jsonb,
    only_when_idle boolean not null,
    max_failures integer,
    failure_percent integer,
    max_attempts integer not null,
    retry_minutes integer not null,
    offline_hours integer not null,
    state text not null check (state in ('draft', 'running', 'paused', 'stopped', 'finished', 'cancelled')),
    reason text,
    wave integer not null default 0,
    wave_at timestamptz,
    started_at timestamptz,
    ended_at timestamptz,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    archived_at timestamptz,
    primary key (organization_id, campaign_id),
    check (file_id is null or url is null)
  )`,
  `create table firmware_campaign_station (
    organization_id uuid not null,
    site_id uuid,
    campaign_id uuid not null,
    station_id uuid not null,
    wave integer not null,
    place integer not null,
    state text not null check (state in
      ('waiting', 'queued', 'downloading', 'installing', 'installed', 'failed', 'skipped')),
    command_id uuid,
    attempts integer not null default 0,
    from_firmware text,
    to_firmware text,
    reason text,
    at timestamptz not null,
    next_at timestamptz,
    primary key (organization_id, campaign_id, station_id),
    foreign key (organization_id, campaign_id) references firmware_campaign
  )`,
  // A station has one update in work at a time, whatever campaign it comes from.
  `create unique index firmware_campaign_station_work on firmware_campaign_station (organization_id, station_id)
    where state in ('queued', 'downloading', 'installing')`,
  `create table firmware_history (
    organization_id uuid not null,
    site_id uuid,
    history_id uuid not null,
    station_id uuid not null,
    from_firmware text,
    to_firmware text,
    vendor text,
    model text,
    at timestamptz not null,
    primary key (organization_id, history_id)
  )`,
  'create index firmware_history_station on firmware_history (organization_id, station_id, at)',
  `create table reservation (
    organization_id uuid not null,
    site_id uuid,
    reservation_id uuid not null,
    number integer not null check (number > 0),
    station_id uuid not null,
    evse_number integer,
    connector_type text,
    token text not null,
    token_kind text not null,
    group_token text,
    group_token_kind text,
    from_at timestamptz not null,
    until_at timestamptz not null,
    -- What the station was asked to change it to and has not answered yet.
    asked_until timestamptz,
    state text not null check (state in
      ('requested', 'confirmed', 'refused', 'used', 'expired', 'removed', 'cancelled')),
    reserve_command_id uuid,
    cancel_command_id uuid,
    session_id uuid,
    reason text,
    created_by text not null,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (organization_id, reservation_id),
    unique (organization_id, station_id, number)
  )`,
  'create index reservation_site on reservation (organization_id, site_id, from_at)',
  'create index firmware_campaign_name on firmware_campaign (organization_id, name)',
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
  await grantTables(db, [
    'station_file',
    'upload_slot',
    'firmware_campaign',
    'firmware_campaign_station',
    'firmware_history',
    'reservation',
  ])
}
