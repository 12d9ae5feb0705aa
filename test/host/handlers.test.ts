// Owns the proof of what a running plugin may do in the background: durable handlers, guarded effects, schedules, an own schema.
import type { Kysely } from 'kysely'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Ctx, OnceGuard } from '../../core/plugin/index.ts'
import { systemNewId } from '../../core/runtime/random.ts'
import { appendEvents } from '../../core/store/event-log.ts'
import { createTestDatabase, type TestDatabase } from '../setup/database.ts'
import { eventually } from '../setup/eventually.ts'
import { someEvent, someInstant } from '../setup/records.ts'
import { forgetConnections, type TestHub, testHub, testPlugin } from './hub.ts'

type AnyCtx = Ctx<Record<string, unknown>, never>

let database: TestDatabase
const hubs: TestHub[] = []
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
afterEach(async () => {
  for (const hub of hubs.splice(0)) await hub.stop()
  await forgetConnections(database)
})

async function start(...args: Parameters<typeof testHub>): Promise<TestHub> {
  const hub = await testHub(...args)
  hubs.push(hub)
  return hub
}

const opened = (organizationId: string, stayId: string) =>
  appendEvents(database.db, [
    someEvent(organizationId, 'stay.opened', { stayId, enteredAt: null }, { subjectId: stayId }),
  ])

describe('a durable handler', () => {
  test('gets what happened while its connection was off and while its hub was down', async () => {
    const seen: string[] = []
    const plugin = testPlugin({
      setup: (async (ctx: AnyCtx) => {
        ctx.on('stay.opened', async (event) => void seen.push(event.data.stayId))
      }) as never,
    })
    const first = await start(database, [plugin])
    const id = await first.connect(plugin)
    await first.work()
    const stays = Array.from({ length: 5 }, systemNewId)
    await opened(first.organizationId, stays[0] ?? '')
    await eventually(() => seen.length === 1)
    await first.host.connections.disable(first.access, id)
    await opened(first.organizationId, stays[1] ?? '')
    await first.idle()
    expect(seen).toHaveLength(1)
    await first.host.connections.enable(first.access, id)
    await eventually(() => seen.length === 2)
    await first.stop()
    hubs.pop()
    await opened(first.organizationId, stays[2] ?? '')
    await opened(first.organizationId, stays[3] ?? '')
    const second = await start(database, [plugin], { organizationId: first.organizationId })
    await second.work()
    await eventually(() => seen.length === 4)
    expect([...seen].sort()).toEqual(stays.slice(0, 4).sort())
  })

  test('does not get what another organization does, nor what it no longer asks for', async () => {
    const seen: string[] = []
    let types = ['stay.opened', 'stay.closed'] as const as readonly ('stay.opened' | 'stay.closed')[]
    const plugin = testPlugin({
      setup: (async (ctx: AnyCtx) => {
        for (const type of types) ctx.on(type, async (event) => void seen.push(event.type))
      }) as never,
    })
    const hub = await start(database, [plugin])
    const id = await hub.connect(plugin)
    types = ['stay.opened']
    await hub.host.connections.restart(hub.access, id)
    await hub.host.settled()
    const { rows } = await database.pool.query('select event_type from subscription where connection_id = $1', [id])
    expect(rows).toEqual([{ event_type: 'stay.opened' }])
    const stranger = await start(database, [])
    await opened(stranger.organizationId, systemNewId())
    await opened(hub.organizationId, systemNewId())
    await hub.work()
    await eventually(() => seen.length === 1)
    await hub.idle()
    expect(seen).toEqual(['stay.opened'])
  })

  test('that hangs is late, and the event comes again', async () => {
    let tries = 0
    const plugin = testPlugin({
      setup: (async (ctx: AnyCtx) => {
        ctx.on('stay.opened', async () => {
          if (++tries === 1) await new Promise(() => undefined)
        })
      }) as never,
    })
    const hub = await start(database, [plugin])
    const id = await hub.connect(plugin)
    await hub.work()
    const waiting = hub.pace.waiting
    await opened(hub.organizationId, systemNewId())
    await eventually(() => tries === 1 && hub.pace.waiting > waiting)
    hub.pace.advance(30_000)
    await eventually(() => tries === 2)
    await hub.idle()
    expect((await hub.state(id)).state).toBe('running')
  })

  test('cannot change the event for the next one', async () => {
    const seen: string[] = []
    const plugin = testPlugin({
      setup: (async (ctx: AnyCtx) => {
        ctx.on('stay.opened', async (event) => {
          seen.push(event.data.stayId)
          ;(event.data as { stayId: string }).stayId = 'another'
        })
        ctx.on('stay.opened', async (event) => void seen.push(event.data.stayId))
      }) as never,
    })
    const hub = await start(database, [plugin])
    await hub.connect(plugin)
    await hub.work()
    const stay = systemNewId()
    await opened(hub.organizationId, stay)
    await eventually(() => seen.length === 2)
    expect(seen).toEqual([stay, stay])
  })
})

interface Own {
  note: { stay: string }
}

