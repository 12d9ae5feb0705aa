// Owns the proof that people, vehicles and credentials that change find the stays and sessions that were there before them.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { acceptLink, unlinkLink } from '../../../core/services/linking/decide-link.ts'
import { explainLink } from '../../../core/services/linking/explain-link.ts'
import {
  addPresentation,
  type CredentialCreate,
  manageCredentials,
  removePresentation,
} from '../../../core/services/manage/manage-credentials.ts'
import { manageAccounts, manageVehicles, type VehicleFields } from '../../../core/services/manage/manage-people.ts'
import type { Access, Outcome } from '../../../core/services/manage/outcome.ts'
import { recordParkingFacts } from '../../../core/services/parking/record-parking-facts.ts'
import { card, entry, exit, minute, plate } from '../../domain/stay/fact-maker.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { addAccount, eventsOf, openGarage, staysOf } from '../parking/garage.ts'
import { addCharge, linking, standing } from './sessions.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

async function open() {
  const garage = await openGarage(database.db, { at: minute(0) })
  const { db, organizationId, deps } = garage
  const access: Access = { organizationId, siteIds: null, actor: 'key:jo', requestId: 'req-1' }
  const value = async <T>(answer: Promise<Outcome<T>>): Promise<T> => {
    const outcome = await answer
    if (outcome.kind !== 'ok') throw new Error(JSON.stringify(outcome))
    return outcome.value
  }
  const credentials = manageCredentials(deps)
  const works = linking(database, garage)
  return {
    garage,
    access,
    value,
    credentials,
    vehicles: manageVehicles(deps),
    record: recordParkingFacts(deps)(garage),
    ...works,
    /** As the charger path does: the session, and its links looked at. */
    charge: async (options: Parameters<typeof addCharge>[1]) => {
      const sessionId = await addCharge(garage, options)
      await works.evaluate({ sessionId })
      return sessionId
    },
    enrol: (raw: string, more: Partial<CredentialCreate> = {}) =>
      value(credentials.create(access, { kind: 'card', presentations: [{ value: raw }], ...more })),
    addCar: (fields: VehicleFields) => value(manageVehicles(deps).create(access, fields)),
    now: (at: number) => garage.clock.advanceTo(minute(at)),
    stay: async (ref: string) => {
      const row = (await staysOf(garage)).find(({ stay_ref }) => stay_ref === ref)
      if (!row) throw new Error(`no stay ${ref}`)
      return row
    },
    session: (id: string) =>
      db.selectFrom('charging_session').selectAll().where('session_id', '=', id).executeTakeFirstOrThrow(),
  }
}
const S = (ref: string) => ({ stayRef: ref })

test('a card enrolled late, read as decimal at the gate and reversed at the charger, makes both the account’s, and links them', async () => {
  const { garage, charge, record, runJobs, rematch, enrol, now, stay, session, access } = await open()
  // 26DEFAE7, the gate by its number, the charger with bytes turned round.
  await record([entry('e', 0, [card('652147431')], S('A')), exit('x', 60, [card('652147431')], S('A'))])
  const sessionId = await charge({ token: 'E7FADE26', plugged: 5, unplugged: 50 })
  await runJobs()
  now(24 * 60)
  const accountId = await addAccount(garage, { parkerKind: 'contract' })
  const made = await enrol('26DEFAE7', { accountId })
  expect(await rematch()).toBe(1)
  expect(await stay('A')).toMatchObject({
    account_id: accountId,
    credential_id: made.credentialId,
    parker_kind: 'contract',
  })
  expect(await session(sessionId)).toMatchObject({
    account_id: accountId,
    credential_id: made.credentialId,
    version: 2,
  })
  expect(await standing(garage)).toMatchObject([{ stay: 'ref:A', sessionId, state: 'linked', by: 'hub' }])
  const why = await explainLink(garage.deps)(access, sessionId)
  expect(why.kind === 'ok' && why.value.sentences.join(' ')).toContain('same enrolled credential')
  expect((await eventsOf(garage, 'stay.corrected')).at(-1)?.data).toMatchObject({
    changed: expect.arrayContaining(['accountId', 'credentialId', 'parkerKind']),
  })
  expect((await eventsOf(garage, 'charging_session.corrected')).map(({ data }) => data.sessionId)).toEqual([sessionId])
  const jobs = await database.ownerPool.query(`select key from graphile_worker.jobs where key like 'bill:%'`)
  expect(jobs.rows).toEqual(
    expect.arrayContaining([{ key: `bill:session:${sessionId}` }, { key: `bill:stay:${(await stay('A')).stay_id}` }]),
  )
  expect(await rematch()).toBe(0)
})

