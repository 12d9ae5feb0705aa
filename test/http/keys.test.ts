// Owns the behaviour of keys, the dashboard's login, tokens of an identity provider, and limits on how often one may ask.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ensureFirstKey } from '../../core/services/keys/ensure-first-key.ts'
import { createTestDatabase, type TestDatabase } from '../setup/database.ts'
import { entropy, type HubApi, type Json, startHubApi } from './hub-api.ts'

let hub: HubApi
beforeAll(async () => {
  hub = await startHubApi()
})
afterAll(() => hub.close())

describe('a key', () => {
  test('is shown once and stored as a hash', async () => {
    const made = await hub.call('POST', '/api-keys', { body: { name: 'office', role: 'viewer' } })
    expect(made.body).toMatchObject({ name: 'office', createdBy: expect.stringMatching(/^key:/), siteIds: null })
    expect(made.body.key).toMatch(/^bwk_[0-9A-Za-z]{26}$/)
    expect(made.body.prefix).toBe(made.body.key.slice(0, 8))
    const read = await hub.call('GET', `/api-keys/${made.body.keyId}`)
    expect(read.body.key).toBeUndefined()
    const { rows } = await hub.database.ownerPool.query(
      'select k::text from api_key k union all select a::text from audit_log a',
    )
    expect(JSON.stringify(rows)).not.toContain(made.body.key)
  })

  test('says who uses it, and when it was last used', async () => {
    const made = (await hub.call('POST', '/api-keys', { body: { name: 'used', scopes: ['sites:read'] } })).body
    expect((await hub.call('GET', '/session', { key: made.key })).body).toEqual({
      actor: `key:${made.keyId}`,
      name: 'used',
      organizationId: hub.organizationId,
      scopes: ['sites:read'],
      siteIds: null,
    })
    await expect
      .poll(async () => (await hub.call('GET', `/api-keys/${made.keyId}`)).body.lastUsedAt)
      .toBe('2026-03-10T08:00:00.000Z')
  })

  test('is revoked at once, and once', async () => {
    const made = (await hub.call('POST', '/api-keys', { body: { name: 'gone', role: 'viewer' } })).body
    expect((await hub.call('DELETE', `/api-keys/${made.keyId}`)).status).toBe(204)
    expect(await hub.call('GET', '/sites', { key: made.key })).toMatchObject({
      status: 401,
      body: { detail: 'This key has been revoked.' },
    })
    expect((await hub.call('DELETE', `/api-keys/${made.keyId}`)).status).toBe(409)
    expect((await hub.call('GET', '/api-keys?revoked=true')).body.items).toMatchObject([{ name: 'gone' }])
  })

  test('expires by real time', async () => {
    const expiresAt = '2026-03-10T09:00:00Z'
    const made = (await hub.call('POST', '/api-keys', { body: { name: 'short', role: 'viewer', expiresAt } })).body
    expect((await hub.call('GET', '/sites', { key: made.key })).status).toBe(200)
    hub.clock.advance(48 * 3_600_000)
    expect((await hub.call('GET', '/sites', { key: made.key })).status).toBe(200)
    hub.realClock.advance(3_600_000)
    expect((await hub.call('GET', '/sites', { key: made.key })).status).toBe(401)
    expect((await hub.call('POST', '/api-keys', { body: { name: 'late', role: 'viewer', expiresAt } })).status).toBe(
      422,
    )
  })

  test('needs scopes or a role, not both', async () => {
    expect((await hub.call('POST', '/api-keys', { body: { name: 'x' } })).status).toBe(422)
    expect(
      (await hub.call('POST', '/api-keys', { body: { name: 'x', role: 'viewer', scopes: ['admin'] } })).status,
    ).toBe(422)
  })

  test.each(['Basic eDp5', 'Bearer', 'Bearer a b', 'bwk_x', 'Bearer not-a-key'])(
    'cannot be sent as %j',
    async (header) => {
      const answer = await hub.call('GET', '/sites', { key: null, headers: { Authorization: header } })
      expect(answer).toMatchObject({ status: 401, body: { code: 'unauthorized' } })
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/)
    },
  )
})

