// Owns the proof that statements asked for side by side keep their order and their own answers, and that what nobody waited for still
// decides over its transaction.
import { type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { connect } from '../../core/store/pool.ts'
import { transaction, withoutWaiting } from '../../core/store/transaction.ts'
import { createTestDatabase, silent, type TestDatabase } from '../setup/database.ts'

interface Tables {
  note: { n: number; word: string | null }
}

let database: TestDatabase<Tables>
let db: Kysely<Tables>
beforeAll(async () => {
  database = await createTestDatabase<Tables>({ empty: true })
  db = database.db
  await database.ownerPool.query('create table note (n int primary key, word text)')
})
beforeEach(() => database.ownerPool.query('truncate note'))
afterAll(() => database.drop())

const stored = async () => (await database.ownerPool.query('select n from note order by n')).rows.map(({ n }) => n)
const put = (trx: Kysely<Tables>, n: number) => trx.insertInto('note').values({ n, word: `w${n}` })
const count = async (trx: Kysely<Tables>) =>
  (await sql<{ n: number }>`select count(*)::int + ${0} as n from note`.execute(trx)).rows[0]?.n

/** A refusal's code, or what came. */
const settled = async (works: readonly Promise<unknown>[]) =>
  (await Promise.allSettled(works)).map((one) => (one.status === 'fulfilled' ? one.value : one.reason.code))

describe('side by side', () => {
  test('each statement sees those before it, and gets its own rows', async () => {
    const seen = await transaction(db, async (trx) =>
      Promise.all([
        count(trx),
        put(trx, 1).execute(),
        count(trx),
        put(trx, 2).returning(['n', 'word']).execute(),
        trx.updateTable('note').set({ word: null }).where('n', '<', 3).executeTakeFirst(),
        trx.selectFrom('note').select(['n', 'word']).where('n', '=', 2).execute(),
        trx.deleteFrom('note').where('n', '=', 9).executeTakeFirst(),
        count(trx),
      ]),
    )
    expect([seen[0], seen[2], seen[7]]).toEqual([0, 1, 2])
    expect(seen[3]).toEqual([{ n: 2, word: 'w2' }])
    expect(seen[4]).toMatchObject({ numUpdatedRows: 2n })
    expect(seen[5]).toEqual([{ n: 2, word: null }])
    expect(seen[6]).toMatchObject({ numDeletedRows: 0n })
    expect(await stored()).toEqual([1, 2])
  })

  test('the order is that of asking where some take no values, or are several in one text', async () => {
    await transaction(db, async (trx) => {
      const several = sql`insert into note values (1); insert into note values (2)`
      const [, between, , end] = await Promise.all([
        several.execute(trx),
        count(trx),
        sql`insert into note values (3)`.execute(trx),
        count(trx),
      ])
      expect([between, end]).toEqual([2, 3])
    })
    expect(await stored()).toEqual([1, 2, 3])
  })

  test('one that fails takes those after it along, not those before, and nothing is stored', async () => {
    let outcomes: unknown[] = []
    const whole = transaction(db, async (trx) => {
      outcomes = await settled([count(trx), put(trx, 1).execute(), put(trx, 1).execute(), count(trx)])
    })
    await expect(whole).rejects.toThrow(/nothing was stored/)
    expect([outcomes[0], outcomes[2], outcomes[3]]).toEqual([0, '23505', '23505'])
    expect(await stored()).toEqual([])
  })

  test('a row that cannot be read exactly fails its own statement alone', async () => {
    const outcomes = await transaction(db, async (trx) =>
      Promise.allSettled([
        put(trx, 1).execute(),
        sql`select ${'9007199254740993'}::bigint as n`.execute(trx),
        count(trx),
      ]),
    )
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(outcomes[1]).toMatchObject({ reason: expect.any(RangeError) })
    expect(await stored()).toEqual([1])
  })

  test('a value that cannot be sent fails before anything leaves', async () => {
    const circle: { self?: unknown } = {}
    circle.self = circle
    const outcome = transaction(db, async (trx) => {
      await put(trx, 1).execute()
      await sql`select ${circle}::json`.execute(trx)
    })
    await expect(outcome).rejects.toThrow(/circular/i)
    expect(await transaction(db, (trx) => count(trx))).toBe(0)
  })

  test('a connection that dies among them: all is run again, and stored once', async () => {
    let runs = 0
    await transaction(db, async (trx) => {
      runs += 1
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(trx)
      const together = [put(trx, 1).execute(), put(trx, 2).execute()]
      if (runs === 1) {
        together.push(sql`select pg_sleep(${60})`.execute(trx) as never, put(trx, 3).execute())
        void database.ownerPool.query('select pg_terminate_backend($1)', [rows[0]?.pid])
      }
      await Promise.all(together)
    })
    expect(runs).toBe(2)
    expect(await stored()).toEqual([1, 2])
  })

  test('a transaction that asks for nothing leaves nothing behind', async () => {
    expect(await transaction(db, async () => 'empty')).toBe('empty')
    await expect(transaction(db, () => Promise.reject(new TypeError('early')))).rejects.toThrow('early')
    const { rows } = await database.ownerPool.query(`select count(*)::int as n from pg_stat_activity
      where datname = current_database() and state like 'idle in transaction%'`)
    expect(rows).toEqual([{ n: 0 }])
  })
})

describe('not waited for', () => {
  test('is stored with the rest', async () => {
    await transaction(db, async (trx) => {
      for (const n of [1, 2, 3]) await withoutWaiting(trx, put(trx, n))
      expect(await count(trx)).toBe(3)
      await withoutWaiting(trx, put(trx, 4))
    })
    expect(await stored()).toEqual([1, 2, 3, 4])
  })

  test('its refusal is that of the transaction, whatever follows', async () => {
    const before = transaction(db, async (trx) => {
      await withoutWaiting(trx, put(trx, 1))
      await withoutWaiting(trx, put(trx, 1))
      await withoutWaiting(trx, put(trx, 2))
    })
    await expect(before).rejects.toMatchObject({ code: '23505' })
    const amid = transaction(db, async (trx) => {
      await withoutWaiting(trx, put(trx, 1))
      await withoutWaiting(trx, put(trx, 1))
      // It hears that the transaction is broken, and that is not why.
      await new Promise((resolve) => setImmediate(resolve))
      await count(trx)
      throw new Error('never reached')
    })
    await expect(amid).rejects.toMatchObject({ code: '23505' })
    expect(await stored()).toEqual([])
  })

  test('its conflict has the transaction run again', async () => {
    await database.ownerPool.query(`insert into note values (1, 'a')`)
    let runs = 0
    await transaction(
      db,
      async (trx) => {
        runs += 1
        await trx.selectFrom('note').select('word').where('n', '=', 1).execute()
        // Between this one's reading and its writing, another writes.
        if (runs === 1) await database.ownerPool.query(`update note set word = 'b' where n = 1`)
        await withoutWaiting(trx, trx.updateTable('note').set({ word: 'c' }).where('n', '=', 1))
      },
      { isolation: 'repeatable read' },
    )
    expect(runs).toBe(2)
    expect((await database.ownerPool.query('select word from note')).rows).toEqual([{ word: 'c' }])
  })

  test('outside of a transaction it is waited for', async () => {
    await withoutWaiting(db, put(db, 1))
    await expect(withoutWaiting(db, put(db, 1))).rejects.toMatchObject({ code: '23505' })
  })
})

describe('statements that come often', () => {
  const names = async (one: Kysely<Tables>) =>
    (await sql<{ statement: string }>`select statement from pg_prepared_statements`.execute(one)).rows.map(
      ({ statement }) => statement,
    )

  test('are planned once by each connection; what returns all columns is not', async () => {
    const { db: one, close } = await connect<Tables>({ to: database.connection, role: 'app', log: silent, max: 1 })
    await database.ownerPool.query('grant all on note to baywatt_app')
    for (let i = 0; i < 25; i++) {
      const found = await transaction(one, async (trx) => {
        await put(trx, i).execute()
        const all = await trx.selectFrom('note').selectAll().where('n', '=', i).execute()
        const [row] = await trx.selectFrom('note').select('word').where('n', '=', i).execute()
        return [all[0]?.word, row?.word]
      })
      expect(found).toEqual([`w${i}`, `w${i}`])
    }
    const planned = await names(one)
    expect(planned).toHaveLength(2)
    expect(planned.filter((text) => text.includes('*'))).toEqual([])
    await close()
  })

  test('are planned anew when a migration changed what they return', async () => {
    await database.ownerPool.query('create table grown (n int, word text); grant all on grown to baywatt_app')
    const { db: one, close } = await connect<Tables>({ to: database.connection, role: 'app', log: silent, max: 1 })
    const read = () =>
      transaction(one, async (trx) => (await sql`select n from grown where n > ${0}`.execute(trx)).rows)
    for (let i = 0; i < 25; i++) expect(await read()).toEqual([])
    await database.ownerPool.query(`alter table grown alter n type bigint; insert into grown values (5)`)
    expect(await read()).toEqual([{ n: 5 }])
    await close()
  })
})
