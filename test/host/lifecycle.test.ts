// Owns the proof that whatever a plugin does at its start or end becomes a state that a person can read, and the hub serves on.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { loadPlugin } from '../../core/host/manifest.ts'
import { type AnyPlugin, AuthFailed, ConfigInvalid, type Ctx, NotReady } from '../../core/plugin/index.ts'
import { createTestDatabase, type TestDatabase } from '../setup/database.ts'
import { eventually } from '../setup/eventually.ts'
import { insertOrganization } from '../setup/records.ts'
import { forgetConnections, type TestHub, testHub, testPlugin } from './hub.ts'

let database: TestDatabase
let hub: TestHub | undefined
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
afterEach(async () => {
  await hub?.stop()
  hub = undefined
  await forgetConnections(database)
})

type AnyCtx = Ctx<Record<string, unknown>, never>
const never = () => new Promise<never>(() => undefined)

async function one(setup: (ctx: AnyCtx) => Promise<unknown>, change: object = {}, input: object = {}) {
  const plugin = testPlugin({ setup: setup as never, ...change })
  hub = await testHub(database, [plugin])
  const id = await hub.connect(plugin, input)
  return { hub, plugin, id }
}

describe('a start', () => {
  test('that works is running, and says so in the row and as events', async () => {
    const { hub, id } = await one(async () => undefined)
    expect(await hub.state(id)).toEqual({ state: 'running', reason: null, pointer: null, next: null })
    expect(await hub.history(id)).toEqual(['starting', 'running'])
  })

  test('that throws is tried again by the ladder, and given up after five failures in an hour', async () => {
    let tries = 0
    const { hub, id } = await one(async () => {
      tries += 1
      throw new Error(`no luck ${tries}`)
    })
    for (const seconds of [1, 5, 30, 120]) {
      const state = await hub.state(id)
      expect(state).toMatchObject({ state: 'retrying', reason: `no luck ${tries}` })
      expect(state.next).toEqual(new Date(hub.pace.now().getTime() + seconds * 1_000))
      hub.pace.advance(seconds * 1_000 - 1)
      await hub.host.settled()
      const before = tries
      hub.pace.advance(1)
      await hub.host.settled()
      expect(tries).toBe(before + 1)
    }
    expect(await hub.state(id)).toMatchObject({ state: 'failed', reason: 'no luck 5' })
    hub.pace.advance(3_600_000)
    await hub.host.settled()
    expect(tries).toBe(5)
    // An operator presses the button.
    expect((await hub.host.connections.enable(hub.access, id)).kind).toBe('ok')
    await hub.host.settled()
    expect(tries).toBe(6)
    expect((await hub.state(id)).state).toBe('retrying')
  })

  test('that says "not ready" is tried for as long as it takes', async () => {
    let ready = false
    const { hub, id } = await one(async () => {
      if (!ready) throw new NotReady('the vendor is in maintenance')
    })
    for (let tried = 0; tried < 12; tried++) {
      expect(await hub.state(id)).toMatchObject({ state: 'retrying', reason: 'the vendor is in maintenance' })
      hub.pace.advance(600_000)
      await hub.host.settled()
    }
    ready = true
    hub.pace.advance(600_000)
    await hub.host.settled()
    expect((await hub.state(id)).state).toBe('running')
  })

  test('refused for its credentials waits for a person', async () => {
    const { hub, id } = await one(async () => {
      throw new AuthFailed('the vendor refused the key')
    })
    expect(await hub.state(id)).toMatchObject({
      state: 'needs_credentials',
      reason: 'the vendor refused the key',
      next: null,
    })
    hub.pace.advance(3_600_000)
    await hub.host.settled()
    expect(await hub.history(id)).toEqual(['starting', 'needs_credentials'])
  })

  test('refused for its configuration points at the field', async () => {
    const { hub, id } = await one(async () => {
      throw new ConfigInvalid('/site', 'there is no such site at the vendor')
    })
    expect(await hub.state(id)).toMatchObject({
      state: 'misconfigured',
      pointer: '/site',
      reason: 'there is no such site at the vendor',
    })
  })

  test('that hangs is given up after its limit, and whatever it registers later is refused', async () => {
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    let late: unknown
    let disposed = false
    const plugin = testPlugin({
      setup: (async (ctx: AnyCtx) => {
        await held
        try {
          ctx.on('stay.opened', async () => undefined)
        } catch (error) {
          late = error
        }
        return async () => {
          disposed = true
        }
      }) as never,
    })
    hub = await testHub(database, [plugin])
    const made = await hub.host.connections.create(hub.access, { pluginId: 'tester', name: 'hangs' })
    if (made.kind !== 'ok') throw new Error('made')
    const id = made.value.connectionId
    await eventually(async () => (await hub?.state(id))?.state === 'starting')
    await eventually(() => (hub?.pace.waiting ?? 0) > 1)
    hub.pace.advance(30_000)
    await hub.host.settled()
    expect(await hub.state(id)).toMatchObject({ state: 'retrying', reason: 'set-up took longer than 30000 ms' })
    release()
    await eventually(() => disposed)
    expect(late).toBeInstanceOf(Error)
    expect(await database.pool.query('select 1 from subscription where connection_id = $1', [id])).toMatchObject({
      rows: [],
    })
  })

  test('with a configuration that the schema refuses never calls the plugin', async () => {
    let called = false
    const plugin = testPlugin({
      config: {
        type: 'object',
        required: ['url'],
        properties: {
          url: { type: 'string', format: 'uri' },
          pool: { type: 'object', properties: { size: { type: 'integer', minimum: 1 } } },
        },
        additionalProperties: false,
      },
      setup: async () => {
        called = true
      },
    })
    hub = await testHub(database, [plugin])
    const refused = await hub.host.connections.create(hub.access, {
      pluginId: 'tester',
      name: 'x',
      config: { url: 'no', pool: { size: 0 }, extra: 1 },
    })
    expect(refused).toEqual({
      kind: 'invalid',
      problems: expect.arrayContaining([
        { pointer: '/config/url', message: expect.any(String) },
        { pointer: '/config/pool/size', message: expect.any(String) },
        { pointer: '/config/extra', message: 'is not a setting of this plugin' },
      ]),
    })
    // A row that was right under an earlier version of the plugin.
    const id = await hub.connect(plugin, { config: { url: 'https://vendor.example' } })
    expect(called).toBe(true)
    called = false
    await database.pool.query(`update connection set config = '{"pool":{}}' where connection_id = $1`, [id])
    await hub.host.reconcile()
    await hub.host.settled()
    expect(await hub.state(id)).toMatchObject({ state: 'misconfigured', pointer: '/url', reason: '/url is required' })
    expect(called).toBe(false)
  })

  test('gets the configuration with the defaults of its schema, and a migrated one from an older version', async () => {
    const seen: unknown[] = []
    const { hub, id } = await one(
      async (ctx) => void seen.push(ctx.config),
      {
        config: {
          type: 'object',
          properties: { port: { type: 'integer', default: 80 }, host: { type: 'string' } },
          required: ['host'],
        },
        configVersion: 2,
        migrateConfig: (from: number, old: { server: string }) => (from === 1 ? { host: old.server } : old),
      },
      { config: { host: 'a' } },
    )
    await database.pool.query(
      `update connection set config = '{"server":"b"}', config_version = 1 where connection_id = $1`,
      [id],
    )
    await hub.host.reconcile()
    await hub.host.settled()
    expect(seen).toEqual([
      { host: 'a', port: 80 },
      { host: 'b', port: 80 },
    ])
    // Taken as nobody's change: it does not start a third time.
    await hub.host.reconcile()
    await hub.host.settled()
    expect(seen).toHaveLength(2)
  })
})