test('a form added later finds the sessions that were started with it', async () => {
  const { garage, charge, record, runJobs, rematch, enrol, value, session, access } = await open()
  await record([entry('e', 0, [card('04A3C6CAE26180')], S('A'))])
  const sessionId = await charge({ token: 'DE*ABC*C00012345*6', tokenKind: 'emaid', plugged: 5 })
  const accountId = await addAccount(garage)
  const made = await enrol('04A3C6CAE26180', { accountId })
  await runJobs()
  await rematch()
  expect(await standing(garage)).toEqual([])
  await value(addPresentation(garage.deps)(access, made.credentialId, { value: 'DE*ABC*C00012345*6', kind: 'emaid' }))
  await rematch()
  expect(await session(sessionId)).toMatchObject({ account_id: accountId })
  expect(await standing(garage)).toMatchObject([{ stay: 'ref:A', state: 'linked', method: 'credential' }])
})

test('blocks, revocations, ends of validity, archiving and lost forms leave the past with whom it was', async () => {
  const { garage, charge, record, runJobs, rematch, enrol, value, credentials, now, stay, session, access } =
    await open()
  const accountId = await addAccount(garage)
  const made = await enrol('04A3C6CAE26180', { accountId })
  await value(addPresentation(garage.deps)(access, made.credentialId, { value: '26DEFAE7' }))
  await record([entry('e', 0, [card('04A3C6CAE26180')], S('A'))])
  const sessionId = await charge({ token: '26DEFAE7', plugged: 5 })
  await rematch()
  await runJobs()
  const as = { account_id: accountId, credential_id: made.credentialId }
  const update = (fields: Parameters<typeof credentials.update>[2]) =>
    credentials.update(access, made.credentialId, fields)
  const forms = await garage.db
    .selectFrom('presentation')
    .select('presentation_id')
    .where('credential_id', '=', made.credentialId)
    .orderBy('presentation_id')
    .execute()
  for (const [i, change] of [
    () => update({ status: 'blocked' }),
    () => update({ status: 'revoked' }),
    () => update({ validUntil: minute(1).toISOString() }),
    () => removePresentation(garage.deps)(access, made.credentialId, forms[1]?.presentation_id ?? ''),
    () => credentials.archive(access, made.credentialId),
    () => manageAccounts(garage.deps).archive(access, accountId),
  ].entries()) {
    now(100 + i)
    await value<unknown>(change() as Promise<Outcome<unknown>>)
    await rematch()
    expect(await session(sessionId)).toMatchObject(as)
    // A late fact has it derived again.
    await record([entry('e', 0, [card('04A3C6CAE26180')], { ...S('A'), revision: i + 2 })])
    await runJobs()
    expect(await stay('A')).toMatchObject(as)
    expect(await standing(garage)).toMatchObject([{ stay: 'ref:A', state: 'linked' }])
  }
  // Given to somebody else, it is theirs from then on.
  const bob = await addAccount(garage)
  now(200)
  await enrol('04A3C6CAE26180', { accountId: bob })
  await record([entry('f', 210, [card('04A3C6CAE26180')], S('B'))])
  await rematch()
  expect(await stay('A')).toMatchObject(as)
  expect(await stay('B')).toMatchObject({ account_id: bob })
})

test('a card that moves to another account takes nothing along, unless told since when', async () => {
  const { garage, charge, record, rematch, enrol, value, credentials, now, stay, session, access } = await open()
  const [ada, bob] = [await addAccount(garage), await addAccount(garage)]
  const made = await enrol('04A3C6CAE26180', { accountId: ada })
  const c = [card('04A3C6CAE26180')]
  await record([entry('1', 0, c, S('A')), exit('2', 60, c, S('A'))])
  const sessionId = await charge({ token: '04A3C6CAE26180', plugged: 5, unplugged: 50 })
  await rematch()
  now(100)
  await value(credentials.update(access, made.credentialId, { accountId: bob }))
  // Told late, by a bridge that was offline.
  await record([entry('3', 90, c, S('B')), exit('4', 95, c, S('B')), entry('5', 110, c, S('C'))])
  await rematch()
  expect([await stay('A'), await stay('B'), await stay('C')].map((row) => row.account_id)).toEqual([ada, ada, bob])
  expect(await session(sessionId)).toMatchObject({ account_id: ada })
  now(120)
  const late = { accountId: bob, asOf: minute(80).toISOString() }
  await value(credentials.update(access, made.credentialId, late))
  await rematch()
  expect([await stay('A'), await stay('B'), await stay('C')].map((row) => row.account_id)).toEqual([ada, bob, bob])
  await value(credentials.update(access, made.credentialId, { accountId: bob, asOf: '2000-01-01T00:00:00Z' }))
  await rematch()
  expect([await stay('A'), await stay('B'), await stay('C')].map((row) => row.account_id)).toEqual([bob, bob, bob])
  expect(await session(sessionId)).toMatchObject({ account_id: bob })
  expect(await credentials.update(access, made.credentialId, { asOf: minute(500).toISOString() })).toMatchObject({
    kind: 'invalid',
    problems: [{ pointer: '/asOf' }],
  })
})

