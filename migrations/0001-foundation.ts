// Owns the hub's first schema: places, people, parking, charging, money, plugins, events.
// Must not be edited once it has landed; change comes as a new numbered file. Partitions are made by core/store/partitions.ts.
import { type Kysely, sql } from 'kysely'

// House rules held by test/store/catalogue.test.ts: organization_id opens every primary key, unique and foreign key of
// operational tables; reference tables (no organization) are listed in that test with their reason. Money columns end in
// _minor (bigint), energy in _wh (bigint), instants are timestamptz; prices and quantities are numeric.
const statements = [
  // ---- places -------------------------------------------------------------------------------------------------
  `create table organization (
    organization_id uuid primary key,
    name text not null,
    version integer not null default 1,
    created_at timestamptz not null
  )`,
  `create table site (
    organization_id uuid not null references organization,
    site_id uuid not null,
    code text not null,
    name text not null,
    time_zone text not null,
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    country text,
    address text,
    settings jsonb not null default '{}',
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    archived_at timestamptz,
    primary key (organization_id, site_id),
    unique (organization_id, code)
  )`,
  `create table area (
    organization_id uuid not null,
    site_id uuid not null,
    area_id uuid not null,
    code text not null,
    name text not null,
    level text,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    archived_at timestamptz,
    primary key (organization_id, area_id),
    unique (organization_id, site_id, code),
    foreign key (organization_id, site_id) references site
  )`,
  `create table bay (
    organization_id uuid not null,
    site_id uuid not null,
    bay_id uuid not null,
    area_id uuid,
    code text not null,
    name text not null,
    kind text not null default 'ev' check (kind in ('ev', 'standard', 'accessible', 'ev_accessible')),
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    archived_at timestamptz,
    primary key (organization_id, bay_id),
    unique (organization_id, site_id, code),
    foreign key (organization_id, site_id) references site,
    foreign key (organization_id, area_id) references area
  )`,
  `create table bay_state (
    organization_id uuid not null,
    site_id uuid not null,
    bay_id uuid not null,
    occupied boolean not null,
    since timestamptz not null,
    presentations jsonb not null default '[]',
    primary key (organization_id, bay_id),
    foreign key (organization_id, bay_id) references bay
  )`,
  `create table lane (
    organization_id uuid not null,
    site_id uuid not null,
    lane_id uuid not null,
    code text not null,
    name text not null,
    direction text not null check (direction in ('entry', 'exit', 'both', 'internal')),
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    archived_at timestamptz,
    primary key (organization_id, lane_id),
    unique (organization_id, site_id, code),
    foreign key (organization_id, site_id) references site
  )`,
  `create table device (
    organization_id uuid not null,
    site_id uuid not null,
    device_id uuid not null,
    lane_id uuid,
    code text not null,
    name text not null,
    kind text not null,
    state text not null default 'unknown' check (state in ('unknown', 'ok', 'warning', 'fault', 'offline')),
    state_code text,
    state_text text,
    state_at timestamptz,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    archived_at timestamptz,
    primary key (organization_id, device_id),
    unique (organization_id, site_id, code),
    foreign key (organization_id, site_id) references site,
    foreign key (organization_id, lane_id) references lane
  )`,
  `create table occupancy (
    organization_id uuid not null,
    site_id uuid not null,
    counter text not null,
    category text not null default '',
    area_code text,
    free integer,
    occupied integer,
    capacity integer,
    at timestamptz not null,
    primary key (organization_id, site_id, counter, category),
    foreign key (organization_id, site_id) references site
  )`,

  // ---- chargers -----------------------------------------------------------------------------------------------
  // A station dials in by its identity alone, before anything says which organization it belongs to.
  `create table station_identity (
    identity text primary key,
    organization_id uuid not null,
    station_id uuid not null
  )`,
  `create table station (
    organization_id uuid not null,
    site_id uuid,
    station_id uuid not null,
    code text not null,
    name text not null,
    admission text not null default 'accepted' check (admission in ('pending', 'accepted', 'rejected')),
    secret_hash bytea,
    security_profile smallint not null default 1 check (security_profile between 0 and 3),
    default_protocol text check (default_protocol in ('ocpp1.6', 'ocpp2.0.1', 'ocpp2.1')),
    max_power_w integer,
    settings jsonb not null default '{}',
    vendor text,
    model text,
    serial text,
    firmware text,
    boot_reason text,
    booted_at timestamptz,
    last_seen_at timestamptz,
    next_transaction_number integer not null default 1,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    archived_at timestamptz,
    primary key (organization_id, station_id),
    foreign key (organization_id, site_id) references site
  ) with (fillfactor = 70)`,
  'create index station_site on station (organization_id, site_id)',
  `create table station_link (
    organization_id uuid not null,
    site_id uuid,
    station_id uuid not null,
    node_id text not null,
    epoch bigint not null,
    protocol text,
    remote_address text,
    connected_at timestamptz not null,
    disconnected_at timestamptz,
    primary key (organization_id, station_id)
  ) with (fillfactor = 50)`,
  `create table evse (
    organization_id uuid not null,
    site_id uuid,
    station_id uuid not null,
    evse_id uuid not null,
    number integer not null check (number > 0),
    code text not null,
    bay_id uuid,
    max_power_w integer,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    archived_at timestamptz,
    primary key (organization_id, evse_id),
    unique (organization_id, station_id, number),
    foreign key (organization_id, station_id) references station,
    foreign key (organization_id, bay_id) references bay
  )`,
  'create index evse_bay on evse (organization_id, bay_id)',
  `create table connector (
    organization_id uuid not null,
    site_id uuid,
    station_id uuid not null,
    evse_number integer not null,
    number integer not null,
    standard text,
    status text not null default 'unknown',
    raw_status text,
    error_code text,
    error_info text,
    status_at timestamptz,
    received_at timestamptz,
    primary key (organization_id, station_id, evse_number, number),
    foreign key (organization_id, station_id) references station
  ) with (fillfactor = 60)`,
  `create table connector_status (
    organization_id uuid not null,
    site_id uuid,
    station_id uuid not null,
    evse_number integer not null,
    connector_number integer not null,
    at timestamptz not null,
    status text not null,
    error_code text not null default '',
    raw_status text,
    error_info text,
    device_at timestamptz,
    received_at timestamptz not null,
    primary key (organization_id, station_id, evse_number, connector_number, at, status, error_code)
  )`,
  'create index connector_status_recent on connector_status (organization_id, station_id, evse_number, at)',
  `create table charging_session (
    organization_id uuid not null,
    site_id uuid,
    session_id uuid not null,
    station_id uuid not null,
    evse_number integer not null,
    evse_id uuid,
    bay_id uuid,
    state text not null check (state in ('active', 'ended', 'closed', 'void')),
    account_id uuid,
    vehicle_id uuid,
    credential_id uuid,
    id_token text,
    id_token_kind text,
    plugged_at timestamptz not null,
    unplugged_at timestamptz,
    started_at timestamptz not null,
    ended_at timestamptz,
    energy_wh bigint not null default 0,
    charging_seconds integer not null default 0,
    suspended_vehicle_seconds integer not null default 0,
    suspended_station_seconds integer not null default 0,
    idle_seconds integer not null default 0,
    periods jsonb not null default '[]',
    registers jsonb not null default '[]',
    flags text[] not null default '{}',
    tariff_id uuid,
    tariff_version integer,
    facts_at timestamptz not null,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (organization_id, session_id)
  ) with (fillfactor = 60)`,
  'create index charging_session_site on charging_session (organization_id, site_id, plugged_at)',
  'create index charging_session_evse on charging_session (organization_id, station_id, evse_number, plugged_at)',
  `create index charging_session_open on charging_session (organization_id, site_id) where state <> 'closed'`,
  `create table ocpp_transaction (
    organization_id uuid not null,
    site_id uuid,
    station_id uuid not null,
    transaction_id uuid not null,
    session_id uuid,
    protocol text not null,
    number integer,
    station_ref text,
    start_key text not null,
    evse_number integer not null,
    connector_number integer not null,
    id_token text,
    id_token_kind text,
    authorization_status text,
    account_id uuid,
    vehicle_id uuid,
    credential_id uuid,
    state text not null check (state in ('open', 'ended', 'review')),
    started_at timestamptz not null,
    start_received_at timestamptz not null,
    ended_at timestamptz,
    end_received_at timestamptz,
    meter_start_wh bigint,
    meter_stop_wh bigint,
    energy_wh bigint not null default 0,
    last_register_wh bigint,
    last_register_at timestamptz,
    stop_reason text,
    remote_start_id integer,
    highest_sequence integer,
    flags text[] not null default '{}',
    primary key (organization_id, station_id, transaction_id),
    unique (organization_id, station_id, start_key)
  ) with (fillfactor = 60)`,
  `create unique index ocpp_transaction_number on ocpp_transaction (organization_id, station_id, number) where number is not null`,
  'create index ocpp_transaction_time on ocpp_transaction (organization_id, station_id, evse_number, started_at)',
  'create index ocpp_transaction_recent on ocpp_transaction (organization_id, station_id, started_at)',
  `create index ocpp_transaction_open on ocpp_transaction (organization_id, station_id) where state = 'open'`,
  'create index ocpp_transaction_session on ocpp_transaction (organization_id, session_id)',
  `create table transaction_event (
    organization_id uuid not null,
    site_id uuid,
    station_id uuid not null,
    transaction_id uuid not null,
    event_key text not null,
    kind text not null check (kind in ('started', 'updated', 'ended')),
    sequence integer,
    at timestamptz not null,
    device_at timestamptz,
    received_at timestamptz not null,
    trigger text,
    charging_state text,
    stop_reason text,
    id_token text,
    register_wh bigint,
    offline boolean not null default false,
    primary key (organization_id, station_id, transaction_id, event_key)
  )`,
  `create table meter_value (
    organization_id uuid not null,
    site_id uuid,
    station_id uuid not null,
    evse_number integer not null,
    at timestamptz not null,
    context text not null,
    transaction_id uuid,
    received_at timestamptz not null,
    register_wh bigint,
    if_kwh_wh bigint,
    export_wh bigint,
    power_w integer,
    current_ma integer,
    voltage_mv integer,
    soc numeric,
    extra jsonb,
    suspect text,
    primary key (organization_id, station_id, evse_number, at, context)
  ) partition by range (at)`,
  'create table meter_value_default partition of meter_value default',
  'create index meter_value_transaction on meter_value (organization_id, station_id, transaction_id, at)',
  `create table station_message (
    organization_id uuid not null,
    site_id uuid,
    station_id uuid not null,
    received_at timestamptz not null,
    message_id uuid not null,
    direction text not null check (direction in ('in', 'out')),
    epoch bigint not null,
    action text,
    frame text not null,
    primary key (organization_id, station_id, received_at, message_id)
  ) partition by range (received_at)`,
  'create table station_message_default partition of station_message default',
  `create table review_item (
    organization_id uuid not null,
    site_id uuid,
    review_id uuid not null,
    content_key text not null,
    kind text not null,
    station_id uuid,
    subject_type text,
    subject_id uuid,
    reason text not null,
    data jsonb not null default '{}',
    state text not null default 'open' check (state in ('open', 'resolved')),
    at timestamptz not null,
    resolved_at timestamptz,
    resolved_by text,
    resolution text,
    primary key (organization_id, review_id),
    unique (organization_id, content_key)
  )`,
  `create index review_item_open on review_item (organization_id, site_id, at) where state = 'open'`,
  `create table protocol_deviation (
    organization_id uuid not null,
    code text not null,
    vendor text not null,
    model text not null,
    firmware text not null,
    count bigint not null,
    first_at timestamptz not null,
    last_at timestamptz not null,
    last_station_id uuid not null,
    sample text,
    primary key (organization_id, code, vendor, model, firmware)
  ) with (fillfactor = 50)`,
  `create table command (
    organization_id uuid not null,
    site_id uuid,
    command_id uuid not null,
    station_id uuid not null,
    name text not null,
    args jsonb not null,
    state text not null check (state in
      ('queued', 'sent', 'answered', 'timed_out', 'expired', 'superseded', 'cancelled', 'failed')),
    outcome text check (outcome in ('pending', 'accepted', 'refused', 'started', 'not_started', 'unknown')),
    outcome_at timestamptz,
    outcome_deadline timestamptz,
    requested_by text not null,
    deadline timestamptz not null,
    attempts integer not null default 0,
    sent_epoch bigint,
    created_at timestamptz not null,
    sent_at timestamptz,
    answered_at timestamptz,
    result jsonb,
    reason text,
    session_id uuid,
    primary key (organization_id, command_id)
  )`,
  `create index command_open on command (organization_id, station_id, created_at) where state in ('queued', 'sent')`,
  `create index command_pending on command (organization_id, station_id) where outcome = 'pending'`,
  'create index command_station on command (organization_id, station_id, created_at)',

  // ---- people and what they hold ------------------------------------------------------------------------------
  `create table account (
    organization_id uuid not null references organization,
    account_id uuid not null,
    number text not null,
    name text not null,
    kind text not null check (kind in ('person', 'company', 'tenant', 'fleet')),
    status text not null default 'active' check (status in ('active', 'suspended', 'closed')),
    email text,
    phone text,
    parker_kind text not null default 'member' check (parker_kind in ('transient', 'contract', 'member', 'reservation')),
    valid_from timestamptz,
    valid_until timestamptz,
    settings jsonb not null default '{}',
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    archived_at timestamptz,
    primary key (organization_id, account_id),
    unique (organization_id, number)
  )`,
  `create table account_group (
    organization_id uuid not null references organization,
    group_id uuid not null,
    code text not null,
    name text not null,
    site_ids uuid[],
    rights text[] not null default '{park,charge}',
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    archived_at timestamptz,
    primary key (organization_id, group_id),
    unique (organization_id, code)
  )`,
  `create table account_group_member (
    organization_id uuid not null,
    group_id uuid not null,
    account_id uuid not null,
    primary key (organization_id, group_id, account_id),
    foreign key (organization_id, group_id) references account_group,
    foreign key (organization_id, account_id) references account
  )`,
  'create index account_group_member_account on account_group_member (organization_id, account_id)',
  `create table vehicle (
    organization_id uuid not null,
    vehicle_id uuid not null,
    account_id uuid,
    plate text,
    plate_country text,
    plate_key text,
    make text,
    model text,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    archived_at timestamptz,
    primary key (organization_id, vehicle_id),
    foreign key (organization_id, account_id) references account
  )`,
  'create index vehicle_plate on vehicle (organization_id, plate_key)',
  'create index vehicle_account on vehicle (organization_id, account_id)',
  `create table credential (
    organization_id uuid not null,
    credential_id uuid not null,
    account_id uuid,
    vehicle_id uuid,
    kind text not null,
    label text,
    status text not null default 'active' check (status in ('active', 'blocked', 'revoked')),
    rights text[] not null default '{park,charge}',
    site_ids uuid[],
    valid_from timestamptz,
    valid_until timestamptz,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    archived_at timestamptz,
    primary key (organization_id, credential_id),
    foreign key (organization_id, account_id) references account,
    foreign key (organization_id, vehicle_id) references vehicle
  )`,
  'create index credential_account on credential (organization_id, account_id)',
  `create table presentation (
    organization_id uuid not null,
    presentation_id uuid not null,
    credential_id uuid not null,
    kind text not null,
    raw text not null,
    encoding text,
    bit_length integer,
    canonical_key text not null,
    source text not null default 'enrolled' check (source in ('enrolled', 'learned', 'imported')),
    created_at timestamptz not null,
    removed_at timestamptz,
    primary key (organization_id, presentation_id),
    unique (organization_id, credential_id, canonical_key),
    foreign key (organization_id, credential_id) references credential
  )`,
  `create table presentation_key (
    organization_id uuid not null,
    search_key text not null,
    presentation_id uuid not null,
    credential_id uuid not null,
    partial boolean not null default false,
    primary key (organization_id, search_key, presentation_id),
    foreign key (organization_id, presentation_id) references presentation on delete cascade
  )`,
  // Whose a credential or vehicle was, by which plate a vehicle went and what kind of parker an account was, until it changed. Bills
  // and links of the past are made from what held then. A null says nothing: what came next counts from before.
  `create table former_holding (
    organization_id uuid not null,
    kind text not null check (kind in ('account', 'vehicle', 'credential')),
    subject_id uuid not null,
    until_at timestamptz not null,
    account_id uuid,
    vehicle_id uuid,
    plate text,
    plate_country text,
    plate_key text,
    parker_kind text,
    primary key (organization_id, kind, subject_id, until_at)
  )`,
  'create index former_holding_plate on former_holding (organization_id, plate_key) where plate_key is not null',
  `create index former_holding_account on former_holding (organization_id, account_id) where kind = 'vehicle'`,
  // What a change of people, vehicles or credentials may have made of stays and sessions that exist: the keys to find them by, until
  // one job has looked at all that gathered. Ten thousand enrolments are ten thousand small rows and one waiting job.
  `create table identity_change (
    organization_id uuid not null,
    change_id uuid not null,
    search_keys text[] not null,
    index_keys text[] not null,
    at timestamptz not null,
    primary key (organization_id, change_id)
  )`,

  // Sessions that the charger path wrote and whose links and bills nobody has looked at since: one waiting job of the site looks at
  // all that gathered. A row for each change, never an upsert: the charger path must not wait for who is just taking a row away.
  `create table session_change (
    organization_id uuid not null,
    site_id uuid not null,
    change_id uuid not null,
    session_id uuid not null,
    billable boolean not null,
    primary key (organization_id, change_id)
  )`,
  `create index session_change_site on session_change (organization_id, site_id)`,

  // ---- parking ------------------------------------------------------------------------------------------------
  `create table parking_fact (
    organization_id uuid not null,
    site_id uuid not null,
    connection_id uuid not null,
    vendor_event_id text not null,
    revision integer not null,
    fact_id uuid not null,
    type text not null,
    occurred_at timestamptz not null,
    received_at timestamptz not null,
    backfilled boolean not null default false,
    stay_ref text,
    stay_key text,
    stay_id uuid,
    request_id text,
    lane_code text,
    device_code text,
    place_code text,
    search_keys text[] not null default '{}',
    data jsonb not null,
    superseded boolean not null default false,
    primary key (organization_id, connection_id, vendor_event_id, revision)
  )`,
  `create index parking_fact_request on parking_fact (organization_id, connection_id, request_id)
    where request_id is not null`,
  `create index parking_fact_place on parking_fact (organization_id, site_id, type, place_code, occurred_at)
    where place_code is not null`,
  'create index parking_fact_of_stay on parking_fact (organization_id, stay_id) where stay_id is not null',
  'create index parking_fact_stay on parking_fact (organization_id, connection_id, stay_key)',
  // Without the pending list: it is read whole by every look-up (287 pages for one key of a busy day), and look-ups are in the hot path.
  'create index parking_fact_keys on parking_fact using gin (search_keys) with (fastupdate = off)',
  'create index parking_fact_site on parking_fact (organization_id, site_id, occurred_at)',
  `create table stay (
    organization_id uuid not null,
    site_id uuid not null,
    stay_id uuid not null,
    connection_id uuid not null,
    stay_key text not null,
    stay_ref text,
    state text not null check (state in ('open', 'closed', 'exit_only', 'voided')),
    parker_kind text not null default 'transient',
    account_id uuid,
    vehicle_id uuid,
    credential_id uuid,
    plate text,
    entered_at timestamptz,
    exited_at timestamptz,
    exit_before timestamptz,
    entry_lane text,
    exit_lane text,
    presentations jsonb not null default '[]',
    search_keys text[] not null default '{}',
    bays jsonb not null default '[]',
    discounts jsonb not null default '[]',
    paid_minor bigint not null default 0,
    paid_until timestamptz,
    flags text[] not null default '{}',
    facts_at timestamptz not null,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (organization_id, stay_id),
    unique (organization_id, connection_id, stay_key),
    foreign key (organization_id, site_id) references site
  ) with (fillfactor = 60)`,
  'create index stay_site_time on stay (organization_id, site_id, entered_at)',
  `create index stay_open on stay (organization_id, site_id) where state = 'open'`,
  `create index stay_account on stay (organization_id, account_id) where state = 'open'`,
  'create index stay_keys on stay using gin (search_keys) with (fastupdate = off)',
  `create table link (
    organization_id uuid not null,
    site_id uuid not null,
    link_id uuid not null,
    stay_id uuid not null,
    session_id uuid not null,
    state text not null check (state in ('linked', 'review', 'rejected', 'unlinked', 'withdrawn')),
    method text not null,
    score numeric not null,
    evidence jsonb not null,
    explanation jsonb not null default '[]',
    decided_by text not null,
    decided_at timestamptz not null,
    made_under numeric,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (organization_id, link_id),
    unique (organization_id, stay_id, session_id),
    foreign key (organization_id, stay_id) references stay,
    foreign key (organization_id, session_id) references charging_session
  )`,
  `create unique index link_one_stay on link (organization_id, session_id) where state = 'linked'`,
  'create index link_site_state on link (organization_id, site_id, state)',
  // What each stay and session can be found by when links are looked for; written by linking alone, from the records. What is older
  // than the site's link history is pruned every hour (core/services/linking/prune-link-index.ts).
  `create table link_index (
    organization_id uuid not null,
    site_id uuid not null,
    kind text not null check (kind in ('stay', 'session')),
    subject_id uuid not null,
    keys text[] not null,
    from_at timestamptz,
    to_at timestamptz,
    primary key (organization_id, kind, subject_id)
  ) with (fillfactor = 70)`,
  'create index link_index_keys on link_index using gin (keys) with (fastupdate = off)',
  'create index link_index_end on link_index (organization_id, site_id, to_at)',
  `create table link_history (
    organization_id uuid not null,
    site_id uuid not null,
    history_id uuid not null,
    link_id uuid not null,
    from_state text,
    to_state text not null,
    actor text not null,
    reason text,
    score numeric not null,
    evidence jsonb not null,
    at timestamptz not null,
    primary key (organization_id, history_id)
  )`,
  'create index link_history_link on link_history (organization_id, link_id)',

  // ---- money --------------------------------------------------------------------------------------------------
  `create table tariff (
    organization_id uuid not null references organization,
    site_id uuid,
    tariff_id uuid not null,
    code text not null,
    name text not null,
    scope text not null check (scope in ('parking', 'charging')),
    engine text not null,
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    archived_at timestamptz,
    primary key (organization_id, tariff_id),
    unique (organization_id, code)
  )`,
  `create table tariff_version (
    organization_id uuid not null,
    tariff_id uuid not null,
    tariff_version integer not null,
    rules jsonb not null,
    valid_from timestamptz not null,
    created_at timestamptz not null,
    created_by text not null,
    primary key (organization_id, tariff_id, tariff_version),
    foreign key (organization_id, tariff_id) references tariff
  )`,
  `create table tariff_assignment (
    organization_id uuid not null,
    site_id uuid not null,
    assignment_id uuid not null,
    tariff_id uuid not null,
    group_id uuid,
    area_id uuid,
    parker_kind text,
    priority integer not null default 0,
    valid_from timestamptz,
    valid_until timestamptz,
    created_at timestamptz not null,
    primary key (organization_id, assignment_id),
    foreign key (organization_id, site_id) references site,
    foreign key (organization_id, tariff_id) references tariff
  )`,
  'create index tariff_assignment_site on tariff_assignment (organization_id, site_id)',
  `create table billing_subject (
    organization_id uuid not null,
    site_id uuid not null,
    subject_key text not null,
    stay_id uuid,
    session_id uuid,
    state text not null check (state in ('pending', 'held', 'settled')),
    reason text,
    due_at timestamptz,
    updated_at timestamptz not null,
    primary key (organization_id, subject_key)
  )`,
  `create table bill_series (
    organization_id uuid not null,
    series text not null,
    next_number bigint not null,
    primary key (organization_id, series)
  )`,
  `create table bill (
    organization_id uuid not null,
    site_id uuid not null,
    bill_id uuid not null,
    series text not null,
    number bigint not null,
    kind text not null check (kind in ('bill', 'adjustment')),
    subject_key text not null,
    sequence integer not null,
    adjusts_bill_id uuid,
    stay_id uuid,
    session_id uuid,
    account_id uuid,
    currency text not null,
    net_minor bigint not null,
    tax_minor bigint not null,
    total_minor bigint not null,
    reason text,
    service_from timestamptz not null,
    service_to timestamptz not null,
    issued_at timestamptz not null,
    issued_by text not null,
    business_date date not null,
    rounding jsonb not null,
    basis jsonb not null,
    receipt jsonb not null,
    primary key (organization_id, bill_id),
    unique (organization_id, series, number),
    unique (organization_id, subject_key, sequence),
    check (net_minor + tax_minor = total_minor)
  )`,
  'create index bill_time on bill (organization_id, issued_at, bill_id)',
  'create index bill_site on bill (organization_id, site_id, issued_at, bill_id)',
  'create index bill_account on bill (organization_id, account_id, issued_at)',
  'create index bill_day on bill (organization_id, business_date)',
  'create index bill_stay on bill (organization_id, stay_id) where stay_id is not null',
  `create table bill_line (
    organization_id uuid not null,
    site_id uuid not null,
    bill_id uuid not null,
    line integer not null,
    line_key text not null,
    kind text not null,
    description text not null,
    stay_id uuid,
    session_id uuid,
    tariff_id uuid,
    tariff_version integer,
    rule_path text,
    quantity numeric not null,
    billed_quantity numeric not null,
    unit text not null,
    unit_price numeric not null,
    per_quantity numeric not null default 1,
    tax_included boolean not null default false,
    net_minor bigint not null,
    tax_code text,
    tax_rate numeric not null default 0,
    tax_minor bigint not null,
    total_minor bigint not null,
    rounding text not null,
    explanation jsonb not null default '[]',
    added_by text,
    primary key (organization_id, bill_id, line),
    foreign key (organization_id, bill_id) references bill,
    check (net_minor + tax_minor = total_minor)
  )`,
  'create index bill_line_session on bill_line (organization_id, session_id) where session_id is not null',
  `create table payment (
    organization_id uuid not null,
    site_id uuid not null,
    payment_id uuid not null,
    kind text not null check (kind in ('captured', 'refunded', 'failed')),
    subject_key text,
    stay_id uuid,
    connection_id uuid,
    content_key text not null,
    vendor_transaction text,
    method text,
    scope text not null check (scope in ('parking', 'energy', 'both')),
    amount_minor bigint not null check (amount_minor >= 0),
    currency text not null,
    at timestamptz not null,
    recorded_at timestamptz not null,
    primary key (organization_id, payment_id),
    unique (organization_id, content_key)
  )`,
  'create index payment_stay on payment (organization_id, stay_id)',
  `create table journal_entry (
    organization_id uuid not null,
    site_id uuid not null,
    entry_id uuid not null,
    source_type text not null,
    source_id uuid not null,
    description text not null,
    business_date date not null,
    posted_at timestamptz not null,
    primary key (organization_id, entry_id),
    unique (organization_id, source_type, source_id)
  )`,
  'create index journal_entry_time on journal_entry (organization_id, posted_at, entry_id)',
  'create index journal_entry_date on journal_entry (organization_id, site_id, business_date)',
  // One posting moves one amount from one account to another: debit and credit cannot disagree, whatever is inserted.
  `create table journal_posting (
    organization_id uuid not null,
    site_id uuid not null,
    entry_id uuid not null,
    posting integer not null,
    debit_account text not null,
    credit_account text not null,
    amount_minor bigint not null check (amount_minor > 0),
    currency text not null,
    bill_id uuid,
    bill_line integer,
    primary key (organization_id, entry_id, posting),
    foreign key (organization_id, entry_id) references journal_entry,
    check (debit_account <> credit_account)
  )`,

  // ---- events, audit, work ------------------------------------------------------------------------------------
  // tx orders the stream: readers stop at the oldest running transaction, so a slow commit is never skipped.
  `create table event (
    organization_id uuid not null,
    site_id uuid,
    event_id uuid not null,
    tx xid8 not null default pg_current_xact_id(),
    type text not null,
    subject_type text not null,
    subject_id uuid not null,
    subject_version integer,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    data jsonb not null,
    primary key (organization_id, event_id, recorded_at)
  ) partition by range (recorded_at)`,
  'create table event_default partition of event default',
  'create index event_stream on event (organization_id, tx, event_id)',
  'create index event_subject on event (organization_id, subject_id)',
  `create table audit_log (
    organization_id uuid not null,
    site_id uuid,
    audit_id uuid not null,
    at timestamptz not null,
    actor text not null,
    action text not null,
    subject_type text not null,
    subject_id text not null,
    before jsonb,
    after jsonb,
    request_id text,
    primary key (organization_id, audit_id)
  )`,
  'create index audit_log_subject on audit_log (organization_id, subject_type, subject_id)',
  `create table timer (
    organization_id uuid not null,
    site_id uuid,
    kind text not null,
    key text not null,
    due_at timestamptz not null,
    data jsonb not null default '{}',
    primary key (organization_id, kind, key)
  )`,
  'create index timer_due on timer (due_at)',
  `create table api_key (
    organization_id uuid not null references organization,
    key_id uuid not null,
    name text not null,
    prefix text not null,
    hash bytea not null,
    scopes text[] not null,
    site_ids uuid[],
    created_at timestamptz not null,
    created_by text not null,
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz,
    primary key (organization_id, key_id)
  )`,
  'create index api_key_hash on api_key (hash)',
  `create table idempotency (
    organization_id uuid not null,
    key text not null,
    principal text not null,
    request_hash bytea not null,
    operation text not null,
    status integer,
    headers jsonb,
    body text,
    created_at timestamptz not null,
    primary key (organization_id, principal, key)
  )`,

  // ---- plugins ------------------------------------------------------------------------------------------------
  `create table plugin (
    plugin_id text primary key,
    version text not null,
    api_version integer not null,
    hub_range text not null,
    capabilities text[] not null,
    permissions text[] not null,
    origin text not null,
    state text not null,
    reason text,
    seen_at timestamptz not null
  )`,
  `create table connection (
    organization_id uuid not null references organization,
    site_id uuid,
    connection_id uuid not null,
    plugin_id text not null,
    name text not null,
    config jsonb not null default '{}',
    config_version integer not null default 1,
    enabled boolean not null default true,
    pinned boolean not null default false,
    state text not null,
    state_reason text,
    state_pointer text,
    state_at timestamptz not null,
    next_attempt_at timestamptz,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    archived_at timestamptz,
    primary key (organization_id, connection_id)
  )`,
  'create index connection_id on connection (connection_id)',
  `create table connection_secret (
    organization_id uuid not null,
    connection_id uuid not null,
    name text not null,
    sealed bytea not null,
    updated_at timestamptz not null,
    primary key (organization_id, connection_id, name),
    foreign key (organization_id, connection_id) references connection
  )`,
  `create table subscription (
    organization_id uuid not null,
    connection_id uuid not null,
    event_type text not null,
    primary key (organization_id, connection_id, event_type),
    foreign key (organization_id, connection_id) references connection
  )`,
  // What a connection still has to be told. position is drawn after the subject's own row was locked, so it follows the
  // order in which one subject changed, which neither transaction numbers nor event ids of several nodes do.
  `create table delivery (
    organization_id uuid not null,
    connection_id uuid not null,
    event_id uuid not null,
    recorded_at timestamptz not null,
    event_type text not null,
    subject_id uuid not null,
    position bigint generated always as identity,
    state text not null default 'waiting' check (state in ('waiting', 'failed')),
    attempts integer not null default 0,
    next_at timestamptz,
    last_error text,
    failed_at timestamptz,
    primary key (organization_id, connection_id, event_id)
  ) with (fillfactor = 70)`,
  'create index delivery_order on delivery (organization_id, connection_id, subject_id, position)',
  `create table handled_event (
    organization_id uuid not null,
    connection_id uuid not null,
    key text not null,
    event_id uuid not null,
    handled_at timestamptz not null,
    primary key (organization_id, connection_id, event_id, key)
  )`,
  // The last instant at which a plugin's schedule ran, for the whole cluster.
  `create table schedule (
    organization_id uuid not null,
    connection_id uuid not null,
    name text not null,
    last_at timestamptz not null,
    primary key (organization_id, connection_id, name),
    foreign key (organization_id, connection_id) references connection
  )`,
  `create table lease (
    name text primary key,
    holder text not null,
    epoch bigint not null,
    until timestamptz not null
  )`,
]

