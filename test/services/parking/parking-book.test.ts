// Owns the proof of what a parking connection may read: its own site only, whole, in pages, with bad cursors and limits refused.
// Must not test pages under change; parking-book.property.test.ts does.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ParkingBook } from '../../../core/domain/parking-book.ts'
import type { ParkingFact } from '../../../core/domain/parking-fact.ts'
import { systemNewId } from '../../../core/runtime/random.ts'
import { parkingBook } from '../../../core/services/parking/parking-book.ts'
import { recordParkingFacts } from '../../../core/services/parking/record-parking-facts.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { insertConnection, someInstant } from '../../setup/records.ts'
import { addAccount, addBay, addCredential, addSite, addVehicle, type Garage, openGarage, staysOf } from './garage.ts'

let database: TestDatabase
let garage: Garage
let elsewhere: Garage
let stranger: Garage
let book: ParkingBook
beforeAll(async () => {
  database = await createTestDatabase()
  garage = await openGarage(database.db, { settings: { location: { latitude: 52.52, longitude: 13.4 } } })
  elsewhere = await addSite(database.db, garage.organizationId, { clock: garage.clock })
  stranger = await openGarage(database.db, { clock: garage.clock })
  book = parkingBook(garage.deps)(garage)
})
afterAll(() => database.drop())

const stamps = { created_at: someInstant, updated_at: someInstant }
const record = (at: Garage, facts: readonly ParkingFact[]) => recordParkingFacts(at.deps)(at)(facts)
const opened = (ref: string, plate: string, minute = 0): ParkingFact => ({
  id: `${ref}/opened`,
  revision: 1,
  type: 'stay.opened',
  occurredAt: new Date(Date.UTC(2019, 2, 10, 11, minute)),
  backfilled: false,
  stayRef: ref,
  data: { credentials: [{ kind: 'plate', value: plate }] },
})

async function addCharger(at: Garage, bayId: string, code: string, status: string) {
  const { organizationId: organization_id, siteId: site_id } = at
  const station_id = systemNewId()
  await at.db
    .insertInto('station')
    .values({ organization_id, site_id, station_id, code, name: code, max_power_w: 22_000, ...stamps })
    .execute()
  await at.db.insertInto('station_identity').values({ identity: code, organization_id, station_id }).execute()
  await at.db
    .insertInto('evse')
    .values({
      organization_id,
      site_id,
      station_id,
      evse_id: systemNewId(),
      number: 1,
      code: `${code}-1`,
      bay_id: bayId,
      ...stamps,
    })
    .execute()
  await at.db
    .insertInto('connector')
    .values({ organization_id, site_id, station_id, evse_number: 1, number: 1, standard: 'cType2', status })
    .execute()
  return station_id
}

async function charge(
  at: Garage,
  stationId: string,
  more: { energyWh?: number; vehicleId?: string; accountId?: string } = {},
) {
  const session_id = systemNewId()
  await at.db
    .insertInto('charging_session')
    .values({
      organization_id: at.organizationId,
      site_id: at.siteId,
      session_id,
      station_id: stationId,
      evse_number: 1,
      state: 'active',
      plugged_at: new Date('2019-03-10T11:05:00Z'),
      started_at: new Date('2019-03-10T11:05:00Z'),
      energy_wh: more.energyWh ?? 0,
      vehicle_id: more.vehicleId ?? null,
      account_id: more.accountId ?? null,
      facts_at: someInstant,
      created_at: someInstant,
      updated_at: at.clock.now(),
    })
    .execute()
  return session_id
}

async function link(at: Garage, stayId: string, sessionId: string) {
  await at.db
    .insertInto('link')
    .values({
      organization_id: at.organizationId,
      site_id: at.siteId,
      link_id: systemNewId(),
      stay_id: stayId,
      session_id: sessionId,
      state: 'linked',
      method: 'plate',
      score: 1,
      evidence: '[]',
      decided_by: 'hub',
      decided_at: at.clock.now(),
      created_at: at.clock.now(),
      updated_at: at.clock.now(),
    })
    .execute()
}

