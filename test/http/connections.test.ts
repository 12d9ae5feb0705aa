// Owns the behaviour of plugins and connections through the API, and of what plugins serve on the hub's own port.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AuthFailed, definePlugin } from '../../core/plugin/index.ts'
import { type HubApi, type Json, startHubApi } from './hub-api.ts'

const gates = definePlugin<{ url: string }, 'page'>({
  id: 'test-gates',
  title: 'Gates for tests',
  version: '1.0.0',
  apiVersion: 1,
  hub: '^0.1',
  capabilities: ['page'],
  permissions: ['inbound', 'secret:token'],
  traits: { docStatus: 'public' },
  config: {
    type: 'object',
    additionalProperties: false,
    required: ['url'],
    properties: { url: { type: 'string', pattern: '^https://' } },
  },
  async check(config) {
    if (config.url.includes('locked')) throw new AuthFailed('The other side refused the token.')
  },
  async setup(ctx) {
    ctx.inbound(async (request, path) => {
      const body = await request.text()
      return Response.json({ path, body, query: new URL(request.url).search, length: body.length }, { status: 202 })
    })
    ctx.route(
      {
        paths: {
          '/cars': { get: { operationId: 'listCars', responses: { 200: { description: 'Cars.' } } } },
          '/cars/{car}': {
            post: {
              operationId: 'moveCar',
              'x-scope': 'chargers:control',
              responses: { 200: { $ref: '#/components/schemas/Car' } },
            },
          },
        },
        components: { schemas: { Car: { type: 'object' } } },
      },
      async (request) => {
        if (request.url.endsWith('/cars/broken')) throw new Error('a secret detail')
        return Response.json({ cars: new URL(request.url).pathname })
      },
    )
    ctx.provide('page', {
      path: '/gates',
      title: 'Gates',
      fetch: async (request) =>
        new Response(`page ${new URL(request.url).pathname}`, {
          status: request.url.endsWith('/none') ? 404 : 200,
          headers: { 'Content-Type': 'text/html' },
        }),
    })
  },
})

let hub: HubApi
let siteId: string
beforeAll(async () => {
  hub = await startHubApi({ plugins: [gates] })
  siteId = (await hub.call('POST', '/sites', { body: { code: 'P1', timeZone: 'Europe/Berlin', currency: 'EUR' } })).body
    .siteId
})
afterAll(() => hub.close())

const connect = (body: Json, headers: Record<string, string> = {}) =>
  hub.call('POST', '/connections', {
    body: { pluginId: 'test-gates', siteId, name: 'North', config: { url: 'https://gates.example' }, ...body },
    headers,
  })

async function running(connectionId: string): Promise<Json> {
  await hub.host.settled()
  return (await hub.call('GET', `/connections/${connectionId}`)).body
}

test('plugins are listed with what they need', async () => {
  expect((await hub.call('GET', '/plugins')).body.items).toMatchObject([
    {
      pluginId: 'test-gates',
      state: 'ready',
      permissions: ['inbound', 'secret:token'],
      configSchema: { required: ['url'] },
      traits: { docStatus: 'public' },
    },
  ])
})

