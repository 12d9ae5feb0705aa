// Owns the behaviour of places through the API: made, listed, changed at a version, archived, kept to their site.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type HubApi, type Json, startHubApi } from './hub-api.ts'

let hub: HubApi
let site: Json
let other: Json

beforeAll(async () => {
  hub = await startHubApi()
  const one = await hub.call('POST', '/sites', { body: { code: 'P1', timeZone: 'Europe/Berlin', currency: 'EUR' } })
  const two = await hub.call('POST', '/sites', { body: { code: 'P2', timeZone: 'America/New_York', currency: 'USD' } })
  site = one.body
  other = two.body
})
afterAll(() => hub.close())

test('a site is named by its code unless it is named', async () => {
  expect(site).toMatchObject({
    code: 'P1',
    name: 'P1',
    timeZone: 'Europe/Berlin',
    currency: 'EUR',
    version: 1,
    settings: {},
  })
  const read = await hub.call('GET', `/sites/${site.siteId}`)
  expect(read).toMatchObject({ status: 200, body: site })
  expect(read.headers.get('etag')).toBe('"v1"')
})

test('a zone that no clock knows, and one that only JavaScript would take, are refused', async () => {
  for (const timeZone of ['Mars/Base', '+01:00', 'Europe/Berlin ']) {
    const answer = await hub.call('POST', '/sites', { body: { code: 'X', timeZone, currency: 'EUR' } })
    expect(answer).toMatchObject({ status: 422, body: { code: 'invalid_request', errors: [{ pointer: '/timeZone' }] } })
  }
})

test('a code is unique, also against archived records, and says which field', async () => {
  const again = await hub.call('POST', '/sites', { body: { code: 'P1', timeZone: 'Europe/Berlin', currency: 'EUR' } })
  expect(again).toMatchObject({ status: 409, body: { code: 'conflict', errors: [{ in: 'body', pointer: '/code' }] } })
})

test.each([
  ['areas', { code: 'L1', level: '-1' }, { level: '-2' }],
  ['bays', { code: 'B1', kind: 'ev' }, { kind: 'accessible' }],
  ['lanes', { code: 'E1', direction: 'entry' }, { direction: 'both' }],
  ['devices', { code: 'D1', kind: 'camera' }, { name: 'Camera at the gate' }],
])('%s are made, read, listed, changed at a version, archived and brought back', async (kind, fields, change) => {
  const made = await hub.call('POST', `/${kind}`, { body: { siteId: site.siteId, ...fields } })
  expect(made).toMatchObject({ status: 201, body: { siteId: site.siteId, ...fields, name: fields.code, version: 1 } })
  const at = made.headers.get('location') ?? ''
  expect(await hub.call('GET', at)).toMatchObject({ status: 200, body: made.body })

  const changed = await hub.call('PATCH', at, { body: change, headers: { 'If-Match': '"v1"' } })
  expect(changed).toMatchObject({ status: 200, body: { ...change, version: 2 } })
  const stale = await hub.call('PATCH', at, { body: change, headers: { 'If-Match': '"v1"' } })
  expect(stale).toMatchObject({ status: 412, body: { code: 'record_changed' } })
  expect(stale.headers.get('etag')).toBe('"v2"')

  const listed = await hub.call('GET', `/${kind}?siteId=${site.siteId}&search=${fields.code.toLowerCase()}`)
  expect(listed.body).toMatchObject({ items: [{ code: fields.code, ...change }], nextCursor: null })

  expect(await hub.call('DELETE', at)).toMatchObject({ status: 204, body: '' })
  expect((await hub.call('DELETE', at)).status).toBe(409)
  expect((await hub.call('GET', `/${kind}`)).body.items).toEqual([])
  expect((await hub.call('GET', `/${kind}?archived=true`)).body.items).toHaveLength(1)
  expect(await hub.call('PATCH', at, { body: { archived: false } })).toMatchObject({
    status: 200,
    body: { archivedAt: null },
  })

  const { rows } = await hub.database.pool.query(
    'select action, before, after, actor from audit_log where subject_id = $1 order by audit_id',
    [Object.values(made.body).find((value) => at.endsWith(String(value)))],
  )
  expect(rows.map((row) => row.action.split('.')[1])).toEqual(['created', 'updated', 'archived', 'restored'])
  expect(rows[1]).toMatchObject({ before: fields, after: change })
})

