// Owns recipes 1 to 4 and 15 to 17: what gates and readers tell, in any order and any spelling, over a PARCS line and OCPP sockets.
// Must not look into the hub; its API tells what it has.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../setup/eventually.ts'
import { cardOf, enrol, plateOf, type RecipeGarage, type RecipeHub, recipeHub } from './recipe-hub.ts'

let hub: RecipeHub
let garage: RecipeGarage
beforeAll(async () => {
  hub = await recipeHub()
  garage = await hub.garage()
}, 300_000)
afterAll(() => hub.stop())

const passed = (direction: 'entry' | 'exit', minute: number, credential: object, more: object = {}) =>
  garage.tell('gate.passed', minute, { direction, credentials: [credential] }, { lane: direction, ...more })
const staysOfPlate = async (plate: string) => {
  await hub.idle()
  return hub.items(`stays?siteId=${garage.siteId}&plate=${plate}`)
}
const accountOf = async (number: string) =>
  (await hub.items('accounts')).find((one) => one.number === number)?.accountId

test('1. an entry told three times, the second with a corrected plate, is one stay under revision 3', async () => {
  const told = (plate: string, revision: number, confidence: number) =>
    passed('entry', 1, plateOf(plate, { confidence }), { id: 'e1', revision })
  expect(await told('RA1B23', 1, 0.7)).toBe('stored')
  expect(await told('RA1823', 2, 0.7)).toBe('stored')
  expect(await told('RA1823', 3, 0.95)).toBe('stored')
  expect(await told('RA1B23', 1, 0.7)).toBe('duplicate')
  expect(await staysOfPlate('RA1B23')).toEqual([])
  const stays = await staysOfPlate('RA1823')
  expect(stays).toMatchObject([{ state: 'open', presentations: [{ confidence: 0.95 }] }])
  // An event is listed once every older transaction of the server has ended: what came later is waited for.
  await passed('entry', 2, plateOf('RA1LAST'))
  const [last] = await staysOfPlate('RA1LAST')
  const openings = async (stayId: string) =>
    (await hub.items('events?type=stay.opened&limit=200')).filter(({ data }) => data.stayId === stayId)
  await eventually(async () => (await openings(last.stayId)).length > 0, 'the later event')
  expect(await openings(stays[0].stayId)).toHaveLength(1)
})

describe('2.', () => {
  test('an exit told before its entry closes the stay once the entry is known', async () => {
    await passed('exit', 60, plateOf('RB200'))
    expect(await staysOfPlate('RB200')).toMatchObject([{ state: 'exit_only', enteredAt: null }])
    await passed('entry', 10, plateOf('RB200'))
    const stays = await staysOfPlate('RB200')
    expect(stays).toMatchObject([{ state: 'closed' }])
    expect(Date.parse(stays[0].exitedAt) - Date.parse(stays[0].enteredAt)).toBe(50 * 60_000)
  })

  test('an exit without any entry stays what it is, and the next visit is a stay of its own', async () => {
    await passed('exit', 20, plateOf('RB201'))
    await passed('entry', 30, plateOf('RB201'))
    const stays = await staysOfPlate('RB201')
    expect(stays.map(({ state }) => state).sort()).toEqual(['exit_only', 'open'])
  })
})

test('3. a car that was granted and backs out has not come in, and may ask again at once', async () => {
  const value = '04D00000000301'
  const rules = { antipassback: 'hard', maxInside: 1 }
  const { accountId } = await enrol(hub, value, { parkerKind: 'contract', access: rules })
  expect(await garage.asks([cardOf(value)], 'q1')).toMatchObject({ decision: 'granted' })
  await garage.tell(
    'gate.backedOut',
    300,
    { direction: 'entry', requestId: 'q1', credentials: [cardOf(value)] },
    { lane: 'entry' },
  )
  expect(await garage.asks([cardOf(value)], 'q2')).toMatchObject({ decision: 'granted' })
  await hub.idle()
  expect(await hub.items(`stays?accountId=${accountId}`)).toEqual([])
  await garage.tell(
    'gate.passed',
    301,
    { direction: 'entry', requestId: 'q2', credentials: [cardOf(value)] },
    { lane: 'entry' },
  )
  await hub.idle()
  expect(await hub.items(`stays?accountId=${accountId}`)).toMatchObject([{ state: 'open' }])
  expect(await garage.asks([cardOf(value)], 'q3')).toMatchObject({ decision: 'declined' })
})

