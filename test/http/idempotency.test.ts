// Owns the behaviour of Idempotency-Key: one effect, the same answer, also at the same time, after a restart, and with secrets.
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApp } from '../../core/http/app.ts'
import { forgetOldAnswers } from '../../core/services/manage/answer-once.ts'
import { certificateDeps } from '../services/certificates/certificate-bench.ts'
import { type HubApi, type Json, startHubApi } from './hub-api.ts'

let hub: HubApi
let site: Json
const secret = randomBytes(32)

beforeAll(async () => {
  hub = await startHubApi({ app: { secret } })
  site = (await hub.call('POST', '/sites', { body: { code: 'P1', timeZone: 'Europe/Berlin', currency: 'EUR' } })).body
})
afterAll(() => hub.close())

let count = 0
const bay = () => ({ siteId: site.siteId, code: `B${++count}` })
const once = (key: string) => ({ 'Idempotency-Key': key })
const bays = async () => (await hub.call('GET', '/bays?limit=200')).body.items.length

test('the same request twice has one effect and one answer', async () => {
  const body = bay()
  const before = await bays()
  const first = await hub.call('POST', '/bays', { body, headers: once('a') })
  const again = await hub.call('POST', '/bays', { body, headers: once('a') })
  expect(first.status).toBe(201)
  expect(again).toMatchObject({ status: 201, body: first.body })
  expect(again.headers.get('location')).toBe(first.headers.get('location'))
  expect(again.headers.get('etag')).toBe('"v1"')
  expect([first.headers.get('idempotency-replayed'), again.headers.get('idempotency-replayed')]).toEqual([null, 'true'])
  expect(await bays()).toBe(before + 1)
  const { rows } = await hub.database.pool.query(`select 1 from audit_log where subject_id = $1`, [first.body.bayId])
  expect(rows).toHaveLength(1)
})

test('another request under the same key is refused, whether the body or the path differs', async () => {
  const body = bay()
  await hub.call('POST', '/bays', { body, headers: once('b') })
  const other = await hub.call('POST', '/bays', { body: bay(), headers: once('b') })
  expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } })
  const elsewhere = await hub.call('POST', '/areas', { body, headers: once('b') })
  expect(elsewhere).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } })
})

test('keys of two callers are two keys', async () => {
  const made = (await hub.call('POST', '/api-keys', { body: { name: 'second', scopes: ['sites:write'] } })).body.key
  const first = await hub.call('POST', '/bays', { body: bay(), headers: once('c') })
  const second = await hub.call('POST', '/bays', { body: bay(), headers: once('c'), key: made })
  expect([first.status, second.status]).toEqual([201, 201])
})

test('of many at the same time one has the effect, the others wait for its answer by asking again', async () => {
  const body = bay()
  const before = await bays()
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => hub.call('POST', '/bays', { body, headers: once('d') })),
  )
  const statuses = answers.map((answer) => answer.status)
  expect(statuses.every((status) => status === 201 || status === 409)).toBe(true)
  expect(answers.filter((answer) => answer.status === 201 && !answer.headers.get('idempotency-replayed'))).toHaveLength(
    1,
  )
  for (const refused of answers.filter((answer) => answer.status === 409)) {
    expect(refused.body.code).toBe('idempotency_key_in_use')
  }
  expect(await bays()).toBe(before + 1)
})

test('a refused request changed nothing, and may be sent again', async () => {
  const { code } = (await hub.call('POST', '/bays', { body: bay() })).body
  const clash = { siteId: site.siteId, code }
  expect((await hub.call('POST', '/bays', { body: clash, headers: once('e') })).status).toBe(409)
  expect((await hub.call('POST', '/bays', { body: bay(), headers: once('e') })).status).toBe(201)
})

test('a station whose EVSE is refused is not left behind half made', async () => {
  const body = { siteId: site.siteId, code: 'CP-9', evses: [{ number: 1 }, { number: 1 }] }
  const refused = await hub.call('POST', '/stations', { body, headers: once('f') })
  expect(refused).toMatchObject({ status: 422, body: { errors: [{ pointer: '/evses/1/number' }] } })
  expect((await hub.call('GET', '/stations')).body.items).toEqual([])
  expect((await hub.call('POST', '/stations', { body: { ...body, evses: [{ number: 1 }] } })).status).toBe(201)
})

