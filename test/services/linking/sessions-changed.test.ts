// Owns the proof that sessions that changed together are looked at together, their links and their bills, and that none is missed.
// Must not repeat what evaluations decide; the property of link order holds both ways to one result.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { recordParkingFacts } from '../../../core/services/parking/record-parking-facts.ts'
import { card, entry, exit, minute } from '../../domain/stay/fact-maker.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { addAccount, addCredential, openGarage } from '../parking/garage.ts'
import { addCharge, addSession, linking, standing } from './sessions.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

async function open() {
  const garage = await openGarage(database.db, { at: minute(0) })
  const { db, siteId } = garage
  return {
    garage,
    record: recordParkingFacts(garage.deps)(garage),
    ...linking(database, garage),
    /** Sessions put to evaluation. */
    asked: async () =>
      (
        await database.ownerPool.query<{ id: string }>(
          `select p.payload ->> 'sessionId' as id from graphile_worker._private_jobs p
             join graphile_worker._private_tasks t on t.id = p.task_id and t.identifier = 'link.evaluate'
             where p.payload ->> 'siteId' = $1 and p.payload ->> 'sessionId' is not null order by 1`,
          [siteId],
        )
      ).rows.map(({ id }) => id),
    index: async () =>
      (
        await db
          .selectFrom('link_index')
          .select(['subject_id', 'from_at'])
          .where('site_id', '=', siteId)
          .where('kind', '=', 'session')
          .orderBy('subject_id')
          .execute()
      ).map(({ subject_id, from_at }) => [subject_id, from_at]),
    /** Sessions whose bill is put to evaluation. */
    toBill: async () =>
      (
        await database.ownerPool.query<{ key: string }>(
          `select p.payload ->> 'subjectKey' as key from graphile_worker._private_jobs p
             join graphile_worker._private_tasks t on t.id = p.task_id and t.identifier = 'bill.evaluate'
             where p.payload ->> 'siteId' = $1 order by 1`,
          [siteId],
        )
      ).rows.map(({ key }) => key),
    subjects: async () =>
      (
        await db.selectFrom('billing_subject').select(['session_id', 'state']).where('site_id', '=', siteId).execute()
      ).map(({ session_id, state }) => [session_id, state]),
    waiting: async () =>
      (await db.selectFrom('session_change').select('session_id').where('site_id', '=', siteId).execute()).length,
  }
}

test('sessions without anybody to belong to stand in the index, and that is all', async () => {
  const { garage, look, asked, index, waiting } = await open()
  const a = await addSession(garage, { token: '04A3C6CAE26180', plugged: 5 })
  const b = await addSession(garage, { token: null, plugged: 7, unplugged: 9 })
  await look([a, b, a, b, a])
  expect(await asked()).toEqual([])
  expect(await waiting()).toBe(0)
  expect(await index()).toEqual(
    [
      [a, minute(5)],
      [b, minute(7)],
    ].sort(([x], [y]) => String(x).localeCompare(String(y))),
  )
  // Its cable went in earlier than was thought, and the other one never charged at all.
  await addSession(garage, { id: a, token: '04A3C6CAE26180', plugged: 4 })
  await addSession(garage, { id: b, token: null, plugged: 7, unplugged: 9, state: 'void' })
  await look([a, b])
  expect(await index()).toEqual([[a, minute(4)]])
  expect(await asked()).toEqual([])
})

test('the stay that came later finds a session that was looked at when there was none', async () => {
  const { garage, look, record, runJobs } = await open()
  const sessionId = await addSession(garage, { token: '04A3C6CAE26180', plugged: 5 })
  await look([sessionId])
  await record([entry('e', 0, [card('04A3C6CAE26180')], { stayRef: 'A' })])
  await runJobs()
  expect(await standing(garage)).toMatchObject([{ stay: 'ref:A', sessionId, state: 'linked' }])
})

