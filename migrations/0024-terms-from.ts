// Owns the day from which on an account's bills are invoiced: `collected_to` moves on with each invoice and cannot tell it.
// Must not be edited once it has landed.
import { type Kysely, sql } from 'kysely'

const changes = [
  'alter table account_terms add column collect_from date',
  `update account_terms t set collect_from = least(t.collected_to, (select min(v.from_date) from invoice v
    where v.organization_id = t.organization_id and v.account_id = t.account_id and v.kind = 'invoice'))`,
  'alter table account_terms alter column collect_from set not null',
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const change of changes) await sql.raw(change).execute(db)
}
