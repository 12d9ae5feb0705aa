// Owns the proof that an error which a plugin leaves lying about is that connection's failure, and nobody else's.
import { EventEmitter } from 'node:events'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { guardProcess } from '../../core/host/attribution.ts'
import type { HostOptions } from '../../core/host/host.ts'
import { AuthFailed, type Ctx } from '../../core/plugin/index.ts'
import { appendEvents } from '../../core/store/event-log.ts'
import { createTestDatabase, silent, type TestDatabase } from '../setup/database.ts'
import { eventually } from '../setup/eventually.ts'
import { someEvent } from '../setup/records.ts'
import { forgetConnections, type TestHub, testHub, testPlugin } from './hub.ts'

type AnyCtx = Ctx<Record<string, unknown>, never>

let database: TestDatabase
let hub: TestHub | undefined
let fatal: unknown[] = []
let unguard = () => {}
type Listener = Parameters<typeof process.on>[1]
let ofTheRunner: { event: string; listener: Listener }[] = []

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
beforeEach(() => {
  // The test runner listens too, and would call every stray error a failed test.
  ofTheRunner = (['unhandledRejection', 'uncaughtException'] as const).flatMap((event) =>
    process.rawListeners(event).map((listener) => ({ event, listener: listener as Listener })),
  )
  for (const { event, listener } of ofTheRunner) process.off(event, listener)
  fatal = []
  unguard = guardProcess({ log: silent, fatal: (error) => fatal.push(error) })
})
afterEach(async () => {
  await hub?.stop()
  hub = undefined
  unguard()
  for (const { event, listener } of ofTheRunner) process.on(event, listener)
  await forgetConnections(database)
})

const strays: Record<string, (ctx: AnyCtx) => void> = {
  'a floating rejection': () => void Promise.reject(new Error('stray')),
  'a rejection after waiting': () =>
    void (async () => {
      await new Promise((resolve) => setTimeout(resolve, 1))
      throw new Error('stray')
    })(),
  'a throw in a timer': () =>
    void setTimeout(() => {
      throw new Error('stray')
    }, 1),
  'an error event that nobody listens to': () =>
    void setImmediate(() => new EventEmitter().emit('error', new Error('stray'))),
  'a rejection in a timer of the hub': (ctx) => void ctx.clock.after(0, async () => Promise.reject(new Error('stray'))),
}

/** Known by the context its calls carry, or, for one that ships with the hub, by where its code lies. */
const ways: Record<string, Partial<HostOptions>> = {
  'known by its context': {},
  'known by its stack': { folders: new Map([['bad', import.meta.dirname]]) },
}
const cases = Object.entries(ways).flatMap(([way, options]) =>
  Object.entries(strays).map(([name, leave]) => ({ name: `${name}, ${way},`, leave, options })),
)

describe('of two plugins at work', () => {
  for (const { name, leave, options } of cases) {
    test(`${name} fails the one it came from`, async () => {
      let context: AnyCtx | undefined
      const bad = testPlugin({
        id: 'bad',
        permissions: ['inbound'],
        setup: (async (ctx: AnyCtx) => {
          context = ctx
          ctx.inbound(async () => {
            leave(ctx)
            return new Response('fine so far')
          })
        }) as never,
      })
      const good = testPlugin({ id: 'good' })
      hub = await testHub(database, [bad, good], options)
      const [badId, goodId] = [await hub.connect(bad), await hub.connect(good)]
      const answer = await hub.host.inbound(badId, new Request('http://hub/in'), '/')
      expect(answer.kind).toBe('answered')
      hub.clock.advance(1)
      await eventually(async () => (await hub?.state(badId))?.state === 'retrying')
      expect(await hub.state(badId)).toMatchObject({ reason: 'stray' })
      expect((await hub.state(goodId)).state).toBe('running')
      expect(context?.signal.aborted).toBe(true)
      expect(fatal).toEqual([])
      // And it is tried again like after any other failure.
      hub.pace.advance(1_000)
      await hub.host.settled()
      expect((await hub.state(badId)).state).toBe('running')
    })
  }

  test('one that is left during set-up fails the set-up', async () => {
    const bad = testPlugin({
      setup: (async () => {
        void Promise.reject(new Error('stray'))
        await new Promise(() => undefined)
      }) as never,
    })
    hub = await testHub(database, [bad])
    const id = await hub.connect(bad)
    expect(await hub.state(id)).toMatchObject({ state: 'retrying', reason: 'stray' })
  })

  test('one that comes from a run that is over changes nothing', async () => {
    let late: () => void = () => undefined
    const bad = testPlugin({
      setup: (async () => {
        const held = new Promise<void>((resolve) => {
          late = resolve
        })
        void held.then(() => {
          throw new Error('stray')
        })
      }) as never,
    })
    hub = await testHub(database, [bad])
    const id = await hub.connect(bad)
    const first = late
    await hub.host.connections.restart(hub.access, id)
    await hub.host.settled()
    first()
    await eventually(() => hub?.lines.some(({ message }) => message.includes('nobody handled')) ?? false)
    await hub.host.settled()
    expect((await hub.state(id)).state).toBe('running')
  })

  test("one that is the hub's own is fatal", async () => {
    hub = await testHub(database, [])
    void Promise.reject(new Error('a bug of the hub'))
    await eventually(() => fatal.length === 1)
    expect(fatal[0]).toMatchObject({ message: 'a bug of the hub' })
  })
})

