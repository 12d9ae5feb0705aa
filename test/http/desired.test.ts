// Owns the behaviour of desired state through the API: items with their faults named, limits, drift, and asking for a look.
// Must not bring a station in line; test/services/desired does.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HubApi, type Json, startHubApi } from './hub-api.ts'

let hub: HubApi
let siteId: string
let stationId: string
beforeAll(async () => {
  hub = await startHubApi()
  siteId = (await hub.call('POST', '/sites', { body: { code: 'P1', timeZone: 'Europe/Berlin', currency: 'EUR' } })).body
    .siteId
  stationId = (await hub.call('POST', '/stations', { body: { siteId, code: 'CP1' } })).body.stationId
})
afterAll(() => hub.close())

const setting = { kind: 'setting', key: 'HeartbeatInterval', value: { value: '300' } }
const profile = {
  profileId: 7,
  stackLevel: 0,
  purpose: 'default',
  kind: 'absolute',
  schedules: [{ unit: 'A', periods: [{ startSeconds: 0, limit: 10 }] }],
}
const network = {
  url: 'wss://hub.example/ocpp',
  interface: 'wired0',
  version: 'ocpp2.0.1',
  messageTimeoutSeconds: 30,
  securityProfile: 2,
}
const jobs = async () =>
  (
    await hub.database.ownerPool.query<{ task: string }>(
      `delete from graphile_worker._private_jobs j using graphile_worker._private_tasks t where t.id = j.task_id
         returning t.identifier as task`,
    )
  ).rows.map(({ task }) => task)

describe('an item', () => {
  test('is made, merged, changed at a version, logged, and taken away', async () => {
    await jobs()
    const made = await hub.call('POST', '/desired-items', { body: { scope: 'organization', ...setting } })
    expect(made).toMatchObject({
      status: 201,
      body: { scope: 'organization', enabled: true, version: 1, siteId: null },
    })
    expect(await jobs()).toEqual(['desired.changed'])
    const own = await hub.call('POST', '/desired-items', {
      body: { scope: 'station', stationId, ...setting, value: { value: '60' } },
    })
    expect(own.body).toMatchObject({ siteId, stationId })
    const merged = async () => (await hub.call('GET', `/stations/${stationId}/desired`)).body.items
    expect(await merged()).toMatchObject([
      { kind: 'setting', key: 'HeartbeatInterval', value: { value: '60' }, scope: 'station', state: 'unknown' },
    ])
    const at = `/desired-items/${own.body.desiredItemId}`
    const stale = await hub.call('PATCH', at, { body: { enabled: false }, headers: { 'If-Match': '"v9"' } })
    expect(stale.status).toBe(412)
    const off = await hub.call('PATCH', at, {
      body: { enabled: false },
      headers: { 'If-Match': own.headers.get('etag') ?? '' },
    })
    expect(off).toMatchObject({ status: 200, body: { enabled: false, version: 2 } })
    expect(await merged()).toMatchObject([{ value: { value: '300' }, scope: 'organization' }])
    expect((await hub.call('DELETE', at)).status).toBe(204)
    expect((await hub.call('GET', '/desired-items')).body.items).toHaveLength(1)
    const { body } = await hub.call('GET', `/audit-log?subjectId=${own.body.desiredItemId}`)
    expect(body.items.map((one: Json) => one.action)).toEqual([
      'desired_item.archived',
      'desired_item.updated',
      'desired_item.created',
    ])
  })

  test('is wanted once at a place', async () => {
    const model = { scope: 'model', vendor: 'Volt', model: 'One', ...setting }
    expect((await hub.call('POST', '/desired-items', { body: model })).status).toBe(201)
    const again = await hub.call('POST', '/desired-items', { body: { ...model, vendor: 'VOLT' } })
    expect(again).toMatchObject({ status: 409, body: { errors: [{ pointer: '/key' }] } })
  })

  test.each<[string, object, string]>([
    ['a password', { ...setting, key: 'AuthorizationKey' }, '/key'],
    ['a password of later versions', { ...setting, key: 'SecurityCtrlr.BasicAuthPassword' }, '/key'],
    ['a value that is no text', { ...setting, value: { value: 300 } }, '/value/value'],
    ['a value with more', { ...setting, value: { value: '1', colour: 'red' } }, '/value/colour'],
    ['another list', { kind: 'local_list', key: 'second', value: {} }, '/key'],
    ['no room', { kind: 'local_list', key: 'list', value: { maxEntries: 0 } }, '/value/maxEntries'],
    ['half a profile', { kind: 'profile', key: 'p', value: { profile: {} } }, '/value/profile/profileId'],
    [
      'a profile for a transaction',
      { kind: 'profile', key: 'p', value: { profile: { ...profile, purpose: 'transaction' } } },
      '/value/profile/purpose',
    ],
    [
      'a late first period',
      {
        kind: 'profile',
        key: 'p',
        value: { profile: { ...profile, schedules: [{ unit: 'A', periods: [{ startSeconds: 5, limit: 1 }] }] } },
      },
      '/value/profile/schedules/0/periods/0/startSeconds',
    ],
    [
      'a failsafe that is none',
      { kind: 'profile', key: 'p', value: { failsafe: true, profile: { ...profile, purpose: 'priority' } } },
      '/value/failsafe',
    ],
    [
      'a limit of the station at one EVSE',
      { kind: 'profile', key: 'p', value: { evse: 1, profile: { ...profile, purpose: 'station_max' } } },
      '/value/evse',
    ],
    [
      'no certificate',
      { kind: 'root_certificate', key: 'r', value: { use: 'v2g_root', pem: '-----BEGIN CERTIFICATE-----' } },
      '/value/pem',
    ],
    [
      'a tariff without a name',
      { kind: 'default_tariff', key: 't', value: { tariff: { currency: 'EUR' } } },
      '/value/tariff/tariffId',
    ],
    [
      'a message without words',
      { kind: 'display_message', key: 'm', value: { message: { messageId: 1 } } },
      '/value/message/priority',
    ],
    ['a slot by name', { kind: 'network_profile', key: 'main', value: { profile: network } }, '/key'],
    [
      'an address that is none',
      { kind: 'network_profile', key: '1', value: { profile: { ...network, url: 'http://x' } } },
      '/value/profile/url',
    ],
    [
      'the password of a mobile network',
      { kind: 'network_profile', key: '1', value: { profile: { ...network, apn: { apn: 'x', apnPassword: 'y' } } } },
      '/value/profile/apn/apnPassword',
    ],
  ])('with %s is refused, and the field is named', async (_what, body, pointer) => {
    const answer = await hub.call('POST', '/desired-items', { body: { scope: 'site', siteId, ...body } })
    expect(answer.status).toBe(422)
    expect(answer.body.errors.map((one: Json) => one.pointer)).toContain(pointer)
  })

  test.each<[object, string]>([
    [{ scope: 'site' }, '/siteId'],
    [{ scope: 'station' }, '/stationId'],
    [{ scope: 'model' }, '/vendor'],
    [{ scope: 'organization', vendor: 'Volt' }, '/vendor'],
    [{ scope: 'site', siteId: '0195f3b2-6c00-7000-8000-0a1b2c3d4e5f' }, '/siteId'],
  ])('for %j has no place', async (scope, pointer) => {
    const answer = await hub.call('POST', '/desired-items', { body: { ...scope, ...setting, key: 'Other' } })
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ pointer }] } })
  })

  test('a change is checked as the item was', async () => {
    const made = await hub.call('POST', '/desired-items', {
      body: {
        scope: 'site',
        siteId,
        kind: 'display_message',
        key: 'm',
        value: { message: { messageId: 1, priority: 'in_front', format: 'utf8', content: 'x' } },
      },
    })
    const wrong = await hub.call('PATCH', `/desired-items/${made.body.desiredItemId}`, {
      body: { value: { text: 'x' } },
    })
    expect(wrong).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/value/message' }, { pointer: '/value/text' }] },
    })
  })
})

