// Owns recipes 18 to 20: charging and parking of one car, in one bill or apart, over a PARCS line and OCPP sockets.
// Must not look into the hub; its API tells what it has.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../setup/eventually.ts'
import { cardOf, enrol, type RecipeGarage, type RecipeHub, recipeHub } from './recipe-hub.ts'

let hub: RecipeHub
beforeAll(async () => {
  hub = await recipeHub()
}, 300_000)
afterAll(() => hub.stop())

let cards = 0
const freshCard = () => `04C1A2B3${String(++cards).padStart(2, '0')}5566`

async function passes(
  garage: RecipeGarage,
  direction: 'entry' | 'exit',
  minute: number,
  stayRef: string,
  value: string,
  parkerKind = 'transient',
): Promise<void> {
  const data = { direction, credentials: [cardOf(value)], parkerKind }
  expect(await garage.tell('gate.passed', minute, data, { stayRef, lane: direction })).toBe('stored')
}

/** Charges at 6 kW on one EVSE. */
async function charges(
  { station, goTo }: Awaited<ReturnType<RecipeGarage['station']>>,
  { evse = 1, card, from, to }: { evse?: number; card: string; from: number; to: number },
): Promise<void> {
  goTo(from)
  await station.plug(evse)
  expect(await station.presentCard(evse, { value: card, type: 'ISO14443' })).toBe('Accepted')
  goTo(to)
  await station.stopLocally(evse)
  await station.unplug(evse)
}

describe('18.', () => {
  test('two plugs in one stay: both sessions are linked and stand on its one bill', async () => {
    const garage = await hub.garage()
    const played = await garage.station()
    const card = freshCard()
    await enrol(hub, card)
    await passes(garage, 'entry', 0, 'S', card)
    await charges(played, { card, from: 10, to: 40 })
    await charges(played, { card, from: 60, to: 120, evse: 2 })
    await passes(garage, 'exit', 150, 'S', card)
    const [stay, ...others] = await garage.stays()
    expect(others).toEqual([])
    expect(stay).toMatchObject({ stayRef: 'S', state: 'closed' })
    expect(await garage.links()).toMatchObject([
      { stayId: stay.stayId, state: 'linked', decidedBy: 'hub' },
      { stayId: stay.stayId, state: 'linked', decidedBy: 'hub' },
    ])
    // Three started hours, and 3 kWh with 6 kWh at 0.40.
    expect(await garage.billed(`stayId=${stay.stayId}`)).toEqual({ PARKING: 600, ENERGY: 360 })
  }, 120_000)

  test('one session that spans exit and re-entry belongs to the stay it began in, and is billed once', async () => {
    const garage = await hub.garage()
    const { station, goTo } = await garage.station()
    const card = freshCard()
    await enrol(hub, card)
    await passes(garage, 'entry', 0, 'A', card)
    goTo(10)
    await station.plug(1)
    expect(await station.presentCard(1, { value: card, type: 'ISO14443' })).toBe('Accepted')
    goTo(70)
    await passes(garage, 'exit', 40, 'A', card)
    await passes(garage, 'entry', 44, 'B', card)
    await station.stopLocally(1)
    await station.unplug(1)
    await passes(garage, 'exit', 90, 'B', card)
    const stays = await garage.stays()
    const named = (ref: string) => stays.find(({ stayRef }) => stayRef === ref)
    expect(stays).toHaveLength(2)
    const sessions = await garage.sessions()
    expect(sessions).toMatchObject([{ energyWh: 6_000 }])
    const standing = (await garage.links()).filter(({ state }) => state === 'linked' || state === 'review')
    expect(standing).toMatchObject([{ stayId: named('A').stayId, sessionId: sessions[0].sessionId, state: 'linked' }])
    expect(await garage.billed(`stayId=${named('A').stayId}`)).toEqual({ PARKING: 200, ENERGY: 240 })
    expect(await garage.billed(`stayId=${named('B').stayId}`)).toEqual({ PARKING: 200 })
    expect(await garage.billed(`siteId=${garage.siteId}`)).toEqual({ PARKING: 400, ENERGY: 240 })
  }, 120_000)

  test('an exit while plugged is an alarm, which ends when the exit turns out to be another car’s', async () => {
    const garage = await hub.garage()
    const { station, goTo } = await garage.station()
    const card = freshCard()
    await enrol(hub, card)
    await passes(garage, 'entry', 0, 'S', card)
    goTo(10)
    await station.plug(1)
    expect(await station.presentCard(1, { value: card, type: 'ISO14443' })).toBe('Accepted')
    await eventually(async () => (await garage.links()).some(({ state }) => state === 'linked'), 'the link')
    await passes(garage, 'exit', 335, 'S', card)
    goTo(355)
    await station.meter(1)
    const [stay] = await garage.stays()
    const told = async () => {
      const events = await hub.items('events?type=stay.exited_while_plugged&limit=200')
      return events.filter(({ data }) => data.stayId === stay.stayId).map(({ data }) => data.active)
    }
    await eventually(async () => (await told()).includes(true), 'the alarm', 60_000)
    expect(await garage.sessions()).toMatchObject([{ state: 'active' }])
    await garage.tell('stay.corrected', 356, { changed: { exitedAt: null } }, { stayRef: 'S' })
    await eventually(async () => (await told()).includes(false), 'its end', 60_000)
    await station.stopLocally(1)
    await station.unplug(1)
  }, 180_000)
})

