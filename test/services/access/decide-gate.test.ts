// Owns the proof that a gate is answered in time, rightly, and that the decision is kept without making the car wait.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { GateQuestion, ReportedCredential } from '../../../core/domain/parking-fact.ts'
import { weighAccess } from '../../../core/services/access/authorise.ts'
import { decideGate } from '../../../core/services/access/decide-gate.ts'
import { parcsSink } from '../../../core/services/parking/parcs-sink.ts'
import { recordParkingFacts } from '../../../core/services/parking/record-parking-facts.ts'
import { card, entry, exit, plate } from '../../domain/stay/fact-maker.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { addAccount, addCredential, eventsOf, type Garage, openGarage } from '../parking/garage.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const never = () => new Promise<void>(() => undefined)
const at = new Date('2019-03-09T08:30:00Z')
const open = (settings: object = {}) => openGarage(database.db, { settings, at })
const sinkOf = (garage: Garage, deadline = never) => parcsSink({ ...garage.deps, deadline })(garage)
function question(
  garage: Garage,
  credentials: ReportedCredential[],
  direction: GateQuestion['direction'] = 'entry',
): GateQuestion {
  return { requestId: 'r1', lane: 'in', direction, credentials, occurredAt: garage.clock.now() }
}
const factsOf = (garage: Garage) =>
  database.db.selectFrom('parking_fact').selectAll().where('connection_id', '=', garage.connectionId).execute()

