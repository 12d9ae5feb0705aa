// Owns the proof that what is served and what is described are the same, both ways, and that the contract is whole.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkContract } from '../../openapi/check.ts'
import { type HubApi, startHubApi } from './hub-api.ts'

let hub: HubApi
beforeAll(async () => {
  hub = await startHubApi()
})
afterAll(() => hub.close())

test('the contract is whole: names, scopes, problems, examples, generated files', async () => {
  expect(await checkContract()).toEqual([])
})

test('every route is in the document, and every operation of the document has a route', () => {
  const mounted = hub.app.routes
    .filter(({ method, path }) => method !== 'ALL' && path !== '/*')
    .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`)
  const described = hub.contract.operations.map(({ method, path }) => `${method} ${path}`)
  expect(mounted.sort()).toEqual(described.sort())
  const open = hub.app.routes.filter(({ method, path }) => method === 'ALL' && path !== '/*').map(({ path }) => path)
  expect(open).toEqual(['/api/v1/x/:pluginId/*', '/api/v1/x/:pluginId', '/in/:connectionId/*', '/in/:connectionId'])
})

test('the document is served as one file whose references are its own, and as a page', async () => {
  const answer = await hub.call('GET', 'http://hub.test/openapi.json', { key: null })
  expect(answer.status).toBe(200)
  const refs = [...JSON.stringify(answer.body).matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1] ?? '')
  expect(refs.every((ref) => ref.startsWith('#/components/'))).toBe(true)
  const page = await hub.call('GET', 'http://hub.test/docs', { key: null })
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
  for (const { id } of hub.contract.operations) expect(page.body).toContain(`id="${id}"`)
  expect(page.body).toContain('id="problem-not_found"')
  expect(page.body).not.toMatch(/(src|href)="(https?:)?\/\//)
})

test.each([
  ['GET', '/api/v1/nowhere', 404, 'not_found'],
  ['GET', '/api/v2/sites', 404, 'not_found'],
  ['GET', '/nowhere', 404, 'not_found'],
  ['DELETE', '/api/v1/sites', 405, 'method_not_allowed'],
  ['PUT', '/api/v1/sites/0195f3b2-6c00-7000-8000-0a1b2c3d4e5f', 405, 'method_not_allowed'],
  ['POST', '/docs', 405, 'method_not_allowed'],
  ['GET', '/api/v1/sites/not-an-id', 404, 'not_found'],
  ['GET', '/api/v1/sites/0195f3b2-6c00-7000-8000-0a1b2c3d4e5f', 404, 'not_found'],
])('%s %s is %i %s', async (method, path, status, code) => {
  const answer = await hub.call(method, `http://hub.test${path}`)
  expect(answer).toMatchObject({ status, body: { status, code, instance: path } })
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  expect(answer.body.requestId).toBe(answer.headers.get('x-request-id'))
  if (status === 405) expect(answer.headers.get('allow')).toMatch(/GET/)
})

const site = { code: 'P1', timeZone: 'Europe/Berlin', currency: 'EUR' }

test.each([
  ['no media type', JSON.stringify(site), { 'Content-Type': '' }, 415, 'unsupported_media_type'],
  ['a form', 'code=P1', { 'Content-Type': 'application/x-www-form-urlencoded' }, 415, 'unsupported_media_type'],
  ['a foreign Accept', JSON.stringify(site), { Accept: 'application/xml' }, 406, 'not_acceptable'],
  ['half of a body', '{"code":"P1",', {}, 400, 'invalid_json'],
  ['nothing', '', {}, 400, 'invalid_json'],
  ['an array', '[]', {}, 422, 'invalid_request'],
  ['too much', JSON.stringify({ ...site, name: 'x'.repeat(1_000_001) }), {}, 413, 'body_too_large'],
  ['an unknown field', JSON.stringify({ ...site, colour: 'red' }), {}, 422, 'invalid_request'],
])('a body with %s is refused', async (_what, text, headers, status, code) => {
  const answer = await hub.call('POST', '/sites', { text, headers })
  expect(answer).toMatchObject({ status, body: { code } })
})

test('a mistake in JSON is found for the caller', async () => {
  const answer = await hub.call('POST', '/sites', { text: '{\n "code": "P1"\n "name": "x"}' })
  expect(answer.body.detail).toBe('A comma or } is missing (position 17, line 3).')
})

test('every wrong field is pointed at', async () => {
  const answer = await hub.call('POST', '/sites?limit=1', {
    body: { ...site, currency: 'Euro', settings: [], extra: 1 },
  })
  expect(answer.body.errors).toEqual([{ in: 'query', pointer: '/limit', message: 'is not known here' }])
  const body = await hub.call('POST', '/sites', { body: { ...site, currency: 'Euro', settings: [], extra: 1 } })
  expect(body.body.errors.map((one: { pointer: string }) => one.pointer).sort()).toEqual([
    '/currency',
    '/extra',
    '/settings',
  ])
})

test('a request id is taken over when it is harmless', async () => {
  const given = await hub.call('GET', '/sites', { headers: { 'X-Request-Id': 'trace-17' } })
  expect(given.headers.get('x-request-id')).toBe('trace-17')
  const odd = await hub.call('GET', '/sites', { headers: { 'X-Request-Id': 'a b' } })
  expect(odd.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
})

test('answers are not cached, guessed at or framed', async () => {
  const { headers } = await hub.call('GET', '/sites')
  expect(Object.fromEntries(headers)).toMatchObject({
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  })
  expect(headers.get('access-control-allow-origin')).toBeNull()
})

test('health needs no key', async () => {
  expect(await hub.call('GET', 'http://hub.test/livez', { key: null })).toMatchObject({
    status: 200,
    body: { status: 'ok' },
  })
  expect(await hub.call('GET', 'http://hub.test/readyz', { key: null })).toMatchObject({
    status: 200,
    body: { ready: true, checks: [{ name: 'database', ok: true }] },
  })
  expect((await hub.call('GET', 'http://hub.test/metrics', { key: null })).status).toBe(200)
})