test('a session with a stay is put to evaluation, and once more when it moves away from it', async () => {
  const { garage, look, record, runJobs, asked, index } = await open()
  await record([
    entry('e', 0, [card('04A3C6CAE26180')], { stayRef: 'A' }),
    exit('x', 60, [card('04A3C6CAE26180')], { stayRef: 'A' }),
  ])
  const [mine, other] = [
    await addSession(garage, { token: '04A3C6CAE26180', plugged: 5 }),
    await addSession(garage, { token: '11223344', plugged: 5, evse: 2 }),
  ]
  await runJobs()
  await look([other, mine])
  expect(await asked()).toEqual([mine])
  await runJobs()
  expect(await standing(garage)).toMatchObject([{ stay: 'ref:A', sessionId: mine, state: 'linked' }])
  // The station had told a wrong day.
  await addSession(garage, { id: mine, token: '04A3C6CAE26180', plugged: 3_000 })
  await look([mine])
  expect((await index()).find(([id]) => id === mine)).toEqual([mine, minute(5)])
  await runJobs()
  expect(await standing(garage)).toEqual([])
  expect((await index()).find(([id]) => id === mine)).toEqual([mine, minute(3_000)])
})

test('a session whose holder was enrolled while it was stored is put to evaluation', async () => {
  const { garage, look, asked, runJobs } = await open()
  const accountId = await addAccount(garage)
  await addCredential(garage, 'card', '04A3C6CAE26180', { accountId })
  const sessionId = await addCharge(garage, { token: '04A3C6CAE26180', plugged: 5 })
  await look([sessionId])
  expect(await asked()).toEqual([sessionId])
  await runJobs()
  const { account_id } = await garage.db
    .selectFrom('charging_session')
    .select('account_id')
    .where('session_id', '=', sessionId)
    .executeTakeFirstOrThrow()
  expect(account_id).toBe(accountId)
})

test('a session that ended waits to be billed; one that has a stay is put to evaluation, one that runs has no bill', async () => {
  const { garage, look, record, runJobs, toBill, subjects } = await open()
  await record([entry('e', 0, [card('04A3C6CAE26180')], { stayRef: 'A' })])
  await runJobs()
  const alone = await addSession(garage, { token: '11223344', plugged: 5, unplugged: 50 })
  const mine = await addSession(garage, { token: '04A3C6CAE26180', plugged: 5, unplugged: 50, evse: 2 })
  const running = await addSession(garage, { token: '55667788', plugged: 5, evse: 3 })
  const before = await toBill()
  await look([running])
  expect(await subjects()).toEqual([])
  await look([alone, mine], { billable: true })
  expect(await subjects()).toEqual([[alone, 'pending']])
  expect(await toBill()).toEqual([...before, `session:${mine}`].sort())
})

test('more changes than one look takes are all looked at', async () => {
  const { garage, look, record, runJobs, asked, waiting } = await open()
  await record([entry('e', 0, [card('04A3C6CAE26180')], { stayRef: 'A' })])
  await runJobs()
  const sessionId = await addSession(garage, { token: '04A3C6CAE26180', plugged: 5 })
  const stranger = await addSession(garage, { token: '11223344', plugged: 5, evse: 2 })
  await look([...Array.from({ length: 1_200 }, () => stranger), sessionId])
  expect(await waiting()).toBe(0)
  expect(await asked()).toEqual([sessionId])
})

test('what cannot be looked at together is put to evaluation one by one', async () => {
  const { garage, look, asked, toBill, waiting, index } = await open()
  const ids = [
    await addSession(garage, { token: '04A3C6CAE26180', plugged: 5 }),
    await addSession(garage, { token: '11223344', plugged: 5, evse: 2 }),
  ]
  const clock = {
    ...garage.clock,
    now: () => {
      throw new Error('no time')
    },
  }
  await look(ids, { billable: true, deps: { ...garage.deps, clock } })
  expect(await asked()).toEqual([...ids].sort())
  expect(await toBill()).toEqual(ids.map((id) => `session:${id}`).sort())
  expect(await index()).toEqual([])
  expect(await waiting()).toBe(0)
})