describe('an own schema', () => {
  const keeper = (change: object = {}) =>
    testPlugin({
      id: 'note-keeper',
      permissions: ['db'],
      migrations: [
        {
          name: '0001-notes',
          up: async (db: Kysely<unknown>) => {
            await db.schema
              .createTable('note')
              .addColumn('stay', 'text', (column) => column.notNull())
              .execute()
          },
        },
      ],
      setup: (async (ctx: AnyCtx) => {
        ctx.on('stay.opened', async (event, guard: OnceGuard) => {
          await guard.once('note', async (db) => {
            await (db as Kysely<Own>).insertInto('note').values({ stay: event.data.stayId }).execute()
          })
          if (event.data.stayId.endsWith('f')) throw new Error('killed between effect and acknowledgement')
        })
      }) as never,
      ...change,
    })

  test('is made and brought forward once, also by hubs that start together, and its effects happen once', async () => {
    const plugin = keeper()
    const hub = await start(database, [plugin])
    await hub.connect(plugin)
    const other = await start(database, [plugin], { organizationId: hub.organizationId })
    await other.host.settled()
    await hub.work()
    const stays = [systemNewId().replace(/.$/, '0'), systemNewId().replace(/.$/, 'f')]
    for (const stay of stays) await opened(hub.organizationId, stay)
    await eventually(async () => {
      const { rows } = await database.pool.query(`select 1 from delivery where state = 'waiting'`)
      return rows.length === 0
    })
    const { rows } = await database.pool.query('select stay from plugin_note_keeper.note order by stay')
    expect(rows).toEqual(stays.sort().map((stay) => ({ stay })))
    const { rows: ledger } = await database.ownerPool.query('select name from plugin_note_keeper.plugin_migration')
    expect(ledger).toEqual([{ name: '0001-notes' }])
  })

  test('that cannot be brought forward is a state, and leaves nothing half done', async () => {
    const plugin = keeper({
      id: 'half',
      migrations: [
        {
          name: '0001-half',
          up: async (db: Kysely<unknown>) => {
            await db.schema.createTable('half').addColumn('a', 'text').execute()
            throw new Error('the second table is missing')
          },
        },
      ],
    })
    const hub = await start(database, [plugin])
    const id = await hub.connect(plugin)
    expect(await hub.state(id)).toMatchObject({ state: 'retrying', reason: 'the second table is missing' })
    const { rows } = await database.ownerPool.query(`select to_regclass('plugin_half.half') as half`)
    expect(rows).toEqual([{ half: null }])
  })

  test('is for plugins that asked', async () => {
    const plugin = testPlugin({ setup: (async (ctx: AnyCtx) => void ctx.db) as never })
    const hub = await start(database, [plugin])
    expect(await hub.state(await hub.connect(plugin))).toMatchObject({
      reason: 'the plugin tester does not declare the permission db',
    })
  })
})

describe('a schedule', () => {
  function ticking(seen: string[], run: (ctx: AnyCtx) => Promise<void> = async () => undefined) {
    return testPlugin({
      setup: (async (ctx: AnyCtx) => {
        ctx.every('0 * * * *', 'hourly', async () => {
          seen.push(ctx.connection.id)
          await run(ctx)
        })
      }) as never,
    })
  }
  const hours = (n: number) => new Date(someInstant.getTime() + n * 3_600_000)

  test('runs once per instant with two hubs that both keep time', async () => {
    const seen: string[] = []
    const plugin = ticking(seen)
    const one = await start(database, [plugin])
    await one.connect(plugin)
    const two = await start(database, [plugin], { organizationId: one.organizationId })
    await two.host.settled()
    await one.work()
    await two.work()
    for (let hour = 1; hour <= 6; hour++) {
      await eventually(() => one.clock.waiting === 1 && two.clock.waiting === 1)
      one.clock.advanceTo(hours(hour))
      two.clock.advanceTo(hours(hour))
      await eventually(() => seen.length >= hour)
    }
    await one.idle()
    expect(seen).toHaveLength(6)
    const { rows } = await database.pool.query<{ last_at: Date }>('select last_at from schedule')
    expect(rows).toEqual([{ last_at: hours(6) }])
  })

  test('missed while the whole cluster was down is made up for once', async () => {
    const seen: string[] = []
    const plugin = ticking(seen)
    const one = await start(database, [plugin])
    await one.connect(plugin)
    await one.stop()
    hubs.pop()
    const two = await start(database, [plugin], { organizationId: one.organizationId })
    await two.host.settled()
    await two.host.stop()
    // Nothing was due yet; a day later there is.
    await database.pool.query(`update schedule set last_at = last_at - interval '1 day'`)
    const three = await start(database, [plugin], { organizationId: one.organizationId })
    await three.work()
    await three.host.settled()
    three.clock.advance(1)
    await eventually(() => seen.length === 1)
    await eventually(() => three.clock.waiting === 1)
    expect(three.clock.nextDue()).toEqual(hours(1))
    expect(seen).toHaveLength(1)
  })

  test('that fails is run again, and the next one comes all the same', async () => {
    const seen: string[] = []
    let broken = true
    const plugin = ticking(seen, async () => {
      if (broken) throw new Error('not this time')
    })
    const hub = await start(database, [plugin])
    await hub.connect(plugin)
    await hub.work()
    hub.clock.advanceTo(hours(1))
    await eventually(() => seen.length === 1)
    broken = false
    await eventually(() => hub.clock.waiting === 1)
    hub.clock.advanceTo(hours(2))
    await eventually(() => seen.length >= 2)
    // The failed one comes back after its pause: e^1 seconds.
    await eventually(() => seen.length === 3)
  })

  test('that is none, or named twice, fails the set-up', async () => {
    const wrong = testPlugin({
      id: 'wrong',
      setup: (async (ctx: AnyCtx) => void ctx.every('at noon', 'x', async () => undefined)) as never,
    })
    const twice = testPlugin({
      id: 'twice',
      setup: (async (ctx: AnyCtx) => {
        ctx.every('0 * * * *', 'x', async () => undefined)
        ctx.every('5 * * * *', 'x', async () => undefined)
      }) as never,
    })
    const hub = await start(database, [wrong, twice])
    expect((await hub.state(await hub.connect(wrong))).reason).toContain('"at noon" is no schedule')
    expect((await hub.state(await hub.connect(twice))).reason).toBe('the schedule x is registered already')
  })
})
