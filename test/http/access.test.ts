// Owns the matrix of who may call what, made from the contract: every operation, every kind of caller.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Scope, scopes } from '../../core/domain/scope.ts'
import { loadContract, type Operation } from '../../core/http/contract.ts'
import { type HubApi, type Json, startHubApi } from './hub-api.ts'

const contract = loadContract()
const guarded = contract.operations.filter(({ scope }) => scope !== 'public')
const someId = '0195f3b2-6c00-7000-8000-0a1b2c3d4e5f'

let hub: HubApi
const keys = new Map<string, string>()

async function keyWith(list: readonly Scope[], siteIds: string[] | null = null): Promise<string> {
  const name = `${list.join()} ${siteIds?.join() ?? ''}`
  const known = keys.get(name)
  if (known) return known
  const made = await hub.call('POST', '/api-keys', { body: { name: name.slice(0, 200), scopes: list, siteIds } })
  expect(made.status).toBe(201)
  keys.set(name, made.body.key)
  return made.body.key
}

beforeAll(async () => {
  hub = await startHubApi()
})
afterAll(() => hub.close())

function bodyOf(operation: Operation): Json {
  const item = (contract.document.paths as Json)[operation.path][operation.method.toLowerCase()]
  return item.requestBody?.content['application/json']?.example
}

function call(
  operation: Operation,
  key: string | null,
  body: Json = bodyOf(operation),
): Promise<{ status: number; body: Json }> {
  const path = operation.path.replace('{secretName}', 'name').replace(/\{\w+\}/g, someId)
  const query = operation.id === 'getRevenueSummary' ? '?from=2026-03-01&to=2026-03-10' : ''
  // A stream that began would not end.
  const headers: Record<string, string> = operation.id === 'streamEvents' ? { 'Last-Event-ID': 'AAAA' } : {}
  return hub.call(operation.method, `http://hub.test${path}${query}`, {
    key,
    headers,
    ...(operation.hasBody ? { body } : {}),
  })
}

describe.each(guarded.map((operation) => [operation.id, operation] as const))('%s', (_id, operation) => {
  const scope = operation.scope as Scope | 'session'

  test('needs a key', async () => {
    expect(await call(operation, null)).toMatchObject({ status: 401, body: { code: 'unauthorized' } })
    expect(await call(operation, 'bwk_0000000000000000000000')).toMatchObject({ status: 401 })
  })

  if (scope !== 'session') {
    test('is closed to a key with every scope but its own', async () => {
      const others = scopes.filter((one) => one !== scope && one !== 'admin')
      expect(await call(operation, await keyWith(others))).toMatchObject({
        status: 403,
        body: { code: 'insufficient_scope' },
      })
    })
  }

  test('is open to a key with its scope alone', async () => {
    const own: Scope = scope === 'session' ? 'sites:read' : scope
    const { status, body } = await call(operation, await keyWith([own]))
    expect([status, body]).not.toEqual([expect.toBeOneOf([401, 403]), expect.anything()])
    expect(status).toBeLessThan(500)
  })
})

test('the scopes in the document are the scopes of the hub', () => {
  const document = contract.document as Json
  expect(document.components.schemas.Scope.enum).toEqual([...scopes])
  const used = new Set(guarded.map(({ scope }) => scope))
  expect(scopes.filter((scope) => !used.has(scope))).toEqual([])
})