describe('plugins that cannot be used', () => {
  test('are listed with the reason, and their connections say so', async () => {
    const good = testPlugin({ id: 'good' })
    const old = testPlugin({ id: 'old', hub: '^9' })
    const future = testPlugin({ id: 'future', apiVersion: 2 as never })
    const broken = testPlugin({ id: 'Broken_Id', version: 'one' })
    const double = testPlugin({ id: 'good', title: 'The same again' })
    const odd = testPlugin({ id: 'odd', config: { type: 'nonsense' } })
    hub = await testHub(database, [good, old, future, broken, double, odd])
    const states = hub.host.listPlugins().map(({ pluginId, title, state }) => [pluginId, title, state])
    expect(states).toEqual([
      ['good', 'A plugin of the tests', 'ready'],
      ['old', 'A plugin of the tests', 'incompatible'],
      ['future', 'A plugin of the tests', 'incompatible'],
      ['Broken_Id', 'A plugin of the tests', 'refused'],
      ['good', 'The same again', 'refused'],
      ['odd', 'A plugin of the tests', 'refused'],
    ])
    expect((await hub.state(await hub.connect(good))).state).toBe('running')
    expect(await hub.host.connections.create(hub.access, { pluginId: 'old', name: 'x' })).toMatchObject({
      kind: 'invalid',
    })
    const { rows } = await database.pool.query(
      `select plugin_id, state from plugin where plugin_id = any('{good,old,future}') order by 1`,
    )
    expect(rows).toEqual([
      { plugin_id: 'future', state: 'incompatible' },
      { plugin_id: 'good', state: 'ready' },
      { plugin_id: 'old', state: 'incompatible' },
    ])
  })

  test('gone from the hub, leave their connections incompatible and their row missing', async () => {
    const plugin = testPlugin({ id: 'gone' })
    const first = await testHub(database, [plugin])
    const id = await first.connect(plugin)
    await first.stop()
    hub = await testHub(database, [], { organizationId: first.organizationId })
    expect(await hub.state(id)).toMatchObject({
      state: 'incompatible',
      reason: 'the plugin gone is not installed on this hub',
    })
    const { rows } = await database.pool.query(`select state from plugin where plugin_id = 'gone'`)
    expect(rows).toEqual([{ state: 'missing' }])
  })
})

