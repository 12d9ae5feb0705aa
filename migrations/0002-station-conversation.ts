// Owns what stations tell and ask beside transactions, and the later outcomes of commands.
// Must not be edited once it has landed.
import { type Kysely, sql } from 'kysely'
import { grantTables } from './grant-tables.ts'

const statements = [
  // One row for every notice and inquiry, the hub's answer beside it.
  `create table station_notice (
    organization_id uuid not null,
    site_id uuid,
    notice_id uuid not null,
    station_id uuid not null,
    topic text not null,
    evse_number integer,
    at timestamptz not null,
    device_at timestamptz,
    received_at timestamptz not null,
    request_id integer,
    sequence integer,
    data jsonb not null,
    answer jsonb,
    primary key (organization_id, notice_id)
  )`,
  'create index station_notice_station on station_notice (organization_id, station_id, received_at)',
  `create index station_notice_request on station_notice (organization_id, station_id, request_id)
    where request_id is not null`,
  `create index station_notice_bulk on station_notice (received_at) where topic in ('stream.values', 'report.part')`,
  // The device model as the station last told it: one row for each attribute of each variable.
  `create table station_variable (
    organization_id uuid not null,
    site_id uuid,
    station_id uuid not null,
    component text not null,
    component_instance text not null default '',
    evse_number integer not null default 0,
    connector_number integer not null default 0,
    variable text not null,
    variable_instance text not null default '',
    attribute text not null default 'Actual',
    value text,
    mutability text,
    persistent boolean,
    constant boolean,
    data_type text,
    unit text,
    min_limit numeric,
    max_limit numeric,
    values_list text,
    supports_monitoring boolean,
    updated_at timestamptz not null,
    primary key (organization_id, station_id, component, component_instance, evse_number, connector_number, variable,
      variable_instance, attribute)
  )`,
  'alter table command add column request_id integer',
  'create index command_request on command (organization_id, station_id, request_id) where request_id is not null',
  'alter table command drop constraint command_outcome_check',
  `alter table command add constraint command_outcome_check check (outcome in
    ('pending', 'accepted', 'refused', 'started', 'not_started', 'completed', 'failed', 'incomplete', 'unknown'))`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
  await grantTables(db, ['station_notice', 'station_variable'])
}
