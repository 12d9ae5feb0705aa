// Owns the proof that stays and sessions find each other in whatever order they come, change and go.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { recordParkingFacts } from '../../../core/services/parking/record-parking-facts.ts'
import { card, entry, exit, fact, minute, plate } from '../../domain/stay/fact-maker.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { addAccount, addBay, addCredential, addVehicle, eventsOf, type Garage, openGarage } from '../parking/garage.ts'
import { addSession, linking, standing } from './sessions.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

async function open(hold?: Parameters<typeof linking>[2]) {
  const garage = await openGarage(database.db)
  return { garage, record: recordParkingFacts(garage.deps)(garage), ...linking(database, garage, hold) }
}
const linkEvents = async (garage: Garage) => (await eventsOf(garage, 'link.%')).map(({ type }) => type)
const S = (ref: string) => ({ stayRef: ref })

async function billJobs(garage: Garage): Promise<string[]> {
  const { rows } = await database.ownerPool.query<{ key: string }>(
    `select j.key from graphile_worker.jobs j join graphile_worker._private_jobs p on p.id = j.id
     where p.payload->>'siteId' = $1 and j.task_identifier = 'bill.evaluate' order by j.key`,
    [garage.siteId],
  )
  return rows.map(({ key }) => key)
}

describe('one card at gate and charger', () => {
  test('links, with history, event, explanation and work for both bills', async () => {
    const { garage, record, evaluate, runJobs } = await open()
    await record([entry('e', 0, [card('E7FADE26')], S('A'))])
    const sessionId = await addSession(garage, { token: '26DEFAE7', plugged: 6 })
    await runJobs()
    expect(await standing(garage)).toEqual([])
    await evaluate({ sessionId })
    expect(await standing(garage)).toEqual([
      { stay: 'ref:A', sessionId, state: 'linked', method: 'card-form', by: 'hub' },
    ])
    const link = await database.db
      .selectFrom('link')
      .selectAll()
      .where('session_id', '=', sessionId)
      .executeTakeFirstOrThrow()
    expect(link.explanation).toEqual(expect.arrayContaining([expect.stringMatching(/^Linked automatically/)]))
    expect(Number(link.score)).toBeGreaterThan(0.98)
    expect(await eventsOf(garage, 'link.%')).toMatchObject([
      { type: 'link.linked', data: { stayId: link.stay_id, sessionId, decidedBy: 'hub' } },
    ])
    const history = await database.db
      .selectFrom('link_history')
      .selectAll()
      .where('link_id', '=', link.link_id)
      .execute()
    expect(history).toMatchObject([{ from_state: null, to_state: 'linked', actor: 'hub' }])
    expect(await billJobs(garage)).toEqual([`bill:session:${sessionId}`, `bill:stay:${link.stay_id}`].sort())
  })

  test('links when the gate is told of last, and evaluating again changes nothing', async () => {
    const { garage, record, evaluate, runJobs } = await open()
    const sessionId = await addSession(garage, { token: '26DEFAE7', plugged: 6, unplugged: 50 })
    await evaluate({ sessionId })
    await record([exit('x', 60, [card('E7FADE26')], S('A')), entry('e', 0, [card('E7FADE26')], S('A'))])
    await runJobs()
    expect(await standing(garage)).toMatchObject([{ stay: 'ref:A', state: 'linked' }])
    await evaluate({ sessionId })
    const [stay] = await database.db.selectFrom('stay').select('stay_id').where('site_id', '=', garage.siteId).execute()
    await evaluate({ stayId: stay?.stay_id ?? '' })
    expect(await linkEvents(garage)).toEqual(['link.linked'])
    expect(
      await database.db.selectFrom('link').select('version').where('session_id', '=', sessionId).execute(),
    ).toEqual([{ version: 1 }])
  })

  test('several plugs in one stay, one stay per visit', async () => {
    const { garage, record, evaluate, runJobs } = await open()
    const c = [card('26DEFAE7')]
    await record([
      entry('1', 0, c, S('A')),
      exit('2', 60, c, S('A')),
      entry('3', 100, c, S('B')),
      exit('4', 200, c, S('B')),
    ])
    await runJobs()
    const sessions: string[] = []
    for (const [plugged, unplugged] of [
      [5, 20],
      [25, 55],
      [110, 190],
    ] as const) {
      sessions.push(await addSession(garage, { token: '26DEFAE7', plugged, unplugged }))
      await evaluate({ sessionId: sessions.at(-1) ?? '' })
    }
    expect(
      (await standing(garage)).map(({ stay, sessionId, state }) => [stay, sessions.indexOf(sessionId), state]),
    ).toEqual([
      ['ref:A', 0, 'linked'],
      ['ref:A', 1, 'linked'],
      ['ref:B', 2, 'linked'],
    ])
  })

  test('a lost exit does not keep the next visit from its own stay', async () => {
    const { garage, record, evaluate, runJobs } = await open()
    const c = [card('26DEFAE7')]
    await record([entry('1', 0, c, S('A')), entry('2', 600, c, S('B'))])
    await runJobs()
    const sessionId = await addSession(garage, { token: '26DEFAE7', plugged: 605 })
    await evaluate({ sessionId })
    expect(await standing(garage)).toMatchObject([{ stay: 'ref:B', sessionId, state: 'linked' }])
  })
})

