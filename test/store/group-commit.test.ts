// Owns the proof of the group commit: what resolves is stored, what rejects or is fenced is not, whatever breaks in between.
import type { Pool } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../core/runtime/system-clock.ts'
import {
  defineEffect,
  type Effect,
  type GroupCommitOptions,
  groupCommit,
  type Unit,
} from '../../core/store/group-commit.ts'
import { connect } from '../../core/store/pool.ts'
import { manualClock } from '../../core/testing/manual-clock.ts'
import { createTestDatabase, silent, type TestDatabase } from '../setup/database.ts'

const organizationId = '00000000-0000-7000-8000-000000000001'
const station = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`

interface ItemRow {
  id: number
  text: string
  amount: number
}
const item = defineEffect<ItemRow>({
  name: 'item',
  order: 10,
  sql: `insert into item (id, text, amount)
    select id, text, amount from json_populate_recordset(null::item, $1::json) on conflict do nothing`,
})
const part = defineEffect<{ item_id: number; n: number }>({
  name: 'part',
  order: 20,
  sql: `insert into part select item_id, n from json_populate_recordset(null::part, $1::json) on conflict do nothing`,
})
const latest = defineEffect<{ key: string; value: number }>({
  name: 'latest',
  order: 30,
  key: (row) => row.key,
  sql: `insert into latest (key, value) select key, value from json_populate_recordset(null::latest, $1::json)
    on conflict (key) do update set value = excluded.value`,
})
const total = defineEffect<{ key: string; value: number }>({
  name: 'total',
  order: 40,
  key: (row) => row.key,
  merge: (old, next) => ({ key: old.key, value: old.value + next.value }),
  sql: `insert into total (key, value) select key, value from json_populate_recordset(null::total, $1::json)
    on conflict (key) do update set value = total.value + excluded.value`,
})

const anItem = (id: number, amount = 1, text = ''): Effect => ({ template: item, row: { id, text, amount } })
const aPart = (id: number, n: number): Effect => ({ template: part, row: { item_id: id, n } })

let database: TestDatabase
let owner: Pool
beforeAll(async () => {
  database = await createTestDatabase({ empty: true })
  owner = database.ownerPool
  await owner.query(`
    create table item (id int primary key, text text, amount int not null check (amount >= 0),
      xid xid8 not null default pg_current_xact_id(), seq bigserial);
    create table part (item_id int references item, n int, primary key (item_id, n));
    create table latest (key text primary key, value int not null);
    create table total (key text primary key, value int not null);
    create table station_link (organization_id uuid, station_id uuid, epoch bigint not null,
      primary key (organization_id, station_id));
    grant usage on sequence item_seq_seq to baywatt_app`)
})
beforeEach(() => owner.query('truncate item, part, latest, total, station_link'))
afterAll(() => database.drop())

const start = (options: Partial<GroupCommitOptions> = {}) =>
  groupCommit({ pool: database.pool, clock: systemClock, log: silent, ...options })
const stored = async () =>
  (await owner.query<{ id: number }>('select id from item order by id')).rows.map((row) => row.id)
const hold = (n: number, epoch: number) =>
  owner.query(
    `insert into station_link values ($1, $2, $3) on conflict (organization_id, station_id) do update set epoch = $3`,
    [organizationId, station(n), epoch],
  )
const fence = (n: number, epoch: number) => ({ organizationId, stationId: station(n), epoch })

describe('what is stored', () => {
  test('resolves after the commit: another connection sees every row of every resolved unit', async () => {
    const commits = start()
    const units = Array.from({ length: 50 }, async (_, id) => {
      expect(await commits.commit({ effects: [anItem(id), aPart(id, 1), aPart(id, 2)] })).toEqual({ kind: 'committed' })
      const { rows } = await owner.query('select n from part where item_id = $1 order by n', [id])
      expect(rows).toEqual([{ n: 1 }, { n: 2 }])
    })
    await Promise.all(units)
    expect(commits.stats).toMatchObject({ committed: 50, queuedRows: 0, queuedUnits: 0, rejected: 0 })
  })

  test('a character that no database text can hold is replaced, and stops nobody', async () => {
    await start().commit({
      effects: [anItem(1, 1, 'a\u0000b'), anItem(2, 1, 'c\ud800d'), anItem(3, 1, 'e\\u0000 \n🅿')],
    })
    const { rows } = await owner.query<{ text: string }>('select text from item order by id')
    expect(rows.map((row) => row.text)).toEqual(['a\ufffdb', 'c\ufffdd', 'e\\u0000 \n🅿'])
  })

  test('units of one turn share one transaction', async () => {
    const commits = start()
    await Promise.all(Array.from({ length: 100 }, (_, id) => commits.commit({ effects: [anItem(id)] })))
    const { rows } = await owner.query('select count(*)::int as items, count(distinct xid)::int as commits from item')
    expect(rows).toEqual([{ items: 100, commits: 1 }])
    expect(commits.stats.flushes).toBe(1)
  })

  test('a commit takes no more rows than allowed, but a larger unit goes whole', async () => {
    const flushes: number[] = []
    const commits = start({ maxRows: 4, flushers: 1, onFlush: ({ rows }) => flushes.push(rows) })
    const big = { effects: Array.from({ length: 9 }, (_, n) => anItem(1_000 + n)) }
    const small = (id: number) => ({ effects: [anItem(id), aPart(id, 1)] })
    await Promise.all([small(1), small(2), small(3), big, small(4)].map((unit) => commits.commit(unit)))
    expect(flushes).toEqual([4, 2, 9, 2])
  })

  test('statements run in template order, whatever the order of effects', async () => {
    await start().commit({ effects: [aPart(7, 1), anItem(7)] })
    expect((await owner.query('select * from part')).rows).toEqual([{ item_id: 7, n: 1 }])
  })

  test('rows of one key become one: the later wins, or they are merged', async () => {
    const commits = start()
    const unit = (value: number): Unit => ({
      effects: ['a', 'b'].flatMap((key) => [
        { template: latest, row: { key, value } },
        { template: total, row: { key, value } },
      ]),
    })
    await Promise.all([unit(1), unit(2), unit(3)].map((each) => commits.commit(each)))
    await commits.commit(unit(10))
    expect((await owner.query('select * from latest order by key')).rows.map((row) => row.value)).toEqual([10, 10])
    expect((await owner.query('select * from total order by key')).rows.map((row) => row.value)).toEqual([16, 16])
  })

  test('a unit without effects needs no transaction', async () => {
    expect(await start().commit({ effects: [] })).toEqual({ kind: 'committed' })
  })

  test('with two flushers, units of a partition are stored in the order of their calls', async () => {
    const commits = start({ flushers: 2, maxRows: 3 })
    const units = Array.from({ length: 120 }, (_, id) =>
      commits.commit({ effects: [anItem(id, id % 4)], partition: `p${id % 4}` }),
    )
    await Promise.all(units)
    const { rows } = await owner.query<{ id: number; amount: number }>('select id, amount from item order by seq')
    for (const p of [0, 1, 2, 3]) {
      const ids = rows.filter((row) => row.amount === p).map((row) => row.id)
      expect(ids).toEqual([...ids].sort((a, b) => a - b))
      expect(ids).toHaveLength(30)
    }
  })
})

describe('units that cannot be stored', () => {
  const storeWith = async (poison: Unit, neighbours = 40) => {
    const commits = start()
    const good = Array.from({ length: neighbours }, (_, id) => commits.commit({ effects: [anItem(id)] }))
    const bad = commits.commit(poison)
    const more = Array.from({ length: neighbours }, (_, id) => commits.commit({ effects: [anItem(100 + id)] }))
    const outcome = await bad.then(
      () => undefined,
      (error: unknown) => error,
    )
    await Promise.all([...good, ...more])
    expect(await stored()).toEqual([
      ...Array(neighbours).keys(),
      ...[...Array(neighbours).keys()].map((id) => 100 + id),
    ])
    expect(commits.stats).toMatchObject({ committed: 2 * neighbours, rejected: 1 })
    return outcome
  }

  test('a refused row rejects its unit, whole, and no other', async () => {
    const error = await storeWith({
      effects: [anItem(50), anItem(51, -1), { template: latest, row: { key: 'x', value: 1 } }],
    })
    expect(error).toMatchObject({ code: '23514' })
    expect((await owner.query('select * from latest')).rows).toEqual([])
  })

  test('a refusal at the end of the transaction is narrowed down as well', async () => {
    await owner.query('alter table part alter constraint part_item_id_fkey deferrable initially deferred')
    expect(await storeWith({ effects: [aPart(999, 1)] })).toMatchObject({ code: '23503' })
    await owner.query('alter table part alter constraint part_item_id_fkey not deferrable')
  })

  test('a row that is no JSON', async () => {
    expect(await storeWith({ effects: [{ template: item, row: { id: 1n } }] })).toBeInstanceOf(TypeError)
  })

  test('a row whose key throws', async () => {
    const broken = defineEffect<ItemRow>({
      ...item,
      name: 'broken',
      key: () => {
        throw new RangeError('no key')
      },
    })
    expect(await storeWith({ effects: [{ template: broken, row: { id: 1 } }] })).toBeInstanceOf(RangeError)
  })

  test('a station that is no uuid, in the fence', async () => {
    const error = await storeWith({ effects: [anItem(50)], fence: { organizationId, stationId: 'ws-1', epoch: 1 } })
    expect(error).toMatchObject({ code: '22P02' })
  })

  test('a flush of nothing but refused units', async () => {
    const commits = start()
    const units = Array.from({ length: 33 }, (_, id) => commits.commit({ effects: [anItem(id, -1)] }))
    const outcomes = await Promise.allSettled(units)
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true)
    expect(commits.stats.rejected).toBe(33)
    expect(await stored()).toEqual([])
  })

  test('a statement that does not parse is forgotten, and works once it does', async () => {
    const commits = start()
    const late = defineEffect<{ id: number }>({
      name: 'late',
      order: 50,
      sql: 'insert into late select id from json_to_recordset($1::json) as r(id int)',
    })
    const unit = { effects: [anItem(1), { template: late, row: { id: 1 } }] }
    await expect(commits.commit(unit)).rejects.toMatchObject({ code: '42P01' })
    await owner.query('create table late (id int)')
    expect(await commits.commit(unit)).toEqual({ kind: 'committed' })
    await owner.query('drop table late')
  })
})

describe('fences', () => {
  test('only the newest connection of a station writes', async () => {
    await Promise.all([hold(1, 5), hold(2, 1)])
    const commits = start()
    const unit = (id: number, of?: Unit['fence']) => commits.commit({ effects: [anItem(id)], ...(of && { fence: of }) })
    const outcomes = await Promise.all([
      unit(1, fence(1, 5)),
      unit(2, fence(1, 4)),
      unit(3, fence(2, 1)),
      unit(4),
      unit(5, fence(1, 5)),
      unit(6, fence(3, 1)),
      unit(7, fence(2, 2)),
    ])
    const kinds = outcomes.map(({ kind }) => kind)
    expect(kinds).toEqual(['committed', 'fenced', 'committed', 'committed', 'committed', 'fenced', 'fenced'])
    expect(await stored()).toEqual([1, 3, 4, 5])
    expect(commits.stats).toMatchObject({ committed: 4, fenced: 3, rejected: 0 })
  })

  test('a fence with nothing to write still tells who holds the station', async () => {
    await hold(1, 5)
    const commits = start()
    expect(await commits.commit({ effects: [], fence: fence(1, 5) })).toEqual({ kind: 'committed' })
    expect(await commits.commit({ effects: [], fence: fence(1, 4) })).toEqual({ kind: 'fenced' })
  })

  test('stale and refused units in one flush', async () => {
    await hold(1, 5)
    const commits = start()
    const outcomes = await Promise.allSettled([
      commits.commit({ effects: [anItem(1)], fence: fence(1, 5) }),
      commits.commit({ effects: [anItem(2, -1)], fence: fence(1, 5) }),
      commits.commit({ effects: [anItem(3)], fence: fence(1, 4) }),
      commits.commit({ effects: [anItem(4)], fence: fence(1, 5) }),
    ])
    expect(outcomes.map((o) => (o.status === 'fulfilled' ? o.value.kind : 'rejected'))).toEqual([
      'committed',
      'rejected',
      'fenced',
      'committed',
    ])
    expect(await stored()).toEqual([1, 4])
  })

  test('a reconnect waits for the commit that its predecessor began, then shuts it out', async () => {
    await hold(1, 1)
    // The flush is held inside its transaction, fence taken, by a lock on the row it wants to write.
    const blocker = await owner.connect()
    await blocker.query('begin')
    await blocker.query(`insert into latest values ('held', 0)`)
    const commits = start()
    const first = commits.commit({
      effects: [{ template: latest, row: { key: 'held', value: 1 } }],
      fence: fence(1, 1),
    })
    const waiting = async (query: string) => {
      for (;;) {
        const { rows } = await owner.query(
          `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like $1`,
          [`%${query}%`],
        )
        if (rows.length > 0) return
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    }
    await waiting('insert into latest')
    const reconnect = hold(1, 2)
    await waiting('insert into station_link')
    const second = commits.commit({ effects: [anItem(2)], fence: fence(1, 1) })
    await blocker.query('rollback')
    blocker.release()
    expect(await first).toEqual({ kind: 'committed' })
    await reconnect
    expect((await second).kind).toMatch(/committed|fenced/)
    expect(await commits.commit({ effects: [anItem(3)], fence: fence(1, 1) })).toEqual({ kind: 'fenced' })
    expect(await commits.commit({ effects: [anItem(4)], fence: fence(1, 2) })).toEqual({ kind: 'committed' })
  })
})

describe('a database in trouble', () => {
  test('a lost connection is retried and every unit stored once', async () => {
    const commits = start()
    await commits.commit({ effects: [anItem(0)] })
    const units = Array.from({ length: 400 }, async (_, id) => {
      if (id % 100 === 50)
        await owner.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and application_name = 'baywatt app'`,
        )
      return commits.commit({ effects: [anItem(1 + id)] })
    })
    await Promise.all(units)
    expect(await stored()).toEqual([...Array(401).keys()])
  })

  test('an unreachable database is given up after its time, and said so', async () => {
    const nowhere = { ...database.connection, host: '127.0.0.1', port: 1 }
    const lost = await connect({ to: database.connection, role: 'owner', log: silent })
    Object.assign(lost.pool.options, nowhere)
    const clock = manualClock(new Date('2026-01-01T00:00:00Z'))
    const commits = start({ pool: lost.pool, clock, maxRetryMs: 5_000 })
    const outcome = commits.commit({ effects: [anItem(1)] }).then(
      () => 'stored',
      (error: unknown) => error,
    )
    let done = false
    void outcome.then(() => {
      done = true
    })
    while (!done) {
      await clock.settle(new Date(clock.now().getTime() + 100))
    }
    expect(await outcome).toMatchObject({ code: 'database_unavailable', status: 503, cause: { code: 'ECONNREFUSED' } })
    expect(commits.stats).toMatchObject({ rejected: 1, queuedUnits: 0 })
    await lost.close()
  })

  test('a deadlock with another transaction is retried', async () => {
    await owner.query(`insert into latest values ('a', 0), ('b', 0)`)
    const other = await owner.connect()
    await other.query(`begin; set local deadlock_timeout = '10s'; update latest set value = 100 where key = 'b'`)
    const commits = start()
    const unit = commits.commit({
      effects: [
        { template: latest, row: { key: 'a', value: 1 } },
        { template: latest, row: { key: 'b', value: 1 } },
      ],
    })
    const locked = async () =>
      (
        await owner.query(
          `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        )
      ).rows.length > 0
    while (!(await locked())) await new Promise((resolve) => setTimeout(resolve, 5))
    await other.query(`update latest set value = 100 where key = 'a'`)
    await other.query('commit')
    other.release()
    expect(await unit).toEqual({ kind: 'committed' })
    expect(commits.stats.retries).toBeGreaterThan(0)
    expect((await owner.query('select value from latest')).rows).toEqual([{ value: 1 }, { value: 1 }])
  })

  test('prepared statements that vanished are prepared again', async () => {
    const one = await connect({ to: database.connection, role: 'app', log: silent, max: 1 })
    const commits = start({ pool: one.pool })
    await commits.commit({ effects: [anItem(1)] })
    await one.pool.query('deallocate all')
    expect(await commits.commit({ effects: [anItem(2)] })).toEqual({ kind: 'committed' })
    await one.close()
  })

  test('a connection that no longer answers is given up and the unit stored on another', async () => {
    const clock = manualClock(new Date('2026-01-01T00:00:00Z'))
    const blocker = await owner.connect()
    await blocker.query('begin; lock table item in access exclusive mode')
    const commits = start({ clock, stallMs: 1_000 })
    const unit = commits.commit({ effects: [anItem(1)] })
    while (clock.waiting === 0) await new Promise((resolve) => setImmediate(resolve))
    clock.advance(1_000)
    while (clock.waiting === 0) await new Promise((resolve) => setImmediate(resolve))
    await blocker.query('rollback')
    blocker.release()
    clock.advance(500)
    expect(await unit).toEqual({ kind: 'committed' })
    expect(commits.stats.retries).toBe(1)
  })
})

describe('limits and ending', () => {
  test('past its bound it refuses at once, and serves again when there is room', async () => {
    const commits = start({ maxQueuedRows: 10 })
    const five = (id: number) => ({ effects: Array.from({ length: 5 }, (_, n) => anItem(id + n)) })
    const accepted = [commits.commit(five(0)), commits.commit(five(10))]
    await expect(commits.commit({ effects: [anItem(99)] })).rejects.toMatchObject({
      code: 'commit_overload',
      status: 503,
    })
    await Promise.all(accepted)
    expect(await commits.commit({ effects: [anItem(99)] })).toEqual({ kind: 'committed' })
  })

  test('drain waits for all that was asked for; close lets nothing more in', async () => {
    const commits = start()
    await commits.drain()
    const settled: number[] = []
    for (let id = 0; id < 20; id++) void commits.commit({ effects: [anItem(id)] }).then(() => settled.push(id))
    await commits.close()
    expect(settled).toHaveLength(20)
    await expect(commits.commit({ effects: [anItem(50)] })).rejects.toMatchObject({ code: 'commit_closed' })
  })

  test('every connection is given back', async () => {
    const commits = start({ flushers: 2 })
    await Promise.allSettled(
      Array.from({ length: 50 }, (_, id) => commits.commit({ effects: [anItem(id, (id % 7) - 1)] })),
    )
    await commits.drain()
    expect(database.pool.idleCount).toBe(database.pool.totalCount)
  })
})
