// Owns finding what an account has charged in a day or a month, for tariffs with an allowance or a most for a time.
// Must not be edited once it has landed.
import { type Kysely, sql } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create index charging_session_account_started on charging_session (organization_id, account_id, started_at)
    where account_id is not null`.execute(db)
}
