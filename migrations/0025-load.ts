// Owns the electrical tree of a site: circuits with their limits, what their meters read, and the EVSEs that hang on them.
// Must not be edited once it has landed.
import { type Kysely, sql } from 'kysely'
import { grantTables } from './grant-tables.ts'

const tables = [
  `create table circuit (
    organization_id uuid not null,
    site_id uuid not null,
    circuit_id uuid not null,
    parent_id uuid,
    code text not null,
    name text not null,
    limit_a integer not null check (limit_a > 0),
    -- Of what else draws from it: reserveA, riseA, staleAfterSeconds.
    other_load jsonb,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    archived_at timestamptz,
    primary key (organization_id, circuit_id),
    unique (organization_id, site_id, code),
    foreign key (organization_id, site_id) references site,
    foreign key (organization_id, parent_id) references circuit
  )`,
  // The latest reading only: what counts is by when it is stale.
  `create table circuit_meter (
    organization_id uuid not null,
    site_id uuid not null,
    circuit_id uuid not null,
    amps numeric(9, 3) not null check (amps >= 0),
    read_at timestamptz not null,
    received_at timestamptz not null,
    primary key (organization_id, circuit_id),
    foreign key (organization_id, circuit_id) references circuit
  )`,
  `create table circuit_evse (
    organization_id uuid not null,
    site_id uuid not null,
    circuit_evse_id uuid not null,
    circuit_id uuid not null,
    station_id uuid not null,
    evse_id uuid not null,
    evse_number integer not null,
    phases integer not null check (phases in (1, 3)),
    phase integer check (phase is null or (phase in (1, 2, 3) and phases = 1)),
    min_a integer not null check (min_a > 0),
    max_a integer not null check (max_a >= min_a),
    failsafe_a integer not null check (failsafe_a = 0 or failsafe_a between min_a and max_a),
    over_since timestamptz,
    ignoring_since timestamptz,
    refusing_since timestamptz,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    archived_at timestamptz,
    primary key (organization_id, circuit_evse_id),
    foreign key (organization_id, site_id) references site,
    foreign key (organization_id, circuit_id) references circuit,
    foreign key (organization_id, station_id) references station,
    foreign key (organization_id, evse_id) references evse
  )`,
  // An EVSE hangs on at most one circuit.
  'create unique index circuit_evse_once on circuit_evse (organization_id, evse_id) where archived_at is null',
  'create index circuit_evse_station on circuit_evse (organization_id, station_id) where archived_at is null',
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of tables) await sql.raw(statement).execute(db)
  await grantTables(db, ['circuit', 'circuit_meter', 'circuit_evse'])
}
