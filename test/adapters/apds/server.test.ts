// Owns the proof of the hub as an APDS service: every documented path and verb, what a partner writes, and what it is told.
// Must not test the pages of the book; its own tests do.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import apdsServer from '../../../adapters/apds/server/index.ts'
import type { AnyPlugin, ParkingFact } from '../../../core/plugin/index.ts'
import { recordParkingFacts } from '../../../core/services/parking/record-parking-facts.ts'
import { addBay, addCredential, staysOf } from '../../services/parking/garage.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { eventually } from '../../setup/eventually.ts'
import { insertConnection } from '../../setup/records.ts'
import { type OpenConnection, openConnection } from '../open-connection.ts'
import { type ApdsObject, faultsOf } from './apds-facts.ts'

const clientSecret = 'a secret of the APDS partner'
let database: TestDatabase
let apds: OpenConnection
let token: string
const heard: { id: string; type: string; reference: { id: string } }[] = []
const answers: number[] = []
const listener = createServer((request, response) => {
  let text = ''
  request.on('data', (part) => {
    text += part
  })
  request.on('end', () => {
    const status = answers.shift() ?? 200
    if (status === 200) heard.push(JSON.parse(text))
    response.writeHead(status).end()
  })
})
let notifyUrl: string

beforeAll(async () => {
  database = await createTestDatabase()
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  notifyUrl = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/hook`
  apds = await openConnection(database, apdsServer as AnyPlugin, {
    config: { clientId: 'p', scopes: ['sp', 'po'], notifyUrl, pageSize: 2 },
    secrets: { clientSecret },
  })
  await apds.hub.work()
  token = await getToken()
})
afterAll(async () => {
  await apds.stop()
  await new Promise((resolve) => listener.close(resolve).closeAllConnections())
  await database.drop()
})

const auth = (form: Record<string, string>, basic = `p:${encodeURIComponent(clientSecret)}`) =>
  fetch(`${apds.url}/auth`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(basic).toString('base64')}` },
    body: new URLSearchParams(form),
  })
