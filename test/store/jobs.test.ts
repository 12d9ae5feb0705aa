// Owns the proof of the job queue under the hub's own role: added in a transaction, collapsed by key, taken over from the dead.
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { addJobs } from '../../core/store/event-log.ts'
import { type JobContext, type JobWorker, runWorker } from '../../core/store/job-worker.ts'
import { countJobs, installJobs, listFailedJobs, retryFailedJobs, unlockDeadWorkers } from '../../core/store/jobs.ts'
import { transaction } from '../../core/store/transaction.ts'
import { createTestDatabase, silent, type TestDatabase } from '../setup/database.ts'
import { eventually } from '../setup/eventually.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
beforeEach(() => database.ownerPool.query('delete from graphile_worker._private_jobs'))

interface Seen {
  payload: Record<string, unknown>
  context: JobContext
}

async function work(
  task: (seen: Seen) => Promise<undefined | { again: number }>,
  concurrency = 2,
): Promise<{ seen: Seen[]; worker: JobWorker }> {
  const seen: Seen[] = []
  const worker = await runWorker({
    ownerPool: database.ownerPool,
    concurrency,
    log: silent,
    pollIntervalMs: 20,
    recoverEveryMs: 50,
    tasks: {
      note: async (payload, context) => {
        const each = { payload, context }
        seen.push(each)
        return task(each)
      },
    },
  })
  return { seen, worker }
}

const idle = () =>
  eventually(async () => {
    const { due, running } = await countJobs(database.ownerPool)
    return due + running === 0
  })

describe('jobs that wait from the first of their like', () => {
  const wake = {
    task: 'note',
    payload: { site: 1 },
    key: 'sessions:1',
    queue: 'sessions:1',
    delayFrom: 'first' as const,
  }
  const waiting = async () =>
    (
      await database.ownerPool.query(
        `select key, revision, run_at, locked_at is not null as taken from graphile_worker._private_jobs order by id`,
      )
    ).rows

  test('those that come meanwhile add nothing and put nothing off', async () => {
    await addJobs(database.db, [{ ...wake, delayMs: 60_000 }])
    const before = await waiting()
    expect(before).toMatchObject([{ key: 'sessions:1', revision: 0 }])
    await addJobs(database.db, [
      { ...wake, delayMs: 60_000 },
      { ...wake, delayMs: 60_000 },
    ])
    expect(await waiting()).toEqual(before)
    await addJobs(database.db, [
      { ...wake, key: 'sessions:2', delayMs: 60_000 },
      { task: 'note', payload: {} },
    ])
    expect(await waiting()).toHaveLength(3)
  })

  test('a job that becomes due under a transaction that counts on it is taken after that', async () => {
    await addJobs(database.db, [{ ...wake, delayMs: 100 }])
    const { seen, worker } = await work(async () => undefined)
    try {
      await transaction(database.db, async (trx) => {
        await addJobs(trx, [{ ...wake, delayMs: 100 }])
        await sql`select pg_sleep(0.4)`.execute(trx)
        expect(seen).toEqual([])
      })
      await eventually(async () => seen.length === 1)
      await idle()
      expect(seen).toHaveLength(1)
    } finally {
      await worker.stop()
    }
  })

  test('one that runs already is followed by another', async () => {
    await addJobs(database.db, [wake])
    let added = false
    const { seen, worker } = await work(async () => {
      if (!added) await addJobs(database.db, [{ ...wake, delayMs: 50 }])
      added = true
      return undefined
    })
    try {
      await eventually(async () => seen.length === 2)
      await idle()
      expect(await waiting()).toEqual([])
    } finally {
      await worker.stop()
    }
  })
})