describe('19.', () => {
  test('a validation that is worth more than the parking makes that free, and leaves the energy whole', async () => {
    const garage = await hub.garage()
    const played = await garage.station()
    const card = freshCard()
    await enrol(hub, card)
    await passes(garage, 'entry', 0, 'S', card)
    await charges(played, { card, from: 10, to: 70 })
    const validation = { kind: 'validation', amountMinor: 5_000, providerNo: '7', reason: 'cinema' }
    await garage.tell('discount.applied', 80, validation, { stayRef: 'S' })
    await passes(garage, 'exit', 90, 'S', card)
    const [stay] = await garage.stays()
    expect(await garage.billed(`stayId=${stay.stayId}`)).toEqual({ PARKING: 400, VALIDATION: -400, ENERGY: 240 })
  }, 120_000)

  test('told after the bill, it gives the parking back and nothing of the energy', async () => {
    const garage = await hub.garage()
    const played = await garage.station()
    const card = freshCard()
    await enrol(hub, card)
    await passes(garage, 'entry', 0, 'S', card)
    await charges(played, { card, from: 10, to: 70 })
    await passes(garage, 'exit', 90, 'S', card)
    const [stay] = await garage.stays()
    expect(await garage.billed(`stayId=${stay.stayId}`)).toEqual({ PARKING: 400, ENERGY: 240 })
    await garage.tell('discount.applied', 85, { kind: 'validation', percent: 100 }, { stayRef: 'S' })
    const { PARKING = 0, VALIDATION = 0, ENERGY } = await garage.billed(`stayId=${stay.stayId}`)
    expect([PARKING + VALIDATION, ENERGY]).toEqual([0, 240])
  }, 120_000)
})

describe('20.', () => {
  test.each([
    ['a contract parker pays energy alone', 'contract', 0],
    ['a member pays each stay and the energy', 'member', 400],
  ])(
    '%s',
    async (_, parkerKind, parking) => {
      const garage = await hub.garage()
      const played = await garage.station()
      const card = freshCard()
      const { accountId } = await enrol(hub, card, { parkerKind })
      await passes(garage, 'entry', 0, 'S', card, parkerKind)
      await charges(played, { card, from: 10, to: 70 })
      await passes(garage, 'exit', 90, 'S', card, parkerKind)
      const [stay] = await garage.stays()
      expect(stay).toMatchObject({ accountId, parkerKind })
      const { PARKING = 0, ENERGY } = await garage.billed(`stayId=${stay.stayId}`)
      expect({ PARKING, ENERGY }).toEqual({ PARKING: parking, ENERGY: 240 })
    },
    120_000,
  )

  test('where the charging network bills the energy, a validated stay costs nothing and the energy is on no bill', async () => {
    const garage = await hub.garage({ bill_charging: false })
    const played = await garage.station()
    const card = freshCard()
    await enrol(hub, card)
    await passes(garage, 'entry', 0, 'S', card)
    await charges(played, { card, from: 10, to: 70 })
    await garage.tell('discount.applied', 80, { kind: 'validation', percent: 100, providerNo: '9' }, { stayRef: 'S' })
    await passes(garage, 'exit', 90, 'S', card)
    const [stay] = await garage.stays()
    expect(await garage.links()).toMatchObject([{ stayId: stay.stayId, state: 'linked' }])
    expect(await garage.billed(`stayId=${stay.stayId}`)).toEqual({ PARKING: 400, VALIDATION: -400 })
    expect(await garage.sessions()).toMatchObject([{ energyWh: 6_000 }])
  }, 120_000)
})