async function getToken(scope = 'sp po'): Promise<string> {
  const response = await auth({ grant_type: 'client_credentials', scope })
  return ((await response.json()) as { access_token: string }).access_token
}
interface Answer {
  status: number
  body: {
    code?: number
    message?: string
    ids?: string[]
    meta?: { total: number; referenceInstant: number; offset: number }
    data?: { id: string }[]
    deletedReferences?: { id: string }[]
    [name: string]: unknown
  }
}
async function call(method: string, path: string, body?: unknown, bearer = token): Promise<Answer> {
  const response = await fetch(`${apds.url}/${path}`, {
    method,
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const answer = { status: response.status, body: (await response.json()) as Answer['body'] }
  const kind = method === 'GET' && answer.status === 200 ? kindOf(path) : 'responseStatus'
  // A field of the partner's own is shown as it was sent.
  const faults = kind === undefined ? [] : faultsOf(kind, answer.body).filter((fault) => !fault.includes('vendorField'))
  expect({ path, faults }).toEqual({ path, faults: [] })
  return answer
}
/** What the document says a path answers with. */
function kindOf(path: string): ApdsObject | undefined {
  const [where = ''] = path.split('?')
  const kinds: [string, ApdsObject, ApdsObject][] = [
    ['places', 'places', 'place'],
    ['contacts', 'contacts', 'contact'],
    ['rights/specs', 'rightSpecifications', 'rightSpecification'],
    ['rights/assigned', 'assignedRights', 'assignedRight'],
    ['rates', 'rateTables', 'rateTable'],
    ['sessions', 'sessions', 'session'],
  ]
  const found = kinds.find(([prefix]) => where === prefix || where.startsWith(`${prefix}/`))
  return where === found?.[0] ? found[1] : found?.[2]
}
const session = (id: string, version = 1, more: object = {}) => ({
  id,
  version,
  actualStart: '2019-03-10T10:00:00Z',
  identifiedCredentials: [{ type: 'licensePlate', identifier: { id: `AB ${id}`, className: 'UKNumberPlate' } }],
  segments: [
    {
      id: `${id}.1`,
      version: 1,
      actualStart: '2019-03-10T10:00:00Z',
      assignedRight: { id: `R-${id}`, version: 1 },
      validationType: ['licensePlate'],
    },
  ],
  vendorField: { kept: true },
  ...more,
})
const right = (id: string, version = 1, more: object = {}) => ({
  id,
  version,
  rightSpecification: { id: 'spec', version: 1 },
  rightHolder: { credentials: [{ type: 'rfid', identifier: { id: '04A3C6CAE26180', className: 'Card' } }] },
  ...more,
})
const money = (value: number, more: object = {}) => ({
  payments: [
    {
      id: 'P1',
      version: 1,
      serviceProvider: { id: 'p', version: 1 },
      dateCollected: '2019-03-10T10:05:00Z',
      paymentLines: [
        { id: 'L1', version: 1, paymentType: 'payment', value: { currencyType: 'USD', currencyValue: value }, ...more },
      ],
    },
  ],
})
const stayOf = async (ref: string) => (await staysOf(apds.garage)).find(({ stay_ref }) => stay_ref === ref)
const factsLike = async (like: string) =>
  (
    await database.pool.query<{
      type: string
      revision: number
      superseded: boolean
      stay_ref: string
      data: Record<string, unknown>
    }>(
      'select type, revision, superseded, stay_ref, data from parking_fact where vendor_event_id like $1 order by vendor_event_id, revision',
      [like],
    )
  ).rows

describe('tokens', () => {
  test('are for the right client alone, for a while, and end with their scopes', async () => {
    expect((await auth({ grant_type: 'client_credentials' }, 'p:wrong')).status).toBe(401)
    expect((await auth({ grant_type: 'client_credentials' }, `q:${clientSecret}`)).status).toBe(401)
    expect((await auth({ grant_type: 'password' })).status).toBe(400)
    expect(await (await auth({ grant_type: 'client_credentials', scope: 'ad' })).json()).toEqual({
      error: 'invalid_scope',
    })
    for (const bad of ['', 'x', `${token}x`, `${token.split('.')[0]}.e30.`])
      expect((await call('GET', 'places', undefined, bad)).status).toBe(401)
    const reader = await getToken('po')
    expect(await call('POST', 'sessions', session('scope'), reader)).toMatchObject({
      status: 403,
      body: { code: 403, status: 'error' },
    })
    const old = await getToken()
    apds.garage.clock.advance(10 * 60_000 + 1_000)
    expect((await call('GET', 'places', undefined, old)).status).toBe(401)
    token = await getToken()
  })
})

describe('every documented path', () => {
  const documented: Record<string, Record<string, number>> = {
    places: { GET: 200, POST: 405 },
    'places/none': { GET: 404, PUT: 404, DELETE: 405 },
    contacts: { GET: 200 },
    'contacts/operator': { GET: 200 },
    'contacts/none': { GET: 404 },
    'rights/specs': { GET: 200, POST: 405 },
    'rights/specs/none': { GET: 404, PUT: 405, DELETE: 405 },
    'rights/assigned': { GET: 200, POST: 201 },
    'rights/assigned/none': { GET: 404, DELETE: 404 },
    'rights/assigned/made': { PUT: 201, GET: 200, DELETE: 200 },
    rates: { GET: 200, POST: 405 },
    'rates/none': { GET: 404, PUT: 405, DELETE: 405 },
    sessions: { GET: 200, POST: 201 },
    'sessions/none': { GET: 404, DELETE: 404 },
    'sessions/made': { PUT: 201, GET: 200, DELETE: 200 },
    webhooks: { POST: 400 },
    nowhere: { GET: 404 },
  }
  test.each(Object.entries(documented))('%s', async (path, verbs) => {
    const [, last = ''] = /([^/]+)$/.exec(path) ?? []
    const made = path.startsWith('rights')
      ? right(path.includes('made') ? 'made' : 'posted')
      : session(path.includes('made') ? 'made' : 'posted')
    for (const [verb, expected] of Object.entries(verbs)) {
      const body =
        verb === 'GET' || verb === 'DELETE'
          ? undefined
          : path === 'webhooks'
            ? {}
            : path.startsWith('places')
              ? { id: last }
              : made
      const answer = await call(verb, path, body)
      expect([verb, answer.status]).toEqual([verb, expected])
      if (expected >= 400)
        expect(answer.body).toMatchObject({ status: 'error', code: expected, message: expect.any(String) })
    }
  })

  test('filters that are none are refused by name', async () => {
    for (const [query, name] of [
      ['start_after=x', 'start_after'],
      ['page=0', 'page'],
      ['modified_since=-1', 'modified_since'],
      ['expand=colour', 'expand'],
      ['credential_type=nose', 'credential_type'],
      ['latitude=1', 'latitude'],
      ['radius=1&latitude=200&longitude=1', 'latitude'],
    ]) {
      const answer = await call('GET', `sessions?${query}`)
      expect(answer).toMatchObject({ status: 400, body: { message: expect.stringContaining(name ?? '') } })
    }
  })
})

describe('what a partner writes', () => {
  test('becomes a stay, is shown as it was sent, and a repeat is no conflict', async () => {
    for (let time = 0; time < 2; time++) expect((await call('POST', 'sessions', session('S1'))).status).toBe(201)
    expect(await stayOf('S1')).toMatchObject({ state: 'open', plate: 'ABS1' })
    // Who began it is the receiver's to say.
    const initiator = { id: 'p', version: 1 }
    expect((await call('GET', 'sessions/S1')).body).toEqual({ ...session('S1'), initiator })
    const other = session('S1', 1, { actualStart: '2019-03-10T10:01:00Z' })
    expect(await call('POST', 'sessions', other)).toMatchObject({ status: 409, body: { code: 409, ids: ['S1'] } })
    expect((await call('PUT', 'sessions/S1', session('S1', 2, { actualEnd: '2019-03-10T11:00:00Z' }))).status).toBe(200)
    expect(await stayOf('S1')).toMatchObject({ state: 'closed', exited_at: new Date('2019-03-10T11:00:00Z') })
    expect((await call('PUT', 'sessions/S1', session('S1', 3))).status).toBe(200)
    expect(await stayOf('S1')).toMatchObject({ state: 'open', exited_at: null })
    expect((await call('DELETE', 'sessions/S1')).status).toBe(200)
    expect((await call('DELETE', 'sessions/S1')).status).toBe(200)
    expect(await stayOf('S1')).toMatchObject({ state: 'voided' })
    expect((await call('GET', 'sessions/S1')).status).toBe(404)
    expect((await call('PUT', 'sessions/S1', session('S1', 4))).status).toBe(409)
  })

  test('a correction that comes before what it corrects stands', async () => {
    const corrected = session('S2', 3, { actualStart: '2019-03-10T09:00:00Z' })
    expect((await call('PUT', 'sessions/S2', corrected)).status).toBe(201)
    expect((await call('PUT', 'sessions/S2', session('S2', 2, { actualEnd: '2019-03-10T11:00:00Z' }))).status).toBe(200)
    expect((await call('POST', 'sessions', session('S2', 1))).status).toBe(201)
    expect(await stayOf('S2')).toMatchObject({ state: 'open', entered_at: new Date('2019-03-10T09:00:00Z') })
    expect((await call('GET', 'sessions/S2')).body).toMatchObject({ version: 3 })
  })

  test('money finds its stay, whichever comes first; energy and validations are told apart', async () => {
    const lines = money(12.34)
    await call('POST', 'rights/assigned', right('R-S3', 1, lines))
    expect(await factsLike('right/R-S3/%')).toMatchObject([
      {
        type: 'payment.captured',
        revision: 2,
        stay_ref: null,
        data: { amountMinor: 1_234, currency: 'USD', scope: 'parking' },
      },
    ])
    await call('POST', 'sessions', session('S3'))
    expect(await stayOf('S3')).toMatchObject({ paid_minor: 1_234 })
    await call('POST', 'rights/assigned', right('R-S3', 1, lines))
    expect(await stayOf('S3')).toMatchObject({ paid_minor: 1_234 })
    await call('PUT', 'rights/assigned/R-S4', right('R-S4', 1, money(5, { idCode: 'ENERGY' })))
    await call(
      'PUT',
      'rights/assigned/R-S5',
      right('R-S5', 1, money(2, { paymentType: 'validation', idCode: 'shop-1' })),
    )
    expect(await factsLike('right/R-S4/%')).toMatchObject([{ data: { scope: 'energy', amountMinor: 500 } }])
    expect(await factsLike('right/R-S5/%')).toMatchObject([
      { type: 'discount.applied', data: { kind: 'validation', amountMinor: 200, providerNo: 'shop-1' } },
    ])
  })

  test('a planned use is a booking until it is taken back', async () => {
    const uses = (...starts: string[]) => ({
      plannedUses: starts.map((startTime) => ({ startTime, endTime: '2019-03-12T18:00:00Z' })),
    })
    await call('POST', 'rights/assigned', right('B1', 1, uses('2019-03-12T08:00:00Z', '2019-03-13T08:00:00Z')))
    await call('PUT', 'rights/assigned/B1', right('B1', 2, uses('2019-03-12T09:00:00Z')))
    expect((await factsLike('right/B1/use/%')).filter(({ superseded }) => !superseded)).toMatchObject([
      {
        type: 'reservation.changed',
        data: { reservationRef: 'B1', state: 'changed', from: '2019-03-12T09:00:00.000Z' },
      },
      { data: { reservationRef: 'B1/1', state: 'cancelled' } },
    ])
    await call('DELETE', 'rights/assigned/B1')
    expect((await factsLike('right/B1/use/0')).at(-1)).toMatchObject({ data: { state: 'cancelled' } })
  })

  test('occupancy of a place becomes a counter', async () => {
    const { siteId } = apds.garage
    const demandTable = [
      {
        timestamp: '2019-03-10T11:00:00Z',
        demandType: [{ count: 17, occupancyCalculation: 'counted', recordDateTime: '2019-03-10T10:59:00Z' }],
      },
    ]
    const place = {
      id: siteId,
      version: 1,
      hierarchyElementReference: {
        elementId: { id: siteId, version: 1 },
        demandTable,
        supply: [{ supplyQuantity: 80, supplyViewType: 'spaceView' }],
      },
    }
    for (let time = 0; time < 2; time++) expect((await call('PUT', `places/${siteId}`, place)).status).toBe(200)
    expect(
      await apds.garage.db.selectFrom('occupancy').selectAll().where('site_id', '=', siteId).execute(),
    ).toMatchObject([{ occupied: 17, capacity: 80, free: 63 }])
    expect((await call('GET', `places/${siteId}?expand=occupancy`)).body).toMatchObject({
      timeZone: 'America/Los_Angeles',
      hierarchyElementReference: { supply: [{ supplyQuantity: 80 }], demandTable: [{ demandType: [{ count: 17 }] }] },
    })
  })

  test.each([
    ['no JSON', '{"id":'],
    ['a list', '[]'],
    ['nothing', 'null'],
    ['a deep nest', `${'['.repeat(5_000)}${']'.repeat(5_000)}`],
    ['no credentials', JSON.stringify({ ...session('X'), identifiedCredentials: [] })],
    ['a day that is none', JSON.stringify(session('X', 1, { actualStart: '2019-02-30T10:00:00Z' }))],
    ['a time without zone', JSON.stringify(session('X', 1, { actualStart: '2019-02-20T10:00:00' }))],
    ['a version that is none', JSON.stringify(session('X', 0))],
    ['a text that cannot be stored', JSON.stringify(session('X\0'))],
  ])('%s is refused and nothing kept', async (_, text) => {
    const answer = await call('POST', 'sessions', text)
    expect(answer).toMatchObject({
      status: 400,
      body: { status: 'error', code: 400, message: expect.stringMatching(/./) },
    })
    expect(await stayOf('X')).toBeUndefined()
  })
})

describe('what a partner reads', () => {
  const told = async (ref: string, minute: number): Promise<void> => {
    const connectionId = await insertConnection(database.db, apds.garage.organizationId)
    const fact: ParkingFact = {
      id: ref,
      revision: 1,
      type: 'stay.opened',
      occurredAt: new Date(Date.UTC(2019, 2, 10, 11, minute)),
      backfilled: false,
      stayRef: ref,
      data: { credentials: [{ kind: 'plate', value: ref }] },
    }
    await recordParkingFacts(apds.garage.deps)({ ...apds.garage, connectionId })([fact])
  }
  test('sessions of others, in pages of one view, though they change meanwhile', async () => {
    for (let i = 0; i < 5; i++) await told(`OTHER${i}`, i)
    const first = await call('GET', 'sessions?start_after=1552215599')
    expect(first.body.meta).toMatchObject({ total: 5, offset: 0, pageSize: 2 })
    await told('LATER', 30)
    const second = await call('GET', 'sessions?start_after=1552215599&page=2')
    const third = await call('GET', 'sessions?start_after=1552215599&page=3')
    const ids = [first, second, third].flatMap(({ body }) => body.data ?? []).map(({ id }) => id)
    expect(new Set(ids).size).toBe(5)
    expect(new Set([first, second, third].map(({ body }) => body.meta?.referenceInstant)).size).toBe(1)
    const [id = ''] = ids
    const one = (await call('GET', `sessions/${id}?expand=segments.assignedRight`)).body
    expect(one).toMatchObject({
      version: 1,
      initiator: { id: 'operator' },
      segments: [{ assignedRight: { rightHolder: {} } }],
    })
    expect((await call('GET', `rights/assigned/stay.${id}`)).status).toBe(200)
    expect((await call('GET', 'sessions?credential_id=other3')).body.data).toMatchObject([
      { identifiedCredentials: [{ identifier: { id: 'OTHER3' } }] },
    ])
    expect((await call('GET', 'sessions?place=elsewhere')).body.meta).toMatchObject({ total: 0 })
  })

  test('what was deleted, and rights that were taken back', async () => {
    const kept = await addCredential(apds.garage, 'card', '04A3C6CAE26199')
    expect((await call('GET', `rights/assigned/${kept}`)).body).toMatchObject({
      rightHolder: { credentials: [{ type: 'rfid', identifier: { id: '04A3C6CAE26199' } }] },
    })
    await apds.garage.db
      .updateTable('credential')
      .set({ status: 'revoked', updated_at: apds.garage.clock.now() })
      .where('credential_id', '=', kept)
      .execute()
    const since = Math.floor(apds.garage.clock.now().getTime() / 1_000) - 5
    expect(
      (await call('GET', `rights/assigned?modified_since=${since}`)).body.deletedReferences?.map(({ id }) => id),
    ).toContain(kept)
    expect((await call('GET', `rights/assigned/${kept}`)).status).toBe(404)
    const gone = (await call('GET', `sessions?modified_since=${since - 3_600}`)).body.deletedReferences
    expect(gone?.map(({ id }) => id)).toContain('S1')
  })

  test('bays with their chargers', async () => {
    await addBay(apds.garage, 'E1')
    const { data = [] } = (await call('GET', 'places?type=space&expand=all')).body
    expect(data).toMatchObject([{ type: 'space', name: [{ language: 'en', string: 'E1' }], layer: 1 }])
  })
})

describe('notifications', () => {
  test('go to the agreed host alone, again until they are taken, with one id', async () => {
    expect(
      await call('POST', 'webhooks', { endpoint: 'http://127.0.0.1:1/x', topics: ['SessionCreated'] }),
    ).toMatchObject({ status: 400, body: { message: expect.stringContaining('/endpoint') } })
    expect((await call('POST', 'webhooks', { endpoint: notifyUrl, topics: ['SessionCreated'] })).status).toBe(200)
    answers.push(503, 500)
    const connectionId = await insertConnection(database.db, apds.garage.organizationId)
    await recordParkingFacts(apds.garage.deps)({ ...apds.garage, connectionId })([
      {
        id: 'n',
        revision: 1,
        type: 'stay.opened',
        occurredAt: new Date('2019-03-10T11:00:00Z'),
        backfilled: false,
        stayRef: 'n',
        data: {},
      },
    ])
    await eventually(() => heard.length > 0, 'the notification')
    expect(answers).toEqual([])
    const stay = await database.db
      .selectFrom('stay')
      .select('stay_id')
      .where('connection_id', '=', connectionId)
      .executeTakeFirstOrThrow()
    expect(heard.flatMap((one) => faultsOf('notification', one))).toEqual([])
    expect(heard).toMatchObject([{ type: 'SessionCreated', reference: { id: stay.stay_id, className: 'Session' } }])
    // Its own sessions are no news to the partner.
    await call('POST', 'sessions', session('OWN'))
    await eventually(
      async () => (await database.pool.query('select 1 from delivery')).rows.length === 0,
      'the last delivery',
    )
    expect(heard).toHaveLength(1)
  })
})
