// Owns the behaviour of stations, EVSEs and commands through the API.
import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../setup/eventually.ts'
import { type HubApi, type Json, startHubApi } from './hub-api.ts'

let hub: HubApi
let siteId: string
let bayId: string
beforeAll(async () => {
  hub = await startHubApi({ settings: { publicUrl: 'https://hub.example' } })
  siteId = (await hub.call('POST', '/sites', { body: { code: 'P1', timeZone: 'Europe/Berlin', currency: 'EUR' } })).body
    .siteId
  bayId = (await hub.call('POST', '/bays', { body: { siteId, code: 'B1' } })).body.bayId
})
afterAll(() => hub.close())

const hash = async (stationId: string): Promise<Buffer> =>
  (await hub.database.pool.query('select secret_hash from station where station_id = $1', [stationId])).rows[0]
    .secret_hash
const hashOf = (secret: string) => createHmac('sha256', 'stations').update(secret).digest()

describe('a station', () => {
  let station: Json

  test('gets a password that is shown once, an address to dial, and an EVSE', async () => {
    const made = await hub.call('POST', '/stations', { body: { siteId, code: 'CP*01', maxPowerW: 22_000 } })
    expect(made).toMatchObject({
      status: 201,
      body: {
        admission: 'accepted',
        hasSecret: true,
        securityProfile: 1,
        socket: null,
        connectUrl: 'wss://hub.example/ocpp/CP*01',
      },
    })
    station = made.body
    expect(station.secret).toMatch(/^[0-9a-f]{40}$/)
    expect(await hash(station.stationId)).toEqual(hashOf(station.secret))
    expect((await hub.call('GET', `/stations/${station.stationId}`)).body.secret).toBeUndefined()
    expect((await hub.call('GET', `/evses?stationId=${station.stationId}`)).body.items).toMatchObject([
      { number: 1, code: 'CP*01-1', siteId },
    ])
  })

  test('has an identity that no other has, whatever the case', async () => {
    const again = await hub.call('POST', '/stations', { body: { siteId, code: 'cp*01' } })
    expect(again).toMatchObject({ status: 409, body: { errors: [{ pointer: '/code' }] } })
    expect((await hub.call('POST', '/stations', { body: { siteId, code: 'a/b' } })).status).toBe(422)
  })

  test('gets a new password at once, and its socket is asked to come back', async () => {
    const rotated = await hub.call('POST', `/stations/${station.stationId}/rotate-secret`)
    expect([rotated.status, rotated.body.secret === station.secret]).toEqual([200, false])
    expect(await hash(station.stationId)).toEqual(hashOf(rotated.body.secret))
    expect(hub.refreshed).toContain(station.stationId)
    const { body } = await hub.call('GET', `/audit-log?subjectId=${station.stationId}`)
    expect(body.items.map((one: Json) => one.action)).toEqual(['station.secret_rotated', 'station.created'])
  })

  test('shows its socket while it is connected', async () => {
    await hub.database.pool.query(
      `insert into station_link (organization_id, site_id, station_id, node_id, epoch, protocol, remote_address, connected_at)
       values ($1, $2, $3, 'hub-1', 1, 'ocpp2.0.1', '10.0.0.7', '2026-03-10T07:00:00Z')`,
      [hub.organizationId, siteId, station.stationId],
    )
    expect((await hub.call('GET', `/stations/${station.stationId}`)).body.socket).toEqual({
      protocol: 'ocpp2.0.1',
      since: '2026-03-10T07:00:00.000Z',
      remoteAddress: '10.0.0.7',
      node: 'hub-1',
    })
    expect((await hub.call('GET', '/stations?connected=true')).body.items).toHaveLength(1)
    expect((await hub.call('GET', '/stations?connected=false')).body.items).toHaveLength(0)
  })

  test('stays at its site', async () => {
    const other = (
      await hub.call('POST', '/sites', { body: { code: 'P2', timeZone: 'Europe/Berlin', currency: 'EUR' } })
    ).body
    const moved = await hub.call('PATCH', `/stations/${station.stationId}`, { body: { siteId: other.siteId } })
    expect(moved).toMatchObject({ status: 422, body: { errors: [{ pointer: '/siteId' }] } })
    expect(
      (await hub.call('PATCH', `/stations/${station.stationId}`, { body: { siteId, settings: { flag: true } } })).body,
    ).toMatchObject({
      settings: { flag: true },
    })
  })
})

