// Owns the proof that partitions come ahead of time and go with their days, without losing a row or stopping traffic.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemNewId } from '../../core/runtime/random.ts'
import { createPartitions, dropPartitions } from '../../core/store/partitions.ts'
import { createTestDatabase, type TestDatabase } from '../setup/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const at = (text: string) => new Date(`${text}Z`)

async function meter(when: string): Promise<void> {
  await database.pool.query(
    `insert into meter_value (organization_id, station_id, evse_number, at, context, received_at) values ($1, $1, 1, $2, 'periodic', $2)`,
    [systemNewId(), at(when)],
  )
}
async function rowsIn(table: string): Promise<number> {
  const { rows } = await database.ownerPool.query<{ n: number }>(`select count(*)::int as n from ${table}`)
  return rows[0]?.n ?? -1
}

test('a week of days and the months they lie in, over the turn of a year', async () => {
  const { created, skipped } = await createPartitions(database.ownerPool, at('2018-12-28T23:30:00'))
  expect(skipped).toEqual([])
  expect(created.filter((name) => name.startsWith('event'))).toEqual(['event_p201812', 'event_p201901'])
  expect(created.filter((name) => name.startsWith('meter_value'))).toEqual([
    ...['28', '29', '30', '31'].map((day) => `meter_value_p201812${day}`),
    ...['01', '02', '03', '04'].map((day) => `meter_value_p201901${day}`),
  ])
  expect((await createPartitions(database.ownerPool, at('2018-12-28T23:30:00'))).created).toEqual([])
})

test('rows of the hub at work land in them, on the right side of midnight', async () => {
  await createPartitions(database.ownerPool, at('2019-03-01T12:00:00'), 2)
  await meter('2019-03-01T23:59:59.999')
  await meter('2019-03-02T00:00:00')
  expect(await rowsIn('meter_value_p20190301')).toBe(1)
  expect(await rowsIn('meter_value_p20190302')).toBe(1)
})

test('a day that the default partition holds already is left to it, and said so', async () => {
  await meter('2019-04-02T10:00:00')
  const report = await createPartitions(database.ownerPool, at('2019-04-01T00:00:00'), 2)
  expect(report.skipped).toEqual([
    { name: 'meter_value_p20190402', reason: 'the default partition holds rows of this range' },
  ])
  expect(report.created).toContain('meter_value_p20190401')
  expect(report.created).toContain('meter_value_p20190403')
  await meter('2019-04-02T11:00:00')
})

test('several nodes at once make each once', async () => {
  const all = await Promise.all([1, 2, 3].map(() => createPartitions(database.ownerPool, at('2019-05-01T00:00:00'), 3)))
  const created = all.flatMap((report) => report.created)
  expect(created.length).toBe(new Set(created).size)
  expect(created.length).toBe(9)
  expect(all.flatMap((report) => report.skipped)).toEqual([])
})

test('a table in use is left alone, not waited for', async () => {
  const holder = await database.pool.connect()
  await holder.query('begin')
  await holder.query('select * from station_message limit 1')
  const report = await createPartitions(database.ownerPool, at('2019-06-01T00:00:00'), 0)
  expect(report.skipped).toEqual([{ name: 'station_message_p20190601', reason: 'the table was busy' }])
  expect(report.created).toEqual(['meter_value_p20190601', 'event_p201906'])
  await holder.query('rollback')
  holder.release()
  expect((await createPartitions(database.ownerPool, at('2019-06-01T00:00:00'), 0)).created).toEqual([
    'station_message_p20190601',
  ])
})

test('days beyond their time go, the last kept day stays whole', async () => {
  await createPartitions(database.ownerPool, at('2020-01-01T00:00:00'), 9)
  for (const day of ['02', '05', '06']) await meter(`2020-01-${day}T12:00:00`)
  const report = await dropPartitions(database.ownerPool, {
    table: 'meter_value',
    keepDays: 30,
    now: at('2020-02-05T00:00:01'),
  })
  expect(report.dropped).toContain('meter_value_p20200105')
  expect(report.dropped).not.toContain('meter_value_p20200106')
  // The two rows of April 2019 in the default partition are old too.
  expect(report.deleted).toBe(2)
  expect(await rowsIn('meter_value')).toBe(1)
  expect(await rowsIn('station_message')).toBe(0)
})

test('the hub at work can delete events neither through the table nor past it', async () => {
  for (const table of ['event', 'event_default', 'event_p201906'])
    await expect(database.pool.query(`delete from ${table}`)).rejects.toThrow(/permission denied/)
})
