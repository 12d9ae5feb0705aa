// Owns the proof over real sockets that two readers are learned by showing cards to both: what is collected, proposed, set, taken back.
// Must not know how profiles are solved; test/domain/credential does.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { eventually } from '../../setup/eventually.ts'
import { type Json, openReaderHub, type ReaderHub } from './open-hub.ts'

let opened: ReaderHub
let gate: Json
let tower: Json
let parcs: Awaited<ReturnType<ReaderHub['parcs']>>
let wall: Awaited<ReturnType<ReaderHub['station']>>
let counter = 0

const reversed = { alphabet: 'hex', byteOrder: 'lsb' }
const plain = { alphabet: 'hex', byteOrder: 'msb' }

beforeAll(async () => {
  opened = await openReaderHub()
  parcs = await opened.parcs('tower')
  const card = { kind: 'card', role: 'entry', laneId: opened.lanes.entry }
  gate = await opened.place('GATE', { ...card, model: 'Mullion 2' })
  tower = await opened.place('column-1', { ...card, connectionId: parcs.connectionId, model: 'Column' })
  wall = await opened.station('CP-1', { vendor: 'ACME', model: 'Wallbox 2' })
})
afterAll(() => opened?.close())
afterEach(async () => {
  for (const { pairingId } of (await opened.call('GET', 'card-pairings?state=open')).items) await cancel(pairingId)
})

/** Somebody walks from one to the other: seconds, which is longer than the hub remembers what it waits for. */
const walk = () => opened.clock.advance(2_000)

async function atGate(raw: string, more: Json = {}): Promise<void> {
  walk()
  const [result] = await opened.report({ type: 'card', reader: 'GATE', id: `tap-${++counter}`, raw, ...more })
  expect(result.status).toMatch(/stored|repeat/)
}

async function atTower(value: string, more: Json = {}): Promise<void> {
  walk()
  const credentials = [{ kind: 'card', value, ...more }]
  await parcs.tell({
    type: 'gate.requested',
    lane: 'ENTRY',
    data: { direction: 'entry', requestId: `${++counter}`, credentials },
  })
}

async function atWall(value: string): Promise<void> {
  walk()
  const before = wall.sim.exchanges.length
  await wall.sim.presentCard(1, { value })
  expect(wall.sim.exchanges.length).toBeGreaterThan(before)
}

const begin = async (body: Json): Promise<string> => (await opened.call('POST', 'card-pairings', body)).pairingId
const look = (pairingId: string) => opened.call('GET', `card-pairings/${pairingId}`)
const cancel = (pairingId: string) => opened.call('POST', `card-pairings/${pairingId}/cancel`)
const reader = (readerId: string) => opened.call('GET', `readers/${readerId}`)
const profiles = async (scope: string) => (await opened.call('GET', `decode-profiles?scope=${scope}`)).items

/** The station's card is noted beside its answer. */
async function shown(pairingId: string, reads: number): Promise<Json> {
  let found: Json
  await eventually(
    async () => {
      found = await look(pairingId)
      return found.reads.length >= reads
    },
    `${reads} cards`,
    4_000,
  )
  return found
}

test('one card at the gate and at the charger gives both profiles; accepted, they are set; undone, they are gone', async () => {
  const pairingId = await begin({ firstReaderId: gate.readerId, secondStationId: wall.stationId })
  expect(await look(pairingId)).toMatchObject({
    collecting: true,
    state: 'open',
    siteId: opened.siteId,
    pairs: [],
    waiting: null,
    solution: { outcome: 'none', reason: expect.stringContaining('No card') },
  })
  await atGate('E7FADE26')
  expect(await look(pairingId)).toMatchObject({ waiting: { side: 1, raw: 'E7FADE26' }, pairs: [] })
  await atWall('26DEFAE7')
  expect(await shown(pairingId, 2)).toMatchObject({
    waiting: null,
    pairs: [{ first: 'E7FADE26', second: '26DEFAE7' }],
    solution: { outcome: 'unique', profiles: [reversed, plain], lossy: false },
  })

  const accepted = await opened.call('POST', `card-pairings/${pairingId}/accept`, {})
  expect(accepted).toMatchObject({ state: 'accepted', collecting: false })
  expect(accepted.accepted).toMatchObject([
    { kind: 'reader', readerId: gate.readerId, before: null, after: reversed },
    { kind: 'profile', before: null, after: plain },
  ])
  expect((await reader(gate.readerId)).decodeProfile).toEqual(reversed)
  expect(await profiles('station')).toMatchObject([{ stationId: wall.stationId, profile: plain }])
  expect(await opened.ask('POST', `card-pairings/${pairingId}/accept`, {})).toMatchObject({ status: 409 })
  expect(await opened.ask('POST', `card-pairings/${pairingId}/cancel`)).toMatchObject({ status: 409 })

  expect(await opened.call('POST', `card-pairings/${pairingId}/undo`)).toMatchObject({ state: 'undone' })
  expect((await reader(gate.readerId)).decodeProfile).toBe(null)
  expect(await profiles('station')).toEqual([])
  expect(await opened.ask('POST', `card-pairings/${pairingId}/undo`)).toMatchObject({ status: 409 })
})