test('a station that dialled in unknown is accepted at a site, or rejected', async () => {
  const pending = async (code: string): Promise<string> => {
    const id = hub.service.newId()
    await hub.database.pool.query('insert into station_identity values ($1, $2, $3)', [
      code.toLowerCase(),
      hub.organizationId,
      id,
    ])
    await hub.database.pool.query(
      `insert into station (organization_id, station_id, code, name, admission, created_at, updated_at) values ($1, $2, $3, $3, 'pending', now(), now())`,
      [hub.organizationId, id, code],
    )
    await hub.database.pool.query(
      `insert into evse (organization_id, station_id, evse_id, number, code, created_at, updated_at) values ($1, $2, $3, 1, 'x', now(), now())`,
      [hub.organizationId, id, hub.service.newId()],
    )
    return id
  }
  const [good, bad] = [await pending('NEW-1'), await pending('NEW-2')]
  expect((await hub.call('GET', '/stations?admission=pending')).body.items).toHaveLength(2)
  const decide = (id: string, body: Json) => hub.call('POST', `/stations/${id}/admission`, { body })
  expect(await decide(good, { decision: 'accept' })).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: '/siteId' }] },
  })
  expect((await hub.call('POST', `/stations/${good}/commands`, { body: { name: 'reset' } })).status).toBe(409)
  expect(await decide(good, { decision: 'accept', siteId })).toMatchObject({
    status: 200,
    body: { admission: 'accepted', siteId },
  })
  expect((await hub.call('GET', `/evses?stationId=${good}&siteId=${siteId}`)).body.items).toHaveLength(1)
  expect(await decide(bad, { decision: 'reject' })).toMatchObject({ status: 200, body: { admission: 'rejected' } })
  expect(hub.refreshed).toEqual(expect.arrayContaining([good, bad]))
  const { body } = await hub.call('GET', `/audit-log?subjectId=${good}`)
  expect(body.items.map((one: Json) => one.action)).toEqual(['station.accepted'])
})

test('an EVSE is put at a bay of its own site', async () => {
  const { stationId } = (
    await hub.call('POST', '/stations', {
      body: {
        siteId,
        code: 'CP-2',
        evses: [
          { number: 1, bayId },
          { number: 2, code: 'left' },
        ],
      },
    })
  ).body
  const { items } = (await hub.call('GET', `/evses?stationId=${stationId}`)).body
  expect(items).toMatchObject([
    { code: 'CP-2-1', bayId },
    { code: 'left', bayId: null, connectors: [] },
  ])
  const at = `/evses/${items[1].evseId}`
  expect((await hub.call('PATCH', at, { body: { bayId } })).body).toMatchObject({ bayId, version: 2 })
  expect((await hub.call('GET', `/bays/${bayId}`)).body.evses).toHaveLength(2)
  expect((await hub.call('PATCH', at, { body: { bayId: null } })).body.bayId).toBeNull()
  expect((await hub.call('POST', '/evses', { body: { stationId, number: 2 } })).status).toBe(409)
  expect(await hub.call('POST', '/evses', { body: { stationId, number: 3 } })).toMatchObject({
    status: 201,
    body: { code: 'CP-2-3', siteId },
  })
  const far = (await hub.call('POST', '/sites', { body: { code: 'P3', timeZone: 'Europe/Berlin', currency: 'EUR' } }))
    .body.siteId
  const farBay = (await hub.call('POST', '/bays', { body: { siteId: far, code: 'B1' } })).body.bayId
  expect(await hub.call('PATCH', at, { body: { bayId: farBay } })).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: '/bayId' }] },
  })
})

