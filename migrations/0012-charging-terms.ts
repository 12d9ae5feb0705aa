// Owns what stations tell of a transaction beside its energy: its terms, the needs of its car, a settlement told once.
// Must not be edited once it has landed.
import { type Kysely, sql } from 'kysely'

const statements = [
  // Cost as the station reckons it, limits, tariff and operation mode: shown, never booked.
  'alter table ocpp_transaction add column terms jsonb',
  'alter table charging_session add column needs jsonb',
  // The same content told twice is one notice, where a topic has such a key.
  'alter table station_notice add column content_key text',
  `create unique index station_notice_content on station_notice (organization_id, station_id, content_key)
    where content_key is not null`,
  // Where a card that loses its right was used.
  `create index ocpp_transaction_credential on ocpp_transaction (organization_id, credential_id, started_at)
    where credential_id is not null`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
