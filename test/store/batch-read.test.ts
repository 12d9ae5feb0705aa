// Owns the proof that shared look-ups answer as single ones would, by fewer queries.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { batchRead } from '../../core/store/batch-read.ts'
import { createTestDatabase, type TestDatabase } from '../setup/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase({ empty: true })
  await database.ownerPool.query(
    `create table thing (code text primary key, value int); insert into thing select 'c' || n, n from generate_series(1, 500) n`,
  )
})
afterAll(() => database.drop())

/** Look-ups in the table, and the sizes of the queries that answered them. */
function things(options: { maxBatch?: number; maxLoads?: number } = {}) {
  const sizes: number[] = []
  let underWay = 0
  let most = 0
  const read = batchRead<string, number>({
    ...options,
    async load(codes) {
      sizes.push(codes.length)
      most = Math.max(most, ++underWay)
      try {
        const { rows } = await database.pool.query('select code, value from thing where code = any($1)', [codes])
        return new Map(rows.map((row) => [row.code, row.value]))
      } finally {
        underWay -= 1
      }
    },
  })
  return { read, sizes, most: () => most }
}

describe('batch read', () => {
  test('what is asked in one turn is one query, each key once, what is missing undefined', async () => {
    const { read, sizes } = things()
    expect(await Promise.all(['c1', 'nothing', 'c2', 'c1'].map(read))).toEqual([1, undefined, 2, 1])
    expect(sizes).toEqual([3])
  })

  test('a storm is answered in bounded queries, a bounded number at a time', async () => {
    const { read, sizes, most } = things({ maxBatch: 60, maxLoads: 2 })
    const asked = Array.from({ length: 500 }, (_, i) => read(`c${i + 1}`))
    expect(await Promise.all(asked)).toEqual(Array.from({ length: 500 }, (_, i) => i + 1))
    expect(Math.max(...sizes)).toBe(60)
    expect(sizes).toHaveLength(9)
    expect(most()).toBe(2)
  })

  test('while queries are under way, the next one gathers', async () => {
    const { read, sizes } = things({ maxLoads: 1 })
    const asked: Promise<number | undefined>[] = []
    for (let i = 1; i <= 50; i++) {
      asked.push(read(`c${i}`))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await Promise.all(asked)
    expect(sizes.length).toBeLessThan(50)
  })

  test('an answer is not remembered', async () => {
    const { read } = things()
    expect(await read('later')).toBeUndefined()
    await database.ownerPool.query(`insert into thing values ('later', 7)`)
    expect(await read('later')).toBe(7)
    await database.ownerPool.query(`delete from thing where code = 'later'`)
  })

  test('a failing query fails those who asked in it, and the next serves again', async () => {
    let fail = true
    const read = batchRead<number, number>({
      load: async (keys) => {
        if (fail) throw new Error('no database')
        return new Map(keys.map((key) => [key, key * 2]))
      },
    })
    const outcomes = await Promise.allSettled([read(1), read(2)])
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    fail = false
    expect(await read(2)).toBe(4)
  })

  test('a load that throws at once fails its askers too', async () => {
    const read = batchRead<number, number>({
      load() {
        throw new TypeError('a bug')
      },
    })
    await expect(read(1)).rejects.toThrow(TypeError)
  })

  test('any askers at any turns get what single look-ups would give', async () => {
    const asks = fc.array(fc.record({ key: fc.nat(20), turns: fc.nat(2) }), { maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(
        asks,
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 3 }),
        async (plan, maxBatch, maxLoads) => {
          const read = batchRead<number, string>({
            maxBatch,
            maxLoads,
            load: async (keys) => {
              expect(new Set(keys).size).toBe(keys.length)
              expect(keys.length).toBeLessThanOrEqual(maxBatch)
              await new Promise((resolve) => setImmediate(resolve))
              return new Map(keys.filter((key) => key % 2 === 0).map((key) => [key, `v${key}`]))
            },
          })
          const answers: Promise<string | undefined>[] = []
          for (const { key, turns } of plan) {
            for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve))
            answers.push(read(key))
          }
          expect(await Promise.all(answers)).toEqual(plan.map(({ key }) => (key % 2 === 0 ? `v${key}` : undefined)))
        },
      ),
    )
  })
})
