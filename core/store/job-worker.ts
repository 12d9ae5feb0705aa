// Owns the life of this node's job workers: start, take over from the dead, begin again after a database outage, stop in peace.
// Must not know what a task does.

import { EventEmitter } from 'node:events'
import { type Job, type JobHelpers, runTaskList, type TaskList, type WorkerEvents } from 'graphile-worker'
import type { Pool, PoolClient } from 'pg'
import type { Log } from '../domain/log.ts'
import { queueLogger, unlockDeadWorkers, workerLockSql } from './jobs.ts'
import { jsonText } from './json-text.ts'

export interface JobContext {
  /** 1 on the first try. */
  attempt: number
  lastAttempt: boolean
  /** Aborted some seconds after the node was asked to stop. */
  signal: AbortSignal
}

/** `again`: not done yet, and nobody's failure; the same job comes back after that many milliseconds, attempts unspent. */
export type JobOutcome = undefined | { again: number }

/** Throwing means another try later, with growing pauses (graphile-worker: e^attempt seconds). */
export type JobTask = (payload: Record<string, unknown>, context: JobContext) => Promise<JobOutcome>

export interface WorkerOptions {
  /** Of the role that owns the queue's tables. Two of its connections are kept for as long as the worker runs. */
  ownerPool: Pool
  tasks: Readonly<Record<string, JobTask>>
  concurrency: number
  log: Log
  /** Stops the worker like `stop()`. */
  signal?: AbortSignal
  /** NOTIFY wakes the worker; this is how long a missed one can cost. */
  pollIntervalMs?: number
  /** Pause between looks for jobs of dead workers, and between attempts to come back after an outage. */
  recoverEveryMs?: number
}

export interface JobWorker {
  /** Takes no more jobs and resolves when the running ones are done. Jobs still running after `graceMs` are left to others. */
  stop(graceMs?: number): Promise<void>
}

export async function runWorker(options: WorkerOptions): Promise<JobWorker> {
  const { ownerPool, log, recoverEveryMs = 5_000 } = options
  let life = await startLife(options)
  let stopping: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined

  const recover = async () => {
    try {
      if (life.broken) {
        log.warn({ reason: life.broken }, 'the job workers lost the database and begin again')
        await life.end()
        if (!stopping) life = await startLife(options)
      } else {
        const dead = await unlockDeadWorkers(ownerPool)
        if (dead.length > 0) log.warn({ workers: dead }, 'jobs of workers that are gone are free again')
      }
    } catch (error) {
      log.warn({ err: error }, 'the job queue cannot be reached; trying again')
    }
  }
  const schedule = () => {
    timer = setTimeout(() => {
      recovering = recover().finally(() => {
        if (!stopping) schedule()
      })
    }, recoverEveryMs)
  }
  let recovering: Promise<void> = Promise.resolve()
  schedule()

  const stop = (graceMs = 20_000) => {
    stopping ??= (async () => {
      clearTimeout(timer)
      let grace: NodeJS.Timeout | undefined
      const late = new Promise<'late'>((resolve) => {
        grace = setTimeout(() => resolve('late'), graceMs)
      })
      const ended = recovering.then(() => life.end())
      if ((await Promise.race([ended, late])) === 'late')
        log.warn({ graceMs }, 'jobs still run; they are left to other workers')
      clearTimeout(grace)
    })()
    return stopping
  }
  if (options.signal?.aborted) await stop()
  options.signal?.addEventListener('abort', () => void stop(), { once: true })
  return { stop }
}

/** One run of graphile-worker, from its start to its end or until it breaks. */
interface Life {
  broken: string | undefined
  end(): Promise<void>
}

async function startLife(options: WorkerOptions): Promise<Life> {
  const { ownerPool, log, tasks, concurrency, pollIntervalMs = 500 } = options
  const dead = await unlockDeadWorkers(ownerPool)
  if (dead.length > 0) log.warn({ workers: dead }, 'jobs of workers that are gone are free again')
  const presence = await ownerPool.connect()
  const life: Life = { broken: undefined, end: async () => presence.release(true) }
  let ending = false
  const broke = (reason: string) => {
    if (!ending) life.broken ??= reason
  }
  presence.on('error', (error) => broke(`the presence session ended: ${error.message}`))
  const events: WorkerEvents = new EventEmitter()
  // A worker that could not write a job's end dies and is not replaced by its pool (graphile-worker 0.16 worker.ts,
  // "committing seppuku"; main.ts, "handle when a worker shuts down").
  events.on('worker:fatalError', ({ error }) => broke(`a worker died: ${message(error)}`))
  events.on('worker:stop', ({ error }) => broke(error ? `a worker stopped: ${message(error)}` : 'a worker stopped'))
  events.on('job:error', ({ job, error }) => reportFailure(log, job, error))
  // Not `run`: its crontab half, which the hub does not use, leaves promises floating when the database goes away.
  const pool = runTaskList(
    {
      concurrency,
      pollInterval: pollIntervalMs,
      noHandleSignals: true,
      logger: queueLogger(log),
      events,
      preset: { plugins: [presencePlugin(presence)] },
    },
    taskList(tasks),
    ownerPool,
  )
  life.end = async () => {
    if (ending) return
    ending = true
    await pool.gracefulShutdown()
    // Closing the session gives the workers' presence locks free.
    presence.release(true)
  }
  return life
}

/** Every worker holds its lock before it takes its first job, so that nobody believes it dead. */
function presencePlugin(presence: PoolClient) {
  let last: Promise<unknown> = Promise.resolve()
  return {
    name: 'baywatt-presence',
    version: '1.0.0',
    worker: {
      hooks: {
        startWorker: async (_context: unknown, event: { readonly worker: { workerId: string } }) => {
          const lock = () => presence.query(`select pg_advisory_lock(${workerLockSql})`, [event.worker.workerId])
          // Workers start together and a session takes one query at a time.
          const mine = last.then(lock, lock)
          last = mine
          await mine
        },
      },
    },
  }
}

function taskList(tasks: WorkerOptions['tasks']): TaskList {
  return Object.fromEntries(
    Object.entries(tasks).map(([name, task]) => [
      name,
      async (payload: unknown, helpers: JobHelpers) => {
        const { job } = helpers
        const outcome = await task(payload as Record<string, unknown>, {
          attempt: job.attempts,
          lastAttempt: job.attempts >= job.max_attempts,
          signal: helpers.abortSignal ?? new AbortController().signal,
        })
        if (outcome) await comeBack(helpers, outcome.again)
      },
    ]),
  )
}

/**
 * Adds the job anew for later while it still runs. One that was added meanwhile under the same key, by news about the same
 * subject, keeps its earlier time.
 */
async function comeBack(helpers: JobHelpers, ms: number): Promise<void> {
  const { job } = helpers
  await helpers.query(
    `select from graphile_worker.add_job($1, $2::json, queue_name => $3, run_at => now() + $4 * interval '1 millisecond',
       max_attempts => $5, job_key => $6, job_key_mode => 'preserve_run_at')`,
    [job.task_identifier, jsonText(job.payload), await helpers.getQueueName(), ms, job.max_attempts, job.key],
  )
}

function reportFailure(log: Log, job: Job, error: unknown): void {
  const fields = {
    task: job.task_identifier,
    job: job.id,
    key: job.key,
    attempt: job.attempts,
    of: job.max_attempts,
    err: error,
  }
  if (job.attempts >= job.max_attempts) log.error(fields, 'a job failed for good')
  else log.warn(fields, 'a job failed and will be tried again')
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
