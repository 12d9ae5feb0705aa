// Owns the proof of the transaction helper against real conflicts, deadlocks and lost connections.
import { type Kysely, sql } from 'kysely'
import { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { HubError } from '../../core/domain/hub-error.ts'
import { transaction } from '../../core/store/transaction.ts'
import { createTestDatabase, type TestDatabase } from '../setup/database.ts'

interface Tables {
  counter: { id: number; value: number }
}

let database: TestDatabase<Tables>
let db: Kysely<Tables>
beforeAll(async () => {
  database = await createTestDatabase<Tables>({ empty: true })
  db = database.db
  await database.ownerPool.query('create table counter (id int primary key, value int not null)')
})
beforeEach(() => database.ownerPool.query('truncate counter cascade; insert into counter values (1, 0), (2, 0)'))
afterAll(() => database.drop())

const values = async () =>
  (await database.ownerPool.query('select value from counter order by id')).rows.map((r) => r.value)
const add = (trx: Kysely<Tables>, id: number) => sql`update counter set value = value + 1 where id = ${id}`.execute(trx)
const backend = async (trx: Kysely<Tables>) =>
  (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(trx)).rows[0]?.pid

describe('transaction', () => {
  test('commits what the body did and returns its result', async () => {
    expect(await transaction(db, (trx) => add(trx, 1).then(() => 'done'))).toBe('done')
    expect(await values()).toEqual([1, 0])
  })

  test('a throwing body stores nothing, runs once, and its own error comes out', async () => {
    const bug = new TypeError('a bug')
    let runs = 0
    const outcome = transaction(db, async (trx) => {
      runs++
      await add(trx, 1)
      throw bug
    })
    await expect(outcome).rejects.toBe(bug)
    expect(runs).toBe(1)
    expect(await values()).toEqual([0, 0])
  })

  test('a refusal by the database is not tried again', async () => {
    let runs = 0
    const outcome = transaction(db, async (trx) => {
      runs++
      await sql`insert into counter values (1, 1)`.execute(trx)
    })
    await expect(outcome).rejects.toMatchObject({ code: '23505' })
    expect(runs).toBe(1)
  })

  test('serialization failures are run again until all have their turn', async () => {
    let runs = 0
    const increment = () =>
      transaction(
        db,
        async (trx) => {
          runs++
          const { rows } = await sql<{ value: number }>`select value from counter where id = 1`.execute(trx)
          await sql`update counter set value = ${(rows[0]?.value ?? 0) + 1} where id = 1`.execute(trx)
        },
        { isolation: 'serializable', maxAttempts: 100 },
      )
    await Promise.all(Array.from({ length: 8 }, increment))
    expect(await values()).toEqual([8, 0])
    expect(runs).toBeGreaterThan(8)
  })

  test('of two in a deadlock, both end up committed', async () => {
    const runs = [0, 0]
    let meet: (() => void) | undefined
    const bothHold = new Promise<void>((resolve) => {
      meet = resolve
    })
    let holding = 0
    const both = [
      [1, 2],
      [2, 1],
    ].map(([first = 0, second = 0], i) =>
      transaction(db, async (trx) => {
        runs[i] = (runs[i] ?? 0) + 1
        await add(trx, first)
        if (runs[i] === 1) {
          if (++holding === 2) meet?.()
          await bothHold
        }
        await add(trx, second)
      }),
    )
    await Promise.all(both)
    expect(await values()).toEqual([2, 2])
    // At least one had to run again; where it takes its first row before the other has woken, they meet once more.
    expect(runs.reduce((sum, n) => sum + n, 0)).toBeGreaterThanOrEqual(3)
  })

  test('a connection killed in the middle: nothing of the first run stays, the second is stored', async () => {
    let runs = 0
    await transaction(db, async (trx) => {
      runs++
      await add(trx, 1)
      if (runs === 1) await database.ownerPool.query('select pg_terminate_backend($1)', [await backend(trx)])
      await add(trx, 2)
    })
    expect(runs).toBe(2)
    expect(await values()).toEqual([1, 1])
  })

  test('a connection lost while committing is reported as unknown, never run again', async () => {
    // A deferred trigger that ends its own session makes the commit itself the moment of loss.
    await database.ownerPool.query(`
      create function cut() returns trigger language plpgsql security definer as $$
        begin perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(5); return null; end $$;
      create constraint trigger cut after update on counter deferrable initially deferred for each row execute function cut()`)
    try {
      let runs = 0
      const outcome = transaction(db, async (trx) => {
        runs++
        await add(trx, 1)
      })
      await expect(outcome).rejects.toMatchObject({ code: 'commit_unknown', status: 503, cause: expect.anything() })
      expect(runs).toBe(1)
    } finally {
      await database.ownerPool.query('drop function cut() cascade')
    }
  })

  test('a commit that the database refuses is an ordinary refusal', async () => {
    await database.ownerPool.query('create table child (id int references counter deferrable initially deferred)')
    const outcome = transaction(db, (trx) => sql`insert into child values (99)`.execute(trx))
    await expect(outcome).rejects.toMatchObject({ code: '23503' })
  })

  test('a body that swallows an error and goes on is told that nothing was stored', async () => {
    const outcome = transaction(db, async (trx) => {
      await add(trx, 1)
      await sql`insert into counter values (1, 1)`.execute(trx).catch(() => undefined)
    })
    await expect(outcome).rejects.toThrow(/nothing was stored/)
    expect(await values()).toEqual([0, 0])
  })

  test('gives up after its attempts, keeping the cause', async () => {
    let runs = 0
    const outcome = transaction(
      db,
      async () => {
        runs++
        throw Object.assign(new Error('could not serialize'), { code: '40001' })
      },
      { maxAttempts: 3 },
    )
    await expect(outcome).rejects.toMatchObject({ code: 'database_busy', cause: { code: '40001' } })
    await expect(outcome).rejects.toBeInstanceOf(HubError)
    expect(runs).toBe(3)
  })

  test('pauses grow and never pass a second', async () => {
    const pauses: number[] = []
    const clock = {
      after(ms: number, fn: () => void) {
        pauses.push(ms)
        setImmediate(fn)
        return () => undefined
      },
    }
    const conflict = Object.assign(new Error('deadlock'), { code: '40P01' })
    const outcome = transaction(db, () => Promise.reject(conflict), { clock, random: () => 1, maxAttempts: 9 })
    await expect(outcome).rejects.toThrow(HubError)
    expect(pauses).toEqual([20, 40, 80, 160, 320, 640, 1000, 1000])
  })

  test('inside another it joins: one commit, undone together', async () => {
    await transaction(db, async (trx) => {
      await add(trx, 1)
      await transaction(trx, (inner) => add(inner, 2))
    })
    expect(await values()).toEqual([1, 1])
    const outcome = transaction(db, async (trx) => {
      await transaction(trx, (inner) => add(inner, 2))
      throw new Error('after the inner one')
    })
    await expect(outcome).rejects.toThrow('after the inner one')
    expect(await values()).toEqual([1, 1])
  })

  test('no connection is left behind, busy or in a transaction', async () => {
    await transaction(db, (trx) => add(trx, 1))
    await expect(transaction(db, () => Promise.reject(new Error('no')))).rejects.toThrow()
    expect(database.pool.waitingCount).toBe(0)
    expect(database.pool.idleCount).toBe(database.pool.totalCount)
    const watcher = new Client(database.connection)
    await watcher.connect()
    const { rows } = await watcher.query(
      `select count(*)::int as open from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'`,
    )
    await watcher.end()
    expect(rows).toEqual([{ open: 0 }])
  })
})
