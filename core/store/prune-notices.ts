// Owns letting go of what stations tell in bulk: values of streams and parts of reports, once they are as old as frames may get.
// Must not touch other notices: what happened to a station stays.
import { type Kysely, sql } from 'kysely'
import type { HubTables } from './schema.ts'

const perRound = 5_000

/** Days of 0 keep everything. @returns how many rows went */
export async function pruneBulkNotices(
  db: Kysely<HubTables>,
  { keepDays, now }: { keepDays: number; now: Date },
): Promise<number> {
  if (keepDays <= 0) return 0
  const before = new Date(now.getTime() - keepDays * 86_400_000)
  for (let gone = 0; ; ) {
    const { numAffectedRows = 0n } = await sql`
      delete from station_notice where ctid = any(array(
        select ctid from station_notice
        where topic in ('stream.values', 'report.part') and received_at < ${before} limit ${perRound}))`.execute(db)
    gone += Number(numAffectedRows)
    if (numAffectedRows < perRound) return gone
  }
}