describe('the dashboard', () => {
  const login = async (key: string): Promise<string> => {
    const answer = await hub.call('POST', '/session', { key: null, body: { key } })
    expect(answer.status).toBe(200)
    const cookie = answer.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(/^baywatt_session=[^;]+; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/)
    return cookie.split(';')[0] ?? ''
  }
  const site = { code: 'P1', timeZone: 'Europe/Berlin', currency: 'EUR' }

  test('logs in with a key, and changes things only with its header', async () => {
    const Cookie = await login(hub.owner)
    expect((await hub.call('GET', '/session', { key: null, headers: { Cookie } })).body.scopes).toEqual(['admin'])
    const forged = await hub.call('POST', '/sites', { key: null, headers: { Cookie }, body: site })
    expect(forged).toMatchObject({ status: 403, body: { code: 'csrf_header_missing' } })
    const own = await hub.call('POST', '/sites', { key: null, headers: { Cookie, 'Baywatt-Request': '1' }, body: site })
    expect(own.status).toBe(201)
    const out = await hub.call('DELETE', '/session', { key: null, headers: { Cookie } })
    expect([out.status, out.headers.get('set-cookie')]).toEqual([204, expect.stringContaining('Max-Age=0')])
  })

  test('is logged out when its key is revoked, after half a day, and by any change to the cookie', async () => {
    const made = (await hub.call('POST', '/api-keys', { body: { name: 'dash', role: 'viewer' } })).body
    const Cookie = await login(made.key)
    const status = async (cookie: string) =>
      (await hub.call('GET', '/session', { key: null, headers: { Cookie: cookie } })).status
    expect(await status(Cookie)).toBe(200)
    expect(await status(`${Cookie}x`)).toBe(401)
    const unsigned = `baywatt_session=${Buffer.from('{"alg":"none"}').toString('base64url')}.${Cookie.split('.')[1]}.`
    expect(await status(unsigned)).toBe(401)
    await hub.call('DELETE', `/api-keys/${made.keyId}`)
    expect(await status(Cookie)).toBe(401)
    const other = await login(hub.owner)
    hub.realClock.advance(12 * 3_600_000 + 1000)
    expect(await status(other)).toBe(401)
  })

  test('is not entered with a wrong key', async () => {
    expect(await hub.call('POST', '/session', { key: null, body: { key: 'bwk_wrong' } })).toMatchObject({ status: 401 })
  })
})

describe('an identity provider', () => {
  const issuer = { url: '', close: () => {} }
  let person: HubApi
  let sign: (claims: Json, options?: { audience?: string; expires?: number }) => Promise<string>
  let siteId: string

  beforeAll(async () => {
    const { publicKey, privateKey } = await generateKeyPair('RS256')
    const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256' }
    const server = createServer((request, response) => {
      response.setHeader('Content-Type', 'application/json')
      response.end(JSON.stringify(request.url === '/keys' ? { keys: [jwk] } : { jwks_uri: `${issuer.url}/keys` }))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    issuer.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    issuer.close = () => server.close()
    const oidc = {
      issuer: issuer.url,
      audience: 'baywatt',
      organizationId: '',
      claims: { roles: 'realm_access.roles' },
      roleNames: { boss: 'owner' as const },
    }
    person = await startHubApi({ settings: { oidc } })
    oidc.organizationId = person.organizationId
    siteId = (await person.call('POST', '/sites', { body: { code: 'P1', timeZone: 'Europe/Berlin', currency: 'EUR' } }))
      .body.siteId
    const at = person.realClock.now().getTime() / 1000
    sign = (claims, { audience = 'baywatt', expires = at + 600 } = {}) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
        .setIssuer(issuer.url)
        .setAudience(audience)
        .setSubject('u-1')
        .setExpirationTime(expires)
        .sign(privateKey)
  })
  afterAll(async () => {
    issuer.close()
    await person.close()
  })
  const me = async (claims: Json, options?: Json) =>
    person.call('GET', '/session', { key: await sign(claims, options) })

  test('names a person, a role and sites', async () => {
    expect(
      (await me({ name: 'Ada', realm_access: { roles: ['technician', 'other'] }, sites: ['P1'] })).body,
    ).toMatchObject({
      actor: 'user:u-1',
      name: 'Ada',
      scopes: expect.arrayContaining(['chargers:control']),
      siteIds: [siteId],
    })
    expect((await me({ realm_access: { roles: 'boss' } })).body).toMatchObject({ scopes: ['admin'], siteIds: null })
    expect((await me({ realm_access: { roles: 'boss' }, sites: ['nowhere'] })).body).toMatchObject({ siteIds: [] })
  })

  test('is not believed beyond what it signed for this hub', async () => {
    const roles = { realm_access: { roles: ['owner'] } }
    const at = person.realClock.now().getTime() / 1000
    expect((await me({})).body.detail).toBe('The token names no role that this hub knows.')
    expect((await me(roles, { audience: 'other' })).status).toBe(401)
    expect((await me(roles, { expires: at - 61 })).body.detail).toBe('The token has expired.')
    const token = await sign(roles)
    const [, claims] = token.split('.')
    const header = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url')
    for (const forged of [`${header}.${claims}.`, `${token.slice(0, -8)}AAAAAAAA`, 'a.b.c']) {
      expect((await person.call('GET', '/session', { key: forged })).status).toBe(401)
    }
    const { privateKey } = await generateKeyPair('RS256')
    const foreign = await new SignJWT(roles)
      .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
      .setIssuer(issuer.url)
      .setAudience('baywatt')
      .setSubject('u')
      .setExpirationTime(at + 60)
      .sign(privateKey)
    expect((await person.call('GET', '/session', { key: foreign })).status).toBe(401)
  })
})

test('text that is no token is refused without asking the identity provider', async () => {
  const asked: string[] = []
  const away: typeof fetch = async (input) => {
    asked.push(String(input))
    throw new TypeError('fetch failed')
  }
  const oidc = { issuer: 'http://issuer.test', audience: 'baywatt', organizationId: '' }
  const alone = await startHubApi({ settings: { oidc }, app: { fetch: away } })
  try {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = part({ sub: 'x' })
    for (const junk of [
      'a.b.c',
      '..',
      `${part({ alg: 'none' })}.${claims}.`,
      `${part({ alg: 'HS256' })}.${claims}.AAAA`,
    ]) {
      expect((await alone.call('GET', '/session', { key: junk })).status).toBe(401)
    }
    expect(asked).toEqual([])
    const token = `${part({ alg: 'RS256' })}.${claims}.AAAA`
    expect(await alone.call('GET', '/session', { key: token })).toMatchObject({
      status: 503,
      body: { code: 'identity_provider_unreachable' },
    })
    expect(asked).toHaveLength(1)
  } finally {
    await alone.close()
  }
})

describe('limits', () => {
  test('each key has its own, and is told when to come back', async () => {
    const small = await startHubApi({ settings: { rateLimit: { burst: 5, perSecond: 1 } } })
    try {
      const statuses = []
      for (let i = 0; i < 7; i++) statuses.push((await small.call('GET', '/sites')).status)
      expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429])
      const limited = await small.call('GET', '/sites')
      expect([limited.body.code, limited.headers.get('retry-after')]).toEqual(['too_many_requests', '1'])
      expect((await small.call('GET', '/sites', { key: null })).status).toBe(401)
      small.realClock.advance(2000)
      expect((await small.call('GET', '/sites')).status).toBe(200)
      const guesses = []
      for (let i = 0; i < 8; i++) guesses.push((await small.call('GET', '/sites', { key: `bwk_guess${i}` })).status)
      expect(guesses).toContain(429)
    } finally {
      await small.close()
    }
  })
})

