// Owns what is kept of a station's model: the traits that its records depend on, and who departed from the standard how often.
// Must not be edited once it has landed.
import { type Kysely, sql } from 'kysely'
import { grantTables } from './grant-tables.ts'

const statements = [
  // As the adapter last said: sessions of a station that is away are derived by it, too.
  `alter table station add column traits jsonb not null default '{}'`,
  `create table station_deviation (
    organization_id uuid not null,
    site_id uuid,
    station_id uuid not null,
    code text not null,
    vendor text not null,
    model text not null,
    count bigint not null,
    first_at timestamptz not null,
    last_at timestamptz not null,
    primary key (organization_id, station_id, code, vendor, model)
  ) with (fillfactor = 50)`,
  'create index station_deviation_model on station_deviation (organization_id, vendor, model, code)',
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
  await grantTables(db, ['station_deviation'])
}
