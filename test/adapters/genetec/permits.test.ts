// Owns the proof of the permit provider against a simulated Pay-by-Plate Sync: charging is a permit, begins and ends in time, and is told once.
// Must not test what the hub's book shows; its own tests do.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import genetec from '../../../adapters/genetec/index.ts'
import type { AnyPlugin } from '../../../core/plugin/index.ts'
import { addBay } from '../../services/parking/garage.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { apiKey, type SecurityCenter, securityCenter } from '../../sim/genetec/security-center.ts'
import { type OpenConnection, openConnection } from '../open-connection.ts'
import { addCar, addParker, addStation, plug, sellCar, setRight, unplug } from './charging.ts'

let database: TestDatabase
let line: OpenConnection
let center: SecurityCenter
async function open(config: object = {}) {
  line = await openConnection(database, genetec as AnyPlugin, { config, secrets: { apiKey } })
  center = securityCenter(() => line.url)
}
beforeEach(async () => {
  database = await createTestDatabase()
})
afterEach(async () => {
  await line.stop()
  await database.drop()
})
const minutes = (n: number) => line.garage.clock.advance(n * 60_000)
const now = () => line.garage.clock.now()
const plates = (permits: unknown) => (permits as { PlateNumber: string }[]).map(({ PlateNumber }) => PlateNumber).sort()

describe('charging', () => {
  test('is a permit from the plug to the end of the grace time, told as changes', async () => {
    await open({ graceMinutes: 10 })
    const { garage } = line
    expect(await center.zones()).toEqual([{ ZoneId: 'site', Name: 'Garage' }])
    expect(await center.sync('site', 'full')).toEqual([])
    const station = await addStation(garage, 'CP-1')
    const session = await plug(garage, station, { vehicleId: await addCar(garage, 'ev 123') })
    expect(plates(await center.sync('site', 'changes'))).toEqual(['ev 123'])
    expect(await center.sync('site', 'changes')).toEqual([])
    expect(center.holds('site', 'ev 123', now())).toBe(true)
    expect(await center.lastChance('EV-123', ['site'])).toBe(true)
    minutes(30)
    await unplug(garage, session)
    const [ended] = (await center.sync('site', 'changes')) as { Expiry: string }[]
    expect(ended?.Expiry).toBe('2019-03-10T12:40:00.000Z')
    minutes(9)
    expect(await center.lastChance('EV123', ['site'])).toBe(true)
    minutes(1)
    expect(await center.lastChance('EV123', ['site'])).toBe(false)
    expect(center.holds('site', 'ev 123', now())).toBe(false)
    // It ended as it was told: that is no news.
    expect(await center.sync('site', 'changes')).toEqual([])
    expect(await center.sync('site', 'full')).toEqual([])
  })

  test('that runs for days is renewed in time, and ends by itself when the hub is away', async () => {
    await open({ runningHours: 4 })
    const station = await addStation(line.garage, 'CP-1')
    await plug(line.garage, station, { vehicleId: await addCar(line.garage, 'EV1') })
    await center.sync('site', 'full')
    for (let hour = 0; hour < 12; hour++) {
      minutes(60)
      expect(center.holds('site', 'EV1', now())).toBe(true)
      const told = (await center.sync('site', 'changes')) as unknown[]
      expect(told).toHaveLength(hour % 2 === 1 ? 1 : 0)
    }
    minutes(4 * 60)
    expect(center.holds('site', 'EV1', now())).toBe(false)
  })

  test('of an account with two cars is one permit that they share', async () => {
    await open({ zones: [{ id: 'ev', name: 'EV', rights: [] }] })
    const { garage } = line
    const { vehicleId } = await addParker(garage, 'EV1')
    const vehicle = await garage.db
      .selectFrom('vehicle')
      .select('account_id')
      .where('vehicle_id', '=', vehicleId)
      .executeTakeFirstOrThrow()
    await addCar(garage, 'EV2', vehicle.account_id)
    await plug(garage, await addStation(garage, 'CP-1'), { accountId: vehicle.account_id ?? '' })
    const told = (await center.sync('ev', 'full')) as { PermitId: string }[]
    expect(plates(told)).toEqual(['EV1', 'EV2'])
    expect(new Set(told.map(({ PermitId }) => PermitId)).size).toBe(1)
  })

  test('is a permit in the zone of its bay; where nobody knows the bay, in every zone', async () => {
    await open({
      zones: [
        { id: 'a', name: 'Deck A', areas: ['A'], rights: [] },
        { id: 'b', name: 'Deck B', areas: ['B'], rights: [] },
        { id: 'street', name: 'Street', charging: false },
      ],
    })
    const { garage } = line
    const { organizationId: organization_id, siteId: site_id } = garage
    const stamps = { created_at: now(), updated_at: now() }
    const area_id = '00000000-0000-7000-8000-00000000000a'
    await garage.db
      .insertInto('area')
      .values({ organization_id, site_id, area_id, code: 'A', name: 'A', ...stamps })
      .execute()
    const bayId = await addBay(garage, 'A1')
    await garage.db.updateTable('bay').set({ area_id }).where('bay_id', '=', bayId).execute()
    const station = await addStation(garage, 'CP-1')
    await plug(garage, station, { vehicleId: await addCar(garage, 'INA'), bayId })
    await plug(garage, await addStation(garage, 'CP-2'), { vehicleId: await addCar(garage, 'LOST') })
    expect(plates(await center.sync('a', 'full'))).toEqual(['INA', 'LOST'])
    expect(plates(await center.sync('b', 'full'))).toEqual(['LOST'])
    expect(await center.sync('street', 'full')).toEqual([])
    expect(await center.lastChance('INA', ['b', 'street'])).toBe(false)
    expect(await center.lastChance('INA', ['b', 'a'])).toBe(true)
    expect(await center.lastChance('INA', ['nowhere'])).toBe(404)
    expect(await center.sync('nowhere', 'full')).toBe(404)
  })
})