describe('a connection', () => {
  let id: string

  test('is made once under an idempotency key, and runs', async () => {
    const first = await connect({ secrets: { token: 'very-secret-token' } }, { 'Idempotency-Key': 'c-1' })
    const again = await connect({ secrets: { token: 'very-secret-token' } }, { 'Idempotency-Key': 'c-1' })
    expect([first.status, again.body.connectionId]).toEqual([201, first.body.connectionId])
    id = first.body.connectionId
    expect(await running(id)).toMatchObject({
      state: 'running',
      enabled: true,
      pinned: false,
      config: { url: 'https://gates.example' },
    })
    expect((await hub.call('GET', '/connections?pluginId=test-gates&state=running')).body.items).toHaveLength(1)
  })

  test('is refused with a configuration that its plugin does not take, or a plugin that is not there', async () => {
    expect(await connect({ config: { url: 'ftp://x', colour: 1 } })).toMatchObject({
      status: 422,
      body: { errors: expect.arrayContaining([expect.objectContaining({ pointer: '/config/url' })]) },
    })
    expect(await connect({ pluginId: 'nowhere' })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/pluginId' }] },
    })
    expect((await hub.call('PATCH', `/connections/${id}`, { body: { config: {} } })).status).toBe(422)
  })

  test('keeps its secrets to itself', async () => {
    expect((await hub.call('GET', `/connections/${id}/secrets`)).body.items).toMatchObject([{ name: 'token' }])
    expect(
      (await hub.call('PUT', `/connections/${id}/secrets/other`, { body: { value: 'another-secret' } })).status,
    ).toBe(204)
    expect((await hub.call('DELETE', `/connections/${id}/secrets/other`)).status).toBe(204)
    expect((await hub.call('DELETE', `/connections/${id}/secrets/other`)).status).toBe(404)
    const { rows } = await hub.database.ownerPool.query(
      `select c::text as row from connection_secret c union all select a::text from audit_log a union all select c::text from connection c union all select i::text from idempotency i`,
    )
    expect(JSON.stringify(rows)).not.toMatch(/very-secret-token|another-secret/)
  })

  test('is tested, stopped, started, changed at a version, and archived', async () => {
    const check = () => hub.call('POST', `/connections/${id}/check`)
    expect((await check()).body).toEqual({ ok: true, code: null, message: null, pointer: null })
    const changed = await hub.call('PATCH', `/connections/${id}`, {
      body: { config: { url: 'https://locked.example' } },
      headers: { 'If-Match': '"v1"' },
    })
    expect(changed).toMatchObject({ status: 200, body: { version: 2 } })
    expect((await check()).body).toMatchObject({
      ok: false,
      code: 'auth_failed',
      message: 'The other side refused the token.',
    })
    expect(
      (await hub.call('PATCH', `/connections/${id}`, { body: { name: 'x' }, headers: { 'If-Match': '"v1"' } })).status,
    ).toBe(412)
    await hub.call('POST', `/connections/${id}/disable`)
    expect(await running(id)).toMatchObject({ state: 'disabled', enabled: false })
    await hub.call('POST', `/connections/${id}/enable`)
    expect(await running(id)).toMatchObject({ state: 'running', enabled: true })
    expect((await hub.call('DELETE', `/connections/${id}`)).status).toBe(204)
    expect((await hub.call('GET', '/connections')).body.items).toEqual([])
  })
})

