// Owns the proof of what plugins answer: routes, inbound calls, sockets, pages, capabilities, tests of a connection, calls out.
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  AuthFailed,
  type CheckOptions,
  ConfigInvalid,
  type Ctx,
  HubError,
  NotReady,
  type TariffEngine,
} from '../../core/plugin/index.ts'
import { createTestDatabase, type TestDatabase } from '../setup/database.ts'
import { eventually } from '../setup/eventually.ts'
import { forgetConnections, type TestHub, testHub, testPlugin } from './hub.ts'

type AnyCtx = Ctx<Record<string, unknown>, never>
type TariffCtx = Ctx<Record<string, unknown>, 'tariff' | 'page' | 'parcs'>

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

async function one(setup: (ctx: AnyCtx) => Promise<unknown>, change: object = {}, input: object = {}) {
  const plugin = testPlugin({ setup: setup as never, ...change })
  const made = await testHub(database, [plugin])
  hub = made
  return { hub: made, plugin, id: await made.connect(plugin, input) }
}

const get = (path = '/x') => new Request(`http://hub${path}`)
const text = async (answer: { kind: string; response?: Response }) =>
  answer.response ? answer.response.text() : answer.kind

describe('routes', () => {
  const fragment = (path: string, method: string, operationId: string) => ({
    paths: { [path]: { [method]: { operationId } } },
  })

  test('are found by path and method, the literal before the parameter, and described in the document', async () => {
    const { hub } = await one(async (ctx) => {
      ctx.route(fragment('/things/{id}', 'get', 'getThing'), async () => new Response('a thing'))
      ctx.route(fragment('/things/new', 'get', 'newThing'), async () => new Response('a form'))
      ctx.route(fragment('/things', 'post', 'makeThing'), async (request) => new Response(await request.text()))
      ctx.route(fragment('/', 'get', 'root'), async () => new Response('root'))
    })
    const ask = (path: string, request = get(path)) =>
      hub.host.route({ pluginId: 'tester', organizationId: hub.organizationId, siteIds: null, path, request })
    expect(await text(await ask('/things/7'))).toBe('a thing')
    expect(await text(await ask('/things/new'))).toBe('a form')
    expect(await text(await ask('/'))).toBe('root')
    expect(await text(await ask('/things', new Request('http://hub/x', { method: 'POST', body: 'sent' })))).toBe('sent')
    expect(await ask('/things')).toEqual({ kind: 'method_not_allowed', allow: ['POST'] })
    expect(await ask('/things/')).toEqual({ kind: 'unknown' })
    expect(await ask('/other')).toEqual({ kind: 'unknown' })
    expect(Object.keys(hub.host.openapiFragments().paths).sort()).toEqual([
      '/api/v1/x/tester',
      '/api/v1/x/tester/things',
      '/api/v1/x/tester/things/new',
      '/api/v1/x/tester/things/{id}',
    ])
  })

  test('of another organization, of a connection at rest, of two connections', async () => {
    const { hub, plugin, id } = await one(async (ctx) => {
      ctx.route(fragment('/who', 'get', 'who'), async () => new Response(ctx.connection.id))
    })
    const ask = (change: object = {}) =>
      hub.host.route({
        pluginId: 'tester',
        organizationId: hub.organizationId,
        siteIds: null,
        path: '/who',
        request: get(),
        ...change,
      })
    expect(await ask({ organizationId: '0195a5a0-0000-7000-8000-000000000000' })).toEqual({ kind: 'unknown' })
    // Of no site, so not for a caller who is limited to some.
    expect(await ask({ siteIds: ['0195a5a0-0000-7000-8000-000000000001'] })).toEqual({ kind: 'unknown' })
    expect(await ask({ pluginId: 'another' })).toEqual({ kind: 'unknown' })
    const second = await hub.connect(plugin)
    expect(await ask()).toEqual({ kind: 'ambiguous', connectionIds: [id, second] })
    expect(await text(await ask({ connectionId: second }))).toBe(second)
    await hub.host.connections.disable(hub.access, id)
    await hub.host.settled()
    expect(await text(await ask())).toBe(second)
  })

  test('of one plugin that clash, or lead nowhere, fail the set-up', async () => {
    const { hub, id } = await one(async (ctx) => {
      ctx.route(fragment('/a/{id}', 'get', 'one'), async () => new Response())
      ctx.route(fragment('/a/{name}', 'get', 'two'), async () => new Response())
    })
    expect((await hub.state(id)).reason).toBe('two routes of the plugin answer GET /a/{}')
  })

  test('that throw or answer nonsense are failures of theirs', async () => {
    const { hub, id } = await one(async (ctx) => {
      ctx.route(fragment('/throws', 'get', 'throws'), async () => {
        throw new Error('inside')
      })
      ctx.route(fragment('/nonsense', 'get', 'nonsense'), async () => 'text' as never)
    })
    for (const path of ['/throws', '/nonsense'])
      expect(
        await hub.host.route({
          pluginId: 'tester',
          organizationId: hub.organizationId,
          siteIds: null,
          path,
          request: get(),
        }),
      ).toEqual({ kind: 'failed', connectionId: id })
    expect((await hub.state(id)).state).toBe('running')
  })
})

