// Owns the proof that facts are kept once, answered one by one, and bring stays, places, payments and events up to date.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ParkingFact } from '../../../core/domain/parking-fact.ts'
import { recordParkingFacts } from '../../../core/services/parking/record-parking-facts.ts'
import { card, entry, exit, fact, minute, plate } from '../../domain/stay/fact-maker.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import {
  addAccount,
  addBay,
  addCredential,
  addSite,
  addVehicle,
  eventsOf,
  type Garage,
  openGarage,
  staysOf,
} from './garage.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const open = (options = {}) => openGarage(database.db, options)
const recorder = (garage: Garage) => recordParkingFacts(garage.deps)(garage)
const statuses = async (garage: Garage, ...facts: ParkingFact[]) =>
  (await recorder(garage)(facts)).map((one) => (one.status === 'rejected' ? one.reason : one.status))
const types = async (garage: Garage, like?: string) => (await eventsOf(garage, like)).map(({ type }) => type)
const S = { stayRef: 'S1' }

interface JobRow {
  task: string
  payload: Record<string, string>
}
async function jobsOf(garage: Garage): Promise<JobRow[]> {
  const { rows } = await database.ownerPool.query<JobRow>(
    `select j.task_identifier as task, p.payload from graphile_worker.jobs j
     join graphile_worker._private_jobs p on p.id = j.id where p.payload->>'siteId' = $1 order by j.task_identifier, j.key`,
    [garage.siteId],
  )
  return rows
}

describe('each fact is answered', () => {
  test('stored, duplicate, superseded, replaced and at odds', async () => {
    const garage = await open()
    const first = entry('e', 0, [plate('W0B8S1')], S)
    const second = entry('e', 0, [plate('WOB851')], { ...S, revision: 3 })
    const between = entry('e', 0, [plate('WOB8S1')], { ...S, revision: 2 })
    const other = entry('e', 0, [plate('XX111')], { ...S, revision: 3 })
    expect(await statuses(garage, first)).toEqual(['stored'])
    expect(await statuses(garage, first, { ...first, backfilled: true }, second, between, second, other)).toEqual([
      'duplicate',
      'duplicate',
      'stored',
      'superseded',
      'duplicate',
      'revision_conflict',
    ])
    const [stay, ...others] = await staysOf(garage)
    expect(others).toEqual([])
    expect(stay).toMatchObject({ plate: 'WOB851', version: 2, stay_key: 'ref:S1', search_keys: ['pl:WOB851'] })
    const kept = await database.db
      .selectFrom('parking_fact')
      .select(['revision', 'superseded', 'stay_id'])
      .where('connection_id', '=', garage.connectionId)
      .orderBy('revision')
      .execute()
    expect(kept.map(({ revision, superseded }) => [revision, superseded])).toEqual([
      [1, true],
      [2, true],
      [3, false],
    ])
    expect(kept[2]?.stay_id).toBe(stay?.stay_id)
  })

  test('one that cannot be kept is refused alone', async () => {
    const garage = await open()
    const results = await recorder(garage)([
      entry('a', 0, [plate('AB1')], S),
      entry('', 1, [], S),
      fact('stay.voided', 'v', 1, {}),
      entry('n', 1, [plate('A\0B')], S),
      entry('n2', 1, [plate('A\ud800')], S),
      fact('payment.captured', 'p', 1, { amountMinor: 1.5, currency: 'USD', scope: 'parking' }, S),
      fact('equipment.changed', 'q', 1, { state: 'ok' }),
      { ...entry('t', 1, [], S), occurredAt: new Date('not a date') },
      { ...entry('t2', 1, [], S), occurredAt: new Date('2099-01-01T00:00:00Z') },
      fact('stay.closed', 'c', 9, { exitedAt: '2019-02-30T99:00:00Z' }, S),
      exit('b', 2, [plate('AB1')], S),
    ])
    expect(results.map((one) => (one.status === 'rejected' ? [one.reason, one.pointer] : one.status))).toEqual([
      'stored',
      ['id_invalid', '/id'],
      ['stay_ref_required', '/stayRef'],
      ['text_unstorable', '/data/credentials/0/value'],
      ['text_unstorable', '/data/credentials/0/value'],
      ['amount_invalid', '/data/amountMinor'],
      ['device_required', '/device'],
      ['occurred_at_unbelievable', '/occurredAt'],
      ['occurred_at_unbelievable', '/occurredAt'],
      ['instant_unbelievable', '/data/exitedAt'],
      'stored',
    ])
    expect(await staysOf(garage)).toMatchObject([{ state: 'closed' }])
  })

  test('one that the database refuses does not take the others with it', async () => {
    const garage = await open()
    await database.ownerPool.query(
      `alter table parking_fact add constraint no_poison check (vendor_event_id not like 'poison%')`,
    )
    const facts = Array.from({ length: 9 }, (_, i) =>
      entry(`${i === 4 ? 'poison' : 'fine'}${i}`, i, [plate(`CAR${i}`)]),
    )
    const results = await recorder(garage)(facts)
    await database.ownerPool.query('alter table parking_fact drop constraint no_poison')
    expect(results.filter(({ status }) => status === 'stored')).toHaveLength(8)
    expect(results[4]).toMatchObject({ id: 'poison4', status: 'rejected', reason: 'not_storable' })
    expect(await staysOf(garage)).toHaveLength(8)
  })

  test('a call rejects when the database is gone, and repeating it is safe', async () => {
    const own = await createTestDatabase()
    const garage = await openGarage(own.db)
    const record = recorder(garage)
    await record([entry('a', 0, [plate('AB1')], S)])
    await own.drop()
    await expect(record([entry('a', 0, [plate('AB1')], S)])).rejects.toThrow()
  })
})

