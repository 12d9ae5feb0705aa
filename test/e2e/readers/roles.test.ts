// Owns the proof that a read means what its reader's place says: lanes of both directions, zones, bays, spaces, and gates that are asked.
// Must not look into the hub's tables, but for how often a gate was asked.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../../setup/eventually.ts'
import { type Json, openReaderHub, type ReaderHub } from './open-hub.ts'

let opened: ReaderHub
let bayId: string
let counter = 0

beforeAll(async () => {
  opened = await openReaderHub()
  const { siteId, lanes } = opened
  bayId = (await opened.call('POST', 'bays', { siteId, code: 'B1' })).bayId
  const plate = { kind: 'plate', passage: 'passes' }
  await opened.place('BOTH', { ...plate, role: 'both', laneId: lanes.entry })
  await opened.place('BEHIND', { ...plate, role: 'entry', laneId: lanes.entry, reversed: true })
  await opened.place('LEVEL', { ...plate, role: 'zone' })
  await opened.place('STALL', { ...plate, role: 'bay', bayId })
  await opened.place('OUT', { ...plate, role: 'exit', laneId: lanes.exit })
  await opened.place('SENSORS', { kind: 'space', role: 'bay', spaces: { 'P-17': bayId } })
  await opened.place('COLUMN', { kind: 'card', role: 'entry', laneId: lanes.entry, passage: 'passes' })
  await opened.place('DRIVES', { kind: 'plate', role: 'entry', laneId: lanes.entry, passage: 'asks' })
  await opened.place('ASKS', { kind: 'card', role: 'entry', laneId: lanes.entry, passage: 'asks' })
})
afterAll(() => opened?.close())

const sees = (reader: string, plate: string, takenAt: string, more: Json = {}) =>
  opened.report({ type: 'plate', reader, id: `r-${++counter}`, plate, takenAt, ...more })
const reports = async (query: string): Promise<Json[]> => (await opened.call('GET', `reader-reports?${query}`)).items

test('a lane of both directions: the movement says which; without one the read is kept as seen', async () => {
  await sees('BOTH', 'AB 1', '2026-03-10T07:00:00Z', { movement: 'towards' })
  expect(await opened.stays('AB1')).toMatchObject([{ state: 'open' }])
  await sees('BOTH', 'AB 1', '2026-03-10T07:20:00Z', { movement: 'away' })
  expect(await opened.stays('AB1')).toMatchObject([{ state: 'closed', exitedAt: '2026-03-10T07:20:00.000Z' }])
  await sees('BOTH', 'AB 2', '2026-03-10T07:30:00Z')
  expect(await opened.stays('AB2')).toEqual([])
  expect(await reports('plate=AB2')).toMatchObject([
    { state: 'stored', reason: expect.stringContaining('both directions') },
  ])
})

test('a camera that sees cars from behind', async () => {
  await sees('BEHIND', 'BE 1', '2026-03-10T07:00:00Z', { movement: 'away' })
  await sees('BEHIND', 'BE 2', '2026-03-10T07:05:00Z', { movement: 'towards' })
  expect(await opened.stays('BE1')).toMatchObject([{ state: 'open' }])
  expect(await opened.stays('BE2')).toEqual([])
})

test('a camera inside opens and closes nothing', async () => {
  await sees('LEVEL', 'ZO 9', '2026-03-10T07:00:00Z')
  expect(await opened.stays('ZO9')).toEqual([])
  await sees('BOTH', 'ZO 1', '2026-03-10T07:00:00Z', { movement: 'in' })
  await sees('LEVEL', 'ZO 1', '2026-03-10T07:05:00Z')
  expect(await opened.stays('ZO1')).toMatchObject([
    { state: 'open', presentations: [{ role: 'entry' }, { role: 'internal' }] },
  ])
})

test('a camera and a sensor at a bay tell of the bay, not of a passage', async () => {
  await sees('STALL', 'BA 1', '2026-03-10T07:00:00Z')
  expect(await opened.stays('BA1')).toEqual([])
  const space = (id: string, occupied: boolean, more: Json = {}) =>
    opened.report({
      type: 'space',
      reader: 'SENSORS',
      id,
      space: 'P-17',
      occupied,
      takenAt: '2026-03-10T07:10:00Z',
      ...more,
    })
  expect(await space('s1', true, { plate: { text: 'BA 1', confidence: 0.8 } })).toMatchObject([{ status: 'stored' }])
  expect(await space('s1', true, { plate: { text: 'BA 1', confidence: 0.8 } })).toMatchObject([{ status: 'duplicate' }])
  const told = async () =>
    (await opened.call('GET', 'events?type=bay.changed')).items.map(({ data }: Json) => [data.bayId, data.occupied])
  // An event is listed once every older transaction of the server has ended.
  await eventually(async () => (await told()).length === 1, 'the bay’s event')
  expect(await told()).toEqual([[bayId, true]])
  await space('s2', false, { takenAt: '2026-03-10T07:30:00Z' })
  await eventually(async () => (await told()).length === 2, 'the second event')
  expect((await told()).sort()).toEqual([
    [bayId, false],
    [bayId, true],
  ])
  expect(await space('s3', true, { space: 'P-18' })).toMatchObject([{ status: 'unbound' }])
  expect(await space('s4', 'yes' as never)).toMatchObject([{ status: 'rejected', pointer: '/occupied' }])
})

