// Owns named leases: at most one holder of a name at a time across nodes, with an epoch that fences what an earlier holder still does.
// Must not trust a node's clock: the database's time decides when a lease ends.
import { type Kysely, sql } from 'kysely'
import type { HubTables } from './schema.ts'

export interface Lease {
  name: string
  holder: string
  /** Grows each time the lease is taken. A write guarded by an older epoch is refused by `fenced`. */
  epoch: number
}

/** Takes the lease when it is free or has ended; undefined while another holds it. */
export async function acquireLease(
  db: Kysely<HubTables>,
  want: { name: string; holder: string; ttlMs: number },
): Promise<Lease | undefined> {
  const { rows } = await sql<{ epoch: number }>`
    insert into lease (name, holder, epoch, until)
    values (${want.name}, ${want.holder}, 1, clock_timestamp() + ${want.ttlMs} * interval '1 millisecond')
    on conflict (name) do update set holder = excluded.holder, epoch = lease.epoch + 1, until = excluded.until
    where lease.until <= clock_timestamp()
    returning epoch`.execute(db)
  return rows[0] && { name: want.name, holder: want.holder, epoch: rows[0].epoch }
}

/** False when the lease has ended or is another's: whatever was done under it must stop. */
export async function renewLease(db: Kysely<HubTables>, lease: Lease, ttlMs: number): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update lease set until = clock_timestamp() + ${ttlMs} * interval '1 millisecond'
    where name = ${lease.name} and epoch = ${lease.epoch} and until > clock_timestamp()`.execute(db)
  return numAffectedRows === 1n
}

/** Gives it back; its row stays, so that the epoch goes on growing. */
export async function releaseLease(db: Kysely<HubTables>, lease: Lease): Promise<void> {
  await sql`update lease set until = clock_timestamp()
    where name = ${lease.name} and epoch = ${lease.epoch} and until > clock_timestamp()`.execute(db)
}

/** Inside a transaction: true while the lease is held, and nobody can take it before this transaction ends. */
export async function fenced(trx: Kysely<HubTables>, lease: Lease): Promise<boolean> {
  const { rows } = await sql`select from lease
    where name = ${lease.name} and epoch = ${lease.epoch} and until > clock_timestamp() for share`.execute(trx)
  return rows.length === 1
}
