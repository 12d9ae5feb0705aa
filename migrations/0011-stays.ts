// Owns what is kept about stays beyond entry and exit: movements, the vendor's price, presumed exits, alarms, counts, EV bays.
// Must not be edited once it has landed.
import { type Kysely, sql } from 'kysely'
import { grantTables } from './grant-tables.ts'

const statements = [
  // The last price that the parking system told; what billing takes where the site says so.
  'alter table stay add column price jsonb',
  // Set when nobody saw it leave and it is taken to have left all the same: by age, or by an operator who counted.
  'alter table stay add column presumed_left_at timestamptz',
  'alter table stay add column presumed_left_by text',
  // Who was inside at an instant: those that left later, beside those that are open.
  'create index stay_site_left on stay (organization_id, site_id, (coalesce(exited_at, exit_before)))',

  // A table, not a view: a month of a busy site is a million and a half facts, and its refusals are a few hundred of them.
  `create table movement (
    organization_id uuid not null,
    site_id uuid not null,
    movement_id uuid not null,
    at timestamptz not null,
    from_at timestamptz not null,
    lane_code text,
    direction text check (direction in ('entry', 'exit', 'internal')),
    kind text not null check (kind in ('passed', 'turned_round', 'refused', 'granted', 'asked', 'seen')),
    reason text,
    plate text,
    search_keys text[] not null default '{}',
    primary key (organization_id, movement_id),
    foreign key (organization_id, site_id) references site
  ) with (fillfactor = 80)`,
  'create index movement_site on movement (organization_id, site_id, at, movement_id)',
  'create index movement_kind on movement (organization_id, site_id, kind, at)',
  'create index movement_lane on movement (organization_id, site_id, lane_code, at)',
  'create index movement_keys on movement using gin (search_keys) with (fastupdate = off)',
  'alter table parking_fact add column movement_id uuid',
  `create index parking_fact_movement on parking_fact (organization_id, movement_id) where movement_id is not null`,

  `create table stay_alarm (
    organization_id uuid not null,
    site_id uuid not null,
    stay_id uuid not null,
    session_id uuid not null,
    kind text not null check (kind in ('exited_while_plugged', 'session_spans_stays')),
    raised_at timestamptz not null,
    withdrawn_at timestamptz,
    reason text,
    primary key (organization_id, stay_id, session_id),
    foreign key (organization_id, stay_id) references stay,
    foreign key (organization_id, session_id) references charging_session
  )`,
  'create index stay_alarm_active on stay_alarm (organization_id, site_id) where withdrawn_at is null',

  `create table occupancy_count (
    organization_id uuid not null,
    site_id uuid not null,
    count_id uuid not null,
    area_code text,
    category text,
    counted integer not null check (counted >= 0),
    at timestamptz not null,
    derived integer,
    reported integer,
    note text,
    counted_by text not null,
    undone_at timestamptz,
    undone_by text,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (organization_id, count_id),
    foreign key (organization_id, site_id) references site
  )`,
  'create index occupancy_count_site on occupancy_count (organization_id, site_id, at)',
  // The drift that was last told, so that it is told once and not with every car.
  'alter table occupancy add column drift_told integer not null default 0',

  `create table ev_bay_state (
    organization_id uuid not null,
    site_id uuid not null,
    bay_id uuid not null,
    state text not null check (state in
      ('free', 'charging', 'plugged_idle', 'occupied_not_charging', 'out_of_order', 'reserved')),
    since timestamptz not null,
    working boolean not null,
    occupied boolean not null,
    session_id uuid,
    seen_keys text[] not null default '{}',
    plate text,
    told_state text,
    told_since timestamptz,
    overstay_told timestamptz,
    version integer not null default 1,
    updated_at timestamptz not null,
    primary key (organization_id, bay_id),
    foreign key (organization_id, bay_id) references bay
  ) with (fillfactor = 60)`,
  'create index ev_bay_state_site on ev_bay_state (organization_id, site_id, state)',
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
  await grantTables(db, ['movement', 'stay_alarm', 'occupancy_count', 'ev_bay_state'])
}
