// Owns what stations are to have (settings, lists, profiles, certificates, tariffs, messages) and what each is known to have.
// Must not be edited once it has landed.
import { type Kysely, sql } from 'kysely'
import { grantTables } from './grant-tables.ts'

const statements = [
  // `place` is the scope in one text, so that one rule keeps a key from being wanted twice at one place.
  `create table desired_item (
    organization_id uuid not null references organization,
    site_id uuid,
    desired_item_id uuid not null,
    scope text not null check (scope in ('organization', 'site', 'model', 'station')),
    vendor text,
    model text,
    firmware_prefix text,
    station_id uuid,
    place text not null,
    kind text not null check (kind in
      ('setting', 'local_list', 'profile', 'root_certificate', 'default_tariff', 'display_message', 'network_profile')),
    key text not null,
    value jsonb not null,
    enabled boolean not null default true,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    archived_at timestamptz,
    primary key (organization_id, desired_item_id),
    foreign key (organization_id, site_id) references site,
    foreign key (organization_id, station_id) references station,
    check ((scope in ('site', 'station')) = (site_id is not null)),
    check ((scope = 'station') = (station_id is not null)),
    check ((scope = 'model') = (vendor is not null))
  )`,
  `create unique index desired_item_place on desired_item (organization_id, place, kind, key) where archived_at is null`,
  `create table station_actual (
    organization_id uuid not null,
    site_id uuid,
    station_id uuid not null,
    kind text not null,
    key text not null,
    state text not null check (state in ('unknown', 'in_line', 'drifted', 'pending', 'refused', 'unsupported')),
    desired_hash text,
    desired_value jsonb,
    written_hash text,
    written_value jsonb,
    written_at timestamptz,
    actual_value jsonb,
    checked_at timestamptz,
    tried_at timestamptz,
    attempts integer not null default 0,
    next_try_at timestamptz,
    silent boolean not null default false,
    boot_wait text check (boot_wait in ('waits', 'reset_asked')),
    command_id uuid,
    reason text,
    updated_at timestamptz not null,
    primary key (organization_id, station_id, kind, key),
    foreign key (organization_id, station_id) references station
  )`,
  `create index station_actual_unsettled on station_actual (organization_id, state) where state <> 'in_line'`,
  // The local list as the station last confirmed it, and the one that is on its way.
  `create table station_list (
    organization_id uuid not null,
    site_id uuid,
    station_id uuid not null,
    protocol text,
    counter integer not null default 0,
    version integer,
    entries jsonb,
    sending jsonb,
    max_entries integer,
    max_per_message integer,
    limits_at timestamptz,
    primary key (organization_id, station_id),
    foreign key (organization_id, station_id) references station
  )`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
  await grantTables(db, ['desired_item', 'station_actual', 'station_list'])
}
