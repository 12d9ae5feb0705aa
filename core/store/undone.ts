// Owns doing something in a transaction and taking all of it back, to learn what it would have come to.
// Must not be used where the body tells anybody outside of the database.
import { sql } from 'kysely'
import type { Db } from './record-table.ts'

/** Nothing that `body` writes stays; what it returns does. */
export async function undone<T>(trx: Db, body: () => Promise<T>): Promise<T> {
  await sql`savepoint undone`.execute(trx)
  const result = await body()
  await sql`rollback to savepoint undone`.execute(trx)
  return result
}
