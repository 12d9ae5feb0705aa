// Owns the proof of the fact interface over HTTP: signed, stored before answered, idempotent, each item answered.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addAccount, addBay, addCredential, type Garage, openGarage, staysOf } from '../../services/parking/garage.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { eventually } from '../../setup/eventually.ts'
import { type Connection, openConnection, secret, signature } from './connection.ts'
import { wireFacts } from './wire-facts.ts'

let database: TestDatabase
let garage: Garage
let connection: Connection
beforeAll(async () => {
  database = await createTestDatabase()
  garage = await openGarage(database.db)
  connection = await openConnection(garage, { maxBodyKilobytes: 64 })
})
afterAll(async () => {
  await connection.stop()
  await database.drop()
})

const statusesOf = (body: Record<string, unknown>) => (body.results as { status: string }[]).map(({ status }) => status)
const pass = (id: string, more: object = {}) => ({
  id,
  type: 'gate.passed',
  occurredAt: '2019-03-10T11:00:00Z',
  stayRef: id,
  data: { direction: 'entry', credentials: [{ kind: 'plate', value: 'AB123' }] },
  ...more,
})

describe('facts', () => {
  test('every type is taken, in a batch and again one by one', async () => {
    await addBay(garage, 'B1')
    const { status, body } = await connection.post('facts', { facts: wireFacts })
    expect(status).toBe(200)
    expect(body.results).toEqual(wireFacts.map(({ id, revision }) => ({ id, revision, status: 'stored' })))
    for (const fact of wireFacts) {
      const again = await connection.post('facts', fact)
      expect(again).toEqual({ status: 200, body: { results: [{ id: fact.id, revision: 1, status: 'duplicate' }] } })
    }
    expect(await staysOf(garage)).toMatchObject([
      { stay_ref: 'T-4711', state: 'closed', plate: 'AB124', paid_minor: 1000, parker_kind: 'contract' },
    ])
  })

  test('a backfilled copy after an outage is a duplicate, a correction a higher revision', async () => {
    const fact = pass('c1')
    await connection.post('facts', fact)
    const facts = [{ ...fact, backfilled: true }, { ...fact, revision: 2, lane: 'in-2' }, fact, { ...fact, lane: 'x' }]
    const { body } = await connection.post('facts', { facts })
    expect(statusesOf(body)).toEqual(['duplicate', 'stored', 'duplicate', 'rejected'])
    expect(body.results).toMatchObject({ 3: { problem: { code: 'revision_conflict', status: 422 } } })
  })

  test('a bad item is refused alone, with pointers', async () => {
    const bad = pass('b2', {
      occurredAt: '2019-02-30T11:00:00Z',
      extra: 1,
      data: { direction: 'sideways', credentials: [{ kind: 'plate' }, { kind: 'plate', value: 'x', confidence: 7 }] },
    })
    const { status, body } = await connection.post('facts', {
      facts: [pass('b1'), bad, 'nonsense', { id: 'b3', type: 'x' }, pass('b4')],
    })
    expect(status).toBe(200)
    const results = body.results as { id: string | null; status: string; problem?: { errors: { pointer: string }[] } }[]
    expect(results.map(({ id, status }) => [id, status])).toEqual([
      ['b1', 'stored'],
      ['b2', 'rejected'],
      [null, 'rejected'],
      ['b3', 'rejected'],
      ['b4', 'stored'],
    ])
    expect(results[1]?.problem?.errors.map(({ pointer }) => pointer).sort()).toEqual([
      '/data/credentials/0/value',
      '/data/credentials/1/confidence',
      '/data/direction',
      '/extra',
      '/occurredAt',
    ])
    expect(results[3]?.problem?.errors).toMatchObject([{ pointer: '/type' }])
  })

  test.each([
    [
      'a name that would be a prototype',
      { ...pass('p1'), data: JSON.parse('{"direction":"entry","credentials":[],"__proto__":{"a":1}}') },
      '/data/__proto__',
    ],
    [
      'a huge amount',
      { ...pass('p2'), type: 'payment.captured', data: { amountMinor: 1e300, currency: 'USD', scope: 'both' } },
      '/data/amountMinor',
    ],
    [
      'a fraction of a cent',
      { ...pass('p3'), type: 'payment.captured', data: { amountMinor: 0.5, currency: 'USD', scope: 'both' } },
      '/data/amountMinor',
    ],
    ['a leap second', pass('p4', { occurredAt: '2016-12-31T23:59:60Z' }), '/occurredAt'],
    ['a time without zone', pass('p5', { occurredAt: '2019-03-10T11:00:00' }), '/occurredAt'],
    ['a year nobody lives in', pass('p6', { occurredAt: '0001-01-01T00:00:00Z' }), '/occurredAt'],
    [
      'a NUL',
      pass('p7', { data: { direction: 'entry', credentials: [{ kind: 'card', value: 'a\0b' }] } }),
      '/data/credentials/0/value',
    ],
    ['half a character', pass('p8', { lane: '\ud83d' }), '/lane'],
    ['a revision that is none', pass('p9', { revision: -1 }), '/revision'],
    ['a stay without reference', { ...pass('p10'), type: 'stay.opened', stayRef: undefined, data: {} }, '/stayRef'],
    [
      'fifty-one credentials',
      pass('p11', { data: { direction: 'entry', credentials: Array(51).fill({ kind: 'plate', value: 'A1' }) } }),
      '/data/credentials',
    ],
  ])('%s is refused with a pointer', async (_, fact, pointer) => {
    const { status, body } = await connection.post('facts', fact)
    expect(status).toBe(200)
    expect(body.results).toMatchObject([{ status: 'rejected', problem: { errors: [{ pointer }] } }])
  })

  test('the answer waits for the commit', async () => {
    const blocker = await database.ownerPool.connect()
    await blocker.query('begin; lock table parking_fact in access exclusive mode')
    let answered = false
    const asked = connection.post('facts', pass('w1')).then((answer) => {
      answered = true
      return answer
    })
    await eventually(async () => {
      const { rows } = await database.ownerPool.query(
        `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
      )
      return rows.length > 0
    }, 'the fact waiting for the table')
    expect(answered).toBe(false)
    await blocker.query('rollback')
    blocker.release()
    expect((await asked).body.results).toMatchObject([{ status: 'stored' }])
  })
})

describe('what is not as agreed', () => {
  test.each([
    ['{"facts": [}', 'json_invalid', 'Expected a value, found "}" at position 11 (line 1, column 12).'],
    ['{"facts"\n 1}', 'json_invalid', 'Expected ":", found "1" at position 10 (line 2, column 2).'],
    [
      '{"a": "x\ty"}',
      'json_invalid',
      'Expected no control character inside a string, found "\t" at position 8 (line 1, column 9).',
    ],
    ['[1, 2', 'json_invalid', 'Expected "," or "]", found the end at position 5 (line 1, column 6).'],
    ['', 'json_invalid', 'Expected a value, found the end at position 0 (line 1, column 1).'],
    ['{} {}', 'json_invalid', 'Expected nothing more, found "{" at position 3 (line 1, column 4).'],
    [
      '"\\u12"',
      'json_invalid',
      'Expected an escape such as \\n or \\u00e9, found "u" at position 2 (line 1, column 3).',
    ],
    [
      `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
      'json_too_deep',
      'More than 32 levels of nesting at position 32 (line 1, column 33).',
    ],
    ['[]', 'body_invalid', 'See errors.'],
    ['{"facts": []}', 'body_invalid', 'See errors.'],
    ['{"facts": [], "more": 1}', 'body_invalid', 'See errors.'],
    ['null', 'body_invalid', 'See errors.'],
  ])('%.30s is a 400 that says why', async (body, code, detail) => {
    const response = await connection.send('facts', body)
    expect(response.status).toBe(400)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.json()).toMatchObject({ status: 400, code, detail, type: `urn:baywatt:problem:${code}` })
  })

  test('bytes that are no text', async () => {
    const response = await connection.send('facts', Uint8Array.from([0x7b, 0xff, 0xfe, 0x7d]))
    expect([response.status, await response.json()]).toMatchObject([400, { code: 'body_not_utf8' }])
  })

  test('more facts than agreed, a body that is too large, said or not', async () => {
    const many = { facts: Array.from({ length: 1_001 }, (_, i) => ({ id: `${i}` })) }
    expect(await connection.post('facts', many)).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/facts' }] },
    })
    const large = ' '.repeat(65 * 1_024)
    expect((await connection.send('facts', large)).status).toBe(413)
    const stream = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(16 * 1_024)),
    })
    const init = { method: 'POST', body: stream, duplex: 'half' }
    const chunked = await fetch(`${connection.url}facts`, init as RequestInit).catch(() => undefined)
    expect(chunked === undefined || chunked.status === 413).toBe(true)
  })

  test('other paths, methods and encodings', async () => {
    expect((await connection.send('nothing', '{}')).status).toBe(404)
    const wrong = await connection.send('facts', '', { method: 'GET' })
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST'])
    expect((await connection.send('facts', '{}', { headers: { 'content-encoding': 'gzip' } })).status).toBe(415)
  })
})