test('the charger first, every tap doubled: the same pair', async () => {
  const pairingId = await begin({ firstReaderId: gate.readerId, secondStationId: wall.stationId })
  await atWall('A1B2C3D4')
  await atWall('A1B2C3D4')
  await atGate('D4C3B2A1')
  await atGate('D4C3B2A1')
  await atWall('A1B2C3D4')
  const found = await shown(pairingId, 5)
  expect(found.pairs).toEqual([{ first: 'D4C3B2A1', second: 'A1B2C3D4' }])
  expect(found).toMatchObject({ waiting: null, solution: { outcome: 'unique', profiles: [reversed, plain] } })
})

test('a card that reads the same both ways leaves it open; a second card settles it', async () => {
  const pairingId = await begin({ firstReaderId: gate.readerId, secondStationId: wall.stationId })
  await atGate('A1B2B2A1')
  await atWall('A1B2B2A1')
  const open = await shown(pairingId, 2)
  expect(open.solution.outcome).toBe('several')
  const refused = await opened.ask('POST', `card-pairings/${pairingId}/accept`, {})
  expect(refused).toMatchObject({ status: 422, body: { errors: [{ pointer: '/candidate' }] } })
  expect(await opened.ask('POST', `card-pairings/${pairingId}/accept`, { candidate: 20 })).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: '/candidate' }] },
  })
  await atWall('26DEFAE7')
  await atGate('E7FADE26')
  expect((await shown(pairingId, 4)).solution).toMatchObject({ outcome: 'unique', profiles: [reversed, plain] })
})

test('two different cards explain nothing, and nothing can be accepted', async () => {
  const pairingId = await begin({ firstReaderId: gate.readerId, secondStationId: wall.stationId })
  await atGate('11223344')
  await atWall('04A3C6CAE26180')
  expect((await shown(pairingId, 2)).solution).toMatchObject({ outcome: 'none' })
  expect(await opened.ask('POST', `card-pairings/${pairingId}/accept`, {})).toMatchObject({ status: 409 })
  expect((await reader(gate.readerId)).decodeProfile).toBe(null)
})

test('a random number is refused in pairing and at enrolment', async () => {
  const pairingId = await begin({ firstReaderId: gate.readerId, secondStationId: wall.stationId })
  await atGate('D4C3B208')
  await atWall('08B2C3D4')
  const { solution } = await shown(pairingId, 2)
  expect(solution).toMatchObject({ outcome: 'none', reason: expect.stringContaining('every tap') })
  const card = { kind: 'card', presentations: [{ value: '08B2C3D4', encoding: 'hex' }] }
  const refused = await opened.ask('POST', 'credentials', card)
  expect([refused.status, refused.body.errors[0].pointer]).toEqual([422, '/presentations/0/value'])
})

test('cards that the parking system tells of count by the name of their reader, or of the device', async () => {
  const pairingId = await begin({ firstReaderId: tower.readerId, secondStationId: wall.stationId })
  await atTower('99887766', { reader: 'column-2' })
  await atTower('3891977766', { reader: 'column-1', encoding: 'dec', bitLength: 32 })
  await atWall('26DEFAE7')
  const found = await shown(pairingId, 2)
  expect(found.pairs).toEqual([{ first: '3891977766', second: '26DEFAE7' }])
  expect(found.reads[0]).toMatchObject({ side: 1, encoding: 'dec', bitLength: 32 })
  expect(found.solution).toMatchObject({
    outcome: 'unique',
    profiles: [{ alphabet: 'dec', byteOrder: 'lsb' }, plain],
  })
})

test('two readers beside each other, one of them told by hand', async () => {
  const pairingId = await begin({ firstReaderId: gate.readerId, secondReaderId: tower.readerId })
  await atGate('26DEFAE700')
  walk()
  const typed = { side: 2, raw: ' 0652147431', encoding: 'dec' }
  const found = await opened.call('POST', `card-pairings/${pairingId}/reads`, typed)
  expect(found.solution).toMatchObject({ outcome: 'unique' })
  await cancel(pairingId)
  expect(await opened.ask('POST', `card-pairings/${pairingId}/reads`, typed)).toMatchObject({ status: 409 })
})

