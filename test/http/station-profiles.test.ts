// Owns the tests of station profiles, departures by model and the message journal through the API.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import ocpp from '../../adapters/ocpp/index.ts'
import { flagNames } from '../../adapters/ocpp/profile-of.ts'
import { profiles } from '../../adapters/ocpp/profiles/index.ts'
import { type HubApi, type Json, startHubApi } from './hub-api.ts'

let hub: HubApi
let siteId: string
let stationId: string
const nobodyDialsIn = async () => ({ kind: 'unknown', reason: 'no station dials in here' }) as const

beforeAll(async () => {
  hub = await startHubApi({
    plugins: [ocpp],
    charger: { admit: nobodyDialsIn, open: () => Promise.reject(new Error('nobody was admitted')) },
  })
  const site = { code: 's1', name: 'Site', timeZone: 'Europe/Berlin', currency: 'EUR' }
  siteId = (await hub.call('POST', '/sites', { body: site })).body.siteId
  stationId = await station('CP-1')
  await hub.database.pool.query(
    `update station set vendor = 'Alfen BV', model = 'NG910', firmware = '6.1' where station_id = $1`,
    [stationId],
  )
})
afterAll(() => hub.close())

const station = async (code: string, settings = {}): Promise<string> =>
  (await hub.call('POST', '/stations', { body: { siteId, code, settings } })).body.stationId
const profile = async (id = stationId) => (await hub.call('GET', `/stations/${id}/profile`)).body
const flag = (of: Json, name: string) => of.flags.find((each: Json) => each.name === name)
const put = (flags: unknown, more: { headers?: Record<string, string>; key?: string } = {}) =>
  hub.call('PUT', `/stations/${stationId}/profile-overrides`, { body: { flags }, ...more })

async function keyFor(siteIds: string[] | null, scopes = ['chargers:read']): Promise<string> {
  const made = await hub.call('POST', '/api-keys', { body: { name: 'k', scopes, ...(siteIds ? { siteIds } : {}) } })
  expect(made.status).toBe(201)
  return made.body.key
}

test('all profile files are listed with their sources', async () => {
  const { items } = (await hub.call('GET', '/station-profiles')).body
  expect(items.map((each: Json) => each.id)).toEqual(Object.keys(profiles))
  expect(items.find((each: Json) => each.id === 'alfen')).toMatchObject({
    match: { vendor: 'alfen', model: null, firmware: null },
    flags: { tagTransform: 'upper' },
    source: expect.stringContaining('lbbrhzn/ocpp#514'),
    known: expect.arrayContaining([{ line: 'T11', what: expect.any(String), source: 'lbbrhzn/ocpp#361' }]),
  })
})

describe('a station’s profile', () => {
  test('tells each flag, who says so, and how often it mattered', async () => {
    await hub.database.pool.query(
      `insert into station_deviation values ($1, $2, $3, 'flag:tagTransform', 'Alfen BV', 'NG910', 4, now(), '2026-03-01T10:00:00Z')`,
      [hub.organizationId, siteId, stationId],
    )
    const told = await profile()
    expect(told).toMatchObject({ vendor: 'Alfen BV', model: 'NG910', firmware: '6.1' })
    expect(told.flags.map((each: Json) => each.name)).toEqual([...flagNames])
    expect(flag(told, 'tagTransform')).toMatchObject({
      value: 'upper',
      standard: 'none',
      origin: 'profile',
      profile: { id: 'alfen' },
      uses: 4,
      lastUsedAt: '2026-03-01T10:00:00.000Z',
    })
    expect(flag(told, 'pingPolicy')).toMatchObject({ origin: 'standard', uses: 0, lastUsedAt: null, profile: null })
  })

  test('is overridden flag by flag; other settings stay, and the socket is refreshed', async () => {
    await hub.call('PATCH', `/stations/${stationId}`, { body: { settings: { parkingNote: 'left', tagCut: '#' } } })
    hub.refreshed.length = 0
    const set = await put({ tagTransform: 'lower', triggerAllowed: ['boot'] })
    expect(set.status).toBe(200)
    expect(flag(set.body, 'tagTransform')).toMatchObject({ value: 'lower', origin: 'operator', profile: null })
    expect(flag(set.body, 'tagCut')).toMatchObject({ value: '', origin: 'standard' })
    expect(hub.refreshed).toEqual([stationId])
    const { settings } = (await hub.call('GET', `/stations/${stationId}`)).body
    expect(settings).toEqual({ parkingNote: 'left', tagTransform: 'lower', triggerAllowed: ['boot'] })
    const { items } = (await hub.call('GET', `/audit-log?subjectId=${stationId}`)).body
    expect(items.map((each: Json) => each.action)).toContain('station.profile_overridden')
    expect(flag((await put({})).body, 'tagTransform')).toMatchObject({ value: 'upper', origin: 'profile' })
  })

  test('refuses what no flag can be, by name, and changes nothing', async () => {
    const before = await hub.call('GET', `/stations/${stationId}`)
    hub.refreshed.length = 0
    const refused = await put({ energyScale: 7, 'no/such~flag': 1, clockZone: 'Mars/Base', maxStack: 1.5, tagCut: ';' })
    expect(refused).toMatchObject({ status: 422, body: { code: 'invalid_request' } })
    expect(refused.body.errors.map((each: Json) => each.pointer)).toEqual([
      '/flags/energyScale',
      '/flags/no~1such~0flag',
      '/flags/clockZone',
      '/flags/maxStack',
    ])
    expect(refused.body.detail).toContain('one of 1, 10, 100, 1000')
    for (const body of [{}, { flags: 1 }, { flags: {}, other: 1 }])
      expect((await hub.call('PUT', `/stations/${stationId}/profile-overrides`, { body })).status).toBe(422)
    expect((await hub.call('GET', `/stations/${stationId}`)).body).toEqual(before.body)
    expect(hub.refreshed).toEqual([])
  })

  test('is protected by version, scope and site', async () => {
    const { version } = await profile()
    expect((await put({ tagCut: ';' }, { headers: { 'If-Match': `"v${version + 1}"` } })).status).toBe(412)
    expect((await put({ tagCut: ';' }, { headers: { 'If-Match': `"v${version}"` } })).status).toBe(200)
    expect((await put({}, { key: await keyFor(null) })).status).toBe(403)
    const elsewhere = await hub.call('POST', '/sites', {
      body: { code: 's2', name: 'Two', timeZone: 'Europe/Berlin', currency: 'EUR' },
    })
    const key = await keyFor([elsewhere.body.siteId], ['chargers:read', 'chargers:write'])
    expect((await put({}, { key })).status).toBe(404)
    for (const path of ['profile', 'messages/download'])
      expect((await hub.call('GET', `/stations/${stationId}/${path}`, { key })).status).toBe(404)
  })
})