test('what stands on one site is not put into another', async () => {
  const area = await hub.call('POST', '/areas', { body: { siteId: other.siteId, code: 'A' } })
  const bay = { siteId: site.siteId, code: 'B9', areaId: area.body.areaId }
  expect(await hub.call('POST', '/bays', { body: bay })).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: '/areaId', message: 'is on another site' }] },
  })
  expect(
    await hub.call('POST', '/lanes', { body: { siteId: area.body.areaId, code: 'X', direction: 'exit' } }),
  ).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: '/siteId', message: 'no such site' }] },
  })
})

test('a bay shows the car and the charger that are there', async () => {
  const bay = (await hub.call('POST', '/bays', { body: { siteId: site.siteId, code: 'B10' } })).body
  expect(bay).toMatchObject({ car: null, evses: [] })
  const station = (
    await hub.call('POST', '/stations', {
      body: { siteId: site.siteId, code: 'CP-1', evses: [{ number: 1, bayId: bay.bayId }] },
    })
  ).body
  const place = [hub.organizationId, site.siteId]
  await hub.database.pool.query('insert into bay_state values ($1, $2, $3, true, $4)', [
    ...place,
    bay.bayId,
    '2026-03-10T07:00:00Z',
  ])
  await hub.database.pool.query(
    `insert into connector (organization_id, site_id, station_id, evse_number, number, status) values ($1, $2, $3, 1, 1, 'charging')`,
    [...place, station.stationId],
  )
  const read = await hub.call('GET', `/bays/${bay.bayId}`)
  expect(read.body).toMatchObject({
    car: { occupied: true, since: '2026-03-10T07:00:00.000Z' },
    evses: [{ stationCode: 'CP-1', number: 1, code: 'CP-1-1', status: 'charging', connected: false }],
  })
  expect((await hub.call('GET', '/bays?occupied=true')).body.items).toMatchObject([{ code: 'B10' }])
  expect((await hub.call('GET', '/bays?occupied=false')).body.items).toEqual([])
  const overview = await hub.call('GET', `/sites/${site.siteId}/overview`)
  expect(overview).toMatchObject({
    status: 200,
    body: { openStays: { count: 0 }, revenueToday: { totalMinor: 0, currency: 'EUR' } },
  })
  expect(overview.body.bays.find((one: Json) => one.code === 'B10')).toMatchObject({
    car: { occupied: true },
    session: null,
  })
})

test('the organization can be renamed at a version', async () => {
  const before = await hub.call('GET', '/organization')
  expect(before.body).toMatchObject({ name: 'Test', version: 1 })
  expect((await hub.call('GET', '/organization', { headers: { 'If-None-Match': '"v1"' } })).status).toBe(304)
  const after = await hub.call('PATCH', '/organization', {
    body: { name: 'Parking AG' },
    headers: { 'If-Match': '"v1"' },
  })
  expect(after).toMatchObject({ status: 200, body: { name: 'Parking AG', version: 2 } })
})

test('counters of the parking system are listed', async () => {
  await hub.database.pool.query(
    `insert into occupancy (organization_id, site_id, counter, free, at) values ($1, $2, 'total', 7, now())`,
    [hub.organizationId, site.siteId],
  )
  const listed = await hub.call('GET', `/occupancy?siteId=${site.siteId}`)
  expect(listed.body.items).toMatchObject([{ counter: 'total', category: '', free: 7, occupied: null }])
})

test('of many changes made from the same version one is taken', async () => {
  const { bayId } = (await hub.call('POST', '/bays', { body: { siteId: site.siteId, code: 'B-race' } })).body
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, i) =>
      hub.call('PATCH', `/bays/${bayId}`, { body: { name: `name ${i}` }, headers: { 'If-Match': '"v1"' } }),
    ),
  )
  expect(answers.map((answer) => answer.status).sort()).toEqual([200, ...Array.from({ length: 7 }, () => 412)])
  const winner = answers.find((answer) => answer.status === 200)?.body
  expect((await hub.call('GET', `/bays/${bayId}`)).body).toMatchObject({ name: winner.name, version: 2 })
  const { rows } = await hub.database.pool.query(
    `select after->>'name' as name from audit_log where subject_id = $1 and action = 'bay.updated'`,
    [bayId],
  )
  expect(rows).toEqual([{ name: winner.name }])
})
