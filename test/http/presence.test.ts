// Owns the proof of the operations on movements, occupancy, counts and charging bays: filters, pages, reach of a key, bad input, nothing there.
// Must not prove how they are derived; test/services/parking and test/domain do.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { StayFact } from '../../core/domain/stay/index.ts'
import { evaluateEvBay } from '../../core/services/ev-bays/evaluate-ev-bay.ts'
import { recordParkingFacts } from '../../core/services/parking/record-parking-facts.ts'
import { insertConnection } from '../setup/records.ts'
import { type HubApi, type Json, startHubApi } from './hub-api.ts'

let hub: HubApi
let mine: string
let theirs: string
let empty: string
/** Reads and decides at one site. */
let limited: string
/** Reads only, everywhere. */
let viewer: string
let bayId: string
let areaId: string
let theirBay: string

const get = (path: string, key?: string) => hub.call('GET', path, key === undefined ? {} : { key })
const post = (path: string, body?: Json, key?: string) =>
  hub.call('POST', path, { ...(body === undefined ? {} : { body }), ...(key === undefined ? {} : { key }) })
const made = async (path: string, body: Json): Promise<Json> => {
  const answer = await post(path, body)
  expect([path, answer.status]).toEqual([path, 201])
  return answer.body
}
const at = (minute: number) => new Date(Date.parse('2026-03-10T06:00:00Z') + minute * 60_000)
const iso = (minute: number) => at(minute).toISOString()

function passed(id: string, minute: number, value: string, direction: 'entry' | 'exit' = 'entry'): StayFact {
  const data = { direction, credentials: [{ kind: 'plate' as const, value }] }
  const head = {
    id,
    revision: 1,
    occurredAt: at(minute),
    backfilled: false,
    lane: direction === 'entry' ? 'in' : 'out',
  }
  return { ...head, type: 'gate.passed', data, factId: id }
}

beforeAll(async () => {
  hub = await startHubApi()
  const site = async (code: string) =>
    (await made('/sites', { code, timeZone: 'Europe/Berlin', currency: 'EUR' })).siteId as string
  ;[mine, theirs, empty] = [await site('MINE'), await site('THEIRS'), await site('EMPTY')]
  limited = (await made('/api-keys', { name: 'limited', role: 'owner', siteIds: [mine] })).key
  viewer = (await made('/api-keys', { name: 'viewer', role: 'viewer' })).key
  areaId = (await made('/areas', { siteId: mine, code: 'L1' })).areaId
  for (const [siteId, code, area] of [
    [mine, 'B1', areaId],
    [mine, 'B2', undefined],
    [theirs, 'B1', undefined],
  ] as const) {
    const bay = await made('/bays', { siteId, code, kind: 'ev', ...(area ? { areaId: area } : {}) })
    const evses = [{ number: 1, bayId: bay.bayId }]
    await made('/stations', { siteId, code: `CP-${siteId.slice(-6)}-${code}`, evses })
    if (siteId === theirs) theirBay = bay.bayId
    else if (code === 'B1') bayId = bay.bayId
  }
  const { organizationId } = hub
  for (const siteId of [mine, theirs]) {
    const source = { organizationId, siteId, connectionId: await insertConnection(hub.database.db, organizationId) }
    const occupancy = { counter: 'total', occupied: 4, capacity: 10 }
    await recordParkingFacts(hub.service)(source)([
      passed('a', 0, 'B-WA 1234'),
      passed('b', 10, 'CAR2'),
      passed('c', 10, 'CAR3'),
      passed('d', 60, 'B WA 1234', 'exit'),
      {
        ...passed('e', 70, 'CAR4'),
        type: 'gate.decided',
        data: { direction: 'entry', decision: 'declined', reasonCode: 'blocked', credentials: [] },
      } as StayFact,
      { ...passed('f', 80, ''), type: 'occupancy.changed', data: occupancy } as StayFact,
      { ...passed('g', 90, ''), type: 'bay.changed', data: { bay: 'B1', occupied: true } } as StayFact,
    ])
  }
  await evaluateEvBay(hub.service)({ organizationId, siteId: mine, bayId })
})
afterAll(() => hub.close())