describe('inbound calls', () => {
  test('reach the plugin with the rest of the path, and are refused without the permission', async () => {
    const { hub, id } = await one(
      async (ctx) => {
        ctx.inbound(async (request, path) => new Response(`${path} ${await request.text()}`))
      },
      { permissions: ['inbound'] },
    )
    const post = new Request('http://hub/in/x/facts', { method: 'POST', body: 'raw' })
    expect(await text(await hub.host.inbound(id, post, '/facts'))).toBe('/facts raw')
    expect(await hub.host.inbound('0195a5a0-0000-7000-8000-000000000000', get(), '/')).toEqual({ kind: 'unknown' })
    await hub.host.connections.disable(hub.access, id)
    await hub.host.settled()
    expect(await hub.host.inbound(id, get(), '/')).toEqual({ kind: 'unknown' })
    const bold = await one(async (ctx) => void ctx.inbound(async () => new Response()))
    expect((await bold.hub.state(bold.id)).reason).toContain('does not declare the permission inbound')
  })

  test('wait out a start that has not worked yet as unavailable', async () => {
    const { hub, id } = await one(
      async () => {
        throw new NotReady('soon')
      },
      { permissions: ['inbound'] },
    )
    expect(await hub.host.inbound(id, get(), '/')).toEqual({ kind: 'unavailable', connectionId: id, state: 'retrying' })
  })
})

describe('sockets', () => {
  let server: Server | undefined
  afterEach(() => {
    server?.closeAllConnections()
    server?.close()
  })

  async function upgradeServer(hub: TestHub): Promise<{ knock(path: string): Promise<string> }> {
    const answers: string[] = []
    const made = createServer()
    server = made
    made.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      const answer = hub.host.handleUpgrade(request, socket, head)
      answers.push(answer)
      if (answer !== 'taken') socket.end(`HTTP/1.1 404 ${answer}\r\n\r\n`)
    })
    await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve))
    const { port } = made.address() as AddressInfo
    return {
      async knock(path) {
        await new Promise<void>((resolve) => {
          const request = httpRequest({
            port,
            host: '127.0.0.1',
            path,
            headers: { connection: 'Upgrade', upgrade: 'websocket' },
          })
          const end = () => {
            request.destroy()
            resolve()
          }
          request.on('upgrade', end)
          request.on('response', end)
          request.on('error', end)
          request.end()
        })
        return answers.at(-1) ?? 'none'
      },
    }
  }

  test('go to the plugin whose path is the longest, and none is left open by a plugin that throws', async () => {
    const taken: string[] = []
    const take = (name: string) => (_: IncomingMessage, socket: Duplex) => {
      taken.push(name)
      socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    }
    const { hub, id } = await one(
      async (ctx) => {
        ctx.upgrade('/ocpp', take('ocpp'))
        ctx.upgrade('/ocpp/special', take('special'))
        ctx.upgrade('/throws', () => {
          throw new Error('no')
        })
      },
      { permissions: ['sockets:/ocpp', 'sockets:/ocpp/special', 'sockets:/throws'] },
    )
    const { knock } = await upgradeServer(hub)
    expect(await knock('/ocpp/station-1?x=1')).toBe('taken')
    expect(await knock('/ocpp/special/2')).toBe('taken')
    expect(taken).toEqual(['ocpp', 'special'])
    expect(await knock('/ocppx')).toBe('unknown')
    expect(await knock('/throws')).toBe('taken')
    await hub.host.connections.disable(hub.access, id)
    await hub.host.settled()
    expect(await knock('/ocpp/station-1')).toBe('unavailable')
  })
})

