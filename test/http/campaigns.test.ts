// Owns the proof that campaigns and reservations can be worked through the API, with answers as the contract promises them.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type HubApi, type Json, startHubApi } from './hub-api.ts'

let hub: HubApi
let stationId: string

beforeAll(async () => {
  hub = await startHubApi()
  const site = await hub.call('POST', '/sites', { body: { code: 'P1', timeZone: 'Europe/Berlin', currency: 'EUR' } })
  const { siteId } = site.body
  stationId = (await hub.call('POST', '/stations', { body: { siteId, code: '=CP,"1"'.replace(/[,"]/g, '-') } })).body
    .stationId
})
afterAll(() => hub.close())

test('a campaign is planned, changed, started, paused, exported, cancelled, archived', async () => {
  const made = await hub.call('POST', '/campaigns', {
    body: { name: 'To 2.0', url: 'https://vendor.example/2.bin', firmwareVersion: '2.0', waves: [{ percent: 50 }] },
  })
  expect(made).toMatchObject({ status: 201, body: { state: 'draft', progress: { waiting: 0 }, version: 1 } })
  const path = `/campaigns/${made.body.campaignId}`
  const patch = (body: Json, tag: string) => hub.call('PATCH', path, { body, headers: { 'If-Match': tag } })
  expect((await patch({ maxFailures: 3 }, '"v7"')).status).toBe(412)
  expect((await patch({ maxFailures: 3, schedule: { from: '22:00', to: '05:00' } }, '"v1"')).status).toBe(200)
  expect((await patch({ schedule: { from: '25:00' } }, '"v2"')).status).toBe(422)
  const step = async (name: string) => (await hub.call('POST', `${path}/${name}`)).body
  expect(await step('resume')).toMatchObject({ code: 'conflict' })
  expect(await step('start')).toMatchObject({ state: 'running', progress: { waiting: 1 } })
  expect(await step('pause')).toMatchObject({ state: 'paused' })
  expect((await hub.call('DELETE', path)).status).toBe(409)
  const list = await hub.call('GET', `${path}/stations?state=waiting`)
  expect(list.body.items).toMatchObject([{ stationId, wave: 0, state: 'waiting' }])
  const csv = await hub.call('GET', `${path}/stations/export`)
  expect(csv.headers.get('content-type')).toMatch(/^text\/csv/)
  expect(csv.body.split('\r\n')).toEqual([
    'code,stationId,wave,state,attempts,fromFirmware,toFirmware,reason,at',
    expect.stringMatching(new RegExp(`^'=CP--1-,${stationId},0,waiting,0,,2\\.0,,2026-03-10T08:00:00\\.000Z$`)),
    '',
  ])
  expect(await step('cancel')).toMatchObject({ state: 'cancelled', progress: { skipped: 1 } })
  expect((await hub.call('DELETE', path)).status).toBe(204)
  expect((await hub.call('GET', '/campaigns?archived=true')).body.items).toHaveLength(1)
  expect((await hub.call('GET', `/stations/${stationId}/firmware-history`)).body.items).toEqual([])
})

test('a reservation is made once per key, listed, moved, cancelled', async () => {
  const body = { stationId, evse: 1, token: { value: 'CARD' }, until: '2026-03-10T09:00:00Z' }
  const once = { 'Idempotency-Key': 'r1' }
  const made = await hub.call('POST', '/reservations', { body, headers: once })
  expect(made).toMatchObject({ status: 201, body: { state: 'requested', number: 1, tokenKind: 'central' } })
  expect((await hub.call('POST', '/reservations', { body, headers: once })).body.number).toBe(1)
  expect(hub.woken).toEqual([stationId])
  const path = `/reservations/${made.body.reservationId}`
  expect((await hub.call('GET', `/reservations?stationId=${stationId}&state=requested`)).body.items).toHaveLength(1)
  expect((await hub.call('GET', '/reservations?from=2026-03-11T00:00:00Z')).body.items).toEqual([])
  const moved = await hub.call('PATCH', path, { body: { until: '2026-03-10T10:00:00Z' } })
  expect(moved.body).toMatchObject({ until: '2026-03-10T09:00:00.000Z', askedUntil: '2026-03-10T10:00:00.000Z' })
  expect((await hub.call('PATCH', path, { body: { until: '2026-03-10T07:00:00Z' } })).status).toBe(422)
  const cancelled = await hub.call('POST', `${path}/cancel`)
  expect(cancelled.status).toBe(200)
  expect((await hub.call('GET', '/audit-log')).body.items.map((one: Json) => one.action)).toEqual(
    expect.arrayContaining(['reservation.created', 'reservation.extended', 'reservation.cancelled']),
  )
})