describe('stays', () => {
  test('open, change and close with their events and jobs', async () => {
    const garage = await open()
    const record = recorder(garage)
    await record([entry('e', 0, [plate('AB123')], S)])
    const [stay] = await staysOf(garage)
    expect(await types(garage)).toEqual(['stay.opened'])
    await record([fact('discount.applied', 'd', 5, { kind: 'validation', percent: 50 }, S)])
    await record([exit('x', 60, [plate('AB123')], S)])
    await record([fact('stay.corrected', 'c', 70, { changed: { enteredAt: minute(2).toISOString() } }, S)])
    await record([fact('stay.voided', 'v', 80, {}, S)])
    const events = await eventsOf(garage)
    expect(events.map(({ type }) => type)).toEqual([
      'stay.opened',
      'stay.corrected',
      'stay.closed',
      'stay.corrected',
      'stay.voided',
    ])
    expect(events.every(({ subject_id }) => subject_id === stay?.stay_id)).toBe(true)
    expect(events[1]?.data).toMatchObject({ changed: ['discounts'] })
    expect(events[2]).toMatchObject({ occurred_at: minute(60), subject_version: 3 })
    expect(events[2]?.data).toMatchObject({ enteredAt: minute(0).toISOString(), exitedAt: minute(60).toISOString() })
    expect(events[3]?.data).toMatchObject({ changed: ['enteredAt'] })
    expect(await staysOf(garage)).toMatchObject([{ state: 'voided', version: 5, entered_at: minute(2) }])
    expect((await jobsOf(garage)).map(({ task, payload }) => [task, payload.stayId ?? payload.subjectKey])).toEqual([
      ['bill.evaluate', `stay:${stay?.stay_id}`],
      ['link.evaluate', stay?.stay_id],
    ])
  })

  test('one that is told of only after it ended opens and closes', async () => {
    const garage = await open()
    await recorder(garage)([exit('x', 60, [plate('AB123')], S), entry('e', 0, [plate('AB123')], S)])
    expect(await types(garage)).toEqual(['stay.opened', 'stay.closed'])
  })

  test('a repeated or older fact changes nothing and tells nothing', async () => {
    const garage = await open()
    const record = recorder(garage)
    await record([entry('e', 0, [plate('AB123')], { ...S, revision: 2 })])
    await record([entry('e', 0, [plate('AB123')], { ...S, revision: 2 }), entry('e', 0, [plate('Z9')], S)])
    expect(await types(garage)).toEqual(['stay.opened'])
    expect(await staysOf(garage)).toMatchObject([{ version: 1 }])
  })

  test('an exit told before its entry keeps its stay when the entry comes', async () => {
    const garage = await open()
    const record = recorder(garage)
    await record([exit('x', 60, [plate('AB123')])])
    const [alone] = await staysOf(garage)
    expect(alone).toMatchObject({ stay_key: 'gate:x', state: 'exit_only' })
    await record([entry('e', 0, [plate('AB123')])])
    expect(await staysOf(garage)).toMatchObject([{ stay_id: alone?.stay_id, stay_key: 'gate:e', state: 'closed' }])
    expect(await types(garage)).toEqual(['stay.closed', 'stay.corrected'])
  })

  test('a corrected plate joins two halves; the stay left over is withdrawn', async () => {
    const garage = await open()
    const record = recorder(garage)
    await record([entry('e', 0, [plate('AB923')])])
    await record([exit('x', 60, [plate('AB123')])])
    expect(await staysOf(garage)).toMatchObject([{ state: 'open' }, { state: 'exit_only' }])
    await record([entry('e', 0, [plate('AB123')], { revision: 2 })])
    expect(await staysOf(garage)).toMatchObject([{ stay_key: 'gate:e', state: 'closed', plate: 'AB123' }])
    const all = await database.db
      .selectFrom('stay')
      .selectAll()
      .where('connection_id', '=', garage.connectionId)
      .execute()
    expect(all.find(({ flags }) => flags.includes('withdrawn'))).toMatchObject({ state: 'voided', search_keys: [] })
    expect(await types(garage, 'stay.voided')).toHaveLength(1)
  })

  test('a fact whose revision moves it to another named stay brings both up to date', async () => {
    const garage = await open()
    const record = recorder(garage)
    await record([entry('e', 0, [plate('AB123')], S), exit('x', 60, [], { stayRef: 'S2' })])
    await record([exit('x', 60, [], { ...S, revision: 2 })])
    expect(await staysOf(garage)).toMatchObject([{ stay_key: 'ref:S1', state: 'closed' }])
    await record([exit('x', 60, [], { stayRef: 'S2', revision: 3 })])
    expect(await staysOf(garage)).toMatchObject([
      { stay_key: 'ref:S1', state: 'open' },
      { stay_key: 'ref:S2', state: 'exit_only' },
    ])
  })

  test('a late backout takes a stay back, and the car can ask again at once', async () => {
    const garage = await open()
    const record = recorder(garage)
    await record([entry('e', 0, [plate('AB123')], { requestId: 'r1' })])
    await record([fact('gate.backedOut', 'b', 1, { direction: 'entry', requestId: 'r1', credentials: [] })])
    expect(await staysOf(garage)).toEqual([])
    await record([entry('e2', 4, [plate('AB123')], { requestId: 'r2' })])
    expect(await staysOf(garage)).toMatchObject([{ stay_key: 'gate:e2', state: 'open' }])
    expect(await types(garage, 'gate.%')).toEqual(['gate.backed_out'])
  })

  test('request numbers that begin again do not join days', async () => {
    const garage = await open()
    const record = recorder(garage)
    const day = 24 * 60
    for (const d of [0, 1, 2]) {
      await record([
        fact('gate.requested', `q${d}`, d * day, {
          direction: 'entry',
          requestId: '17',
          credentials: [card(`04A3C6C${d}`)],
        }),
        entry(`e${d}`, d * day + 1, [], { requestId: '17' }),
      ])
    }
    expect(await staysOf(garage)).toMatchObject([{ state: 'open' }, { state: 'open' }, { state: 'open' }])
  })

  test('belong to the account of the credential shown; two accounts make nobody', async () => {
    const garage = await open()
    const ada = await addAccount(garage)
    const bob = await addAccount(garage, { parkerKind: 'member' })
    const cardId = await addCredential(garage, 'card', '26DEFAE7', { accountId: ada })
    const vehicleId = await addVehicle(garage, 'ADA 1', ada)
    await addCredential(garage, 'card', '04AABBCCDDEE11', { accountId: bob })
    await recorder(garage)([
      entry('1', 0, [card('3891977766')], { stayRef: 'A' }),
      entry('2', 1, [plate('ada1'), card('26DEFAE700')], { stayRef: 'B' }),
      entry('3', 2, [card('26DEFAE7'), card('04AABBCCDDEE11')], { stayRef: 'C' }),
      entry('4', 3, [card('11223344')], { stayRef: 'D' }),
    ])
    expect(await staysOf(garage)).toMatchObject([
      { account_id: ada, credential_id: cardId, vehicle_id: null, parker_kind: 'contract' },
      { account_id: ada, credential_id: cardId, vehicle_id: vehicleId },
      { account_id: null, credential_id: null, flags: ['account_ambiguous'] },
      { account_id: null, parker_kind: 'transient', flags: [] },
    ])
  })

  test('a passage that nothing names waits for a person', async () => {
    const garage = await open()
    expect(await statuses(garage, entry('e', 0, [plate('unknown')]))).toEqual(['stored'])
    expect(await staysOf(garage)).toEqual([])
    expect(await types(garage)).toEqual(['review.opened'])
  })

  test('two posts about one stay at once both count', async () => {
    const garage = await open()
    const posts = Array.from({ length: 12 }, (_, i) =>
      i === 0
        ? entry('e', 0, [plate('AB123')], S)
        : fact('payment.captured', `p${i}`, i, { amountMinor: 100, currency: 'USD', scope: 'parking' }, S),
    )
    // One recorder per post: as if each came in at another node.
    await Promise.all([...posts, exit('x', 60, [plate('AB123')], S)].map((one) => recorder(garage)([one])))
    expect(await staysOf(garage)).toMatchObject([{ state: 'closed', paid_minor: 1100 }])
    const other = await addSite(database.db, garage.organizationId)
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => {
        const where = i % 2 ? garage : other
        return recorder(where)([
          entry(`u${i}`, 100 + i * 5, [plate('ZZ9')]),
          exit(`v${i}`, 103 + i * 5, [plate('ZZ9')]),
        ])
      }),
    )
    for (const where of [garage, other]) {
      const stays = (await staysOf(where)).filter(({ stay_ref }) => stay_ref === null)
      expect(stays).toHaveLength(10)
      expect(stays.every(({ state }) => state === 'closed')).toBe(true)
    }
  })
})