describe('the book', () => {
  test('shows the site with its bays, their state and the charger beside each', async () => {
    const bay = await addBay(garage, 'E1')
    await addBay(garage, 'N1')
    await addBay(elsewhere, 'E9')
    await addCharger(garage, bay, 'CP-1', 'charging')
    await record(garage, [
      {
        id: 'b1',
        revision: 1,
        type: 'bay.changed',
        occurredAt: new Date('2019-03-10T11:00:00Z'),
        backfilled: false,
        data: { bay: 'E1', occupied: true },
      },
      {
        id: 'o1',
        revision: 1,
        type: 'occupancy.changed',
        occurredAt: new Date('2019-03-10T11:00:00Z'),
        backfilled: false,
        data: { counter: 'all', occupied: 7, capacity: 80 },
      },
    ])
    expect(await book.site()).toEqual({
      siteId: garage.siteId,
      name: 'Garage',
      zone: 'America/Los_Angeles',
      currency: 'USD',
      address: null,
      latitude: 52.52,
      longitude: 13.4,
      version: 4,
      updatedAt: someInstant,
      areas: [],
      lanes: [],
      bays: [
        {
          bayId: bay,
          code: 'E1',
          areaId: null,
          occupied: true,
          since: new Date('2019-03-10T11:00:00Z'),
          evse: {
            stationIdentity: 'CP-1',
            evse: 1,
            maxPowerW: 22_000,
            state: 'in_use',
            connectors: [{ connector: 1, kind: 'cType2' }],
          },
        },
        { bayId: expect.any(String), code: 'N1', areaId: null, occupied: null, since: null, evse: null },
      ],
    })
    expect(await book.counters()).toMatchObject([{ counter: 'all', occupied: 7, capacity: 80, free: null }])
    expect(await parkingBook(elsewhere.deps)(elsewhere).counters()).toEqual([])
  })

  test('shows stays of its own site and organization, by whichever connection, and names only its own', async () => {
    const other = { ...garage, connectionId: await insertConnection(database.db, garage.organizationId) }
    await record(garage, [opened('S1', 'B-XY 77')])
    await record(other, [opened('S2', 'AB 12')])
    await record(elsewhere, [opened('S3', 'CD 34')])
    await record(stranger, [opened('S4', 'EF 56')])
    const { items, next } = await book.stays({})
    expect(next).toBeNull()
    expect(items.map(({ plate, stayRef }) => [plate, stayRef]).sort()).toEqual([
      ['AB12', undefined],
      ['BXY77', 'S1'],
    ])
    expect((await book.stays({ plate: 'b xy-77' })).items.map(({ stayRef }) => stayRef)).toEqual(['S1'])
    const [foreign] = await staysOf(stranger)
    expect((await book.stays({ stayIds: [foreign?.stay_id ?? ''] })).items).toEqual([])
    expect((await book.stays({ stayIds: ['nonsense'] })).items).toEqual([])
  })

  test('a session that is linked changes the stay, and so does its energy', async () => {
    const stay = (await staysOf(garage)).find(({ stay_ref }) => stay_ref === 'S1')
    const station = (await garage.db.selectFrom('station').select('station_id').executeTakeFirstOrThrow()).station_id
    garage.clock.advance(3_600_000)
    const before = garage.clock.now()
    const quiet = () => book.stays({ changedSince: garage.clock.now() })
    garage.clock.advance(120_000)
    expect((await quiet()).items).toEqual([])
    const session = await charge(garage, station, { energyWh: 500 })
    await link(garage, stay?.stay_id ?? '', session)
    expect((await quiet()).items).toMatchObject([
      { stayRef: 'S1', charging: [{ sessionId: session, energyWh: 500, unpluggedAt: null }] },
    ])
    garage.clock.advance(3_600_000)
    await garage.db
      .updateTable('charging_session')
      .set({ energy_wh: 900, updated_at: garage.clock.now() })
      .where('session_id', '=', session)
      .execute()
    const [told] = (await quiet()).items
    expect(told).toMatchObject({ charging: [{ energyWh: 900 }], updatedAt: garage.clock.now() })
    expect((await book.stays({ changedSince: before })).items).toHaveLength(1)
    expect((await book.charging({ now: true, plate: 'BXY77' })).items).toMatchObject([
      {
        sessionId: session,
        stationIdentity: 'CP-1',
        evse: 1,
        stayId: stay?.stay_id,
        plates: [{ text: 'BXY77', country: null }],
      },
    ])
    expect((await book.charging({ now: true, plate: 'AB12' })).items).toEqual([])
  })

  test('a car is in a bay until it is seen elsewhere', async () => {
    const seen = (minute: number, bay: string): ParkingFact => ({
      id: `seen-${minute}`,
      revision: 1,
      type: 'credential.observed',
      occurredAt: new Date(Date.UTC(2019, 2, 10, 11, minute)),
      backfilled: false,
      stayRef: 'S1',
      data: { role: 'bay', bay, credentials: [{ kind: 'plate', value: 'B-XY 77' }] },
    })
    await record(garage, [seen(10, 'E1'), seen(20, 'E1'), seen(30, 'N1')])
    const [stay] = (await book.stays({ plate: 'BXY77' })).items
    expect(stay?.bays).toEqual([
      { code: 'E1', from: new Date('2019-03-10T11:10:00Z'), to: new Date('2019-03-10T11:30:00Z') },
      { code: 'N1', from: new Date('2019-03-10T11:30:00Z'), to: null },
    ])
  })

  test('shows rights at this site, with the cars of the holder, and what has become of them', async () => {
    const account = await addAccount(garage, { number: 'M-1', validUntil: new Date('2020-01-01T00:00:00Z') })
    await addVehicle(garage, 'B-AB 1', account)
    const active = await addCredential(garage, 'card', '04A3C6CAE26180', { accountId: account })
    const blocked = await addCredential(garage, 'card', '04A3C6CAE26181', {
      status: 'blocked',
      siteIds: [garage.siteId],
    })
    await addCredential(garage, 'card', '04A3C6CAE26182', { siteIds: [elsewhere.siteId] })
    await addCredential(stranger, 'card', '04A3C6CAE26183')
    const closed = await addCredential(garage, 'card', '04A3C6CAE26184', {
      accountId: await addAccount(garage, { status: 'closed' }),
    })
    const { items } = await book.rights({})
    expect(new Map(items.map(({ credentialId, status }) => [credentialId, status]))).toEqual(
      new Map([
        [active, 'active'],
        [blocked, 'blocked'],
        [closed, 'revoked'],
      ]),
    )
    const [right] = (await book.rights({ plate: 'b ab1' })).items
    expect(right).toMatchObject({
      credentialId: active,
      accountNumber: 'M-1',
      holder: 'Ada',
      plates: [{ text: 'B-AB 1', country: null }],
      values: ['04A3C6CAE26180'],
      rights: ['park', 'charge'],
      validUntil: new Date('2020-01-01T00:00:00Z'),
    })
    garage.clock.advance(3_600_000)
    await garage.db
      .updateTable('vehicle')
      .set({ plate: 'B-AB 2', updated_at: garage.clock.now() })
      .where('account_id', '=', account)
      .execute()
    const again = (await book.rights({ changedSince: garage.clock.now() })).items
    expect(again).toMatchObject([{ credentialId: active, plates: [{ text: 'B-AB 2', country: null }] }])
    expect(again[0]?.version).toBeGreaterThan(right?.version ?? 0)
  })

  test('shows the tariffs that hold here, each version until the next', async () => {
    const { organizationId: organization_id, siteId: site_id } = garage
    const tariff_id = systemNewId()
    await garage.db
      .insertInto('tariff')
      .values({
        organization_id,
        tariff_id,
        code: 'day',
        name: 'Day',
        scope: 'parking',
        engine: 'tariff-standard',
        currency: 'USD',
        ...stamps,
      })
      .execute()
    for (const [tariff_version, day] of [
      [1, '2018-01-01'],
      [2, '2019-01-01'],
      [3, '2030-01-01'],
    ] as const)
      await garage.db
        .insertInto('tariff_version')
        .values({
          organization_id,
          tariff_id,
          tariff_version,
          rules: JSON.stringify({ v: tariff_version }),
          valid_from: new Date(day),
          created_at: someInstant,
          created_by: 'hub',
        })
        .execute()
    expect(await book.tariffs()).toEqual([])
    await garage.db
      .insertInto('tariff_assignment')
      .values({ organization_id, site_id, assignment_id: systemNewId(), tariff_id, created_at: someInstant })
      .execute()
    expect(await book.tariffs()).toMatchObject([
      { tariffId: tariff_id, version: 2, kind: 'parking', validUntil: new Date('2030-01-01'), rules: { v: 2 } },
      { version: 3, validUntil: null },
    ])
  })

  test('refuses limits and cursors that are none', async () => {
    for (const limit of [0, 501, 1.5, Number.NaN])
      await expect(book.stays({ limit })).rejects.toMatchObject({ code: 'invalid_limit', pointer: '/limit' })
    const cursors = [
      '',
      'nonsense',
      Buffer.from('["changedAt","x","y"]').toString('base64url'),
      Buffer.from('[1]').toString('base64url'),
    ]
    for (const after of cursors)
      for (const list of [book.stays, book.charging, book.rights])
        await expect(list({ after })).rejects.toMatchObject({ code: 'invalid_cursor' })
  })
})