describe('adding jobs as the hub at work', () => {
  test('installing twice is harmless', async () => {
    await installJobs(database.ownerPool, silent)
    await installJobs(database.ownerPool, silent)
  })

  test('works with the rights of baywatt_app alone, although the tables carry row security', async () => {
    const { rows } = await database.pool.query<{ role: string }>('select current_user as role')
    expect(rows[0]?.role).toBe('baywatt_app')
    await expect(database.pool.query('select * from graphile_worker._private_jobs')).rejects.toThrow(
      /permission denied/,
    )
    await addJobs(database.db, [{ task: 'note', payload: { a: 1 }, queue: 'link:1', key: 'link:1', attempts: 3 }])
    const { rows: jobs } = await database.ownerPool.query(
      'select task_identifier, queue_name, key, max_attempts from graphile_worker.jobs',
    )
    expect(jobs).toEqual([
      { task_identifier: 'note', queue_name: expect.stringMatching(/^link:[0-9a-f]$/), key: 'link:1', max_attempts: 3 },
    ])
  })

  test('a rolled back transaction leaves none', async () => {
    await expect(
      transaction(database.db, async (trx) => {
        await addJobs(trx, [{ task: 'note', payload: {} }])
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
    expect(await countJobs(database.ownerPool)).toEqual({ due: 0, later: 0, running: 0, failed: 0 })
  })

  test('a key stands once, with its latest payload, also within one call', async () => {
    await addJobs(database.db, [
      { task: 'note', payload: { n: 1 }, key: 'bill:stay:1' },
      { task: 'note', payload: { n: 2 }, key: 'bill:stay:1' },
      { task: 'note', payload: { n: 3 } },
      { task: 'note', payload: { n: 4 } },
    ])
    await addJobs(database.db, [{ task: 'note', payload: { n: 5 }, key: 'bill:stay:1' }])
    const { seen, worker } = await work(async () => undefined)
    await idle()
    await worker.stop()
    expect(seen.map(({ payload }) => payload.n).sort()).toEqual([3, 4, 5])
  })

  test('a job added under the key of one that runs is a second job', async () => {
    let added = false
    await addJobs(database.db, [{ task: 'note', payload: { n: 1 }, key: 'k', queue: 'q:k' }])
    const { seen, worker } = await work(async () => {
      if (!added) {
        added = true
        await addJobs(database.db, [{ task: 'note', payload: { n: 2 }, key: 'k', queue: 'q:k' }])
      }
      return undefined
    })
    await eventually(() => seen.length === 2)
    await idle()
    await worker.stop()
    expect(seen.map(({ payload }) => payload.n)).toEqual([1, 2])
  })

  test.each(['last', 'first'] as const)(
    'keys are taken in their order, delayed from the %s: who waits for one holds none after it',
    async (delayFrom) => {
      const job = (key: string) => ({ task: 'note', payload: {}, key, queue: key, delayFrom, delayMs: 60_000 })
      // The first is due, so it is added to; the second runs, so it is followed by another, which the queue would see to before.
      for (const key of ['order:a', 'order:b']) await addJobs(database.db, [job(key)])
      await database.ownerPool.query(
        `update graphile_worker._private_jobs set run_at = now() - interval '1 second',
          locked_at = case when key = 'order:b' then now() end, attempts = (key = 'order:b')::int`,
      )
      const other = await database.ownerPool.connect()
      try {
        await other.query('begin')
        await other.query(`select from graphile_worker._private_jobs where key = 'order:a' for update`)
        const adding = addJobs(database.db, [job('order:b'), job('order:a')])
        const rowsOf = async (text: string) => (await database.ownerPool.query(text)).rowCount
        await eventually(
          async () =>
            (await rowsOf(
              `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
            )) === 1,
          'the one who adds to wait',
        )
        const free = `select from graphile_worker._private_jobs where key = 'order:b' for update skip locked`
        expect(await rowsOf(free)).toBe(1)
        await other.query('rollback')
        await adding
      } finally {
        other.release()
      }
      const { rows } = await database.ownerPool.query(
        `select key, count(*)::int from graphile_worker._private_jobs group by key order by key`,
      )
      expect(rows).toEqual([
        { key: 'order:a', count: 1 },
        { key: 'order:b', count: 1 },
        { key: null, count: 1 },
      ])
    },
  )

  test('one queue name runs one job at a time, and thousands of names share a few queues', async () => {
    const names = Array.from({ length: 300 }, (_, n) => `bill:stay:${n}`)
    await addJobs(
      database.db,
      names.flatMap((queue) => [1, 2].map((n) => ({ task: 'note', payload: { queue, n }, queue }))),
    )
    const { rows } = await database.ownerPool.query(
      'select count(distinct queue_name)::int as n from graphile_worker.jobs',
    )
    expect(rows[0].n).toBe(16)
    const running = new Set<unknown>()
    const clashes: unknown[] = []
    const { seen, worker } = await work(async ({ payload }) => {
      if (running.has(payload.queue)) clashes.push(payload.queue)
      running.add(payload.queue)
      await new Promise((resolve) => setImmediate(resolve))
      running.delete(payload.queue)
      return undefined
    }, 3)
    await eventually(() => seen.length === 600)
    await worker.stop()
    expect(clashes).toEqual([])
  })
})

describe('running jobs', () => {
  test('a failing job is tried again, then listed as failed, and can be given another chance', async () => {
    let broken = true
    await addJobs(database.db, [{ task: 'note', payload: {}, key: 'once', attempts: 1 }])
    const { seen, worker } = await work(async () => {
      if (broken) throw new Error('the vendor is on fire')
      return undefined
    })
    await eventually(async () => (await countJobs(database.ownerPool)).failed === 1)
    const [failed] = await listFailedJobs(database.ownerPool)
    expect(failed).toMatchObject({ task: 'note', key: 'once', attempts: 1, error: 'the vendor is on fire' })
    broken = false
    expect(await retryFailedJobs(database.ownerPool, [failed?.id ?? ''])).toBe(1)
    await eventually(async () => (await countJobs(database.ownerPool)).failed === 0)
    await idle()
    await worker.stop()
    expect(seen.map(({ context }) => context.lastAttempt)).toEqual([true, true])
  })

  test('"again" brings the same job back without spending an attempt', async () => {
    await addJobs(database.db, [{ task: 'note', payload: { n: 7 }, key: 'later', queue: 'q:later', attempts: 2 }])
    let rounds = 0
    const { seen, worker } = await work(async () => (++rounds < 5 ? { again: 10 } : undefined))
    await eventually(() => rounds === 5)
    await eventually(async () => Object.values(await countJobs(database.ownerPool)).every((n) => n === 0))
    await worker.stop()
    expect(seen.map(({ payload, context }) => [payload.n, context.attempt])).toEqual(Array(5).fill([7, 1]))
  })

  test('stopping waits for the job that runs', async () => {
    await addJobs(database.db, [{ task: 'note', payload: {} }])
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const { seen, worker } = await work(async () => {
      await held
      return undefined
    })
    await eventually(() => seen.length === 1)
    const stopped = worker.stop()
    await new Promise((resolve) => setImmediate(resolve))
    expect((await countJobs(database.ownerPool)).running).toBe(1)
    release()
    await stopped
    expect(await countJobs(database.ownerPool)).toEqual({ due: 0, later: 0, running: 0, failed: 0 })
  })
})

describe('after a death', () => {
  test('jobs of a worker whose session is gone are free at once; those of a living one stay', async () => {
    await addJobs(database.db, [
      { task: 'note', payload: { of: 'dead' }, queue: 'q:1' },
      { task: 'note', payload: { of: 'living' }, queue: 'r:1' },
    ])
    const living = await database.ownerPool.connect()
    await living.query(`select pg_advisory_lock(hashtextextended('baywatt worker ' || 'worker-living', 0))`)
    await database.ownerPool.query(
      `update graphile_worker._private_jobs set locked_at = now(), attempts = 1,
         locked_by = case when payload ->> 'of' = 'dead' then 'worker-dead' else 'worker-living' end`,
    )
    await database.ownerPool.query(
      `update graphile_worker._private_job_queues set locked_at = now(), locked_by = 'worker-dead' where queue_name like 'q:%'`,
    )
    expect(await unlockDeadWorkers(database.ownerPool)).toEqual(['worker-dead'])
    const { seen, worker } = await work(async () => undefined)
    await eventually(() => seen.length === 1)
    expect(seen[0]?.payload).toEqual({ of: 'dead' })
    living.release(true)
    await eventually(() => seen.length === 2)
    await worker.stop()
  })

  test('the workers come back after every one of their sessions was cut', async () => {
    const { seen, worker } = await work(async () => undefined)
    const cut = async () => {
      await database.pool.query('select 1')
      const { rows } = await database.pool.query<{ pid: number }>('select pg_backend_pid() as pid')
      await database.ownerPool
        .query(
          `select pg_terminate_backend(pid) from pg_stat_activity
           where datname = current_database() and application_name = 'baywatt owner' and pid not in (pg_backend_pid(), $1)`,
          [rows[0]?.pid],
        )
        .catch(() => undefined)
    }
    for (let round = 1; round <= 3; round++) {
      await cut()
      await eventually(async () => {
        await addJobs(database.db, [{ task: 'note', payload: { round }, key: `round:${round}` }])
        return seen.some(({ payload }) => payload.round === round)
      })
    }
    await worker.stop()
  })
})