test('a vehicle enrolled late, its plate put right, and the cars of an account', async () => {
  const { garage, charge, record, runJobs, rematch, value, credentials, vehicles, addCar, now, stay, access } =
    await open()
  const [ada, bob] = [await addAccount(garage), await addAccount(garage)]
  await record([entry('1', 0, [plate('WOB 8511')], S('A')), entry('2', 1, [plate('BRA 4242')], S('B'))])
  await value(credentials.create(access, { kind: 'app', accountId: ada, presentations: [{ value: 'ada-app' }] }))
  const byAda = await charge({ token: 'ada-app', tokenKind: 'Central', plugged: 8, evse: 2 })
  await runJobs()
  now(60)
  const car = await addCar({ plate: 'WOB 8512', accountId: ada })
  await addCar({ plate: 'BRA-4242', accountId: bob })
  await rematch()
  expect([(await stay('A')).account_id, (await stay('B')).account_id]).toEqual([null, bob])
  now(70)
  await value(vehicles.update(access, car.vehicleId, { plate: 'WOB 8511' }))
  await rematch()
  expect(await stay('A')).toMatchObject({ account_id: ada, vehicle_id: car.vehicleId })
  expect(await standing(garage)).toMatchObject([{ stay: 'ref:A', sessionId: byAda, state: 'linked' }])
  // Sold: what Ada parked stays hers.
  now(80)
  await value(vehicles.update(access, car.vehicleId, { accountId: bob }))
  await rematch()
  expect((await stay('A')).account_id).toBe(ada)
})

test('another kind of parker holds from then on', async () => {
  const { garage, record, rematch, enrol, value, now, stay, access } = await open()
  const ada = await addAccount(garage, { parkerKind: 'contract' })
  await enrol('04A3C6CAE26180', { accountId: ada })
  const c = [card('04A3C6CAE26180')]
  await record([entry('1', 5, c, S('A')), exit('2', 20, c, S('A'))])
  now(60)
  const accounts = manageAccounts(garage.deps)
  await value(accounts.update(access, ada, { parkerKind: 'transient' }))
  await record([entry('3', 70, c, S('B'))])
  await rematch()
  expect([(await stay('A')).parker_kind, (await stay('B')).parker_kind]).toEqual(['contract', 'transient'])
  await value(accounts.update(access, ada, { asOf: minute(1).toISOString() }))
  await rematch()
  expect((await stay('A')).parker_kind).toBe('transient')
})

test('what people decided stands, whoever is enrolled', async () => {
  const { garage, charge, record, runJobs, rematch, enrol, stay, access } = await open()
  const c = [card('26DEFAE7')]
  await record([entry('1', 0, c, S('A')), entry('2', 2, [card('04FFFFFFFFFF80')], S('B'))])
  const sessionId = await charge({ token: 'E7FADE26', plugged: 5 })
  await runJobs()
  const links = await garage.db.selectFrom('link').select('link_id').where('session_id', '=', sessionId).execute()
  await unlinkLink(garage.deps)(access, links[0]?.link_id ?? '', {})
  await runJobs()
  const accountId = await addAccount(garage)
  await enrol('26DEFAE7', { accountId })
  await rematch()
  expect((await stay('A')).account_id).toBe(accountId)
  expect(await standing(garage)).toEqual([])
  await acceptLink(garage.deps)(access, links[0]?.link_id ?? '', {})
  await enrol('04FFFFFFFFFF80', { accountId })
  await rematch()
  expect(await standing(garage)).toMatchObject([{ stay: 'ref:A', state: 'linked', by: 'key:jo' }])
})

test('an import is one waiting job, and touches nothing but what it fits', async () => {
  const { garage, record, runJobs, rematch, enrol, stay } = await open()
  await record([entry('1', 0, [card('04A3C6CA000007')], S('A')), entry('2', 1, [card('04FFFFFFFFFF80')], S('B'))])
  await runJobs()
  const accountId = await addAccount(garage)
  for (let i = 0; i < 250; i++) await enrol(`04A3C6CA${i.toString(16).padStart(6, '0')}`, { accountId })
  const jobs = async (task: string) =>
    (
      await database.ownerPool.query(
        `select 1 from graphile_worker.jobs j join graphile_worker._private_jobs p on p.id = j.id
         where j.task_identifier = $1 and p.payload->>'organizationId' = $2`,
        [task, garage.organizationId],
      )
    ).rowCount
  expect(await jobs('identity.changed')).toBe(1)
  expect(await jobs('link.evaluate')).toBe(0)
  expect(await rematch()).toBe(250)
  expect([(await stay('A')).account_id, (await stay('B')).account_id]).toEqual([accountId, null])
  expect((await stay('B')).version).toBe(1)
})
