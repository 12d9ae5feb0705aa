// Owns what is decided about bills after they were issued, the printed number of a bill, and signed meter data as it was sent.
// Must not be edited once it has landed.
import { type Kysely, sql } from 'kysely'
import { grantTables } from './grant-tables.ts'

const statements = [
  // Null on bills from before numbers had prefixes of their own: those print series and number.
  'alter table bill add column number_text text',
  'create unique index bill_number_text on bill (organization_id, number_text) where number_text is not null',

  // What was granted to whoever pays, of the bills of one stay or session, or of one kind of line in them. Never edited.
  `create table bill_credit (
    organization_id uuid not null,
    site_id uuid not null,
    credit_id uuid not null,
    kind text not null check (kind in ('goodwill', 'correction', 'dispute')),
    bill_id uuid not null,
    subject_key text not null,
    session_id uuid,
    line_kind text,
    amount_minor bigint not null check (amount_minor > 0),
    currency text not null,
    reason text not null check (reason <> ''),
    requested_by text not null,
    approved_by text not null,
    approved_at timestamptz not null,
    dispute_id uuid,
    primary key (organization_id, credit_id),
    foreign key (organization_id, bill_id) references bill
  )`,
  'create index bill_credit_subject on bill_credit (organization_id, subject_key)',
  'create index bill_credit_session on bill_credit (organization_id, session_id) where session_id is not null',
  `create index bill_line_credit on bill_line (organization_id, line_key) where line_key like 'credit:%'`,
  'create index bill_credit_bill on bill_credit (organization_id, bill_id)',

  `create table dispute (
    organization_id uuid not null,
    site_id uuid not null,
    dispute_id uuid not null,
    bill_id uuid not null,
    line integer,
    line_kind text,
    subject_key text not null,
    session_id uuid,
    state text not null default 'open' check (state in ('open', 'accepted', 'refused', 'withdrawn')),
    amount_minor bigint not null check (amount_minor > 0),
    currency text not null,
    reason text not null check (reason <> ''),
    evidence text,
    opened_by text not null,
    opened_at timestamptz not null,
    due_at timestamptz not null,
    decided_by text,
    decided_at timestamptz,
    decision text,
    credited_minor bigint check (credited_minor > 0),
    credit_id uuid,
    version integer not null default 1,
    primary key (organization_id, dispute_id),
    foreign key (organization_id, bill_id) references bill,
    foreign key (organization_id, credit_id) references bill_credit,
    check ((state = 'open') = (decided_at is null)),
    check ((state = 'accepted') = (credit_id is not null))
  )`,
  'create index dispute_time on dispute (organization_id, opened_at, dispute_id)',
  'create index dispute_bill on dispute (organization_id, bill_id)',
  `create index dispute_due on dispute (organization_id, due_at) where state = 'open'`,

  // Byte for byte as the station sent it. The same bytes at one EVSE are the same record, however often they are sent.
  `create table signed_meter_value (
    organization_id uuid not null,
    site_id uuid,
    station_id uuid not null,
    evse_number integer not null,
    sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
    transaction_id uuid,
    at timestamptz not null,
    context text not null,
    received_at timestamptz not null,
    measurand text not null,
    encoding text,
    method text,
    public_key text,
    data bytea not null,
    primary key (organization_id, station_id, evse_number, sha256)
  )`,
  `create index signed_meter_value_transaction on signed_meter_value (organization_id, transaction_id)
    where transaction_id is not null`,
  'create index signed_meter_value_time on signed_meter_value (organization_id, station_id, evse_number, at)',

  `create table meter_key (
    organization_id uuid not null,
    site_id uuid,
    key_id uuid not null,
    station_id uuid not null,
    evse_number integer not null default 0 check (evse_number >= 0),
    meter_serial text,
    public_key text not null,
    added_by text not null,
    created_at timestamptz not null,
    archived_at timestamptz,
    primary key (organization_id, key_id),
    foreign key (organization_id, station_id) references station
  )`,
  'create index meter_key_station on meter_key (organization_id, station_id)',
]

/** Rows of these are facts for ever. */
const appendOnly = ['bill_credit', 'signed_meter_value']

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
  await grantTables(db, ['bill_credit', 'dispute', 'signed_meter_value', 'meter_key'])
  for (const table of appendOnly) {
    await sql`
      do $$ begin
        if exists (select 1 from pg_roles where rolname = 'baywatt_app') then
          execute ${sql.lit(`revoke update, delete on ${table} from baywatt_app`)};
        end if;
      end $$`.execute(db)
  }
}
