// Owns the proof that no body, query or path makes the hub stumble: always a clear refusal, never a 5xx, never half a change.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadContract, type Operation } from '../../core/http/contract.ts'
import tariffStandard from '../../plugins/tariff-standard/index.ts'
import { type HubApi, type Json, startHubApi } from './hub-api.ts'

const contract = loadContract()
let hub: HubApi
const ids: Record<string, string> = {}

beforeAll(async () => {
  hub = await startHubApi({ plugins: [tariffStandard] })
  const post = async (path: string, body: Json): Promise<Json> => (await hub.call('POST', path, { body })).body
  ids.siteId = (await post('/sites', { code: 'P1', timeZone: 'Europe/Berlin', currency: 'EUR' })).siteId
  const { siteId } = ids
  ids.areaId = (await post('/areas', { siteId, code: 'A' })).areaId
  ids.bayId = (await post('/bays', { siteId, code: 'B' })).bayId
  ids.laneId = (await post('/lanes', { siteId, code: 'E', direction: 'entry' })).laneId
  ids.deviceId = (await post('/devices', { siteId, code: 'D', kind: 'camera' })).deviceId
  ids.stationId = (await post('/stations', { siteId, code: 'CP' })).stationId
  ids.evseId = (await hub.call('GET', '/evses')).body.items[0].evseId
  ids.accountId = (await post('/accounts', { name: 'X', kind: 'person' })).accountId
  ids.groupId = (await post('/groups', { code: 'G' })).groupId
  ids.vehicleId = (await post('/vehicles', { plate: 'B-X 1' })).vehicleId
  ids.credentialId = (
    await post('/credentials', { kind: 'card', presentations: [{ value: '04A1B2C3D4E5F6' }] })
  ).credentialId
})
afterAll(() => hub.close())

const withBody = contract.operations.filter((operation) => operation.hasBody && operation.id !== 'createSession')

function exampleOf(operation: Operation): Json {
  const item = (contract.document.paths as Json)[operation.path][operation.method.toLowerCase()]
  return item.requestBody.content['application/json'].example
}

const pathOf = (operation: Operation) =>
  `http://hub.test${operation.path.replace('{secretName}', 'name').replace(/\{(\w+)\}/g, (_, name) => ids[name] ?? '0195f3b2-6c00-7000-8000-0a1b2c3d4e5f')}`

/** Values that break naive code: each is JSON, none is what was asked for. */
const nasty = fc.oneof(
  fc.constantFrom<Json>(
    null,
    true,
    '',
    ' ',
    '\u0000',
    'a\u0000b',
    '\ud800',
    '\u202e',
    'x'.repeat(5000),
    0,
    -1,
    1.5,
    1e308,
    -1e308,
    2 ** 53,
    -(2 ** 63),
    4294967296,
    '9'.repeat(400),
    [],
    [[]],
    {},
    { $ref: '#' },
    '0195f3b2-6c00-7000-8000-0a1b2c3d4e5f',
    'not-a-uuid',
    '2026-02-30T00:00:00Z',
    '0000-00-00',
    '+275760-09-13T00:00:00Z',
    '2026-03-10T24:00:00Z',
    '2026-03-10T08:00:60Z',
    '1900-01-01T00:00:00+23:59',
    '2199-12-31T23:59:59.999999999-23:59',
    '%',
    '_',
    '\\',
    "'; drop table site; --",
    '__proto__',
    'constructor',
    'Infinity',
    'NaN',
    '🅿️',
    'é',
    'I\u0307',
    '\u0007',
  ),
  fc.jsonValue(),
)

/** The example with one or more places replaced, removed or added. */
const broken = (example: Json) =>
  fc
    .array(fc.tuple(fc.nat(), fc.constantFrom('set', 'drop', 'add', 'proto'), nasty, fc.string()), {
      minLength: 1,
      maxLength: 4,
    })
    .map((edits) => {
      const body = structuredClone(example)
      for (const [where, how, shared, name] of edits) {
        const value = structuredClone(shared)
        const places: [Json, string | number][] = []
        const walk = (node: Json) => {
          if (typeof node !== 'object' || node === null) return
          for (const key of Object.keys(node)) {
            places.push([node, key])
            walk(node[key])
          }
        }
        walk(body)
        const [parent, key] = places[where % Math.max(1, places.length)] ?? [body, 'x']
        if (how === 'drop') delete parent[key]
        // A list given a property called `length` would not be a list any more.
        else if (how === 'add' && Array.isArray(parent)) parent.push(value)
        else if (how === 'add') parent[name] = value
        else if (how === 'proto')
          Object.defineProperty(parent, '__proto__', { value, enumerable: true, configurable: true, writable: true })
        else parent[key] = value
      }
      return JSON.stringify(body)
    })

async function fine(
  operation: Operation,
  options: { text?: string; query?: string; headers?: Record<string, string> },
): Promise<void> {
  const answer = await hub.call(operation.method, `${pathOf(operation)}${options.query ?? ''}`, options)
  if (answer.status < 500) return
  throw new Error(`${operation.id} ${answer.status} for ${JSON.stringify(options)}: ${JSON.stringify(answer.body)}`)
}