describe('departures by model', () => {
  beforeAll(async () => {
    const other = await station('CP-DEV')
    const rows = [
      ['M4', 'Acme', 'Wall', '1.0', 3, '2026-03-01T00:00:00Z', '2026-03-02T00:00:00Z', null],
      ['M4', 'Acme', 'Wall', '2.0', 4, '2026-03-03T00:00:00Z', '2026-03-04T00:00:00Z', '12,5 "kWh"'],
      ['flag:energyScale', 'Acme', 'Wall', '2.0', 9, '2026-03-03T00:00:00Z', '2026-03-04T00:00:00Z', null],
      ['J4', '=Evil()', 'X', '', 1, '2026-03-01T00:00:00Z', '2026-03-01T00:00:00Z', null],
    ]
    for (const [code, vendor, model, firmware, count, first, last, sample] of rows)
      await hub.database.pool.query(`insert into protocol_deviation values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)`, [
        hub.organizationId,
        code,
        vendor,
        model,
        firmware,
        count,
        first,
        last,
        stationId,
        sample,
      ])
    for (const [id, code] of [
      [stationId, 'M4'],
      [other, 'M4'],
      [other, 'flag:energyScale'],
    ])
      await hub.database.pool.query(
        `insert into station_deviation values ($1, $2, $3, $4, 'Acme', 'Wall', 1, now(), now())`,
        [hub.organizationId, siteId, id, code],
      )
  })

  test('are put together over firmwares and stations, in plain words', async () => {
    const { items } = (await hub.call('GET', '/protocol-deviations/by-model?vendor=Acme')).body
    expect(items).toEqual([
      {
        vendor: 'Acme',
        model: 'Wall',
        firmwares: ['1.0', '2.0'],
        count: 16,
        stations: 2,
        firstAt: '2026-03-01T00:00:00.000Z',
        lastAt: '2026-03-04T00:00:00.000Z',
        codes: [
          expect.objectContaining({ code: 'flag:energyScale', kind: 'flag', count: 9, stations: 1 }),
          {
            code: 'M4',
            kind: 'deviation',
            title: expect.stringContaining('kWh'),
            handling: expect.stringMatching(/./),
            count: 7,
            stations: 2,
            firstAt: '2026-03-01T00:00:00.000Z',
            lastAt: '2026-03-04T00:00:00.000Z',
            sample: '12,5 "kWh"',
          },
        ],
      },
    ])
  })

  test('are paged', async () => {
    const first = (await hub.call('GET', '/protocol-deviations/by-model?limit=1')).body
    const second = (await hub.call('GET', `/protocol-deviations/by-model?limit=1&cursor=${first.nextCursor}`)).body
    expect([...first.items, ...second.items].map((each: Json) => each.vendor)).toEqual(['=Evil()', 'Acme'])
    expect(second.nextCursor).toBeNull()
    expect((await hub.call('GET', '/protocol-deviations/by-model?cursor=WyJ4Il0')).status).toBe(422)
  })

  test('come as CSV that no spreadsheet runs', async () => {
    const { body, headers } = await hub.call('GET', '/protocol-deviations/by-model', {
      headers: { Accept: 'text/csv' },
    })
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8')
    const lines = body.trimEnd().split('\r\n')
    expect(lines).toHaveLength(4)
    expect(lines[0]).toBe('vendor,model,firmwares,code,title,handling,count,stations,first_at,last_at,sample')
    expect(lines[1]).toMatch(/^'=Evil\(\),X,,J4,/)
    expect(lines[3]).toMatch(/,7,2,2026-03-01T00:00:00.000Z,2026-03-04T00:00:00.000Z,"12,5 ""kWh"""$/)
  })

  test('are not for keys limited to sites; the codes are', async () => {
    const key = await keyFor([siteId])
    expect((await hub.call('GET', '/protocol-deviations/by-model', { key })).body.items).toEqual([])
    const { items } = (await hub.call('GET', '/protocol-deviations/codes', { key })).body
    expect(items).toContainEqual({ code: 'M1', title: expect.any(String), handling: 'Read as a list of one.' })
  })
})

describe('the message journal', () => {
  let id: string
  const frames: [direction: string, epoch: number, action: string, frame: string][] = [
    ['in', 1, 'BootNotification', '[2,"19","BootNotification",{"chargePointVendor":"100%_real"}]'],
    ['out', 1, 'BootNotification', '[3,"19",{"status":"Accepted"}]'],
    ['in', 2, 'Heartbeat', ' [ 2 , 19 , "Heartbeat",{}]'],
    ['out', 2, 'Heartbeat', '[3,"191",{"currentTime":"x"}]'],
    ['in', 2, 'Heartbeat', '[2,"a.b\\"c","Heartbeat",{"id":"19"}]'],
  ]
  beforeAll(async () => {
    id = await station('CP-JOURNAL', { pingPolicy: 'never', note: 'x' })
    for (const [i, [direction, epoch, action, frame]] of frames.entries())
      await hub.database.pool.query(
        `insert into station_message (organization_id, site_id, station_id, received_at, message_id, direction, epoch, action, frame)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
        [
          hub.organizationId,
          siteId,
          id,
          `2026-03-10T07:00:0${i}Z`,
          hub.service.newId(),
          direction,
          epoch,
          action,
          frame,
        ],
      )
  })
  const search = async (query: Record<string, string>) => {
    const { status, body } = await hub.call('GET', `/stations/${id}/messages?${new URLSearchParams(query)}`)
    expect(status).toBe(200)
    return body.items.map((each: Json) => frames.findIndex(([, , , frame]) => frame === each.frame)).sort()
  }

  test('is searched by text, OCPP message id and socket', async () => {
    expect(await search({ contains: 'BOOTNOTIFICATION' })).toEqual([0])
    expect(await search({ contains: '100%_REAL' })).toEqual([0])
    expect(await search({ contains: '%' })).toEqual([0])
    expect(await search({ frameId: '19' })).toEqual([0, 1, 2])
    expect(await search({ frameId: 'a.b"c' })).toEqual([4])
    expect(await search({ frameId: '.*' })).toEqual([])
    expect(await search({ epoch: '2', direction: 'in' })).toEqual([2, 4])
    expect(await search({ from: '2026-03-10T07:00:01Z', to: '2026-03-10T07:00:03Z' })).toEqual([1, 2])
    for (const query of ['epoch=x', 'epoch=0', 'contains=', 'frameId='])
      expect((await hub.call('GET', `/stations/${id}/messages?${query}`)).status).toBe(422)
  })

  test('is downloaded oldest first, with a head and an end', async () => {
    const { body, headers, status } = await hub.call('GET', `/stations/${id}/messages/download`)
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('application/x-ndjson')
    const lines = body
      .trimEnd()
      .split('\n')
      .map((line: string) => JSON.parse(line))
    expect(lines[0]).toMatchObject({
      type: 'journal',
      version: 1,
      station: 'CP-JOURNAL',
      flags: { pingPolicy: 'never' },
    })
    expect(lines.slice(1, -1).map((line: Json) => line.frame)).toEqual(frames.map(([, , , frame]) => frame))
    expect(lines.at(-1)).toEqual({ type: 'end', frames: 5 })
    const part = await hub.call('GET', `/stations/${id}/messages/download?from=2026-03-10T07:00:04Z`)
    expect(part.body.trimEnd().split('\n')).toHaveLength(3)
    expect((await hub.call('GET', `/stations/${id}/messages/download?from=yesterday`)).status).toBe(422)
  })

  test('of any length comes whole and in order', async () => {
    const long = await station('CP-LONG')
    await hub.database.pool.query(
      `insert into station_message (organization_id, site_id, station_id, received_at, message_id, direction, epoch, action, frame)
       select $1, $2, $3, '2026-03-10T07:00:00Z'::timestamptz + (n / 3) * interval '1 second',
         ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'in', 1, null, n::text from generate_series(1, 1203) n`,
      [hub.organizationId, siteId, long],
    )
    const { body } = await hub.call('GET', `/stations/${long}/messages/download`)
    const lines = body
      .trimEnd()
      .split('\n')
      .map((line: string) => JSON.parse(line))
    expect(lines.slice(1, -1).map((line: Json) => Number(line.frame))).toEqual(
      Array.from({ length: 1203 }, (_, i) => i + 1),
    )
    expect(lines.at(-1)).toEqual({ type: 'end', frames: 1203 })
  })
})