describe('other evidence', () => {
  test('account, vehicle, misread plate, camera at the bay', async () => {
    const { garage, record, evaluate, runJobs } = await open()
    const bayId = await addBay(garage, 'B7')
    const ada = await addAccount(garage)
    const badge = await addCredential(garage, 'card', '04AA11BB', { accountId: ada })
    await addCredential(garage, 'app', 'ada-app', { accountId: ada })
    const bob = await addAccount(garage)
    await addVehicle(garage, 'WOB 8511', bob)
    await record([
      entry('1', 0, [card('04AA11BB')], S('ada')),
      entry('2', 1, [plate('W0B8511')], S('bob')),
      entry('3', 2, [plate('CAM 900')], S('cam')),
      fact('credential.observed', 'o', 11, { role: 'bay', bay: 'B7', credentials: [plate('CAM900')] }),
    ])
    await runJobs()
    const app = await addSession(garage, { token: 'ada-app', accountId: ada, plugged: 5 })
    const charge = await addSession(garage, { token: '04CC22DD', accountId: bob, plugged: 8, evse: 2 })
    const seen = await addSession(garage, { token: null, bayId, plugged: 10, evse: 3 })
    for (const sessionId of [app, charge, seen]) await evaluate({ sessionId })
    expect(await standing(garage)).toMatchObject([
      { stay: 'ref:ada', sessionId: app, state: 'linked', method: 'account' },
      { stay: 'ref:bob', sessionId: charge, state: 'linked', method: 'plate-fuzzy' },
      { stay: 'ref:cam', sessionId: seen, state: 'linked', method: 'plate' },
    ])
    expect(badge).toBeTypeOf('string')
  })

  test('a camera at the bay that reports late wakes the session there', async () => {
    const { garage, record, evaluate, runJobs } = await open()
    const bayId = await addBay(garage, 'B8')
    await record([entry('3', 2, [plate('CAM 900')], S('cam'))])
    const sessionId = await addSession(garage, { token: null, bayId, plugged: 10 })
    await runJobs()
    await evaluate({ sessionId })
    expect(await standing(garage)).toEqual([])
    await record([fact('bay.changed', 'b', 9, { bay: 'B8', occupied: true, credentials: [plate('CAM900')] })])
    await runJobs()
    expect(await standing(garage)).toMatchObject([{ stay: 'ref:cam', sessionId, state: 'linked' }])
  })

  test('what fits two stays waits for a person, and is settled when one of them is corrected', async () => {
    const { garage, record, evaluate, runJobs } = await open()
    const ada = await addAccount(garage)
    for (const one of ['ADA 111', 'ADA 777']) await addVehicle(garage, one, ada)
    await record([entry('1', 0, [plate('ADA111')], S('A')), entry('2', 1, [plate('ADA777')], S('B'))])
    await runJobs()
    const sessionId = await addSession(garage, { token: '04AA11BB', accountId: ada, plugged: 5 })
    await evaluate({ sessionId })
    expect(await standing(garage)).toMatchObject([
      { stay: 'ref:A', state: 'review' },
      { stay: 'ref:B', state: 'review' },
    ])
    expect(await linkEvents(garage)).toEqual(['link.review', 'link.review'])
    await record([entry('2', 1, [plate('XYZ 999')], { ...S('B'), revision: 2 })])
    await runJobs()
    expect(await standing(garage)).toMatchObject([{ stay: 'ref:A', state: 'linked' }])
    expect(await linkEvents(garage)).toEqual(['link.review', 'link.review', 'link.removed', 'link.linked'])
  })

  test('a cut reading that fits two enrolled cards is never linked by itself', async () => {
    const { garage, record, evaluate, runJobs } = await open()
    await addCredential(garage, 'card', '04A3C6CAE26180', { accountId: await addAccount(garage) })
    await record([entry('1', 0, [card('C6A304')], S('A'))])
    await runJobs()
    const sessionId = await addSession(garage, { token: '04A3C6CAE26180', tokenKind: 'iso14443', plugged: 5 })
    await evaluate({ sessionId })
    expect(await standing(garage)).toMatchObject([{ stay: 'ref:A', state: 'linked' }])
    await addCredential(garage, 'card', '04A3C611223344', { accountId: await addAccount(garage) })
    await evaluate({ sessionId })
    expect(await standing(garage)).toMatchObject([{ stay: 'ref:A', state: 'review' }])
    expect(await linkEvents(garage)).toEqual(['link.linked', 'link.removed', 'link.review'])
  })
})

