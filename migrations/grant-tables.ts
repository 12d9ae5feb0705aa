// Owns letting the hub's own database role use tables that a later migration makes.
// Must not revoke: what is append-only says so in its own migration.
import { type Kysely, sql } from 'kysely'

/** For a migration's end: `tables` may be read and written by the hub; does nothing where the role does not exist. */
export async function grantTables(db: Kysely<unknown>, tables: readonly string[]): Promise<void> {
  for (const table of tables) {
    await sql`
      do $$ begin
        if exists (select 1 from pg_roles where rolname = 'baywatt_app') then
          execute ${sql.lit(`grant select, insert, update, delete on ${table} to baywatt_app`)};
        end if;
      end $$`.execute(db)
  }
}