describe('capabilities', () => {
  const engine: TariffEngine = {
    schema: {},
    check: () => ({ kind: 'valid' }),
    quote: () => ({ kind: 'priced', lines: [] }),
    describe: () => [],
  }

  test('are looked up by plugin and organization while their connection is at work', async () => {
    const plugin = testPlugin({
      id: 'tariffs',
      capabilities: ['tariff', 'page'] as never,
      setup: (async (ctx: TariffCtx) => {
        ctx.provide('tariff', engine)
        ctx.provide('page', { path: '/prices', title: 'Prices', fetch: async (request) => new Response(request.url) })
      }) as never,
    })
    const made = await testHub(database, [plugin])
    hub = made
    let changes = 0
    made.host.onChange(() => changes++)
    const id = await made.connect(plugin)
    expect(made.host.capability('tariff', { pluginId: 'tariffs', organizationId: made.organizationId })).toEqual([
      {
        pluginId: 'tariffs',
        connectionId: id,
        organizationId: made.organizationId,
        siteId: null,
        implementation: engine,
      },
    ])
    expect(made.host.capability('tariff', { pluginId: 'other' })).toEqual([])
    const [page] = made.host.pages()
    expect(page).toMatchObject({ path: '/prices', title: 'Prices', pluginId: 'tariffs' })
    expect(await text((await page?.fetch(get('/prices/today'))) ?? { kind: 'none' })).toBe('http://hub/prices/today')
    await made.host.connections.disable(made.access, id)
    await made.host.settled()
    expect(made.host.capability('tariff')).toEqual([])
    expect(made.host.pages()).toEqual([])
    expect(changes).toBe(2)
  })

  test('that were not declared, or twice, fail the set-up', async () => {
    const { hub, id } = await one(async (ctx) => {
      ;(ctx as unknown as TariffCtx).provide('tariff', engine)
    })
    expect((await hub.state(id)).reason).toBe('the plugin tester does not declare the capability tariff')
  })

  test('of a parking system are connected to the door of that connection, and disconnected first', async () => {
    const order: string[] = []
    const plugin = testPlugin({
      id: 'parking',
      capabilities: ['parcs'] as never,
      setup: (async (ctx: TariffCtx) => {
        ctx.provide('parcs', {
          async connect(sink) {
            const [result] = await sink.record([])
            order.push(`connected ${result?.id}`)
            return {
              features: [],
              async stop() {
                order.push(`stopped, ${ctx.signal.aborted ? 'aborted' : 'running'}`)
              },
            }
          },
        })
        return async () => void order.push('disposed')
      }) as never,
    })
    const made = await testHub(database, [plugin], {
      ports: {
        parcs: (connection) => ({
          record: async () => [{ id: connection.name, revision: 1, status: 'stored' }],
          decide: async ({ requestId }) => ({ requestId, decision: 'notFound', reasonCode: 'none', message: '' }),
        }),
      },
    })
    hub = made
    const id = await made.connect(plugin)
    await made.host.connections.disable(made.access, id)
    await made.host.settled()
    expect(order).toEqual(['connected parking', 'stopped, aborted', 'disposed'])
  })
})

test('a door that refuses the connection for what it is makes it misconfigured', async () => {
  const plugin = testPlugin({
    id: 'parking',
    capabilities: ['parcs'] as never,
    setup: (async (ctx: TariffCtx) => {
      ctx.provide('parcs', { connect: async () => ({ features: [], stop: async () => undefined }) })
    }) as never,
  })
  const made = await testHub(database, [plugin], {
    ports: {
      parcs() {
        throw new HubError('no_site', 'A parking connection belongs to a site.', { status: 422, pointer: '/siteId' })
      },
    },
  })
  hub = made
  expect(await made.state(await made.connect(plugin))).toMatchObject({ state: 'misconfigured', pointer: '/siteId' })
})