test('a stranger who guesses keeps nobody at the same address from logging in', async () => {
  const small = await startHubApi({ settings: { rateLimit: { burst: 5, perSecond: 1 } } })
  try {
    const login = (key: string) => small.call('POST', '/session', { key: null, body: { key } })
    const guesses: number[] = []
    for (let i = 0; i < 8; i++) guesses.push((await login(`bwk_guess_${i}_0123456789abcdef`)).status)
    expect(guesses).toEqual([401, 401, 401, 401, 401, 429, 429, 429])
    expect((await login(small.owner)).status).toBe(200)
    const again: number[] = []
    for (let i = 0; i < 6; i++) again.push((await login(small.owner)).status)
    expect(again).toContain(429)
  } finally {
    await small.close()
  }
})

test('asking often whether the hub is well is never answered with a refusal', async () => {
  const small = await startHubApi({ settings: { rateLimit: { burst: 2, perSecond: 1 } } })
  try {
    const ask = (path: string) => small.call('GET', `http://hub.test${path}`, { key: null })
    const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => ask(i % 2 === 0 ? '/livez' : '/readyz')))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect((await Promise.all([1, 2, 3].map(() => ask('/metrics')))).map(({ status }) => status)).toContain(429)
  } finally {
    await small.close()
  }
})

describe('pages of other origins', () => {
  test('may call when the operator lists them', async () => {
    const open = await startHubApi({ settings: { corsOrigins: ['https://desk.example'] } })
    try {
      const ask = (Origin: string, method = 'GET') => open.call(method, '/sites', { headers: { Origin } })
      expect((await ask('https://desk.example')).headers.get('access-control-allow-origin')).toBe(
        'https://desk.example',
      )
      expect((await ask('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull()
      const preflight = await ask('https://desk.example', 'OPTIONS')
      expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([
        204,
        expect.stringContaining('Idempotency-Key'),
      ])
    } finally {
      await open.close()
    }
  })
})

describe('the first key', () => {
  const start = async (database: TestDatabase, given?: string) =>
    ensureFirstKey({ ...hub.service, db: database.db, entropy, now: () => hub.realClock.now() })({
      organizationName: 'New',
      given,
    })

  test('is made once, by one of many nodes that start together', async () => {
    const database = await createTestDatabase()
    try {
      const starts = await Promise.all([start(database), start(database), start(database)])
      expect(starts.filter((one) => one.key !== null)).toHaveLength(1)
      expect(new Set(starts.map((one) => one.organizationId)).size).toBe(1)
      expect((await start(database)).key).toBeNull()
    } finally {
      await database.drop()
    }
  })

  test("may be the operator's own, if it is long enough", async () => {
    const database = await createTestDatabase()
    try {
      await expect(start(database, 'short')).rejects.toThrow(/at least 20/)
      const given = 'operator-chosen-key-0123456789'
      expect((await start(database, given)).key).toBeNull()
      expect((await start(database, given)).key).toBeNull()
      const { rows } = await database.pool.query('select name from api_key')
      expect(rows).toEqual([{ name: 'Key from the configuration' }])
      await database.pool.query('update api_key set revoked_at = now()')
      await start(database, given)
      const live = await database.pool.query('select 1 from api_key where revoked_at is null')
      expect(live.rows).toHaveLength(1)
    } finally {
      await database.drop()
    }
  })
})