describe('an end', () => {
  test('undoes everything in reverse order, the signal first', async () => {
    const order: string[] = []
    const { hub, id } = await one(async (ctx) => {
      ctx.signal.addEventListener('abort', () => order.push('signal'))
      ctx.on('stay.opened', async () => undefined)
      return async () => void order.push('disposer')
    })
    await hub.host.connections.disable(hub.access, id)
    await hub.host.settled()
    expect(order).toEqual(['signal', 'disposer'])
    expect(await hub.history(id)).toEqual(['starting', 'running', 'stopping', 'disabled'])
    // A subscription outlives it, so that events wait; see test/host/handlers.test.ts.
  })

  test('that hangs or throws does not stop the hub', async () => {
    const hanging = testPlugin({ id: 'hanging', setup: async () => () => never() })
    const throwing = testPlugin({
      id: 'throwing',
      setup: async () => async () => {
        throw new Error('cannot close')
      },
    })
    hub = await testHub(database, [hanging, throwing])
    const ids = [await hub.connect(hanging), await hub.connect(throwing)]
    for (const id of ids) await hub.host.connections.disable(hub.access, id)
    await eventually(async () => (await hub?.state(ids[1] ?? ''))?.state === 'disabled')
    expect((await hub.state(ids[0] ?? '')).state).toBe('stopping')
    await eventually(() => (hub?.pace.waiting ?? 0) > 1)
    hub.pace.advance(10_000)
    await hub.host.settled()
    expect((await hub.state(ids[0] ?? '')).state).toBe('disabled')
    expect(hub.lines.map(({ message }) => message)).toContain('the plugin did not stop in time; its code may still run')
  })

  test('during a set-up cuts it short', async () => {
    const plugin = testPlugin({ setup: never as never })
    hub = await testHub(database, [plugin])
    const made = await hub.host.connections.create(hub.access, { pluginId: 'tester', name: 'x' })
    if (made.kind !== 'ok') throw new Error('made')
    await eventually(() => (hub?.pace.waiting ?? 0) > 1)
    await hub.host.connections.disable(hub.access, made.value.connectionId)
    await hub.host.settled()
    expect(await hub.history(made.value.connectionId)).toEqual(['starting', 'stopping', 'disabled'])
  })

  test('leaves no timer behind', async () => {
    const { hub, id } = await one(async (ctx) => {
      ctx.every('*/5 * * * *', 'tick', async () => undefined)
    })
    expect(hub.clock.waiting).toBe(1)
    await hub.host.connections.disable(hub.access, id)
    await hub.host.settled()
    expect(hub.clock.waiting).toBe(0)
    // The poll of the rows.
    expect(hub.pace.waiting).toBe(1)
  })
})

describe('health', () => {
  test('"degraded" and a silence of three questions show, six are a failure, an answer heals', async () => {
    let answer: () => Promise<{ state: 'ok' | 'degraded'; reason?: string }> = async () => ({ state: 'ok' })
    const { hub, id } = await one(async () => undefined, { health: () => answer() })
    const ask = async (times = 1) => {
      for (let n = 0; n < times; n++) {
        // The question, and the limit of a plugin that does not answer it.
        await hub.pace.settle(new Date(hub.pace.now().getTime() + 32_000))
        await hub.host.settled()
      }
      return hub.state(id)
    }
    expect((await ask()).state).toBe('running')
    answer = async () => ({ state: 'degraded', reason: 'one of two heads is down' })
    expect(await ask()).toMatchObject({ state: 'degraded', reason: 'one of two heads is down' })
    answer = async () => ({ state: 'ok' })
    expect(await ask()).toMatchObject({ state: 'running', reason: null })
    answer = async () => {
      throw new Error('no')
    }
    expect((await ask(2)).state).toBe('running')
    expect(await ask()).toMatchObject({ state: 'degraded', reason: 'it does not answer when asked how it is' })
    answer = async () => ({ state: 'ok' })
    expect((await ask()).state).toBe('running')
    answer = never as never
    expect((await ask(5)).state).toBe('degraded')
    expect((await ask()).state).toBe('retrying')
    expect(await hub.state(id)).toMatchObject({ reason: 'it does not answer when asked how it is' })
  })
})

