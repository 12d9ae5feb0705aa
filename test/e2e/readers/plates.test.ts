// Owns the proof over real sockets that what cameras see becomes stays: corrections, free flow, readers placed late, reads told late.
// Must not look into the hub's tables; what is judged comes through its API.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { PlateRead } from '../../../core/plugin/index.ts'
import { type Json, openReaderHub, type ReaderHub } from './open-hub.ts'

let opened: ReaderHub

const call = (method: string, path: string, body?: Json) => opened.call(method, path, body)
const stays = (plate: string) => opened.stays(plate)
const read = (reader: string, id: string, plate: string, takenAt: string, more: Partial<PlateRead> | Json = {}) =>
  opened.report({ type: 'plate', reader, id, plate, takenAt, ...more })

beforeAll(async () => {
  opened = await openReaderHub()
  const camera = { kind: 'plate', passage: 'passes', heartbeatSeconds: 300 }
  await opened.place('IN', { ...camera, role: 'entry', laneId: opened.lanes.entry })
  await opened.place('OUT', { ...camera, role: 'exit', laneId: opened.lanes.exit })
})
afterAll(() => opened?.close())

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
  expect(items).toMatchObject([{ name: 'NEW', role: null, connectionId: opened.connectionId }])
  await call('PATCH', `readers/${items[0].readerId}`, { role: 'entry', laneId: opened.lanes.entry, passage: 'passes' })
  await opened.hub.idle()
  expect(await stays('HHU1')).toMatchObject([{ state: 'open', enteredAt: '2026-03-10T07:20:00.000Z' }])
  const [report] = (await call('GET', 'reader-reports?plate=HHU1')).items
  expect(report).toMatchObject({ state: 'stored', images: [{ number: 1, contentType: 'image/jpeg', kept: true }] })
  const picture = await fetch(`${opened.hub.url}/api/v1/reader-reports/${report.reportId}/images/1`, {
    headers: { Authorization: `Bearer ${opened.key}` },
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