describe.each(withBody.map((operation) => [operation.id, operation] as const))('%s', (_id, operation) => {
  test('takes its example with anything broken in it', async () => {
    await fc.assert(
      fc.asyncProperty(broken(exampleOf(operation)), (text) => fine(operation, { text })),
      { numRuns: 40 },
    )
  })

  test('takes any text', async () => {
    const texts = fc.oneof(
      fc.json(),
      fc.string({ unit: 'binary' }),
      nasty.map((value) => JSON.stringify(value)),
    )
    await fc.assert(
      fc.asyncProperty(texts, (text) => fine(operation, { text })),
      { numRuns: 10 },
    )
  })
})

const bombs = {
  deep: `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
  deepObject: '{"a":'.repeat(100_000),
  deepSettings: `{"settings":${'{"a":'.repeat(70)}1${'}'.repeat(70)}}`,
  longString: JSON.stringify({ code: 'x'.repeat(900_000) }),
  manyKeys: JSON.stringify(Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`k${i}`, i]))),
  manyItems: JSON.stringify({ kind: 'card', presentations: Array.from({ length: 100_000 }, () => 1) }),
  manyDoubles: JSON.stringify({
    code: 'G',
    name: 'k',
    role: 'viewer',
    siteIds: Array.from({ length: 50_000 }, (_, i) => `s${i}`),
  }),
  hugeNumber: '{"code":1e999}',
  longNumber: `{"code":${'9'.repeat(100_000)}}`,
  quotes: `"${'\\"'.repeat(400_000)}"`,
  proto: '{"__proto__":{"admin":true},"constructor":{"prototype":{"x":1}}}',
}

test.each(Object.entries(bombs))('a body made to hurt: %s', async (_name, text) => {
  const hurt = ['updateOrganization', 'createSite', 'createGroup', 'createCredential', 'createApiKey', 'createCommand']
  for (const operation of withBody.filter(({ id }) => hurt.includes(id))) {
    const answer = await hub.call(operation.method, pathOf(operation), { text })
    expect([operation.id, answer.status]).toEqual([operation.id, expect.toBeOneOf([400, 413, 422])])
  }
  expect(({} as Json).admin).toBeUndefined()
})

test('free settings are kept as they are, also under names that JavaScript minds', async () => {
  const text = '{"settings":{"__proto__":{"x":1},"constructor":[1],"a":{"b":[null,1.5,"é"]}}}'
  const answer = await hub.call('PATCH', `/sites/${ids.siteId}`, { text })
  expect(answer.status).toBe(200)
  const { rows } = await hub.database.pool.query('select settings::text as settings from site where site_id = $1', [
    ids.siteId,
  ])
  expect(JSON.parse(rows[0].settings)).toEqual(JSON.parse(text).settings)
})

test('any query on any list', async () => {
  const lists = contract.operations.filter(
    ({ method, id }) => method === 'GET' && id !== 'streamEvents' && id !== 'getMetrics',
  )
  const value = fc.oneof(
    nasty.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('1', 'true', 'open', ids.siteId ?? ''),
  )
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.array(fc.tuple(fc.nat(), value), { maxLength: 3 }), async (which, given) => {
      const operation = lists[which % lists.length]
      if (!operation) return
      const names = operation.parameters.filter((one) => one.in === 'query').map((one) => one.name)
      const query = new URLSearchParams(
        given.map(([n, text]): [string, string] => [names[n % Math.max(1, names.length)] ?? 'x', text]),
      )
      await fine(operation, { query: `?${query}` })
    }),
    { numRuns: 1500 },
  )
}, 120_000)

test('any path', async () => {
  const segment = fc.oneof(
    fc.constantFrom('api', 'v1', 'sites', 'in', 'x', 'docs', '..', '.', '%00', '%ff', '%2e%2e', ''),
    fc.string({ unit: 'binary' }).map(encodeURI_),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(segment, { maxLength: 6 }),
      fc.constantFrom('GET', 'POST', 'DELETE', 'PROPFIND'),
      async (parts, method) => {
        const answer = await hub.call(
          method,
          `http://hub.test/${parts.join('/')}`,
          method === 'POST' ? { body: {} } : {},
        )
        expect(answer.status).toBeLessThan(500)
      },
    ),
    { numRuns: 300 },
  )
})

function encodeURI_(text: string): string {
  return [...text].map((char) => (/\p{Surrogate}/u.test(char) ? '%ed%a0%80' : encodeURIComponent(char))).join('')
}

test('nothing of all this was a surprise to the hub, or was stored by halves', async () => {
  expect(hub.errors).toEqual([])
  const { rows } = await hub.database.pool.query(`
    select (select count(*) from station s where not exists (select from evse e where e.station_id = s.station_id))::int as stations,
      (select count(*) from credential c where not exists (select from presentation p where p.credential_id = c.credential_id))::int as credentials,
      (select count(*) from site s where not exists (select from audit_log a where a.subject_id = s.site_id::text))::int as unaudited`)
  expect(rows).toEqual([{ stations: 0, credentials: 0, unaudited: 0 }])
})
