// Owns the proof over real sockets that what cameras see becomes stays: corrections, free flow, readers placed late, reads told late.
// Must not look into the hub's tables; what is judged comes through its API.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { definePlugin, type PlateRead, type ReaderSink } from '../../core/plugin/index.ts'
import { readConfig } from '../../core/runtime/config.ts'
import { type Hub, startHub } from '../../core/runtime/hub.ts'
import { manualClock } from '../../core/testing/manual-clock.ts'
import { createTestDatabase, silent, type TestDatabase } from '../setup/database.ts'

// biome-ignore lint/suspicious/noExplicitAny: records of the API in every shape
type Json = any

const adminKey = 'bwk_test_readers_0123456789abcdefgh'
const clock = manualClock(new Date('2026-03-10T08:00:00Z'))

/** A camera that posts what it saw as JSON. */
const camera = definePlugin({
  id: 'test-camera',
  title: 'Test camera',
  version: '1.0.0',
  apiVersion: 1,
  hub: '^0.1',
  capabilities: ['reader'],
  permissions: ['inbound'],
  config: { type: 'object', additionalProperties: false, properties: {} },
  async setup(ctx) {
    let sink: ReaderSink | undefined
    ctx.provide('reader', {
      async connect(given) {
        sink = given
        return { stop: async () => undefined }
      },
    })
    ctx.inbound(async (request) => {
      const posted = (await request.json()) as Json
      if (posted.alive) {
        sink?.alive(posted.alive, ctx.clock.now())
        return new Response(null, { status: 204 })
      }
      const reports = posted.reports.map((one: Json) => ({
        type: 'plate',
        ...one,
        takenAt: new Date(one.takenAt),
        ...(one.jpeg ? { images: [{ kind: 'plate', contentType: 'text/html', bytes: new Uint8Array(one.jpeg) }] } : {}),
      }))
      return Response.json(await sink?.report(reports))
    })
  },
})

let database: TestDatabase
let dataDir: string
let hub: Hub
let siteId: string
let connectionId: string
const lanes: Record<string, string> = {}