describe('movements', () => {
  const list = async (query: string, key?: string): Promise<Json[]> => {
    const answer = await get(`/movements?${query}`, key)
    expect([query, answer.status]).toEqual([query, 200])
    return answer.body.items
  }
  const plates = async (query: string) => (await list(`siteId=${mine}&${query}`)).map(({ plate }) => plate)

  test('newest first, or the other way round', async () => {
    const times = (await list(`siteId=${mine}`)).map((one) => one.at)
    expect(times).toEqual([iso(70), iso(60), iso(10), iso(10), iso(0)])
    expect((await list(`siteId=${mine}&sort=at`)).map((one) => one.at)).toEqual([...times].reverse())
  })

  test('by lane, kind, plate and time: at or after, and before', async () => {
    expect(await plates('lane=out')).toHaveLength(1)
    expect((await list(`siteId=${mine}&kind=refused`)).map(({ reason }) => reason)).toEqual([expect.any(String)])
    expect(await list(`siteId=${mine}&plate=bwa-1234`)).toMatchObject([
      { at: iso(60), kind: 'passed', direction: 'exit', lane: 'out' },
      { at: iso(0), kind: 'passed', direction: 'entry', lane: 'in' },
    ])
    expect(await plates(`from=${iso(10)}&to=${iso(60)}`)).toHaveLength(2)
    expect(await plates(`from=${iso(60)}&plate=NOBODY`)).toEqual([])
    expect(await list(`siteId=${empty}`)).toEqual([])
  })

  test.each(['at', '-at'])(
    'pages of one lose and double nothing, sorted by %s, also where two are of one instant',
    async (sort) => {
      const seen: string[] = []
      let cursor = ''
      do {
        const page = (await get(`/movements?siteId=${mine}&sort=${sort}&limit=1${cursor}`)).body
        seen.push(...page.items.map((one: Json) => one.movementId))
        cursor = page.nextCursor === null ? '' : `&cursor=${page.nextCursor}`
      } while (cursor !== '')
      expect(seen).toEqual((await list(`siteId=${mine}&sort=${sort}`)).map((one) => one.movementId))
      expect(seen).toHaveLength(5)
    },
  )

  test('a limited key sees those of its site', async () => {
    expect(new Set((await list('', limited)).map(({ siteId }) => siteId))).toEqual(new Set([mine]))
    expect(await list(`siteId=${theirs}`, limited)).toEqual([])
    expect(new Set((await list('')).map(({ siteId }) => siteId))).toEqual(new Set([mine, theirs]))
  })
})

describe('occupancy', () => {
  test('of a site: the stays, the counters and why they differ', async () => {
    expect((await get(`/occupancy-report?siteId=${mine}`, limited)).body).toMatchObject({
      siteId: mine,
      derived: 2,
      reported: 4,
      drift: 2,
      capacity: 10,
      counters: [{ counter: 'total', reported: 4, derived: 2, drift: 2 }],
      evBays: { total: 2 },
    })
    expect((await get(`/occupancy-report?siteId=${empty}`)).body).toMatchObject({
      derived: 0,
      reported: null,
      drift: null,
      capacity: null,
      corrected: null,
      countedAt: null,
      inside: [],
      counters: [],
      evBays: { total: 0, states: {} },
      causes: { ghosts: [], missedExits: [], missedEntries: [] },
    })
  })

  test('by the hour, in whole hours up to now', async () => {
    const { items } = (await get(`/occupancy-history?siteId=${mine}&from=${iso(15)}&to=2031-01-01T00:00:00Z`)).body
    expect(items).toEqual([
      { at: iso(0), derived: 3, reported: null, entries: 3, exits: 0 },
      { at: iso(60), derived: 2, reported: 4, entries: 0, exits: 1 },
    ])
    const none = (await get(`/occupancy-history?siteId=${empty}`)).body.items as Json[]
    expect(none).toHaveLength(24)
    expect(none.every(({ derived, reported }) => derived === 0 && reported === null)).toBe(true)
    const other = (await get(`/occupancy-history?siteId=${mine}&from=${iso(60)}&counter=other`)).body.items
    expect(other.map(({ reported }: Json) => reported)).toEqual([null])
  })
})