describe('places', () => {
  test('the newest fact decides what a bay, a counter and a device are, in any order', async () => {
    const garage = await open()
    const bayId = await addBay(garage, 'B7')
    const record = recorder(garage)
    const bay = (id: string, at: number, occupied: boolean, revision = 1) =>
      fact(
        'bay.changed',
        id,
        at,
        { bay: 'B7', occupied, ...(occupied ? { credentials: [plate('AB123')] } : {}) },
        { revision },
      )
    const count = (id: string, at: number, free: number) => fact('occupancy.changed', id, at, { counter: 'L1', free })
    const device = (id: string, at: number, state: 'ok' | 'fault') =>
      fact('equipment.changed', id, at, { state, text: state }, { device: 'col-1' })
    await record([bay('b3', 30, true), count('o2', 20, 8), device('d2', 20, 'fault')])
    await record([bay('b1', 10, true), bay('b2', 20, true), count('o1', 10, 9), device('d1', 10, 'ok')])
    const state = () => database.db.selectFrom('bay_state').selectAll().where('bay_id', '=', bayId).executeTakeFirst()
    expect(await state()).toMatchObject({ occupied: true, since: minute(10) })
    await record([bay('b2', 20, false, 2)])
    expect(await state()).toMatchObject({ occupied: true, since: minute(30) })
    await record([bay('b4', 40, false)])
    expect(await state()).toMatchObject({ occupied: false, since: minute(40), presentations: [] })
    expect(
      await database.db.selectFrom('occupancy').selectAll().where('site_id', '=', garage.siteId).execute(),
    ).toMatchObject([{ counter: 'L1', free: 8, at: minute(20) }])
    expect(
      await database.db.selectFrom('device').selectAll().where('site_id', '=', garage.siteId).execute(),
    ).toMatchObject([{ code: 'col-1', state: 'fault', state_text: 'fault', state_at: minute(20) }])
    expect((await eventsOf(garage, 'bay.%')).map(({ data }) => data.occupied)).toEqual([true, true, true, false])
    expect(await types(garage, 'occupancy.%')).toHaveLength(1)
    expect(await types(garage, 'equipment.%')).toHaveLength(1)
  })

  test('a bay that the site does not have is kept as a fact', async () => {
    const garage = await open()
    expect(await statuses(garage, fact('bay.changed', 'b', 0, { bay: 'nowhere', occupied: true }))).toEqual(['stored'])
    expect(await types(garage)).toEqual([])
  })

  test('a declined request is told', async () => {
    const garage = await open()
    const data = {
      direction: 'entry',
      requestId: 'r',
      credentials: [],
      decision: 'declined',
      reasonCode: 'blocked',
    } as const
    await recorder(garage)([fact('gate.decided', 'd', 0, data, { lane: 'in' })])
    expect((await eventsOf(garage))[0]).toMatchObject({
      type: 'gate.declined',
      data: { requestId: 'r', lane: 'in', reason: 'blocked' },
    })
  })
})