describe('commands', () => {
  let stationId: string
  beforeAll(async () => {
    stationId = (await hub.call('POST', '/stations', { body: { siteId, code: 'CP-3' } })).body.stationId
  })
  const tell = (body: Json, headers: Record<string, string> = {}) =>
    hub.call('POST', `/stations/${stationId}/commands`, { body, headers })

  test('are stored, announced and awaited, with all that the station needs to know', async () => {
    const queued = await tell(
      { name: 'start', evse: 1, token: { value: '04A1', kind: 'iso14443' } },
      { 'Idempotency-Key': 'start-1' },
    )
    expect(queued).toMatchObject({
      status: 202,
      body: {
        name: 'start',
        state: 'queued',
        args: { evse: 1, token: { value: '04A1', kind: 'iso14443' }, remoteStartId: expect.any(Number) },
      },
    })
    expect(hub.woken.filter((id) => id === stationId)).toHaveLength(1)
    await tell({ name: 'start', evse: 1, token: { value: '04A1', kind: 'iso14443' } }, { 'Idempotency-Key': 'start-1' })
    expect(hub.woken.filter((id) => id === stationId)).toHaveLength(1)
    expect((await hub.call('GET', `/commands?stationId=${stationId}`)).body.items).toHaveLength(1)
    const news = `/events?type=command.*&subjectId=${queued.body.commandId}`
    await eventually(async () => (await hub.call('GET', news)).body.items.length > 0, 'the event')
    expect((await hub.call('GET', news)).body.items).toMatchObject([{ type: 'command.queued' }])
    expect((await hub.call('GET', `/commands/${queued.body.commandId}`)).body).toEqual(queued.body)
  })

  test('name an EVSE that is there, and a session that runs at this station', async () => {
    expect(await tell({ name: 'unlock', evse: 9 })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/evse' }] },
    })
    const sessionId = hub.service.newId()
    expect(await tell({ name: 'stop', sessionId })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/sessionId' }] },
    })
    const at = '2026-03-10T07:00:00Z'
    await hub.database.pool.query(
      `insert into charging_session (organization_id, site_id, session_id, station_id, evse_number, state, plugged_at, started_at, facts_at, created_at, updated_at)
       values ($1, $2, $3, $4, 1, 'active', $5, $5, $5, $5, $5)`,
      [hub.organizationId, siteId, sessionId, stationId, at],
    )
    expect(await tell({ name: 'stop', sessionId })).toMatchObject({ status: 409 })
    await hub.database.pool.query(
      `insert into ocpp_transaction (organization_id, site_id, station_id, transaction_id, session_id, protocol, number, start_key, evse_number, connector_number, state, started_at, start_received_at)
       values ($1, $2, $3, $4, $5, 'ocpp1.6', 17, 'k', 1, 1, 'open', $6, $6)`,
      [hub.organizationId, siteId, stationId, hub.service.newId(), sessionId, at],
    )
    expect(await tell({ name: 'stop', sessionId })).toMatchObject({
      status: 202,
      body: { args: { transaction: { number: 17 } } },
    })
    expect((await hub.call('GET', `/charging-sessions/${sessionId}/transactions`)).body.items).toMatchObject([
      { number: 17, state: 'open' },
    ])
  })

  test('are withdrawn while they wait, not after', async () => {
    const { commandId } = (await tell({ name: 'clear_cache' })).body
    const cancelled = await hub.call('POST', `/commands/${commandId}/cancel`)
    expect(cancelled).toMatchObject({ status: 200, body: { state: 'cancelled' } })
    await hub.database.pool.query(`update command set state = 'sent' where command_id = $1`, [commandId])
    expect(await hub.call('POST', `/commands/${commandId}/cancel`)).toMatchObject({
      status: 409,
      body: { code: 'conflict' },
    })
    expect((await hub.call('POST', `/commands/${hub.service.newId()}/cancel`)).status).toBe(404)
  })

  test('of an unknown name, or with what belongs to another, are refused', async () => {
    for (const body of [
      { name: 'explode' },
      { name: 'reset', key: 'HeartbeatInterval' },
      { name: 'start' },
      { name: 'trigger', message: 'x' },
    ]) {
      expect((await tell(body)).status).toBe(422)
    }
  })
})

test('frames and deviations are listed', async () => {
  const { stationId } = (await hub.call('POST', '/stations', { body: { siteId, code: 'CP-4' } })).body
  for (const [i, action] of ['BootNotification', 'Heartbeat', 'Heartbeat'].entries()) {
    await hub.database.pool.query(
      `insert into station_message (organization_id, site_id, station_id, received_at, message_id, direction, epoch, action, frame) values ($1, $2, $3, $4, $5, 'in', 1, $6, '[]')`,
      [hub.organizationId, siteId, stationId, `2026-03-10T07:00:0${i}.123456Z`, hub.service.newId(), action],
    )
  }
  const list = (query: string) => hub.call('GET', `/stations/${stationId}/messages${query}`)
  const first = (await list('?limit=2')).body
  expect(first.items.map((one: Json) => one.action)).toEqual(['Heartbeat', 'Heartbeat'])
  expect((await list(`?limit=2&cursor=${first.nextCursor}`)).body.items).toMatchObject([{ action: 'BootNotification' }])
  expect((await list('?action=Heartbeat&from=2026-03-10T07:00:01.5Z')).body.items).toHaveLength(1)
  await hub.database.pool.query(
    `insert into protocol_deviation values ($1, 'M4', 'Acme', 'Wall', '1.0', 3, now(), now(), $2, null)`,
    [hub.organizationId, stationId],
  )
  expect((await hub.call('GET', '/protocol-deviations?code=M4')).body.items).toMatchObject([
    { vendor: 'Acme', count: 3 },
  ])
})
