// Owns the proof that an appointment on the hub's clock becomes one job when it is due, whoever looks and however often.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { runTimers, tickTimers } from '../../core/events/run-timers.ts'
import { addJobs } from '../../core/store/event-log.ts'
import { clearTimer, nextTimer, setTimer } from '../../core/store/timers.ts'
import { transaction } from '../../core/store/transaction.ts'
import { manualClock } from '../../core/testing/manual-clock.ts'
import { createTestDatabase, silent, type TestDatabase } from '../setup/database.ts'
import { eventually } from '../setup/eventually.ts'

const organizationId = '00000000-0000-7000-8000-000000000001'
const start = new Date('2019-03-10T08:00:00Z')
const later = (ms: number) => new Date(start.getTime() + ms)

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
beforeEach(async () => {
  await database.pool.query('delete from timer')
  await database.ownerPool.query('delete from graphile_worker._private_jobs')
})

const timer = (key: string, dueAt: Date, kind = 'bill.evaluate') =>
  setTimer(database.db, { organizationId, siteId: null, kind, key, dueAt, data: { key } })
async function jobs() {
  const { rows } = await database.ownerPool.query<{ task: string; key: string; payload: { key: string } }>(
    `select t.identifier as task, j.key, j.payload from graphile_worker._private_jobs j
     join graphile_worker._private_tasks t on t.id = j.task_id order by j.id`,
  )
  return rows
}

describe('appointments', () => {
  test('become jobs when the clock is moved to them, not before, in the order in which they were due', async () => {
    const clock = manualClock(start)
    const pass = runTimers({ db: database.db, clock })
    await timer('bill:stay:2', later(2_000))
    await timer('bill:stay:1', later(1_000))
    await timer('bill:stay:3', later(3_000))
    expect(await pass()).toBe(0)
    expect(await nextTimer(database.db)).toEqual(later(1_000))
    clock.advance(2_000)
    expect(await pass()).toBe(2)
    expect((await jobs()).map(({ key }) => key)).toEqual(['bill:stay:1', 'bill:stay:2'])
    expect(await pass()).toBe(0)
    clock.advance(1_000)
    expect(await pass()).toBe(1)
    expect(await nextTimer(database.db)).toBeUndefined()
  })

  test('can be moved and cleared, and go with the transaction that set them', async () => {
    const pass = runTimers({ db: database.db, clock: manualClock(later(1_500)) })
    await timer('a', later(1_000))
    await timer('a', later(2_000))
    await timer('b', later(1_000))
    expect(await clearTimer(database.db, { organizationId, kind: 'bill.evaluate', key: 'b' })).toBe(true)
    expect(await clearTimer(database.db, { organizationId, kind: 'bill.evaluate', key: 'b' })).toBe(false)
    await expect(
      transaction(database.db, async (trx) => {
        await setTimer(trx, { organizationId, siteId: null, kind: 'x.y', key: 'c', dueAt: start, data: {} })
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
    expect(await pass()).toBe(0)
  })

  test('collapse with a job of the same subject, and do not take the place of another task of it', async () => {
    await addJobs(database.db, [
      { task: 'bill.evaluate', payload: { key: 'old' }, key: 'bill:stay:1', queue: 'bill:stay:1' },
    ])
    await timer('bill:stay:1', start)
    await timer('77', start, 'command.expire')
    await timer('77', start, 'command.not_started')
    expect(await runTimers({ db: database.db, clock: manualClock(start) })()).toBe(3)
    expect((await jobs()).map(({ task, key, payload }) => [task, key, payload.key])).toEqual([
      ['bill.evaluate', 'bill:stay:1', 'bill:stay:1'],
      ['command.expire', 'command.expire:77', '77'],
      ['command.not_started', 'command.not_started:77', '77'],
    ])
  })

  test('become one job each, whoever looks at the same time', async () => {
    const count = 1_000
    await database.pool.query(
      `insert into timer (organization_id, kind, key, due_at, data)
       select $1, 'note', n::text, $2, json_build_object('key', n) from generate_series(1, $3) n`,
      [organizationId, start, count],
    )
    const pass = runTimers({ db: database.db, clock: manualClock(start) })
    const taken = await Promise.all([pass(), pass(), pass(), pass()])
    expect(taken.reduce((sum, n) => sum + n, 0)).toBe(count)
    expect(new Set((await jobs()).map(({ key }) => key)).size).toBe(count)
  })

  test('are looked for again and again until the ticker is stopped', async () => {
    const clock = manualClock(start)
    const pace = manualClock(start)
    const ticker = tickTimers({ db: database.db, clock, pace, log: silent, everyMs: 100 })
    await timer('a', later(1_000))
    pace.advance(100)
    clock.advance(1_000)
    await eventually(async () => {
      pace.advance(100)
      return (await jobs()).length === 1
    })
    await ticker.stop()
    expect(pace.waiting).toBe(0)
  })
})
