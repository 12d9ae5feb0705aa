// Owns what station security needs: certificate authorities, station certificates, and changes of passwords and profiles.
// Must not be edited once it has landed.
import { type Kysely, sql } from 'kysely'
import { grantTables } from './grant-tables.ts'

const statements = [
  // The private key is sealed with a key that is not in the database.
  `create table certificate_authority (
    organization_id uuid not null,
    authority_id uuid not null,
    subject text not null,
    root_pem text not null,
    issuing_pem text not null,
    issuing_serial text not null,
    sealed_key bytea not null,
    not_before timestamptz not null,
    not_after timestamptz not null,
    created_at timestamptz not null,
    primary key (organization_id, authority_id)
  )`,
  'create index certificate_authority_id on certificate_authority (authority_id)',
  // One row for every certificate that was asked for, issued, or registered by an operator.
  `create table station_certificate (
    organization_id uuid not null,
    site_id uuid,
    certificate_id uuid not null,
    station_id uuid not null,
    use text not null,
    origin text not null check (origin in ('hub', 'operator')),
    state text not null check (state in ('requested', 'issued', 'installed', 'refused', 'revoked', 'expired')),
    authority_id uuid,
    csr text,
    request_id integer,
    serial text,
    fingerprint text,
    subject text,
    issuer text,
    not_before timestamptz,
    not_after timestamptz,
    pem text,
    command_id uuid,
    renewal_at timestamptz,
    reason text,
    revoked_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    version integer not null default 1,
    primary key (organization_id, certificate_id),
    foreign key (organization_id, station_id) references station
  )`,
  'create index station_certificate_station on station_certificate (organization_id, station_id, fingerprint)',
  `create unique index station_certificate_serial on station_certificate (organization_id, authority_id, serial)
    where authority_id is not null`,
  'create index station_certificate_command on station_certificate (organization_id, command_id) where command_id is not null',
  `create index station_certificate_end on station_certificate (not_after) where state in ('issued', 'installed')`,
  // A new password or another security profile on its way to the station.
  `create table station_security_change (
    organization_id uuid not null,
    site_id uuid,
    change_id uuid not null,
    station_id uuid not null,
    kind text not null check (kind in ('password', 'profile')),
    state text not null check (state in ('requested', 'sent', 'applied', 'failed', 'cancelled')),
    from_profile smallint not null,
    to_profile smallint not null,
    steps jsonb not null,
    step integer not null default 0,
    command_id uuid,
    sealed_secret bytea,
    reason text,
    requested_by text not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    ended_at timestamptz,
    primary key (organization_id, change_id),
    foreign key (organization_id, station_id) references station
  )`,
  `create unique index station_security_change_open on station_security_change (organization_id, station_id)
    where state in ('requested', 'sent')`,
  `create index station_security_change_command on station_security_change (organization_id, command_id)
    where command_id is not null`,
  // Until the station has come with the new one, both are good.
  'alter table station add column pending_secret_hash bytea',
  'alter table station add column pending_profile smallint check (pending_profile between 0 and 3)',
  // The client certificate that a station parked for approval came with.
  'alter table station add column presented_certificate jsonb',
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
  await grantTables(db, ['certificate_authority', 'station_certificate', 'station_security_change'])
}
