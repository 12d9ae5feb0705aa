// Owns what is settled with others: partners and their records, shares, energy cost.
// Must not be edited once it has landed.
import { type Kysely, sql } from 'kysely'
import { grantTables } from './grant-tables.ts'

const stamp = `version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    archived_at timestamptz`

const tables = [
  'create index bill_site_day on bill (organization_id, site_id, business_date)',
  `create index parking_fact_payment on parking_fact (organization_id, fact_id) where type like 'payment.%'`,
  'create index payment_site_time on payment (organization_id, site_id, at)',
  'create index charging_session_site_end on charging_session (organization_id, site_id, (coalesce(unplugged_at, ended_at)))',
  `create table partner (
    organization_id uuid not null,
    site_id uuid not null,
    partner_id uuid not null,
    code text not null,
    name text not null,
    country_code text,
    party_id text,
    direction text not null check (direction in ('owes_us', 'we_owe')),
    role text not null check (role in ('principal', 'agent')),
    commission_percent numeric not null default 0 check (commission_percent between 0 and 100),
    currency text not null,
    tax jsonb not null,
    tolerance_minor bigint not null default 0 check (tolerance_minor >= 0),
    edition text not null,
    tariff_id uuid,
    csv_mapping jsonb,
    address jsonb not null default '[]',
    ${stamp},
    primary key (organization_id, partner_id),
    foreign key (organization_id, site_id) references site,
    foreign key (organization_id, tariff_id) references tariff
  )`,
  'create unique index partner_code on partner (organization_id, code) where archived_at is null',
  `create table settlement_statement (
    organization_id uuid not null,
    site_id uuid not null,
    statement_id uuid not null,
    party_kind text not null check (party_kind in ('partner', 'agreement')),
    party_id uuid not null,
    series text not null,
    number bigint,
    month text not null check (month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
    currency text not null,
    state text not null check (state in ('draft', 'sent', 'agreed', 'paid')),
    net_minor bigint not null,
    tax_minor bigint not null,
    total_minor bigint not null,
    lines jsonb not null,
    sent_at timestamptz,
    agreed_at timestamptz,
    paid_at timestamptz,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (organization_id, statement_id),
    unique (organization_id, series, number),
    foreign key (organization_id, site_id) references site,
    check (net_minor + tax_minor = total_minor),
    check ((state = 'draft') = (number is null))
  )`,
  'create index settlement_statement_party on settlement_statement (organization_id, party_id, month)',
  `create unique index settlement_statement_draft on settlement_statement (organization_id, party_id, currency)
    where state = 'draft'`,
  `create table partner_cdr (
    organization_id uuid not null,
    site_id uuid not null,
    cdr_id uuid not null,
    partner_id uuid not null,
    external_id text not null,
    content_hash text not null check (content_hash ~ '^[0-9a-f]{64}$'),
    edition text not null,
    body jsonb not null,
    credit boolean not null,
    credit_reference text,
    started_at timestamptz not null,
    ended_at timestamptz not null,
    energy_wh bigint not null,
    currency text not null,
    net_minor bigint not null,
    tax_minor bigint not null,
    total_minor bigint not null,
    session_id uuid,
    match_method text,
    match_words text not null,
    repriced jsonb,
    findings jsonb not null,
    state text not null check (state in ('agreed', 'differs', 'conflict', 'replaced')),
    statement_id uuid,
    received_at timestamptz not null,
    received_by text not null,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (organization_id, cdr_id),
    unique (organization_id, partner_id, external_id, content_hash),
    foreign key (organization_id, partner_id) references partner,
    foreign key (organization_id, statement_id) references settlement_statement,
    check (net_minor + tax_minor = total_minor)
  )`,
  `create unique index partner_cdr_counts on partner_cdr (organization_id, partner_id, external_id)
    where state in ('agreed', 'differs')`,
  `create index partner_cdr_open on partner_cdr (organization_id, partner_id, ended_at) where statement_id is null`,
  'create index partner_cdr_session on partner_cdr (organization_id, session_id) where session_id is not null',
  `create table cdr_dispute (
    organization_id uuid not null,
    site_id uuid not null,
    dispute_id uuid not null,
    cdr_id uuid not null,
    partner_id uuid not null,
    state text not null check (state in ('open', 'answered', 'settled')),
    reason text not null,
    expected_minor bigint not null,
    answer text,
    settled_net_minor bigint,
    settled_tax_minor bigint,
    settlement text,
    statement_id uuid,
    opened_by text not null,
    answered_at timestamptz,
    settled_at timestamptz,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (organization_id, dispute_id),
    foreign key (organization_id, cdr_id) references partner_cdr,
    foreign key (organization_id, statement_id) references settlement_statement,
    check ((state = 'settled') = (settled_net_minor is not null and settled_tax_minor is not null))
  )`,
  `create unique index cdr_dispute_open on cdr_dispute (organization_id, cdr_id) where state <> 'settled'`,
  `create table revenue_agreement (
    organization_id uuid not null,
    site_id uuid not null,
    agreement_id uuid not null,
    party text not null check (party in ('owner', 'partner')),
    name text not null,
    address jsonb not null default '[]',
    valid_from date not null,
    valid_to date,
    shares jsonb not null,
    ${stamp},
    primary key (organization_id, agreement_id),
    foreign key (organization_id, site_id) references site,
    check (valid_to is null or valid_to >= valid_from)
  )`,
  'create index revenue_agreement_site on revenue_agreement (organization_id, site_id, valid_from)',
  // What a party got of one business date, with how it came about; posted under its id.
  `create table revenue_share (
    organization_id uuid not null,
    site_id uuid not null,
    share_id uuid not null,
    agreement_id uuid not null,
    business_date date not null,
    currency text not null,
    amount_minor bigint not null,
    lines jsonb not null,
    posted_at timestamptz not null,
    primary key (organization_id, share_id),
    unique (organization_id, agreement_id, business_date, currency),
    foreign key (organization_id, agreement_id) references revenue_agreement
  )`,
  `create table revenue_share_stated (
    organization_id uuid not null,
    site_id uuid not null,
    share_id uuid not null,
    statement_id uuid not null,
    primary key (organization_id, share_id),
    foreign key (organization_id, share_id) references revenue_share,
    foreign key (organization_id, statement_id) references settlement_statement on delete cascade
  )`,
  `create table energy_rate (
    organization_id uuid not null,
    site_id uuid not null,
    rate_id uuid not null,
    valid_from date not null,
    price_per_kwh numeric not null check (price_per_kwh >= 0),
    name text not null,
    ${stamp},
    primary key (organization_id, rate_id),
    foreign key (organization_id, site_id) references site
  )`,
  'create unique index energy_rate_day on energy_rate (organization_id, site_id, valid_from) where archived_at is null',
  // The metered energy of a day as it was known, all of it, and its cost; a later row of the same day corrects the one before.
  `create table energy_cost (
    organization_id uuid not null,
    site_id uuid not null,
    cost_id uuid not null,
    business_date date not null,
    sequence integer not null check (sequence > 0),
    rate_id uuid not null,
    metered_wh bigint not null,
    amount_minor bigint not null,
    posted_minor bigint not null,
    posted_at timestamptz not null,
    primary key (organization_id, cost_id),
    unique (organization_id, site_id, business_date, sequence),
    foreign key (organization_id, rate_id) references energy_rate
  )`,
]

const forGood = ['revenue_share', 'energy_cost']

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of tables) await sql.raw(statement).execute(db)
  await grantTables(db, [
    ...forGood,
    ...['partner', 'settlement_statement', 'partner_cdr', 'cdr_dispute'],
    ...['revenue_agreement', 'revenue_share_stated', 'energy_rate'],
  ])
  for (const table of forGood) {
    await sql
      .raw(`create trigger never_changes before update or delete or truncate on ${table}
        for each statement execute function never_changes()`)
      .execute(db)
  }
}