describe('counts', () => {
  const count = (body: object, key?: string) => post('/occupancy-counts', { siteId: mine, ...body }, key)

  test('a count proposes the oldest stays, closes those that are named, once, and is taken back, once', async () => {
    const answer = await count({ counted: 1, at: iso(100), note: 'Walked' }, limited)
    expect(answer).toMatchObject({ status: 201, body: { derived: 2, counted: 1, note: 'Walked', undoneAt: null } })
    const { countId, proposals } = answer.body
    expect(proposals).toHaveLength(1)
    const { stayId } = proposals[0]
    const close = (stayIds: string[], key?: string) =>
      post(`/occupancy-counts/${countId}/close-stays`, { stayIds }, key)
    const foreign = (await get(`/stays?siteId=${theirs}`)).body.items[0].stayId
    for (const unknown of [foreign, hub.service.newId()])
      expect(await close([stayId, unknown])).toMatchObject({
        status: 422,
        body: { errors: [{ pointer: '/stayIds/1' }] },
      })
    expect((await get(`/stays/${stayId}`)).body.state).toBe('open')
    expect((await close([stayId], limited)).status).toBe(200)
    expect((await get(`/stays/${stayId}`)).body).toMatchObject({ state: 'closed', flags: ['exit_unknown'] })
    expect(await close([stayId])).toMatchObject({ status: 422, body: { errors: [{ pointer: '/stayIds/0' }] } })
    expect((await get(`/occupancy-report?siteId=${mine}`)).body).toMatchObject({ derived: 1, corrected: 1 })

    const undo = () => post(`/occupancy-counts/${countId}/undo`, undefined, limited)
    expect(await undo()).toMatchObject({ status: 200, body: { undoneAt: expect.any(String) } })
    expect((await get(`/stays/${stayId}`)).body.state).toBe('open')
    expect((await undo()).status).toBe(409)
    expect((await close([stayId])).status).toBe(409)
    expect((await get(`/occupancy-report?siteId=${mine}`)).body).toMatchObject({ derived: 2, corrected: null })
  })

  test('are listed newest first, by site and time, in pages, as far as the key reaches', async () => {
    for (const minute of [101, 102]) expect((await count({ counted: 2, at: iso(minute) })).status).toBe(201)
    const own = (await post('/occupancy-counts', { siteId: theirs, counted: 3, at: iso(103) })).body
    const times = async (query: string, key?: string) =>
      (await get(`/occupancy-counts?${query}`, key)).body.items.map((one: Json) => one.at)
    expect(await times(`siteId=${mine}`)).toEqual([iso(102), iso(101), iso(100)])
    expect(await times('', limited)).toEqual([iso(102), iso(101), iso(100)])
    expect(await times(`siteId=${theirs}`, limited)).toEqual([])
    expect(await times(`siteId=${mine}&from=${iso(101)}&to=${iso(102)}`)).toEqual([iso(101)])
    expect(await times(`siteId=${empty}`)).toEqual([])
    const first = (await get(`/occupancy-counts?siteId=${mine}&limit=2`)).body
    expect(await times(`siteId=${mine}&limit=2&cursor=${first.nextCursor}`)).toEqual([iso(100)])
    for (const path of ['undo', 'close-stays']) {
      const body = path === 'undo' ? undefined : { stayIds: [hub.service.newId()] }
      expect((await post(`/occupancy-counts/${own.countId}/${path}`, body, limited)).status).toBe(404)
    }
  })

  test('who only reads decides nothing', async () => {
    expect((await count({ counted: 1 }, viewer)).status).toBe(403)
    const id = hub.service.newId()
    expect((await post(`/occupancy-counts/${id}/undo`, undefined, viewer)).status).toBe(403)
    expect((await post(`/occupancy-counts/${id}/close-stays`, { stayIds: [id] }, viewer)).status).toBe(403)
    expect((await get('/occupancy-counts', viewer)).status).toBe(200)
  })

  test.each<[string, () => object, string]>([
    ['a count below nothing', () => ({ counted: -1 }), '/counted'],
    ['half a car', () => ({ counted: 1.5 }), '/counted'],
    ['none at all', () => ({}), '/counted'],
    ['tomorrow', () => ({ counted: 1, at: '2026-03-11T08:00:00Z' }), '/at'],
    ['no time', () => ({ counted: 1, at: 'noon' }), '/at'],
    ['what nobody knows', () => ({ counted: 1, cars: 2 }), '/cars'],
    ['an unknown site', () => ({ siteId: hub.service.newId(), counted: 1 }), '/siteId'],
    ['the site of others', () => ({ siteId: theirs, counted: 1 }), '/siteId'],
  ])('%s is refused at its field, and nothing is kept', async (_, body, pointer) => {
    const before = (await get('/occupancy-counts?limit=200')).body.items.length
    expect(await count(body(), limited)).toMatchObject({ status: 422, body: { errors: [{ pointer }] } })
    expect((await get('/occupancy-counts?limit=200')).body.items).toHaveLength(before)
  })
})

