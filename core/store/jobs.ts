// Owns the job queue's tables as the rest of the hub sees them: installing them, what waits, what failed, what a dead worker left.
// Must not run a job (core/store/job-worker.ts) nor add one (core/store/event-log.ts, in the caller's transaction).
import { Logger, runMigrations } from 'graphile-worker'
import type { Pool } from 'pg'
import type { Log } from '../domain/log.ts'

/** Makes or updates the queue's schema; as the owner. Safe to call from several nodes at once. */
export async function installJobs(ownerPool: Pool, log: Log): Promise<void> {
  await runMigrations({ pgPool: ownerPool, logger: queueLogger(log) })
}

/** The queue's own lines in the hub's log. Its "completed" lines are one per job, so they are for debugging. */
export function queueLogger(log: Log): Logger {
  return new Logger((scope) => (level, message) => {
    const fields = { queue: scope }
    // Failures come with their fields through the worker's events; the text would repeat them with a stack in one line.
    if (level === 'error' && message.startsWith('Failed task')) log.debug(fields, message)
    else if (level === 'error') log.error(fields, message)
    else if (level === 'warning') log.warn(fields, message)
    else log.debug(fields, message)
  })
}

export interface FailedJob {
  id: string
  task: string
  key: string | null
  attempts: number
  error: string
  failedAt: Date
}

/** Jobs that used up their attempts, the latest first. They stay until they are tried again or given up by an operator. */
export async function listFailedJobs(ownerPool: Pool, limit = 100): Promise<FailedJob[]> {
  const { rows } = await ownerPool.query<FailedJob>(
    `select id::text, task_identifier as task, key, attempts::int, coalesce(last_error, '') as error, updated_at as "failedAt"
     from graphile_worker.jobs where attempts >= max_attempts and locked_at is null order by updated_at desc, id desc limit $1`,
    [limit],
  )
  return rows
}

/** Gives failed jobs a fresh set of attempts, now. Returns how many there were. */
export async function retryFailedJobs(ownerPool: Pool, ids: readonly string[]): Promise<number> {
  const { rowCount } = await ownerPool.query(
    'select id from graphile_worker.reschedule_jobs($1::bigint[], run_at => now(), attempts => 0)',
    [ids],
  )
  return rowCount ?? 0
}

export interface JobCounts {
  /** Due and not yet taken. */
  due: number
  /** For later: a retry or an appointment. */
  later: number
  running: number
  failed: number
}

export async function countJobs(ownerPool: Pool): Promise<JobCounts> {
  const { rows } = await ownerPool.query<JobCounts>(
    `select
       count(*) filter (where locked_at is null and attempts < max_attempts and run_at <= now())::int as due,
       count(*) filter (where locked_at is null and attempts < max_attempts and run_at > now())::int as later,
       count(*) filter (where locked_at is not null)::int as running,
       count(*) filter (where locked_at is null and attempts >= max_attempts)::int as failed
     from graphile_worker.jobs`,
  )
  return rows[0] ?? { due: 0, later: 0, running: 0, failed: 0 }
}

/**
 * Jobs that run, or will within `ms` and were never tried, and appointments that are due: what has happened just now is not through
 * yet. Counted at one moment: an appointment becomes a job between two looks, and would be in neither.
 */
export async function countWork(ownerPool: Pool, { withinMs, now }: { withinMs: number; now: Date }): Promise<number> {
  const { rows } = await ownerPool.query<{ n: number }>(
    `select ((select count(*) from graphile_worker.jobs
       where locked_at is not null
         or (attempts < max_attempts and run_at <= now()
             + case attempts when 0 then $1 else 0 end * interval '1 millisecond'))
       + (select count(*) from timer where due_at <= $2))::int as n`,
    [withinMs, now],
  )
  return rows[0]?.n ?? 0
}

/** The advisory lock that a living worker holds on its own session: the database gives it free when the process is gone. */
export const workerLockSql = `hashtextextended('baywatt worker ' || $1, 0)`

/**
 * Frees the jobs held by workers that are gone. graphile-worker itself waits four hours for them; after a kill the first
 * events of a garage would wait as long. Returns the ids of the dead.
 */
export async function unlockDeadWorkers(ownerPool: Pool): Promise<string[]> {
  const client = await ownerPool.connect()
  const dead: string[] = []
  try {
    const { rows } = await client.query<{ id: string }>(
      'select distinct locked_by as id from graphile_worker.jobs where locked_by is not null',
    )
    for (const { id } of rows) {
      const { rows: tried } = await client.query<{ free: boolean }>(
        `select pg_try_advisory_lock(${workerLockSql}) as free`,
        [id],
      )
      if (!tried[0]?.free) continue
      dead.push(id)
      await client.query('select graphile_worker.force_unlock_workers($1::text[])', [[id]])
      await client.query(`select pg_advisory_unlock(${workerLockSql})`, [id])
    }
    client.release()
  } catch (error) {
    // The session is closed, so that no advisory lock stays behind on a pooled connection.
    client.release(true)
    throw error
  }
  return dead
}