describe('changes', () => {
  test('of the configuration restart that connection and no other', async () => {
    const starts: unknown[] = []
    const plugin = testPlugin({ setup: (async (ctx: AnyCtx) => void starts.push(ctx.config.n)) as never })
    hub = await testHub(database, [plugin])
    const one = await hub.connect(plugin, { config: { n: 1 } })
    await hub.connect(plugin, { config: { n: 2 } })
    await hub.host.connections.update(hub.access, one, { config: { n: 3 } }, 1)
    await hub.host.settled()
    expect(starts).toEqual([1, 2, 3])
    await hub.host.connections.update(hub.access, one, { name: 'renamed' })
    await hub.host.settled()
    expect(starts).toEqual([1, 2, 3])
    expect((await hub.host.connections.restart(hub.access, one)).kind).toBe('ok')
    await hub.host.settled()
    expect(starts).toEqual([1, 2, 3, 3])
  })

  test('at a version that has moved on are refused', async () => {
    const { hub, id } = await one(async () => undefined)
    expect((await hub.host.connections.update(hub.access, id, { name: 'a' }, 1)).kind).toBe('ok')
    expect(await hub.host.connections.update(hub.access, id, { name: 'b' }, 1)).toEqual({ kind: 'stale', version: 2 })
  })

  test('made on one node are followed by another through the bus, and by looking', async () => {
    const plugin = testPlugin()
    const listeners = new Set<(hint: Readonly<Record<string, string>>) => void>()
    const bus = {
      publish: (_: string, hint: Readonly<Record<string, string>>) => {
        for (const listener of listeners) listener(hint)
      },
      subscribe: (_: string, wake: (hint: Readonly<Record<string, string>>) => void) => {
        listeners.add(wake)
        return () => listeners.delete(wake)
      },
    }
    hub = await testHub(database, [plugin], { bus })
    const starts: string[] = []
    const other = await testHub(
      database,
      [testPlugin({ setup: (async (ctx: AnyCtx) => void starts.push(ctx.connection.id)) as never })],
      { organizationId: hub.organizationId, bus },
    )
    const id = await hub.connect(plugin)
    await eventually(() => starts.includes(id))
    await other.stop()
  })

  test('archiving ends it and forgets what waits for it', async () => {
    const { hub, id } = await one(async (ctx) => {
      ctx.on('stay.opened', async () => undefined)
    })
    expect((await hub.host.connections.archive(hub.access, id)).kind).toBe('ok')
    await hub.host.settled()
    expect(await hub.history(id)).toEqual(['starting', 'running', 'stopping', 'disabled'])
    const { rows } = await database.pool.query('select 1 from subscription where connection_id = $1', [id])
    expect(rows).toEqual([])
    expect(await hub.host.connections.archive(hub.access, id)).toMatchObject({ kind: 'conflict' })
  })

  test('are in the audit log, secrets are not', async () => {
    const { hub, id } = await one(async () => undefined, {}, { secrets: { key: 'very-secret-value' } })
    await hub.host.connections.setSecret(hub.access, id, 'key', 'another-secret-value')
    await hub.host.connections.disable(hub.access, id)
    const { rows } = await database.pool.query<{ action: string }>(
      'select action, before, after from audit_log where subject_id = $1 order by audit_id',
      [id],
    )
    expect(rows.map(({ action }) => action)).toEqual([
      'connection.created',
      'connection.secret_set:key',
      'connection.disabled',
    ])
    expect(JSON.stringify(rows)).not.toContain('secret-value')
  })

  test('by a key limited to sites reach only connections of those sites', async () => {
    const { hub, id } = await one(async () => undefined)
    const limited = { ...hub.access, siteIds: [] }
    expect(await hub.host.connections.get(limited, id)).toMatchObject({ kind: 'ok' })
    expect(await hub.host.connections.disable(limited, id)).toMatchObject({ kind: 'forbidden' })
    expect(await hub.host.connections.create(limited, { pluginId: 'tester', name: 'x' })).toMatchObject({
      kind: 'forbidden',
    })
    const stranger = { ...hub.access, organizationId: await insertOrganization(database.db) }
    expect(await hub.host.connections.get(stranger, id)).toEqual({ kind: 'not_found' })
  })
})

