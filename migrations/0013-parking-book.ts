// Owns the way to the stays of a site by their last change, which parking systems that follow the hub ask for every minute.
// Must not be edited once it has landed.
import { type Kysely, sql } from 'kysely'

// Not for charging_session: its rows change with every meter value, and an index on updated_at would end their in-place updates.
const statements = ['create index stay_changed on stay (organization_id, site_id, updated_at)']

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