describe("on the hub's own port", () => {
  let id: string
  beforeAll(async () => {
    id = (await connect({ name: 'South' })).body.connectionId
    await hub.host.settled()
  })
  const at = (path: string) => `http://hub.test${path}`

  test("the vendor's side calls its connection without a key, body untouched", async () => {
    const answer = await hub.call('POST', at(`/in/${id}/facts/x?y=1`), {
      key: null,
      text: '{"not": json',
      headers: { 'Content-Type': 'application/json' },
    })
    expect(answer).toMatchObject({ status: 202, body: { path: '/facts/x', body: '{"not": json', query: '?y=1' } })
    expect((await hub.call('POST', at(`/in/${hub.service.newId()}/facts`), { key: null, text: '' })).status).toBe(404)
    expect((await hub.call('POST', at('/in/not-an-id/facts'), { key: null, text: '' })).status).toBe(404)
    const encoded = `%${id.charCodeAt(0).toString(16)}${id.slice(1)}`
    expect((await hub.call('POST', at(`/in/${encoded}/facts`), { key: null, text: '' })).body.path).toBe('/facts')
  })

  test("a plugin's API takes the hub's keys and the scopes that it names", async () => {
    expect((await hub.call('GET', at('/api/v1/x/test-gates/cars'))).body).toEqual({ cars: '/api/v1/x/test-gates/cars' })
    expect((await hub.call('GET', at('/api/v1/x/test-gates/cars'), { key: null })).status).toBe(401)
    const { key } = (await hub.call('POST', '/api-keys', { body: { name: 'reader', scopes: ['plugins:read'] } })).body
    expect((await hub.call('GET', at('/api/v1/x/test-gates/cars'), { key })).status).toBe(200)
    expect(await hub.call('POST', at('/api/v1/x/test-gates/cars/7'), { key, body: {} })).toMatchObject({
      status: 403,
      body: { detail: 'This needs the scope chargers:control.' },
    })
    expect((await hub.call('POST', at('/api/v1/x/test-gates/cars/7'), { body: {} })).status).toBe(200)
    expect(await hub.call('PUT', at('/api/v1/x/test-gates/cars/7'), { body: {} })).toMatchObject({ status: 405 })
    expect((await hub.call('GET', at('/api/v1/x/nowhere/cars'))).status).toBe(404)
    const elsewhere = { code: 'ELSEWHERE', timeZone: 'UTC', currency: 'EUR' }
    const { siteId } = (await hub.call('POST', '/sites', { body: elsewhere })).body
    const limited = { name: 'elsewhere', scopes: ['plugins:read'], siteIds: [siteId] }
    const { key: stranger } = (await hub.call('POST', '/api-keys', { body: limited })).body
    expect((await hub.call('GET', at('/api/v1/x/test-gates/cars'), { key: stranger })).status).toBe(404)
    const broken = await hub.call('POST', at('/api/v1/x/test-gates/cars/broken'), { body: {} })
    expect(broken).toMatchObject({ status: 502, body: { code: 'plugin_failed' } })
    expect(JSON.stringify(broken.body)).not.toContain('a secret detail')
  })

  test('its API stands in the document while it runs', async () => {
    const { body } = await hub.call('GET', at('/openapi.json'), { key: null })
    expect(body.paths['/api/v1/x/test-gates/cars'].get).toMatchObject({
      operationId: 'TestGates_listCars',
      'x-scope': 'plugins:read',
    })
    expect(body.components.schemas.TestGates_Car).toBeDefined()
    expect((await hub.call('GET', at('/docs'), { key: null })).body).toContain('TestGates_listCars')
    expect(hub.contract.operations.some(({ path }) => path.startsWith('/api/v1/x'))).toBe(false)
  })

  test('what a page does not have is told to people in its words and to programs as a problem', async () => {
    const ask = (accept: string) => hub.call('GET', at('/gates/none'), { key: null, headers: { accept } })
    expect(await ask('text/html,*/*')).toMatchObject({ status: 404, body: 'page /gates/none' })
    expect(await ask('*/*')).toMatchObject({ status: 404, body: { code: 'not_found' } })
  })

  test('its pages are served below their path, to anybody, and nothing else is', async () => {
    const page = await hub.call('GET', at('/gates/north'), { key: null })
    expect([page.status, page.body]).toEqual([200, 'page /gates/north'])
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'")
    expect((await hub.call('GET', at('/gatesx'), { key: null })).status).toBe(404)
    expect((await hub.call('POST', at('/gates'), { key: null, body: {} })).status).toBe(404)
    await hub.call('POST', `/connections/${id}/disable`)
    await hub.host.settled()
    expect((await hub.call('GET', at('/gates'), { key: null })).status).toBe(404)
    expect((await hub.call('GET', at('/api/v1/x/test-gates/cars'))).status).toBe(404)
  })

  test('two connections of one plugin: the caller says which', async () => {
    await hub.call('POST', `/connections/${id}/enable`)
    const other = (await connect({ name: 'West' })).body.connectionId
    await hub.host.settled()
    const ambiguous = await hub.call('GET', at('/api/v1/x/test-gates/cars'))
    expect(ambiguous).toMatchObject({ status: 422, body: { detail: expect.stringContaining(other) } })
    expect((await hub.call('GET', at(`/api/v1/x/test-gates/cars?connectionId=${other}`))).status).toBe(200)
  })
})