test('an answer that shows a secret is given again, and stands nowhere in the database', async () => {
  const body = { siteId: site.siteId, code: 'CP-10' }
  const first = await hub.call('POST', '/stations', { body, headers: once('g') })
  const again = await hub.call('POST', '/stations', { body, headers: once('g') })
  expect(again.body).toEqual(first.body)
  expect(first.body.secret).toMatch(/^[0-9a-f]{40}$/)
  const { rows } = await hub.database.ownerPool.query(
    `select i::text from idempotency i union all select a::text from audit_log a`,
  )
  expect(JSON.stringify(rows)).not.toContain(first.body.secret)
  expect(JSON.stringify(rows)).not.toContain(Buffer.from(first.body.secret).toString('base64'))
})

test('the answer outlives the process', async () => {
  const body = bay()
  const first = await hub.call('POST', '/bays', { body, headers: once('h') })
  const { host, service, contract, files } = hub
  const restarted = createApp({
    service,
    ports: {
      certificates: certificateDeps(service),
      chargers: { wake() {}, refresh() {}, hashSecret: () => Buffer.alloc(0) },
      events: {
        read: () => Promise.reject(new Error('not asked')),
        tail: () => Promise.reject(new Error('not asked')) as never,
      },
      files,
      host,
      service: { readiness: async () => [], metrics: { contentType: '', metrics: async () => '' } },
    },
    settings: { publicUrl: 'http://hub.test' },
    secret,
    entropy: (into) => into.set(randomBytes(into.length)),
    now: () => hub.realClock.now(),
    version: '0.1.0',
    closing: new AbortController().signal,
    contract,
  })
  const again = await restarted.request('/api/v1/bays', {
    method: 'POST',
    headers: { Authorization: `Bearer ${hub.owner}`, 'Content-Type': 'application/json', ...once('h') },
    body: JSON.stringify(body),
  })
  expect([again.status, await again.json()]).toEqual([201, first.body])
})

test('a crash between the effect and its answer leaves neither', async () => {
  const body = bay()
  const before = await bays()
  // The connection is cut inside the transaction, after the effect: as a kill of the process would.
  const { ownerPool } = hub.database
  await ownerPool.query(`create function cut() returns trigger language plpgsql as $$
    begin perform pg_terminate_backend(pg_backend_pid()); return new; end $$`)
  await ownerPool.query('alter function cut() security definer')
  await ownerPool.query('create trigger cut before insert on idempotency for each row execute function cut()')
  const lost = await hub.call('POST', '/bays', { body, headers: once('i') })
  expect(lost.status).toBeGreaterThanOrEqual(500)
  await ownerPool.query('drop trigger cut on idempotency')
  expect(await bays()).toBe(before)
  expect((await hub.call('POST', '/bays', { body, headers: once('i') })).status).toBe(201)
  expect(await bays()).toBe(before + 1)
}, 120_000)

test('after two days a key is forgotten', async () => {
  const first = await hub.call('POST', '/bays', { body: bay(), headers: once('j') })
  hub.realClock.advance(48 * 3_600_000)
  const second = await hub.call('POST', '/bays', { body: bay(), headers: once('j') })
  expect([second.status, second.body.bayId !== first.body.bayId]).toEqual([201, true])
  hub.realClock.advance(1)
  const forget = forgetOldAnswers({ db: hub.service.db, now: () => hub.realClock.now() })
  expect(await forget()).toBeGreaterThan(0)
  const { rows } = await hub.database.pool.query('select count(*)::int as kept from idempotency')
  expect(rows).toEqual([{ kept: 1 }])
})

test.each(['', 'ä', 'x'.repeat(256), 'a b'])('%j is no key', async (key) => {
  const answer = await hub.call('POST', '/bays', {
    body: bay(),
    headers: once(encodeURI(key) === key ? key : 'a\u00e4'),
  })
  expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_idempotency_key' } })
})
