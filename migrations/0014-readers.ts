// Owns what is kept of cameras and card readers: where each stands, what it told, its pictures, how it writes cards, and cards that
// were shown to two readers to learn that.
// Must not be edited once it has landed.
import { type Kysely, sql } from 'kysely'
import { grantTables } from './grant-tables.ts'

const stamps = `
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null`

const statements = [
  // A row without a role is a reader that has reported and that nobody has told the hub about yet.
  `create table reader (
    organization_id uuid not null references organization,
    site_id uuid,
    reader_id uuid not null,
    connection_id uuid,
    name text not null,
    label text not null,
    kind text not null check (kind in ('plate', 'card', 'space')),
    model text,
    role text check (role in ('entry', 'exit', 'both', 'zone', 'bay')),
    lane_id uuid,
    area_id uuid,
    bay_id uuid,
    spaces jsonb not null default '{}',
    reversed boolean not null default false,
    passage text not null default 'evidence' check (passage in ('evidence', 'passes', 'asks')),
    stays_connection_id uuid,
    repeat_seconds integer not null default 30,
    decode_profile jsonb,
    image_days integer not null default 30,
    heartbeat_seconds integer,${stamps},
    archived_at timestamptz,
    primary key (organization_id, reader_id),
    foreign key (organization_id, site_id) references site,
    foreign key (organization_id, connection_id) references connection,
    foreign key (organization_id, stays_connection_id) references connection,
    foreign key (organization_id, lane_id) references lane,
    foreign key (organization_id, area_id) references area,
    foreign key (organization_id, bay_id) references bay,
    check (role is null or site_id is not null)
  )`,
  'create unique index reader_of_connection on reader (organization_id, connection_id, name) where connection_id is not null',
  'create unique index reader_of_site on reader (organization_id, site_id, name) where connection_id is null',
  // Apart from the record: being heard is no change of it.
  `create table reader_life (
    organization_id uuid not null,
    reader_id uuid not null,
    seen_at timestamptz not null,
    silent boolean not null default false,
    primary key (organization_id, reader_id),
    foreign key (organization_id, reader_id) references reader
  ) with (fillfactor = 50)`,
  `create table reader_report (
    organization_id uuid not null,
    site_id uuid,
    report_id uuid not null,
    connection_id uuid not null,
    vendor_id text not null,
    revision integer not null,
    reader_id uuid not null,
    kind text not null check (kind in ('plate', 'card', 'space')),
    taken_at timestamptz not null,
    received_at timestamptz not null,
    backfilled boolean not null,
    state text not null check (state in ('stored', 'repeat', 'superseded', 'unbound', 'ignored', 'backed_out')),
    reason text,
    plate text,
    arrival_id uuid,
    fact_connection_id uuid,
    fact_id text,
    decision jsonb,
    data jsonb not null,
    primary key (organization_id, report_id),
    unique (organization_id, connection_id, vendor_id, revision),
    foreign key (organization_id, reader_id) references reader
  )`,
  'create index reader_report_of_reader on reader_report (organization_id, reader_id, taken_at)',
  'create index reader_report_of_arrival on reader_report (organization_id, arrival_id) where arrival_id is not null',
  'create index reader_report_by_plate on reader_report (organization_id, plate, taken_at) where plate is not null',
  'create index reader_report_taken on reader_report (organization_id, taken_at)',
  `create table reader_image (
    organization_id uuid not null,
    report_id uuid not null,
    number integer not null,
    kind text not null check (kind in ('plate', 'vehicle', 'scene')),
    content_type text,
    size_bytes integer,
    sha256 text,
    url text,
    url_until timestamptz,
    expires_at timestamptz not null,
    primary key (organization_id, report_id, number),
    foreign key (organization_id, report_id) references reader_report,
    check ((sha256 is null) <> (url is null))
  )`,
  'create index reader_image_expires on reader_image (expires_at)',
  'create index reader_image_content on reader_image (sha256) where sha256 is not null',
  // How chargers, and all readers of a model, write cards. A reader's own profile stands in its record.
  `create table decode_profile (
    organization_id uuid not null references organization,
    profile_id uuid not null,
    scope text not null check (scope in ('station', 'station_model', 'reader_model')),
    station_id uuid,
    vendor text not null default '',
    model text not null default '',
    profile jsonb not null,${stamps},
    archived_at timestamptz,
    primary key (organization_id, profile_id),
    foreign key (organization_id, station_id) references station,
    check ((scope = 'station') = (station_id is not null))
  )`,
  `create unique index decode_profile_subject on decode_profile (organization_id, scope, coalesce(station_id::text, ''), vendor, model)
    where archived_at is null`,
  `create table card_pairing (
    organization_id uuid not null,
    site_id uuid not null,
    pairing_id uuid not null,
    first_reader_id uuid not null,
    second_reader_id uuid,
    second_station_id uuid,
    state text not null check (state in ('open', 'accepted', 'undone', 'cancelled')),
    ends_at timestamptz not null,
    accepted jsonb,${stamps},
    primary key (organization_id, pairing_id),
    foreign key (organization_id, site_id) references site,
    foreign key (organization_id, first_reader_id) references reader,
    foreign key (organization_id, second_reader_id) references reader,
    foreign key (organization_id, second_station_id) references station,
    check ((second_reader_id is null) <> (second_station_id is null))
  )`,
  `create index card_pairing_open on card_pairing (organization_id, ends_at) where state = 'open'`,
  `create table card_pairing_read (
    organization_id uuid not null,
    pairing_id uuid not null,
    read_id uuid not null,
    side integer not null check (side in (1, 2)),
    raw text not null,
    encoding text,
    bit_length integer,
    at timestamptz not null,
    primary key (organization_id, pairing_id, read_id),
    foreign key (organization_id, pairing_id) references card_pairing
  )`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
  await grantTables(db, [
    'reader',
    'reader_life',
    'reader_report',
    'reader_image',
    'decode_profile',
    'card_pairing',
    'card_pairing_read',
  ])
}