describe('plugins that connect by themselves', () => {
  test('get one connection per organization, whoever starts at the same time, and not again after it was archived', async () => {
    const plugin = testPlugin({ id: 'self', autoConnect: true })
    const organizationId = await insertOrganization(database.db)
    const hubs = await Promise.all([1, 2, 3].map(() => testHub(database, [plugin], { organizationId })))
    const ofSelf = () =>
      database.pool.query<{ connection_id: string; state: string }>(
        `select connection_id, state from connection where plugin_id = 'self' and organization_id = $1`,
        [organizationId],
      )
    const { rows } = await ofSelf()
    expect(rows).toMatchObject([{ state: 'running' }])
    await hubs[0]?.host.connections.archive(hubs[0].access, rows[0]?.connection_id ?? '')
    await hubs[1]?.host.reconcile()
    expect((await ofSelf()).rows).toHaveLength(1)
    // An organization that comes later gets its own.
    const later = await insertOrganization(database.db)
    await hubs[2]?.host.reconcile()
    const { rows: made } = await database.pool.query(
      `select 1 from connection where plugin_id = 'self' and organization_id = $1`,
      [later],
    )
    expect(made).toHaveLength(1)
    for (const each of hubs) await each.stop()
  })
})

describe('plugins that are only what they offer', () => {
  const format = { id: 'f', title: 'F', options: {}, check: () => [], write: () => [] }
  const offering = { capabilities: ['exporter'] as const, offers: { exporter: { formats: [format] } } }

  test('are used as they are, and cannot be connected', async () => {
    const plugin: AnyPlugin = { ...testPlugin({ id: 'offers' }), ...offering, connectable: false }
    const hub = await testHub(database, [plugin])
    expect(hub.host.offers('exporter', hub.organizationId)).toEqual([
      { pluginId: 'offers', implementation: { formats: [format] } },
    ])
    expect(hub.host.listPlugins()).toMatchObject([{ pluginId: 'offers', state: 'ready', connectable: false }])
    expect(await hub.host.connections.create(hub.access, { pluginId: 'offers', name: 'x' })).toMatchObject({
      kind: 'invalid',
      problems: [{ pointer: '/pluginId' }],
    })
    await hub.stop()
  })

  test('are refused when what they say does not fit together', () => {
    const refused = (definition: object) => loadPlugin({ ...testPlugin({ id: 'odd' }), ...definition }, '0.1.0')
    expect(refused({ ...offering, capabilities: [] })).toMatchObject({
      kind: 'refused',
      reason: 'it offers exporter and does not list it',
    })
    expect(refused({ ...offering, connectable: false, autoConnect: true })).toMatchObject({
      kind: 'refused',
      reason: 'it connects by itself but cannot be connected',
    })
  })
})

describe('connections of the configuration file', () => {
  test('are made, kept as the file says, not changed by people, and archived when the file drops them', async () => {
    const seen: unknown[] = []
    const plugin = testPlugin({
      id: 'pinned',
      permissions: ['secret:key'],
      setup: (async (ctx: AnyCtx) => void seen.push([ctx.config.n, await ctx.secret('key')])) as never,
    })
    hub = await testHub(database, [plugin])
    const { organizationId } = hub
    const entry = { organizationId, siteId: null, pluginId: 'pinned', name: 'garage', enabled: true }
    await hub.host.pin([{ ...entry, config: { n: 1 }, secrets: { key: 'first-key' } }])
    await hub.host.reconcile()
    await hub.host.settled()
    await hub.host.pin([{ ...entry, config: { n: 2 }, secrets: { key: 'second-key' } }])
    await hub.host.reconcile()
    await hub.host.settled()
    expect(seen).toEqual([
      [1, 'first-key'],
      [2, 'second-key'],
    ])
    const page = await hub.host.connections.list(hub.access, { pluginId: 'pinned' })
    expect(page.items).toMatchObject([{ name: 'garage', pinned: true, state: 'running' }])
    const id = page.items[0]?.connectionId ?? ''
    expect(await hub.host.connections.update(hub.access, id, { name: 'mine' })).toMatchObject({ kind: 'conflict' })
    await hub.host.pin([])
    await hub.host.reconcile()
    await hub.host.settled()
    expect((await hub.host.connections.list(hub.access, { pluginId: 'pinned' })).items).toEqual([])
    expect((await hub.state(id)).state).toBe('disabled')
  })
})