describe('4.', () => {
  test('an exit read as WOBBS1 closes by itself neither the stay of W0B8S1 nor that of WOB851', async () => {
    await passed('entry', 100, plateOf('W0B8S1'))
    await passed('entry', 105, plateOf('WOB851'))
    await passed('exit', 160, plateOf('WOBBS1'))
    expect(await staysOfPlate('W0B8S1')).toMatchObject([{ state: 'open', exitedAt: null }])
    expect(await staysOfPlate('WOB851')).toMatchObject([{ state: 'open', exitedAt: null }])
    expect(await staysOfPlate('WOBBS1')).toMatchObject([{ state: 'exit_only' }])
  })

  test('a charge at a bay whose camera reads WOBBS1 is linked by itself to neither: a person is asked', async () => {
    const own = await hub.garage()
    const bay = await own.bay('B4')
    const { station, goTo } = await own.station([bay])
    const into = (minute: number, plate: string) =>
      own.tell(
        'gate.passed',
        minute,
        { direction: 'entry', credentials: [plateOf(plate)] },
        { lane: 'entry', stayRef: plate },
      )
    await into(100, 'W0B8S1')
    await into(105, 'WOB851')
    await own.tell('bay.changed', 109, { bay: 'B4', occupied: true, credentials: [plateOf('WOBBS1')] })
    goTo(110)
    await station.plug(1)
    await station.startLocally(1, { value: '04D00000000401', type: 'ISO14443' })
    goTo(140)
    await station.stopLocally(1)
    await station.unplug(1)
    expect(await own.sessions()).toHaveLength(1)
    const links = await own.links()
    expect(links.filter(({ state }) => state === 'linked')).toEqual([])
    const stays = await own.stays()
    const asked = links.filter(({ state }) => state === 'review').map(({ stayId }) => stayId)
    expect(asked.map((id) => stays.find(({ stayId }) => stayId === id)?.stayRef).sort()).toEqual(['W0B8S1', 'WOB851'])
  }, 120_000)
})

test('15. E7FADE26 at the gate, 26DEFAE7 at the charger, 0652147431 in the list and 26DEFAE700 in an old export are one credential', async () => {
  const csv = [
    'account_number,account_name,account_kind,parker_kind,credential_kind,credential_value,credential_encoding',
    'HR-15,Ada,employee,contract,card,0652147431,dec',
  ].join('\n')
  const bring = async (text: string) => {
    const { importId } = await hub.call('POST', 'people-imports', { csv: text })
    await hub.idle()
    return hub.call('GET', `people-imports/${importId}`)
  }
  expect(await bring(csv)).toMatchObject({ state: 'done', created: 1, failed: 0 })
  const old = 'account_number,credential_kind,credential_value\nHR-15,card,26DEFAE700'
  expect(await bring(old)).toMatchObject({ state: 'done', failed: 0 })
  const accountId = await accountOf('HR-15')
  expect(await hub.items(`credentials?accountId=${accountId}`)).toHaveLength(1)

  const own = await hub.garage()
  expect(await own.asks([{ kind: 'card', value: 'E7FADE26' }])).toMatchObject({ decision: 'granted' })
  const { station, goTo } = await own.station()
  await own.tell(
    'gate.passed',
    10,
    { direction: 'entry', credentials: [{ kind: 'card', value: 'E7FADE26' }], parkerKind: 'contract' },
    { lane: 'entry', stayRef: 'S15' },
  )
  goTo(20)
  await station.plug(1)
  expect(await station.presentCard(1, { value: '26DEFAE7', type: 'ISO14443' })).toBe('Accepted')
  goTo(50)
  await station.stopLocally(1)
  await station.unplug(1)
  const [stay] = await own.stays()
  const [session] = await own.sessions()
  expect([stay.accountId, session.accountId]).toEqual([accountId, accountId])
  expect(await own.links()).toMatchObject([
    { stayId: stay.stayId, sessionId: session.sessionId, state: 'linked', decidedBy: 'hub' },
  ])
}, 120_000)

test('16. a 26-bit read that fits two enrolled 7-byte cards opens no gate and links nothing: a person is asked', async () => {
  // Wiegand 26 keeps the first three bytes, reversed.
  const cut = { kind: 'card', value: '68AF04', encoding: 'hex', bitLength: 26 }
  const first = '04AF68DAC85A80'
  await enrol(hub, first, { parkerKind: 'contract' })
  await enrol(hub, '04AF6811223344', { parkerKind: 'contract' })
  const own = await hub.garage()
  const { station, goTo } = await own.station()
  expect((await own.asks([cut])).decision).not.toBe('granted')
  await own.tell('gate.passed', 10, { direction: 'entry', credentials: [cut] }, { lane: 'entry', stayRef: 'S16' })
  goTo(20)
  await station.plug(1)
  expect(await station.presentCard(1, { value: first, type: 'ISO14443' })).toBe('Accepted')
  goTo(50)
  await station.stopLocally(1)
  await station.unplug(1)
  const [stay] = await own.stays()
  expect(stay.accountId).toBeNull()
  expect(await own.links()).toMatchObject([{ stayId: stay.stayId, state: 'review' }])
}, 120_000)

test('17. a phone number in the column of cards is a phone: no card opens by it, and the app’s number does', async () => {
  const csv =
    'account_number,account_name,account_kind,credential_kind,credential_value\nHR-17,Bo,tenant,card,+1 415 555 0117'
  await hub.call('POST', 'people-imports', { csv })
  await hub.idle()
  const accountId = await accountOf('HR-17')
  const credentials = await hub.items(`credentials?accountId=${accountId}`)
  expect(credentials).toMatchObject([{ kind: 'phone' }])
  expect(await garage.asks([{ kind: 'card', value: '14155550117' }])).toMatchObject({ decision: 'notFound' })
  expect(await garage.asks([{ kind: 'phone', value: '+14155550117' }])).toMatchObject({ decision: 'granted' })
})