describe('charging bays', () => {
  const codes = async (query: string, key?: string) =>
    (await get(`/ev-bays?${query}`, key)).body.items.map(
      (one: Json) => `${one.siteId === mine ? '' : 'their '}${one.code}`,
    )

  test('by site, area and state, as far as the key reaches', async () => {
    expect((await codes('')).sort()).toEqual(['B1', 'B2', 'their B1'])
    expect(await codes('', limited)).toEqual(['B1', 'B2'])
    expect(await codes(`siteId=${theirs}`, limited)).toEqual([])
    expect(await codes(`areaId=${areaId}`)).toEqual(['B1'])
    expect(await codes(`siteId=${mine}&state=occupied_not_charging`)).toEqual(['B1'])
    expect(await codes(`siteId=${mine}&state=charging`)).toEqual([])
    expect(await codes(`siteId=${empty}`)).toEqual([])
    const first = (await get(`/ev-bays?siteId=${mine}&limit=1`)).body
    expect(first.items).toMatchObject([
      { code: 'B1', occupied: true, sessionId: null, evseCodes: [expect.any(String)] },
    ])
    expect(await codes(`siteId=${mine}&limit=1&cursor=${first.nextCursor}`)).toEqual(['B2'])
  })

  test('what one was, oldest first; nothing of a bay that is not there for this key', async () => {
    const { items } = (await get(`/ev-bays/${bayId}/history?from=${iso(0)}`, limited)).body
    expect(items.map(({ state }: Json) => state)).toEqual(['free', 'occupied_not_charging'])
    expect(items[0]).toMatchObject({ from: iso(0) })
    for (const id of [theirBay, hub.service.newId()])
      expect((await get(`/ev-bays/${id}/history`, limited)).status).toBe(404)
  })
})

test.each<[string, () => string, string]>([
  ['a movement of no kind', () => '/movements?kind=flown', '/kind'],
  ['a site that is no id', () => '/movements?siteId=7', '/siteId'],
  ['a time that is none', () => '/movements?from=yesterday', '/from'],
  ['an order that is none', () => '/movements?sort=plate', '/sort'],
  ['no lane at all', () => '/movements?lane=', '/lane'],
  ['a page of too many', () => '/movements?limit=100000', '/limit'],
  ['a cursor that is none', () => '/movements?cursor=x', '/cursor'],
  ['what nobody knows', () => '/movements?colour=red', '/colour'],
  ['a report of nothing', () => '/occupancy-report', '/siteId'],
  ['a report of an unknown site', () => `/occupancy-report?siteId=${hub.service.newId()}`, '/siteId'],
  ['a history of nothing', () => '/occupancy-history', '/siteId'],
  ['a history of the site of others', () => `/occupancy-history?siteId=${theirs}`, '/siteId'],
  [
    'a history that ends before it begins',
    () => `/occupancy-history?siteId=${mine}&from=${iso(60)}&to=${iso(0)}`,
    '/from',
  ],
  ['a history of a year', () => `/occupancy-history?siteId=${mine}&from=2025-03-10T08:00:00Z`, '/from'],
  ['a bay in no state', () => '/ev-bays?state=parked', '/state'],
  ['a bay’s history of a year', () => `/ev-bays/${bayId}/history?from=2025-03-10T08:00:00Z`, '/from'],
  [
    'a bay’s history that ends before it begins',
    () => `/ev-bays/${bayId}/history?from=${iso(60)}&to=${iso(0)}`,
    '/from',
  ],
])('%s is refused at its field', async (_, path, pointer) => {
  const answer = await get(path(), limited)
  expect([answer.status, answer.body.errors?.[0]?.pointer]).toEqual([422, pointer])
})

test('nothing is told without a key that may read', async () => {
  const paths = [
    '/movements',
    `/occupancy-report?siteId=${mine}`,
    '/occupancy-counts',
    '/ev-bays',
    `/ev-bays/${bayId}/history`,
  ]
  for (const path of paths) expect([path, (await hub.call('GET', path, { key: null })).status]).toEqual([path, 401])
})