describe('change', () => {
  test('a corrected stay loses its link, a withdrawn or voided one too', async () => {
    const { garage, record, evaluate, runJobs } = await open()
    await record([entry('e', 0, [card('26DEFAE7')])])
    await runJobs()
    const sessionId = await addSession(garage, { token: '26DEFAE7', plugged: 5 })
    await evaluate({ sessionId })
    await record([entry('e', 0, [card('04111111')], { revision: 2 })])
    await runJobs()
    expect(await standing(garage)).toEqual([])
    await record([entry('e', 0, [card('26DEFAE7')], { revision: 3, ...S('A') })])
    await runJobs()
    expect(await standing(garage)).toMatchObject([{ stay: 'ref:A', state: 'linked' }])
    await record([fact('stay.voided', 'v', 9, {}, S('A'))])
    await runJobs()
    expect(await standing(garage)).toEqual([])
    expect(await linkEvents(garage)).toEqual(['link.linked', 'link.removed', 'link.linked', 'link.removed'])
  })

  test('a session that is void or moved in time lets go', async () => {
    const { garage, record, evaluate, runJobs } = await open()
    await record([entry('e', 0, [card('26DEFAE7')], S('A')), exit('x', 60, [], S('A'))])
    await runJobs()
    const id = await addSession(garage, { token: '26DEFAE7', plugged: 5, unplugged: 20 })
    await evaluate({ sessionId: id })
    await addSession(garage, { id, plugged: 300, unplugged: 320 })
    await evaluate({ sessionId: id })
    expect(await standing(garage)).toEqual([])
    await addSession(garage, { id, plugged: 5, unplugged: 20 })
    await evaluate({ sessionId: id })
    expect(await standing(garage)).toHaveLength(1)
    await addSession(garage, { id, plugged: 5, unplugged: 20, state: 'void' })
    await evaluate({ sessionId: id })
    expect(await standing(garage)).toEqual([])
  })

  test('evaluations at the same time link a session once', async () => {
    const { garage, record, evaluate } = await open()
    await record(
      Array.from({ length: 6 }, (_, i) => entry(`e${i}`, i, [card('26DEFAE7'), plate(`CAR${i}00`)], S(`R${i}`))),
    )
    const sessionId = await addSession(garage, { token: '26DEFAE7', plugged: 7 })
    const stays = await database.db.selectFrom('stay').select('stay_id').where('site_id', '=', garage.siteId).execute()
    await Promise.all([
      ...stays.map(({ stay_id }) => evaluate({ stayId: stay_id })),
      ...Array.from({ length: 4 }, () => evaluate({ sessionId })),
    ])
    const linked = (await standing(garage)).filter(({ state }) => state === 'linked')
    expect(linked.length).toBeLessThanOrEqual(1)
    expect((await standing(garage)).length).toBeGreaterThan(0)
  })
})

describe('a plugin that holds links back', () => {
  test('sends them to a person, is asked outside of the transaction and only about new ones', async () => {
    const asked: object[] = []
    let reason: string | null = 'check the fleet first'
    const { garage, record, evaluate, runJobs } = await open(async (ask) => {
      asked.push(ask)
      // The lock is free while plugins think: another evaluation can run.
      await linking(database, garage, async () => reason).evaluate({ sessionId: ask.sessionId })
      return reason
    })
    await record([entry('e', 0, [card('26DEFAE7')], S('A'))])
    await runJobs()
    const sessionId = await addSession(garage, { token: '26DEFAE7', plugged: 5 })
    await evaluate({ sessionId })
    expect(await standing(garage)).toMatchObject([{ stay: 'ref:A', state: 'review' }])
    const [row] = await database.db
      .selectFrom('link')
      .select('explanation')
      .where('session_id', '=', sessionId)
      .execute()
    expect(row?.explanation).toMatchObject([
      'Held back for a person: check the fleet first',
      expect.any(String),
      expect.any(String),
    ])
    reason = null
    await evaluate({ sessionId })
    expect(await standing(garage)).toMatchObject([{ stay: 'ref:A', state: 'linked' }])
    const before = asked.length
    await evaluate({ sessionId })
    expect(asked).toHaveLength(before)
    expect(asked[0]).toMatchObject({
      siteId: garage.siteId,
      sessionId,
      methods: expect.arrayContaining(['credential']),
    })
    expect(minute(0)).toBeInstanceOf(Date)
  })
})
