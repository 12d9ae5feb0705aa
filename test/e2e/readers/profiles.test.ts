// Owns the proof that one card is one credential at a gate and at a charger that write it differently, before and after they are known.
// Must not pair readers; pairing.test.ts does.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../../setup/eventually.ts'
import { type Json, openReaderHub, type ReaderHub } from './open-hub.ts'

let opened: ReaderHub
let gate: Json
let counter = 0
const reversed = { alphabet: 'hex', byteOrder: 'lsb' }

beforeAll(async () => {
  opened = await openReaderHub()
  const { lanes } = opened
  gate = await opened.place('GATE', { kind: 'card', role: 'entry', laneId: lanes.entry, passage: 'passes' })
})
afterAll(() => opened?.close())

async function enrol(value: string): Promise<string> {
  const account = await opened.call('POST', 'accounts', { name: 'Erika', kind: 'person', parkerKind: 'contract' })
  const body = { kind: 'card', accountId: account.accountId, presentations: [{ value, encoding: 'hex' }] }
  await opened.call('POST', 'credentials', body)
  return account.accountId
}

const tap = (raw: string) => opened.report({ type: 'card', reader: 'GATE', id: `t-${++counter}`, raw, encoding: 'hex' })
const stayOf = async (raw: string): Promise<Json> =>
  (await opened.call('GET', 'stays?limit=100')).items.find((one: Json) =>
    one.presentations.some((shown: Json) => shown.raw === raw),
  )

test('a profile that is set late reads stays and sessions anew, and links them', async () => {
  const accountId = await enrol('26DEFAE7')
  const wall = await opened.station('CP-1')
  // Check byte added, turned round and inverted: no search would guess that.
  await tap('1A180521D9')
  expect(await stayOf('1A180521D9')).toMatchObject({ state: 'open', accountId: null })
  opened.clock.advance(60_000)
  await wall.sim.plug(1)
  expect(await wall.sim.presentCard(1, { value: '26DEFAE7' })).toBe('Accepted')
  const session = async (): Promise<Json> =>
    (await opened.call('GET', `charging-sessions?stationId=${wall.stationId}`)).items[0]
  await eventually(async () => (await session())?.state === 'active', 'the session')
  expect(await session()).toMatchObject({ accountId })

  await opened.call('PATCH', `readers/${gate.readerId}`, {
    decodeProfile: { ...reversed, invert: true, strip: ['bcc'] },
  })
  await opened.hub.idle()
  const linked = (await session()).sessionId
  const stay = await stayOf('1A180521D9')
  expect(stay).toMatchObject({ accountId, presentations: [{ raw: '1A180521D9', key: 'uid:iso14443:26DEFAE7' }] })
  await eventually(async () => {
    await opened.hub.idle()
    const { items } = await opened.call('GET', `links?stayId=${stay.stayId}`)
    return items.some(({ sessionId }: Json) => sessionId === linked)
  }, 'the link')
})

test('a charger that turns the bytes round, known by its model, lets in whose card the gate writes plainly', async () => {
  await opened.call('PATCH', `readers/${gate.readerId}`, { decodeProfile: null })
  const accountId = await enrol('1EA68671AA05')
  await opened.call('POST', 'decode-profiles', {
    scope: 'station_model',
    vendor: 'ACME',
    model: 'Turned',
    profile: reversed,
  })
  const wall = await opened.station('CP-2', { vendor: 'ACME', model: 'Turned' })
  opened.clock.advance(2_000)
  await wall.sim.plug(1)
  expect(await wall.sim.presentCard(1, { value: '05AA7186A61E' })).toBe('Accepted')
  await eventually(async () => {
    const { items } = await opened.call('GET', `charging-sessions?stationId=${wall.stationId}`)
    return items[0]?.accountId === accountId
  }, 'the session of the account')
})

test('a part of a number that two cards share is nobody’s card', async () => {
  await enrol('AA3F9B1A')
  const wall = await opened.station('CP-3', { vendor: 'ACME', model: 'Short' })
  const profile = { alphabet: 'hex', byteOrder: 'msb', width: 3 }
  await opened.call('POST', 'decode-profiles', { scope: 'station', stationId: wall.stationId, profile })
  opened.clock.advance(2_000)
  await enrol('AA3F9B2B')
  opened.clock.advance(2_000)
  await wall.sim.plug(1)
  await wall.sim.presentCard(1, { value: 'AA3F9B' })
  // This site lets everybody charge: the session may run, and it is nobody's.
  const sessions = async (): Promise<Json[]> =>
    (await opened.call('GET', `charging-sessions?stationId=${wall.stationId}`)).items
  await eventually(async () => (await sessions()).length > 0, 'the session')
  expect((await sessions()).map(({ accountId }) => accountId)).toEqual([null])
  const asked = await tap('AA3F9B')
  expect(asked).toMatchObject([{ status: 'stored' }])
  expect(await stayOf('AA3F9B')).toMatchObject({ accountId: null })
})