test('a card at a column without a barrier is the passage; two taps are one', async () => {
  const tap = (id: string, raw: string, second: number, more: Json = {}) =>
    opened.report({ type: 'card', reader: 'COLUMN', id, raw, takenAt: `2026-03-10T07:00:0${second}Z`, ...more })
  expect(await tap('c1', '04A1B2C3D4E5F6', 0, { encoding: 'hex' })).toMatchObject([{ status: 'stored' }])
  expect(await tap('c2', '04a1b2c3d4e5f6', 3, { encoding: 'hex' })).toMatchObject([{ status: 'repeat' }])
  const { items } = await opened.call('GET', 'stays?limit=100')
  const own = items.filter((one: Json) => one.presentations.some(({ kind }: Json) => kind === 'card'))
  expect(own).toMatchObject([{ state: 'open', presentations: [{ raw: '04A1B2C3D4E5F6', reader: 'COLUMN' }] }])
  expect(own).toHaveLength(1)
  expect(await tap('c3', '', 5)).toMatchObject([{ status: 'rejected', pointer: '/raw' }])
  expect(await tap('c4', 'A1', 5, { bitLength: 0 })).toMatchObject([{ status: 'rejected', pointer: '/bitLength' }])
})

test('a gate that asks: the answer stands with the read, once, and nobody is asked about a car that has long gone', async () => {
  await opened.call('POST', 'credentials', {
    kind: 'card',
    accountId: (await opened.call('POST', 'accounts', { name: 'Erika', kind: 'person', parkerKind: 'contract' }))
      .accountId,
    presentations: [{ value: '04A3C6CAE26180', encoding: 'hex' }],
  })
  const ask = (id: string, raw: string, takenAt = opened.clock.now().toISOString(), more: Json = {}) =>
    opened.report({ type: 'card', reader: 'ASKS', id, raw, takenAt, encoding: 'hex', ...more })
  const decision = async (id: string) => (await reports('limit=200')).find((one) => one.id === id)?.decision
  await ask('a1', '04A3C6CAE26180')
  expect(await decision('a1')).toMatchObject({ decision: 'granted' })
  await ask('a2', '04FFFFFFFFFF80')
  expect(await decision('a2')).toMatchObject({ decision: 'notFound' })
  expect(
    await ask('a1', '04A3C6CAE26180', (await reports('limit=200')).find(({ id }) => id === 'a1')?.takenAt),
  ).toMatchObject([{ status: 'duplicate' }])
  expect(await ask('a3', '04A3C6CAE26180')).toMatchObject([{ status: 'repeat' }])

  const old = new Date(opened.clock.now().getTime() - 600_000).toISOString()
  await ask('a4', '04A3C6CAE26181', old)
  await ask('a5', '04A3C6CAE26182', undefined, { backfilled: true })
  expect([await decision('a4'), await decision('a5')]).toEqual([null, null])
  // One decision each of the two that stood there; the API shows them merged into movements.
  const decided = async (): Promise<number> => {
    const { rows } = await opened.database.ownerPool.query(
      "select count(*)::int as n from parking_fact where type = 'gate.decided'",
    )
    return rows[0].n
  }
  await eventually(async () => (await decided()) >= 2, 'the decisions')
  await opened.hub.idle()
  expect(await decided()).toBe(2)
})

test('a corrected read asks again only when it makes another car of it, and says what it was before', async () => {
  const { accountId } = await opened.call('POST', 'accounts', { name: 'Ida', kind: 'person', parkerKind: 'contract' })
  await opened.call('POST', 'vehicles', { accountId, plate: 'CO123', plateCountry: 'DE' })
  await opened.call('POST', 'credentials', { kind: 'plate', accountId, presentations: [{ value: 'CO123' }] })
  const at = opened.clock.now().toISOString()
  const sees = (plate: string, revision: number, more: Json = {}) =>
    opened.report({ type: 'plate', reader: 'DRIVES', id: 'd1', revision, plate, takenAt: at, ...more })
  const read = async (revision: number) =>
    (await reports('limit=200')).find((one) => one.id === 'd1' && one.revision === revision)
  const decided = async (): Promise<Json[]> => {
    const { rows } = await opened.database.ownerPool.query(
      "select data from parking_fact where type = 'gate.decided' and request_id = $1 order by occurred_at, fact_id",
      [`read:${(await read(1))?.arrivalId}`],
    )
    return rows.map(({ data }) => data)
  }
  await sees('C0123', 1, { confidence: 0.7 })
  expect((await read(1))?.decision).toMatchObject({ decision: 'notFound' })
  await sees('C0 123', 2, { confidence: 0.9, country: 'DE' })
  await eventually(async () => (await decided()).length > 0, 'the decision')
  await opened.hub.idle()
  expect(await decided()).toHaveLength(1)

  await sees('CO 123', 3, { confidence: 0.95 })
  expect((await read(3))?.decision).toMatchObject({ decision: 'granted', instead: 'C0 123' })
  await sees('CO-123', 4, { confidence: 0.99 })
  await eventually(async () => (await decided()).length > 1, 'the second decision')
  await opened.hub.idle()
  const [first, again, ...more] = await decided()
  expect(more).toEqual([])
  expect(first).toMatchObject({ decision: 'unknown' })
  expect(again).toMatchObject({
    decision: 'granted',
    explanation: expect.stringMatching(/^Asked again, since it had been read as C0 123\. /),
  })
})