describe('a standing right', () => {
  test('is a permit in its validity; blocked, or its car sold, it is told to end now', async () => {
    await open()
    const { garage } = line
    const kept = await addParker(garage, 'A1', { validUntil: new Date('2019-06-01T00:00:00Z') })
    const later = await addParker(garage, 'A2', { validFrom: new Date('2019-04-01T00:00:00Z') })
    await addParker(garage, 'A3', { validUntil: new Date('2019-03-01T00:00:00Z') })
    const full = (await center.sync('site', 'full')) as { PlateNumber: string; Expiry: string; Activation: string }[]
    expect(plates(full)).toEqual(['A1', 'A2'])
    expect(full.find(({ PlateNumber }) => PlateNumber === 'A1')).toMatchObject({
      Expiry: '2019-06-01T00:00:00.000Z',
      Activation: '0001-01-01T00:00:00',
    })
    expect(full.find(({ PlateNumber }) => PlateNumber === 'A2')).toMatchObject({ Expiry: '9999-12-31T23:59:59Z' })
    expect(await center.lastChance('A2', ['site'])).toBe(false)
    minutes(5)
    await setRight(garage, kept.credentialId, 'blocked')
    await sellCar(garage, later.vehicleId)
    const ended = (await center.sync('site', 'changes')) as { PlateNumber: string; Expiry: string }[]
    expect(plates(ended)).toEqual(['A1', 'A2'])
    expect(ended.map(({ Expiry }) => Expiry)).toEqual([now().toISOString(), now().toISOString()])
    await setRight(garage, kept.credentialId, 'active')
    expect(plates(await center.sync('site', 'changes'))).toEqual(['A1'])
    expect(center.holds('site', 'A1', now())).toBe(true)
  })
})

describe('the search', () => {
  test('finds plates in zones however they are written, few or many, and answers 404 for none', async () => {
    await open()
    for (const plate of ['AB-12', 'CD 34']) await addParker(line.garage, plate)
    const found = await center.search(['ab12', 'CD34', 'EF56'], ['site', 'nowhere'])
    expect(found).toMatchObject([{ ZoneId: 'site' }])
    expect(plates((found as { Permits: unknown }[])[0]?.Permits)).toEqual(['AB-12', 'CD 34'])
    const many = await center.search(['AB12', ...Array.from({ length: 300 }, (_, n) => `X${n}`)], ['site'])
    expect(plates((many as { Permits: unknown }[])[0]?.Permits)).toEqual(['AB-12'])
    expect(await center.search(['EF56'], ['site'])).toBe(404)
    expect(await center.search(['AB12'], ['nowhere'])).toBe(404)
  })

  test('does not take one plate of another alphabet for another', async () => {
    await open()
    await addParker(line.garage, 'ÆØ12345')
    expect(await center.lastChance('12345', ['site'])).toBe(false)
    expect(await center.lastChance('ÆØ 12345', ['site'])).toBe(true)
  })
})