test('for their models: profiles of the models are set, and a reader that has its own is told', async () => {
  const pairingId = await begin({ firstReaderId: gate.readerId, secondStationId: wall.stationId })
  await atGate('E7FADE26')
  await atWall('26DEFAE7')
  await shown(pairingId, 2)
  await opened.call('PATCH', `readers/${gate.readerId}`, { decodeProfile: reversed })
  expect(await opened.ask('POST', `card-pairings/${pairingId}/accept`, { for: 'models' })).toMatchObject({
    status: 409,
  })
  expect(await profiles('reader_model')).toEqual([])
  await opened.call('PATCH', `readers/${gate.readerId}`, { decodeProfile: null })

  await opened.call('POST', `card-pairings/${pairingId}/accept`, { for: 'models' })
  expect(await profiles('reader_model')).toMatchObject([{ model: 'Mullion 2', profile: reversed }])
  expect(await profiles('station_model')).toMatchObject([{ vendor: 'ACME', model: 'Wallbox 2', profile: plain }])
  expect((await reader(gate.readerId)).decodeProfile).toBe(null)

  const [ofModel] = await profiles('reader_model')
  await opened.call('PATCH', `decode-profiles/${ofModel.profileId}`, { profile: { ...reversed, width: 4 } })
  expect(await opened.ask('POST', `card-pairings/${pairingId}/undo`)).toMatchObject({ status: 409 })
  expect(await profiles('station_model')).toHaveLength(1)
  await opened.call('PATCH', `decode-profiles/${ofModel.profileId}`, { profile: reversed })
  await opened.call('POST', `card-pairings/${pairingId}/undo`)
  expect([...(await profiles('reader_model')), ...(await profiles('station_model'))]).toEqual([])
})

test('a second pairing of either waits for the first; cards after its end do not count, what was shown can be accepted', async () => {
  const pairingId = await begin({ firstReaderId: gate.readerId, secondStationId: wall.stationId, minutes: 1 })
  for (const body of [
    { firstReaderId: gate.readerId, secondReaderId: tower.readerId },
    { firstReaderId: tower.readerId, secondReaderId: gate.readerId },
    { firstReaderId: tower.readerId, secondStationId: wall.stationId },
  ])
    expect(await opened.ask('POST', 'card-pairings', body)).toMatchObject({ status: 409 })
  await atGate('E7FADE26')
  await atWall('26DEFAE7')
  await shown(pairingId, 2)
  opened.clock.advance(60_000)
  await atGate('11111111')
  await atWall('22222222')
  const over = await look(pairingId)
  expect(over).toMatchObject({ state: 'open', collecting: false, solution: { outcome: 'unique' } })
  expect(over.reads).toHaveLength(2)
  expect(await opened.ask('POST', `card-pairings/${pairingId}/reads`, { side: 1, raw: 'E7FADE26' })).toMatchObject({
    status: 409,
  })
  const next = await begin({ firstReaderId: gate.readerId, secondReaderId: tower.readerId })
  await cancel(next)
  await opened.call('POST', `card-pairings/${pairingId}/accept`, {})
  await opened.call('POST', `card-pairings/${pairingId}/undo`)
})

test('a profile that is set already narrows what the other can be', async () => {
  await opened.call('PATCH', `readers/${gate.readerId}`, { decodeProfile: reversed })
  const pairingId = await begin({ firstReaderId: gate.readerId, secondStationId: wall.stationId })
  await atGate('A1B2B2A1')
  await atWall('A1B2B2A1')
  expect((await shown(pairingId, 2)).solution).toMatchObject({ outcome: 'several' })
  await atGate('26DEFAE7')
  await atWall('26DEFAE7')
  expect((await shown(pairingId, 4)).solution).toMatchObject({ outcome: 'unique', profiles: [reversed, reversed] })
  await opened.call('PATCH', `readers/${gate.readerId}`, { decodeProfile: null })
})

