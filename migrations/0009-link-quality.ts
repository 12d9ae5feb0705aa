// Owns what links are judged and taught by: the terms each was made under, and what cameras are known to mix up.
// Must not be edited once it has landed.
import { type Kysely, sql } from 'kysely'
import { grantTables } from './grant-tables.ts'

const statements = [
  // The thresholds and the version of the learned confusions that a link was made under: with the facts, all that its decision
  // depends on.
  'alter table link add column made_with jsonb',
  `update link set made_with = jsonb_build_object('model', 0, 'policy', jsonb_build_object('autoThreshold', made_under))
    where made_under is not null`,
  'alter table link drop column made_under',
  // Versions are added and never changed; only when they were last compared with the links is noted on the newest.
  `create table plate_model (
    organization_id uuid not null,
    site_id uuid not null,
    version integer not null,
    links integer not null,
    readers jsonb not null,
    made_at timestamptz not null,
    checked_at timestamptz not null,
    primary key (organization_id, site_id, version),
    foreign key (organization_id, site_id) references site
  )`,
  'create index link_history_site on link_history (organization_id, site_id, at)',
  `create index link_site_decided on link (organization_id, site_id, decided_at) where state = 'linked'`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
  await grantTables(db, ['plate_model'])
}
