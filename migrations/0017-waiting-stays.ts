// Owns bringing stays from before near plates were looked for under the keys by which they are found.
// Must not be edited once it has landed.
import { type Kysely, sql } from 'kysely'

/** Which plates are near is the hub's rule and not SQL's, so the work is a job for each connection that has such stays. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`select hub_add_jobs(json_agg(json_build_object(
      'task', 'stays.rederive_waiting',
      'payload', json_build_object('organizationId', organization_id, 'siteId', site_id, 'connectionId', connection_id),
      'key', 'waiting:' || connection_id, 'queue', 'waiting:' || connection_id)))
    from (select distinct organization_id, site_id, connection_id from stay
      where stay_ref is null and state in ('open', 'exit_only')) waiting
    having count(*) > 0`.execute(db)
}