describe('the token', () => {
  test('of a lost answer is used again; an unknown one is told all that ever was', async () => {
    await open()
    const { garage } = line
    const { credentialId } = await addParker(garage, 'A1')
    await center.sync('site', 'full')
    await addParker(garage, 'A2')
    center.lose = 1
    expect(await center.sync('site', 'changes')).toBe(0)
    expect(plates(await center.sync('site', 'changes'))).toEqual(['A2'])
    await setRight(garage, credentialId, 'blocked')
    minutes(1)
    for (const token of ['12/6/2020 3:55:01 PM', `${garage.connectionId}.999999`, `${garage.siteId}.1`, '\u0000']) {
      center.tokens.set('site', token)
      expect(plates(await center.sync('site', 'changes'))).toEqual(['A1', 'A2'])
      expect(center.holds('site', 'A1', now())).toBe(false)
    }
  })

  test('many readers at once are told the same', async () => {
    await open()
    for (let n = 0; n < 5; n++) await addParker(line.garage, `A${n}`)
    const answers = await Promise.all(Array.from({ length: 8 }, () => center.call('GET', 'zones/site/permits')))
    const told = await Promise.all(
      answers.map((answer) => answer.json() as Promise<{ ContinuationToken: string; Permits: unknown[] }>),
    )
    expect(new Set(told.map(({ ContinuationToken }) => ContinuationToken)).size).toBe(1)
    expect(told.map(({ Permits }) => Permits.length)).toEqual(Array(8).fill(5))
  })
})

describe('the caller', () => {
  test('is known by its key in either header, and nothing is told to another', async () => {
    await open({ keyHeader: 'Api-Key' })
    const status = async (headers: Record<string, string>) =>
      (await center.call('GET', 'zones', undefined, headers)).status
    expect(await status({ 'api-key': apiKey })).toBe(200)
    expect(await status({ authorization: apiKey })).toBe(200)
    expect(await status({ authorization: `Bearer ${apiKey}` })).toBe(200)
    for (const headers of [{}, { 'api-key': 'no' }, { authorization: '' }, { 'x-api-key': apiKey }])
      expect(await status(headers as Record<string, string>)).toBe(401)
  })

  test('is refused what it cannot ask, in words', async () => {
    await open({ isValidAnswer: 'object', zonesAnswer: 'object' })
    const post = async (path: string, body: string) => {
      const answer = await center.call('POST', path, body)
      return { status: answer.status, body: (await answer.json()) as { errors?: { pointer: string }[] } }
    }
    expect((await post('isvalid', '{"PlateNumber": "A1"}')).body.errors).toMatchObject([{ pointer: '/ZoneIds' }])
    expect((await post('isvalid', '{"PlateNumber": 7, "ZoneIds": ["site"]}')).body.errors).toMatchObject([
      { pointer: '/PlateNumbers/0' },
    ])
    for (const body of ['', '{', '[]', 'null', '<!DOCTYPE a [<!ENTITY b "&b;">]><a>&b;</a>', '['.repeat(10_000)])
      expect((await post('permits/search', body)).status).toBe(400)
    expect((await post('permits/search', `{"PlateNumbers": ["${'A'.repeat(300_000)}"]}`)).status).toBe(413)
    const flood = JSON.stringify({ PlateNumbers: Array.from({ length: 1_001 }, () => 'A'), ZoneIds: ['site'] })
    expect((await post('permits/search', flood)).status).toBe(400)
    expect((await center.call('GET', 'isvalid')).status).toBe(405)
    expect((await center.call('GET', 'nothing')).status).toBe(404)
    expect((await center.call('GET', 'zones/%E0%A4%A/permits')).status).toBe(404)
    expect(await center.lastChance('A1', ['site'])).toEqual({ IsValid: false })
    expect(await center.zones()).toEqual({ Zones: [{ ZoneId: 'site', Name: 'Garage' }] })
  })

  test('hears 503 and never "no permit" when the hub cannot look', async () => {
    await open()
    await database.ownerPool.query('alter table credential rename to credential_away')
    expect(await center.lastChance('A1', ['site'])).toBe(503)
    expect(await center.sync('site', 'full')).toBe(503)
    await database.ownerPool.query('alter table credential_away rename to credential')
    expect(await center.lastChance('A1', ['site'])).toBe(false)
  })
})

test('two zones of one id are refused', async () => {
  const zone = { id: 'a', name: 'A' }
  await open({ zones: [zone, zone] })
  expect(await line.hub.state(line.garage.connectionId)).toMatchObject({ pointer: '/zones/1/id' })
})
