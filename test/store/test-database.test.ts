// Owns the proof that the test database itself is as the hub's: migrated, and append-only tables closed to the app.
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../setup/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

test('the app works as baywatt_app and cannot change append-only tables', async () => {
  const { rows } = await sql<{ who: string }>`select current_user as who`.execute(database.db)
  expect(rows).toEqual([{ who: 'baywatt_app' }])
  await expect(sql`delete from event`.execute(database.db)).rejects.toThrow(/permission denied/)
  await expect(sql`update bill set number = number`.execute(database.db)).rejects.toThrow(/permission denied/)
  await sql`delete from station_link`.execute(database.db)
})

test('column types are read exactly', async () => {
  const { rows } = await sql`select 9007199254740991::int8 as big, '{1,null}'::int8[] as bigs, 1.10::numeric as price,
    date '2019-03-10' as day, '{2019-03-10}'::date[] as days, timestamptz '2019-03-10T10:00:00Z' as at`.execute(
    database.db,
  )
  expect(rows).toEqual([
    {
      big: 9007199254740991,
      bigs: [1, null],
      price: '1.10',
      day: '2019-03-10',
      days: ['2019-03-10'],
      at: new Date('2019-03-10T10:00:00Z'),
    },
  ])
  await expect(sql`select 9007199254740993::int8`.execute(database.db)).rejects.toThrow(/too large/)
})