test('what cannot be is refused by pointer', async () => {
  const camera = await opened.place('CAM', { kind: 'plate' })
  const other = await opened.call('POST', 'sites', { code: 'O', timeZone: 'Europe/Berlin', currency: 'EUR' })
  const far = await opened.call('POST', 'readers', { siteId: other.siteId, name: 'FAR', kind: 'card' })
  const nobody = '00000000-0000-7000-8000-000000000000'
  const wrong: [Json, string][] = [
    [{ firstReaderId: gate.readerId }, '/secondReaderId'],
    [
      { firstReaderId: gate.readerId, secondReaderId: tower.readerId, secondStationId: wall.stationId },
      '/secondReaderId',
    ],
    [{ firstReaderId: gate.readerId, secondReaderId: gate.readerId }, '/secondReaderId'],
    [{ firstReaderId: camera.readerId, secondStationId: wall.stationId }, '/firstReaderId'],
    [{ firstReaderId: gate.readerId, secondReaderId: camera.readerId }, '/secondReaderId'],
    [{ firstReaderId: gate.readerId, secondReaderId: far.readerId }, '/secondReaderId'],
    [{ firstReaderId: nobody, secondStationId: wall.stationId }, '/firstReaderId'],
    [{ firstReaderId: gate.readerId, secondStationId: nobody }, '/secondStationId'],
    [{ firstReaderId: gate.readerId, secondStationId: wall.stationId, minutes: 0 }, '/minutes'],
    [{ firstReaderId: gate.readerId, secondStationId: wall.stationId, minutes: 121 }, '/minutes'],
    [{ firstReaderId: 'x', secondStationId: wall.stationId }, '/firstReaderId'],
    [{ firstReaderId: gate.readerId, secondStationId: wall.stationId, colour: 1 }, '/colour'],
  ]
  for (const [body, pointer] of wrong) {
    const answer = await opened.ask('POST', 'card-pairings', body)
    expect([body, answer.status, answer.body.errors?.[0].pointer]).toEqual([body, 422, pointer])
  }
  const pairingId = await begin({ firstReaderId: gate.readerId, secondStationId: wall.stationId })
  for (const [path, body, pointer] of [
    ['reads', { side: 3, raw: 'A1B2C3D4' }, '/side'],
    ['reads', { side: 1, raw: '' }, '/raw'],
    ['reads', { side: 1, raw: 'A1\u0000' }, '/raw'],
    ['reads', { side: 1, raw: 'A1B2C3D4', bitLength: 0 }, '/bitLength'],
    ['reads', { side: 1, raw: 'x'.repeat(257) }, '/raw'],
    ['accept', { candidate: -1 }, '/candidate'],
    ['accept', { for: 'everybody' }, '/for'],
  ] as const) {
    const answer = await opened.ask('POST', `card-pairings/${pairingId}/${path}`, body)
    expect([body, answer.status, answer.body.errors?.[0].pointer]).toEqual([body, 422, pointer])
  }
  expect((await look(pairingId)).reads).toEqual([])
})

test('a key limited to a site pairs its devices, sets none of models, and sees no other site', async () => {
  const limited = (await opened.call('POST', 'api-keys', { name: 'here', role: 'owner', siteIds: [opened.siteId] })).key
  const other = await opened.call('POST', 'sites', { code: 'P', timeZone: 'Europe/Berlin', currency: 'EUR' })
  const elsewhere = (await opened.call('POST', 'api-keys', { name: 'there', role: 'owner', siteIds: [other.siteId] }))
    .key
  const body = { firstReaderId: gate.readerId, secondReaderId: tower.readerId }
  expect(await opened.ask('POST', 'card-pairings', body, elsewhere)).toMatchObject({ status: 422 })
  const made = await opened.ask('POST', 'card-pairings', body, limited)
  expect(made.status).toBe(201)
  const at = `card-pairings/${made.body.pairingId}`
  await atGate('E7FADE26')
  await atTower('26DEFAE7', { reader: 'column-1' })
  for (const [method, path, sent] of [
    ['GET', at, undefined],
    ['POST', `${at}/reads`, { side: 1, raw: 'E7FADE26' }],
    ['POST', `${at}/accept`, {}],
    ['POST', `${at}/cancel`, undefined],
    ['POST', `${at}/undo`, undefined],
  ] as const)
    expect([path, (await opened.ask(method, path, sent, elsewhere)).status]).toEqual([path, 404])
  expect((await opened.ask('GET', 'card-pairings', undefined, elsewhere)).body.items).toEqual([])
  expect(await opened.ask('POST', `${at}/accept`, { for: 'models' }, limited)).toMatchObject({ status: 403 })
  expect((await look(made.body.pairingId)).state).toBe('open')
  expect(await opened.ask('POST', `${at}/accept`, {}, limited)).toMatchObject({ status: 200 })
  expect(await opened.ask('POST', `${at}/undo`, undefined, limited)).toMatchObject({ status: 200 })
})