describe('the test of a connection', () => {
  const outcomes: [string, (options: CheckOptions) => Promise<void>, object][] = [
    ['works', async () => undefined, { ok: true, code: null }],
    ['not ready', async () => Promise.reject(new NotReady('busy')), { ok: false, code: 'not_ready', message: 'busy' }],
    ['refused', async () => Promise.reject(new AuthFailed('no')), { ok: false, code: 'auth_failed', message: 'no' }],
    [
      'wrong',
      async () => Promise.reject(new ConfigInvalid('/a', 'b')),
      { code: 'config_invalid', pointer: '/a', message: 'b' },
    ],
    ['throws', async () => Promise.reject(new Error('bug')), { ok: false, code: 'failed', message: 'bug' }],
    [
      'leaks',
      async ({ secret }) => Promise.reject(new Error(await secret('key'))),
      { code: 'failed', message: '[secret]' },
    ],
    ['misses a secret', async ({ secret }) => void (await secret('other')), { code: 'auth_failed' }],
  ]
  for (const [name, check, expected] of outcomes) {
    test(`says: ${name}`, async () => {
      const { hub, id } = await one(
        async () => undefined,
        { check: (_: unknown, options: CheckOptions) => check(options) },
        { secrets: { key: 'secret-value' } },
      )
      expect(await hub.host.connections.check(hub.access, id)).toEqual({
        kind: 'ok',
        value: expect.objectContaining(expected),
      })
    })
  }

  test('is limited in time, and says when there is none', async () => {
    const { hub, id } = await one(async () => undefined, { check: () => new Promise(() => undefined) })
    const waiting = hub.pace.waiting
    const checking = hub.host.connections.check(hub.access, id)
    await eventually(() => hub.pace.waiting > waiting)
    hub.pace.advance(15_000)
    expect(await checking).toMatchObject({ value: { ok: false, code: 'deadline_passed' } })
    await hub.stop()
    const bare = await one(async () => undefined)
    expect(await bare.hub.host.connections.check(bare.hub.access, bare.id)).toMatchObject({
      value: { code: 'unsupported' },
    })
  })
})

describe('calls out', () => {
  let server: Server | undefined
  let port = 0
  beforeAll(async () => {
    const made = createServer((request, response) => {
      const to = new URL(request.url ?? '/', 'http://x').searchParams.get('to')
      if (to) response.writeHead(302, { location: to }).end()
      else response.end(`${request.method} ${request.headers.authorization ?? 'anonymous'}`)
    })
    server = made
    await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve))
    port = (made.address() as AddressInfo).port
  })
  afterAll(() => server?.close())

  async function calling(
    permissions: string[],
    config: object,
    call: (fetch: typeof globalThis.fetch) => Promise<Response>,
  ) {
    let outcome = ''
    const { hub, id } = await one(
      async (ctx) => {
        outcome = await call(ctx.fetch).then(
          (response) => response.text(),
          (error: unknown) => (error as { code?: string }).code ?? String(error),
        )
      },
      { permissions },
      { config },
    )
    expect((await hub.state(id)).state).toBe('running')
    await hub.stop()
    return outcome
  }

  test('reach granted hosts only, by name, by wildcard, or as configured', async () => {
    const url = `http://127.0.0.1:${port}/`
    const call = (fetch: typeof globalThis.fetch) => fetch(url)
    expect(await calling([], {}, call)).toBe('fetch_refused')
    expect(await calling(['net:vendor.example'], {}, call)).toBe('fetch_refused')
    expect(await calling(['net:127.0.0.1'], {}, call)).toBe('GET anonymous')
    expect(await calling(['net:127.0.0.1:1'], {}, call)).toBe('fetch_refused')
    expect(await calling(['net:config:/base/url'], { base: { url } }, call)).toBe('GET anonymous')
    expect(await calling(['net:config:/base/url'], { base: { url: 'http://elsewhere.example' } }, call)).toBe(
      'fetch_refused',
    )
    expect(await calling(['net:*'], {}, (fetch) => fetch('file:///etc/passwd'))).toBe('fetch_refused')
  })

  test('follow redirects to granted hosts, without taking credentials to another', async () => {
    const granted = ['net:127.0.0.1']
    const to = (target: string) => `http://127.0.0.1:${port}/?to=${encodeURIComponent(target)}`
    const headers = { authorization: 'Bearer x' }
    expect(await calling(granted, {}, (fetch) => fetch(to('/again'), { headers }))).toBe('GET Bearer x')
    expect(await calling(granted, {}, (fetch) => fetch(to('http://localhost:1/'), { headers }))).toBe('fetch_refused')
    expect(
      await calling([...granted, 'net:localhost'], {}, (fetch) => fetch(to(`http://localhost:${port}/`), { headers })),
    ).toBe('GET anonymous')
    expect(await calling(granted, {}, (fetch) => fetch(to('/again'), { method: 'POST', body: 'x' }))).toBe(
      'GET anonymous',
    )
    expect(await calling(granted, {}, (fetch) => fetch(to('/again'), { redirect: 'error' }))).toBe('fetch_redirected')
  })
})