describe('a plugin at work', () => {
  test('whose credentials are refused stops, and its events wait unspent', async () => {
    let refused = true
    const seen: string[] = []
    const plugin = testPlugin({
      setup: (async (ctx: AnyCtx) => {
        ctx.on('stay.opened', async (event) => {
          if (refused) throw new AuthFailed('the vendor took the key away')
          seen.push(event.data.stayId)
        })
      }) as never,
    })
    hub = await testHub(database, [plugin])
    const id = await hub.connect(plugin)
    await hub.work()
    const stayId = '0195a5a0-0000-7000-8000-000000000001'
    await appendEvents(database.db, [someEvent(hub.organizationId, 'stay.opened', { stayId, enteredAt: null })])
    await eventually(async () => (await hub?.state(id))?.state === 'needs_credentials')
    await hub.idle()
    const { rows } = await database.pool.query('select state, attempts from delivery')
    expect(rows).toEqual([{ state: 'waiting', attempts: 0 }])
    refused = false
    await hub.host.connections.enable(hub.access, id)
    await eventually(() => seen.length === 1)
  })

  test('that blocks in one call is late there and serves the next', async () => {
    const plugin = testPlugin({
      permissions: ['inbound'],
      setup: (async (ctx: AnyCtx) => {
        ctx.inbound(async (_, path) => (path === '/hang' ? new Promise<never>(() => undefined) : new Response('here')))
      }) as never,
    })
    hub = await testHub(database, [plugin])
    const id = await hub.connect(plugin)
    const waiting = hub.pace.waiting
    const hanging = hub.host.inbound(id, new Request('http://hub/in'), '/hang')
    await eventually(() => (hub?.pace.waiting ?? 0) > waiting)
    const quick = await hub.host.inbound(id, new Request('http://hub/in'), '/')
    expect(quick.kind).toBe('answered')
    await hub.pace.settle(new Date(hub.pace.now().getTime() + 30_000))
    expect(await hanging).toEqual({ kind: 'late', connectionId: id })
    expect((await hub.state(id)).state).toBe('running')
  })

  test('never shows its secrets in the log, its state or its events', async () => {
    const plugin = testPlugin({
      permissions: ['secret:key'],
      setup: (async (ctx: AnyCtx) => {
        const key = await ctx.secret('key')
        ctx.log.info({ headers: { authorization: `Bearer ${key}` } }, `connecting with ${key}`)
        throw new Error(`the vendor says: unknown key ${key}`)
      }) as never,
    })
    hub = await testHub(database, [plugin])
    const id = await hub.connect(plugin, { secrets: { key: 'abcdef-123456' } })
    expect(await hub.state(id)).toMatchObject({ state: 'retrying', reason: 'the vendor says: unknown key [secret]' })
    expect(hub.lines.some(({ message }) => message === 'connecting with [secret]')).toBe(true)
    expect(JSON.stringify(hub.lines)).not.toContain('abcdef')
    const { rows } = await database.pool.query('select data::text from event')
    expect(JSON.stringify(rows)).not.toContain('abcdef')
    const { rows: sealed } = await database.pool.query<{ sealed: Buffer }>('select sealed from connection_secret')
    expect(sealed[0]?.sealed.toString('latin1')).not.toContain('abcdef')
  })
})