describe('signatures', () => {
  const code = async (response: Response) => [response.status, ((await response.json()) as { code?: string }).code]
  const other = `whsec_${Buffer.from('another secret of thirty-two byt').toString('base64')}`

  test('a missing, wrong or stale one is refused', async () => {
    const body = JSON.stringify(pass('s1'))
    const bare = await fetch(`${connection.url}facts`, { method: 'POST', body })
    expect(await code(bare)).toEqual([401, 'signature_missing'])
    expect(await code(await connection.send('facts', body, { secret: other }))).toEqual([401, 'signature_invalid'])
    expect(await code(await connection.send('facts', body, { skew: -301 }))).toEqual([401, 'timestamp_stale'])
    expect(await code(await connection.send('facts', body, { skew: 301 }))).toEqual([401, 'timestamp_stale'])
    expect(await code(await connection.send('facts', body, { headers: { 'webhook-timestamp': 'now' } }))).toEqual([
      401,
      'timestamp_invalid',
    ])
    expect(await code(await connection.send('facts', body, { headers: { 'webhook-id': 'changed' } }))).toEqual([
      401,
      'signature_invalid',
    ])
    expect(await code(await connection.send('facts', body, { headers: { 'webhook-signature': 'v1,' } }))).toEqual([
      401,
      'signature_invalid',
    ])
    expect((await connection.send('facts', body, { skew: -299 })).status).toBe(200)
  })

  test('one of several is enough, and a changed secret is read anew', async () => {
    const body = JSON.stringify(pass('s2'))
    const timestamp = String(garage.clock.now().getTime() / 1000)
    const both = `${signature(other, 'm', timestamp, body)} v2,AAAA ${signature(secret, 'm', timestamp, body)}`
    expect((await connection.send('facts', body, { id: 'm', headers: { 'webhook-signature': both } })).status).toBe(200)
    connection.secrets.set('signing', `${other} ${secret}`)
    garage.clock.advance(2_000)
    expect((await connection.send('facts', body, { secret: other })).status).toBe(200)
    expect((await connection.send('facts', body, { secret })).status).toBe(200)
    connection.secrets.set('signing', 'not a key')
    garage.clock.advance(2_000)
    expect((await connection.send('facts', body, { secret: `whsec_${'AAAA'.repeat(8)}` })).status).toBe(401)
    expect((await connection.send('facts', body, { secret })).status).toBe(200)
    connection.secrets.set('signing', secret)
  })

  test('a connection without a usable secret does not start', async () => {
    const none = openConnection(garage, {}, new Map([['signing', 'short']]))
    await expect(none).rejects.toMatchObject({ code: 'config_invalid' })
  })
})