async function call(method: string, path: string, body?: Json): Promise<Json> {
  const response = await fetch(`${hub.url}/api/v1/${path}`, {
    method,
    headers: { Authorization: `Bearer ${adminKey}`, ...(body ? { 'Content-Type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
  return text === '' ? null : JSON.parse(text)
}

async function post(body: Json): Promise<Json> {
  const response = await fetch(`${hub.url}/in/${connectionId}/`, { method: 'POST', body: JSON.stringify(body) })
  return response.status === 204 ? null : response.json()
}

const read = (reader: string, id: string, plate: string, takenAt: string, more: Partial<PlateRead> | Json = {}) =>
  post({ reports: [{ reader, id, revision: 1, plate, takenAt, ...more }] })

const stays = async (plate: string): Promise<Json[]> => (await call('GET', `stays?plate=${plate}`)).items

const place = (name: string, role: string, more: object = {}) =>
  call('POST', 'readers', {
    siteId,
    connectionId,
    name,
    kind: 'plate',
    role,
    laneId: lanes[role],
    passage: 'passes',
    heartbeatSeconds: 300,
    ...more,
  })

beforeAll(async () => {
  database = await createTestDatabase()
  dataDir = mkdtempSync(join(tmpdir(), 'baywatt-readers-'))
  hub = await startHub({
    config: {
      ...readConfig({ BAYWATT_PORT: '0', BAYWATT_ADMIN_KEY: adminKey, DATABASE_URL: database.url }),
      dataDir,
    },
    log: silent,
    clock,
    plugins: [camera],
  })
  siteId = (await call('POST', 'sites', { code: 'G', timeZone: 'Europe/Berlin', currency: 'EUR', country: 'DE' }))
    .siteId
  for (const direction of ['entry', 'exit'])
    lanes[direction] = (await call('POST', 'lanes', { siteId, code: direction.toUpperCase(), direction })).laneId
  connectionId = (await call('POST', 'connections', { pluginId: 'test-camera', name: 'Cameras', siteId, config: {} }))
    .connectionId
  await hub.host.settled()
  await place('IN', 'entry')
  await place('OUT', 'exit')
})
afterAll(async () => {
  await hub?.stop()
  await database.drop()
  rmSync(dataDir, { recursive: true, force: true })
})

test('one entry told three times, once corrected, is one stay', async () => {
  const at = '2026-03-10T07:00:00Z'
  expect(await read('IN', 'e1', 'B WA 12B4', at)).toMatchObject([{ status: 'stored' }])
  expect(await read('IN', 'e1', 'B WA 12B4', at)).toMatchObject([{ status: 'duplicate' }])
  expect(await read('IN', 'e1', 'B WA 1284', at, { revision: 2 })).toMatchObject([{ status: 'stored' }])
  expect(await read('IN', 'e1', 'B WA 1284', at, { revision: 3, confidence: 0.99 })).toMatchObject([
    { status: 'stored' },
  ])
  expect(await read('IN', 'e1', 'B WA 12B4', at, { revision: 0 })).toMatchObject([{ status: 'superseded' }])
  expect(await stays('BWA12B4')).toEqual([])
  expect(await stays('BWA1284')).toMatchObject([
    { state: 'open', enteredAt: '2026-03-10T07:00:00.000Z', entryLane: 'ENTRY', presentations: [{ confidence: 0.99 }] },
  ])
})

test('cameras at both ends of a garage without gates make a stay; a look-alike read is the same arrival', async () => {
  await read('IN', 'f1', 'MTX 808', '2026-03-10T07:10:00Z', { confidence: 0.6, movement: 'towards' })
  expect(await read('IN', 'f2', 'MTX 8O8', '2026-03-10T07:10:04Z', { confidence: 0.4 })).toMatchObject([
    { status: 'repeat' },
  ])
  await read('OUT', 'f3', 'MTX 808', '2026-03-10T07:40:00Z')
  expect(await stays('MTX808')).toMatchObject([
    { state: 'closed', enteredAt: '2026-03-10T07:10:00.000Z', exitedAt: '2026-03-10T07:40:00.000Z' },
  ])
  expect(await stays('MTX8O8')).toEqual([])
})

test('a car that backs out of the lane has not come in', async () => {
  await read('IN', 'b1', 'KBA 77', '2026-03-10T07:50:00Z')
  expect(await stays('KBA77')).toHaveLength(1)
  await read('IN', 'b2', 'KBA 77', '2026-03-10T07:50:20Z', { movement: 'away' })
  const { items } = await call('GET', 'reader-reports?plate=KBA%2077&state=backed_out')
  expect(items).toMatchObject([{ id: 'b2', reason: 'The car moved against the direction of the lane.' }])
  expect((await stays('KBA77')).every(({ state }) => state === 'voided')).toBe(true)
})

test('a reader nobody knows is listed; once it is placed, what it told becomes stays, pictures and all', async () => {
  const jpeg = [0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]
  expect(await read('NEW', 'n1', 'HHU 1', '2026-03-10T07:20:00Z', { jpeg })).toMatchObject([{ status: 'unbound' }])
  expect(await stays('HHU1')).toEqual([])
  const { items } = await call('GET', 'readers?bound=false')
  expect(items).toMatchObject([{ name: 'NEW', role: null, connectionId }])
  await call('PATCH', `readers/${items[0].readerId}`, { role: 'entry', laneId: lanes.entry, passage: 'passes' })
  await hub.idle()
  expect(await stays('HHU1')).toMatchObject([{ state: 'open', enteredAt: '2026-03-10T07:20:00.000Z' }])
  const [report] = (await call('GET', 'reader-reports?plate=HHU1')).items
  expect(report).toMatchObject({ state: 'stored', images: [{ number: 1, contentType: 'image/jpeg', kept: true }] })
  const picture = await fetch(`${hub.url}/api/v1/reader-reports/${report.reportId}/images/1`, {
    headers: { Authorization: `Bearer ${adminKey}` },
  })
  expect([picture.status, picture.headers.get('content-type'), picture.ok ? '' : await picture.text()]).toEqual([
    200,
    'image/jpeg',
    '',
  ])
  expect([...new Uint8Array(await picture.arrayBuffer())]).toEqual(jpeg)
})

test('reads told late, exit first, make the stay that was', async () => {
  const backfilled = true
  await read('OUT', 'o2', 'FLA 5', '2026-03-10T06:30:00Z', { backfilled })
  await read('IN', 'o1', 'FLA 5', '2026-03-10T06:00:00Z', { backfilled })
  expect(await stays('FLA5')).toMatchObject([
    { state: 'closed', enteredAt: '2026-03-10T06:00:00.000Z', exitedAt: '2026-03-10T06:30:00.000Z' },
  ])
})

test.each([
  [{ takenAt: 'never' }, '/takenAt'],
  [{ takenAt: '2031-01-01T00:00:00Z' }, '/takenAt'],
  [{ plate: 'X'.repeat(65) }, '/plate'],
  [{ confidence: 7 }, '/confidence'],
  [{ country: 'Germany' }, '/country'],
  [{ candidates: Array.from({ length: 1000 }, () => ({ plate: 'A1' })) }, '/candidates'],
  [{ revision: -1 }, '/revision'],
  [{ vehicle: { make: 'a\0b' } }, '/vehicle/make'],
])('a report with %j is refused at the field', async (wrong, pointer) => {
  expect(await read('IN', 'bad', 'AB 1', '2026-03-10T07:00:00Z', wrong)).toMatchObject([
    { status: 'rejected', pointer },
  ])
})