describe('payments', () => {
  const paid = (id: string, minor: number, rest: object = {}) =>
    fact(
      'payment.captured',
      id,
      50,
      { amountMinor: minor, currency: 'USD', scope: 'parking', method: 'card' },
      { ...S, ...rest },
    )
  const rows = (garage: Garage) =>
    database.db
      .selectFrom('payment')
      .selectAll()
      .where('site_id', '=', garage.siteId)
      .orderBy('recorded_at')
      .orderBy('payment_id')
      .execute()

  test('are booked once, also before their stay is known', async () => {
    const garage = await open()
    const record = recorder(garage)
    await record([paid('p', 900)])
    expect(await staysOf(garage)).toEqual([])
    await record([paid('p', 900), entry('e', 0, [plate('AB123')], S)])
    const [stay] = await staysOf(garage)
    expect(stay).toMatchObject({ paid_minor: 900 })
    expect(await rows(garage)).toMatchObject([
      {
        kind: 'captured',
        amount_minor: 900,
        stay_id: stay?.stay_id,
        subject_key: `stay:${stay?.stay_id}`,
        method: 'card',
      },
    ])
    expect((await eventsOf(garage, 'payment.%'))[0]?.data).toMatchObject({ amountMinor: 900, stayId: stay?.stay_id })
  })

  test('a corrected one is taken back and booked anew; the other order gives the same balance', async () => {
    const balance = async (...facts: ParkingFact[]) => {
      const garage = await open()
      const record = recorder(garage)
      for (const one of [entry('e', 0, [plate('AB123')], S), ...facts]) await record([one])
      const booked = await rows(garage)
      // Taken back by another way than it came, the money would stand in two clearing accounts.
      expect(new Set(booked.map(({ method }) => method))).toEqual(new Set(['card']))
      const sum = booked.reduce(
        (sum, { kind, amount_minor }) => sum + (kind === 'captured' ? amount_minor : -amount_minor),
        0,
      )
      return [sum, (await staysOf(garage))[0]?.paid_minor]
    }
    const [one, two] = [paid('p', 900), paid('p', 950, { revision: 2 })]
    expect(await balance(one, two)).toEqual([950, 950])
    expect(await balance(two, one)).toEqual([950, 950])
  })

  test('one that is corrected before its stay is known stays with that stay', async () => {
    const garage = await open()
    const record = recorder(garage)
    for (const one of [paid('p', 900), paid('p', 950, { revision: 2 }), entry('e', 0, [plate('AB123')], S)]) {
      await record([one])
    }
    const [stay] = await staysOf(garage)
    expect((await rows(garage)).map(({ stay_id }) => stay_id)).toEqual([stay?.stay_id, stay?.stay_id, stay?.stay_id])
  })

  test('never reopen a closed stay', async () => {
    const garage = await open()
    const record = recorder(garage)
    await record([entry('e', 0, [plate('AB123')], S), exit('x', 60, [], S)])
    await record([paid('p', 900)])
    expect(await staysOf(garage)).toMatchObject([{ state: 'closed', exited_at: minute(60), paid_minor: 900 }])
    expect((await eventsOf(garage, 'stay.corrected'))[0]?.data).toMatchObject({ changed: ['paidMinor'] })
  })
})