/** Rows of these are facts for ever: the hub's own role may add them and read them, nothing else. */
const appendOnly = [
  'bill',
  'bill_line',
  'journal_entry',
  'journal_posting',
  'event',
  'event_default',
  'audit_log',
  'link_history',
  'payment',
  'tariff_version',
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)

  // Jobs ride the caller's transaction although the queue's tables belong to the owner (they carry row security).
  // Of two with one key in one call the later stands, since one upsert may not meet a row twice; keys are taken in order, so
  // that two transactions with the same keys do not lock each other out. A queue name says what must not run at the same
  // time, down to one subject; all subjects of a kind share 16 queues, because the worker locks every free queue each time
  // it looks for a job (graphile-worker 0.16 getJob, "strategy 2"), and one queue per subject would soon be thousands.
  // A job that waits for more of its like waits from the last of them, or ("delayFrom": "first") from the first; then those that
  // come meanwhile add nothing: their payload has to be the same.
  await sql`
    create function hub_add_jobs(specs json) returns void language plpgsql security definer
    set search_path = pg_catalog, pg_temp as $$
    declare
      from_last graphile_worker.job_spec[];
      from_first graphile_worker.job_spec[];
    begin
      select array_agg(s.spec order by s.key, s.n) filter (where not s.keeps_time),
        array_agg(s.spec order by s.key, s.n) filter (where s.keeps_time)
      into from_last, from_first
      from (
        select j.n, j.key, coalesce(j.spec ->> 'delayFrom' = 'first', false) as keeps_time,
          (j.spec ->> 'task', j.spec -> 'payload', regexp_replace(j.spec ->> 'queue', '[^:]*$', substr(md5(j.spec ->> 'queue'), 1, 1)),
            now() + (j.spec ->> 'delayMs')::int * interval '1 millisecond', (j.spec ->> 'attempts')::int,
            j.key, null, null)::graphile_worker.job_spec as spec
        from (
          select distinct on (coalesce(e.spec ->> 'key', '#' || e.n)) e.n, e.spec, e.spec ->> 'key' as key
          from json_array_elements(specs) with ordinality as e(spec, n)
          order by coalesce(e.spec ->> 'key', '#' || e.n), e.n desc
        ) j
      ) s;
      if from_last is not null then perform from graphile_worker.add_jobs(from_last); end if;
      -- One that waits already will do. It cannot be taken before this transaction ends, so it sees what this one wrote.
      from_first := array(select f from unnest(from_first) f where not exists (
        select from graphile_worker._private_jobs j
        where j.key = f.job_key and j.locked_at is null and j.attempts = 0 and j.run_at > now() for share));
      if cardinality(from_first) > 0 then perform from graphile_worker.add_jobs(from_first, true); end if;
    end $$`.execute(db)

  await sql`
    do $$ begin
      if not exists (select 1 from pg_roles where rolname = 'baywatt_app') then
        begin
          create role baywatt_app nologin;
        exception when insufficient_privilege or duplicate_object or unique_violation then null;
        end;
      end if;
      if exists (select 1 from pg_roles where rolname = 'baywatt_app') then
        begin
          execute format('grant baywatt_app to %I', current_user);
        exception when others then null;
        end;
        execute format('grant usage on schema %I to baywatt_app', current_schema());
        grant select, insert, update, delete on all tables in schema public to baywatt_app;
        grant execute on function hub_add_jobs(json) to baywatt_app;
      end if;
    end $$`.execute(db)
  for (const table of appendOnly) {
    await sql`
      do $$ begin
        if exists (select 1 from pg_roles where rolname = 'baywatt_app') then
          execute ${sql.lit(`revoke update, delete, truncate on ${table} from baywatt_app`)};
        end if;
      end $$`.execute(db)
  }
  await sql`revoke execute on function hub_add_jobs(json) from public`.execute(db)
}
