// Owns the order in which jobs that are added lock the rows of jobs with the same keys.
// Must not be edited once it has landed; change comes as a new numbered file.
import { type Kysely, sql } from 'kysely'

/**
 * The queue's own add_jobs, given several jobs, first touches those of their keys that run and then the others: two transactions with
 * two keys in common could lock each other out, which costs a second before the server sees it. So each key is seen to by itself, in
 * the order of the keys. One that waits already is only held, and not waited for: whoever holds it more than that is taking or
 * changing it, and two who both held it while it was taken would each wait for the other. The rest is as it was (0001-foundation).
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create or replace function hub_add_jobs(specs json) returns void language plpgsql security definer
    set search_path = pg_catalog, pg_temp as $$
    declare
      from_last graphile_worker.job_spec[];
      from_first graphile_worker.job_spec[];
      wanted graphile_worker.job_spec;
    begin
      select array_agg(s.spec order by s.key, s.n) filter (where not s.keeps_time),
        array_agg(s.spec order by s.key, s.n) filter (where s.keeps_time)
      into from_last, from_first
      from (
        select j.n, j.key, coalesce(j.spec ->> 'delayFrom' = 'first', false) as keeps_time,
          (j.spec ->> 'task', j.spec -> 'payload', regexp_replace(j.spec ->> 'queue', '[^:]*$', substr(md5(j.spec ->> 'queue'), 1, 1)),
            now() + (j.spec ->> 'delayMs')::int * interval '1 millisecond', (j.spec ->> 'attempts')::int,
            j.key, null, null)::graphile_worker.job_spec as spec
        from (
          select distinct on (coalesce(e.spec ->> 'key', '#' || e.n)) e.n, e.spec, e.spec ->> 'key' as key
          from json_array_elements(specs) with ordinality as e(spec, n)
          order by coalesce(e.spec ->> 'key', '#' || e.n), e.n desc
        ) j
      ) s;
      if from_last is not null then
        foreach wanted in array from_last loop
          perform from graphile_worker.add_jobs(array[wanted]);
        end loop;
      end if;
      if from_first is not null then
        foreach wanted in array from_first loop
          perform from graphile_worker._private_jobs j
            where j.key = wanted.job_key and j.locked_at is null and j.attempts = 0 and j.run_at > now() for share skip locked;
          if not found then perform from graphile_worker.add_jobs(array[wanted], true); end if;
        end loop;
      end if;
    end $$`.execute(db)
}