test('a key limited to sites sees what holds everywhere and changes only what holds at its sites', async () => {
  const key = (
    await hub.call('POST', '/api-keys', {
      body: { name: 'site', scopes: ['chargers:read', 'chargers:write'], siteIds: [siteId] },
    })
  ).body.key
  const wide = (await hub.call('GET', '/desired-items?scope=organization', { key })).body.items[0]
  expect(wide).toMatchObject({ scope: 'organization' })
  const at = `/desired-items/${wide.desiredItemId}`
  expect((await hub.call('PATCH', at, { key, body: { enabled: false } })).status).toBe(403)
  expect((await hub.call('DELETE', at, { key })).status).toBe(403)
  expect((await hub.call('GET', at)).body).toMatchObject({ enabled: true, archivedAt: null })
  const body = { scope: 'organization', ...setting, key: 'Else' }
  expect((await hub.call('POST', '/desired-items', { key, body })).status).toBe(403)
  expect((await hub.call('POST', '/desired-items', { key, body: { ...body, scope: 'site', siteId } })).status).toBe(201)
})

test('drift is listed with counts, filtered, and put to another look', async () => {
  const row = (kind: string, name: string, state: string) =>
    hub.database.pool.query(
      `insert into station_actual (organization_id, site_id, station_id, kind, key, state, desired_hash, reason, attempts,
         next_try_at, updated_at) values ($1, $2, $3, $4, $5, $6, 'h', 'because', 3, now() + interval '1 day', now())`,
      [hub.organizationId, siteId, stationId, kind, name, state],
    )
  await row('setting', 'A', 'in_line')
  await row('setting', 'B', 'refused')
  await row('profile', 'C', 'drifted')
  const all = await hub.call('GET', `/drift?siteId=${siteId}`)
  expect(hub.errors).toEqual([])
  expect(all).toMatchObject({ status: 200, body: { counts: { in_line: 1, refused: 1, drifted: 1, unknown: 0 } } })
  expect(all.body.items.map((one: Json) => one.key)).toEqual(['C', 'A', 'B'])
  const out = await hub.call('GET', `/stations/${stationId}/drift?outOfLine=true&limit=1`)
  expect(out.body).toMatchObject({ items: [{ key: 'C', state: 'drifted', reason: 'because' }] })
  const rest = await hub.call(
    'GET',
    `/stations/${stationId}/drift?outOfLine=true&limit=1&cursor=${out.body.nextCursor}`,
  )
  expect(rest.body).toMatchObject({ items: [{ key: 'B' }], nextCursor: null })
  expect((await hub.call('GET', '/drift?state=refused&kind=setting')).body.items).toHaveLength(1)
  await jobs()
  const asked = await hub.call('POST', `/stations/${stationId}/reconcile`)
  expect(asked).toMatchObject({ status: 202, body: { stationId, connected: false } })
  expect(await jobs()).toEqual(['station.reconcile'])
  expect((await hub.call('GET', '/drift?state=refused')).body.items).toEqual([])
  expect((await hub.call('GET', '/drift?state=unknown')).body.items).toMatchObject([{ attempts: 0, nextTryAt: null }])
  const nobody = '0195f3b2-6c00-7000-8000-0a1b2c3d4e5f'
  for (const path of [`/stations/${nobody}/desired`, `/stations/${nobody}/drift`])
    expect((await hub.call('GET', path)).status).toBe(404)
  expect((await hub.call('POST', `/stations/${nobody}/reconcile`)).status).toBe(404)
})