describe('gate questions and status', () => {
  test('a question is answered, and the decision kept', async () => {
    await addCredential(garage, 'card', '04C0FFEE', { accountId: await addAccount(garage) })
    const ask = (value: string) =>
      connection.post('gate-requests', {
        requestId: 'q1',
        lane: 'in-1',
        direction: 'entry',
        credentials: [{ kind: 'card', value }],
        occurredAt: '2019-03-10T12:00:00Z',
      })
    expect(await ask('EEFFC004')).toMatchObject({
      status: 200,
      body: { requestId: 'q1', decision: 'granted', reasonCode: 'authorised' },
    })
    expect(await ask('11223344')).toMatchObject({
      status: 200,
      body: { decision: 'notFound', reasonCode: 'unknown_credential' },
    })
    expect(await connection.post('gate-requests', { requestId: 'q1' })).toMatchObject({
      status: 400,
      body: { code: 'body_invalid' },
    })
    // Its decision could not be kept, so it is not given.
    const unstorable = { lane: 'in\0', direction: 'entry', occurredAt: '2019-03-10T12:00:00Z' }
    const credentials = [{ kind: 'card', value: 'EEFFC004\ud800' }]
    expect(await connection.post('gate-requests', { requestId: 'q1', credentials, ...unstorable })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/credentials/0/value' }, { pointer: '/lane' }] },
    })
    await connection.settled()
    const kept = await database.db
      .selectFrom('parking_fact')
      .select('vendor_event_id')
      .where('request_id', '=', 'q1')
      .where('connection_id', '=', garage.connectionId)
      .execute()
    expect(kept.map(({ vendor_event_id }) => vendor_event_id.slice(0, 4))).toEqual(['hub:', 'hub:'])
  })

  test('status tells that the line is up, and needs the signature', async () => {
    const response = await connection.send('status', '', { method: 'GET' })
    expect([response.status, await response.json()]).toMatchObject([
      200,
      { connection: 'Gate', state: 'running', limits: { maxBatch: 1000 } },
    ])
    expect((await fetch(`${connection.url}status`)).status).toBe(401)
  })

  test('a stopped connection says so', async () => {
    const own = await openConnection(await openGarage(database.db))
    await own.link.stop()
    const response = await own.send('facts', JSON.stringify(pass('z1')))
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5'])
    await own.stop()
  })

  test('a database that is gone is a 503, and repeating is safe', async () => {
    const gone = await createTestDatabase()
    const own = await openConnection(await openGarage(gone.db))
    await gone.drop()
    const response = await own.send('facts', JSON.stringify(pass('z1')))
    expect(response.status).toBeGreaterThanOrEqual(500)
    expect(await response.json()).toHaveProperty('code')
    await own.stop()
  })
})