describe('a gate question', () => {
  test('is granted, declined or not known, and kept as the hub’s decision', async () => {
    const garage = await open()
    await addCredential(garage, 'card', '04A3C6CA', { accountId: await addAccount(garage) })
    await addCredential(garage, 'card', '04BBBBBB', { accountId: await addAccount(garage, { status: 'suspended' }) })
    const sink = sinkOf(garage)
    expect(await sink.decide(question(garage, [card('04A3C6CA')]))).toMatchObject({
      requestId: 'r1',
      decision: 'granted',
      reasonCode: 'authorised',
    })
    expect(await sink.decide(question(garage, [card('04BBBBBB')]))).toMatchObject({
      decision: 'declined',
      reasonCode: 'blocked',
    })
    expect(await sink.decide(question(garage, [plate('ZZ1')]))).toMatchObject({
      decision: 'notFound',
      reasonCode: 'unknown_credential',
    })
    expect(await sink.decide(question(garage, []))).toMatchObject({ decision: 'notFound' })
    await sink.settled()
    const kept = await factsOf(garage)
    expect(
      kept.map(({ type, device_code, data }) => [type, device_code, (data as { decision: string }).decision]).sort(),
    ).toEqual([
      ['gate.decided', 'hub', 'declined'],
      ['gate.decided', 'hub', 'granted'],
      ['gate.decided', 'hub', 'unknown'],
      ['gate.decided', 'hub', 'unknown'],
    ])
    expect((await eventsOf(garage)).map(({ type }) => type)).toEqual(['gate.declined'])
  })

  test('an account whose car is inside does not enter twice, unless it may', async () => {
    const garage = await open()
    const once = await addAccount(garage)
    const often = await addAccount(garage, { settings: { allow_passback: true } })
    await addCredential(garage, 'card', '04A3C6CA', { accountId: once })
    await addCredential(garage, 'card', '04BBBBBB', { accountId: often })
    const sink = sinkOf(garage)
    const ask = async (value: string, direction: GateQuestion['direction'] = 'entry') =>
      (await sink.decide(question(garage, [card(value)], direction))).reasonCode
    await sink.record([
      entry('e1', 0, [card('04A3C6CA')], { stayRef: 'A' }),
      entry('e2', 1, [card('04BBBBBB')], { stayRef: 'B' }),
    ])
    expect([await ask('04A3C6CA'), await ask('CAC6A304'), await ask('04BBBBBB')]).toEqual([
      'already_inside',
      'already_inside',
      'authorised',
    ])
    expect(await ask('04A3C6CA', 'exit')).toBe('authorised')
    await sink.record([exit('x1', 30, [card('04A3C6CA')], { stayRef: 'A' })])
    expect(await ask('04A3C6CA')).toBe('authorised')
    await sink.settled()
  })

  test('a granted request that is not passed opens no stay and does not bar the next one', async () => {
    const garage = await open()
    await addCredential(garage, 'card', '04A3C6CA', { accountId: await addAccount(garage) })
    const sink = sinkOf(garage)
    await sink.decide(question(garage, [card('04A3C6CA')]))
    await sink.settled()
    expect(await sink.decide(question(garage, [card('04A3C6CA')]))).toMatchObject({ decision: 'granted' })
    await sink.settled()
    expect(
      await database.db.selectFrom('stay').select('stay_id').where('site_id', '=', garage.siteId).execute(),
    ).toEqual([])
  })

  test('its decision, stored after the passage it led to, does not change the stay', async () => {
    const garage = await open()
    await addCredential(garage, 'card', '04A3C6CA', { accountId: await addAccount(garage) })
    const sink = sinkOf(garage)
    await sink.record([entry('e', 0, [card('04A3C6CA')], { stayRef: 'A', requestId: 'r1' })])
    garage.clock.advanceTo(at)
    await sink.decide(question(garage, [card('04A3C6CA')]))
    await sink.settled()
    const kept = (await factsOf(garage)).find(({ type }) => type === 'gate.decided')
    const stays = await database.db.selectFrom('stay').selectAll().where('site_id', '=', garage.siteId).execute()
    expect(stays).toMatchObject([{ stay_id: kept?.stay_id, version: 1 }])
    expect((await eventsOf(garage, 'stay.%')).map(({ type }) => type)).toEqual(['stay.opened'])
  })

  test('is answered at the deadline when the database is slow, and the decision is kept later', async () => {
    const garage = await open()
    await addCredential(garage, 'card', '04A3C6CA', { accountId: await addAccount(garage, { number: '1007' }) })
    const blocker = await database.ownerPool.connect()
    await blocker.query('begin; lock table presentation_key in access exclusive mode')
    const warned: object[] = []
    let timeIsUp = () => undefined as undefined
    const deadline = () =>
      new Promise<void>((resolve) => {
        timeIsUp = () => {
          resolve()
          return undefined
        }
      })
    const deps = { ...garage.deps, log: { ...garage.deps.log, warn: (fields: object) => void warned.push(fields) } }
    const sink = parcsSink({ ...deps, deadline })(garage)
    const asked = sink.decide(question(garage, [card('04A3C6CA')]))
    timeIsUp()
    expect(await asked).toMatchObject({ decision: 'notFound', reasonCode: 'deadline' })
    expect(warned).toMatchObject([{ requestId: 'r1' }])
    await blocker.query('rollback')
    blocker.release()
    await sink.settled()
    expect((await factsOf(garage)).map(({ data }) => data)).toMatchObject([
      {
        decision: 'unknown',
        reasonCode: 'deadline',
        explanation:
          'The hub could not look it up in time. In time it would have been "granted": Card of Ada (account 1007) may park here.',
      },
    ])
  })

  test('is answered when the database is down, with the fallback that the site set', async () => {
    const own = await createTestDatabase()
    const garage = await openGarage(own.db, { settings: { gate_fallback: 'granted' }, at })
    const errors: string[] = []
    const log = { ...garage.deps.log, error: (_: object, message: string) => void errors.push(message) }
    const gate = decideGate({
      ...garage.deps,
      log,
      weigh: weighAccess({ db: own.db }),
      record: recordParkingFacts({ ...garage.deps, log })(garage),
      deadline: never,
    })(garage)
    expect(await gate.decide(question(garage, [plate('ZZ1')]))).toMatchObject({
      decision: 'notFound',
      reasonCode: 'unknown_credential',
    })
    await gate.settled()
    await own.drop()
    expect(await gate.decide(question(garage, [plate('ZZ1')]))).toMatchObject({
      decision: 'granted',
      reasonCode: 'unavailable',
    })
    await gate.settled()
    expect(errors).toEqual(['a gate question could not be looked up', 'a gate decision could not be stored'])
  })

  test('a hook of a plugin that never answers does not hold the gate', async () => {
    const garage = await open()
    await addCredential(garage, 'card', '04A3C6CA', { accountId: await addAccount(garage) })
    const soon = () => Promise.resolve()
    const sink = parcsSink({ ...garage.deps, deadline: soon, intercept: () => new Promise(() => undefined) })(garage)
    expect(await sink.decide(question(garage, [card('04A3C6CA')]))).toMatchObject({ reasonCode: 'deadline' })
    await sink.settled()
    expect((await factsOf(garage)).map(({ data }) => (data as { explanation: string }).explanation)).toEqual([
      'The hub could not look it up in time. It took longer than 5 s.',
    ])
  })
})
