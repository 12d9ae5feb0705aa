// Owns the proof that what stands for a payment at a charger's terminal is nobody's card: it links nothing, teaches nothing, enrols nobody.
// Must not speak OCPP; test/adapters/ocpp and test/e2e/payments do.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { authorise } from '../../../core/services/access/authorise.ts'
import { createLink } from '../../../core/services/linking/decide-link.ts'
import { recordParkingFacts } from '../../../core/services/parking/record-parking-facts.ts'
import { card, entry } from '../../domain/stay/fact-maker.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { addAccount, addCredential, openGarage, staysOf } from '../parking/garage.ts'
import { addCharge, linking, standing } from './sessions.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const uid = '04A3C6CAE26180'
const badge = 'BADGE-00417'
const payment = { tokenKind: 'direct_payment' } as const

async function open() {
  const garage = await openGarage(database.db)
  const { organizationId } = garage
  const record = recordParkingFacts(garage.deps)(garage)
  const everyForm = async () => {
    const rows = await database.db
      .selectFrom('presentation')
      .select('raw')
      .where('organization_id', '=', organizationId)
      .orderBy('raw')
      .execute()
    return rows.map(({ raw }) => raw)
  }
  const credentials = async () =>
    (
      await database.db
        .selectFrom('credential')
        .select('credential_id')
        .where('organization_id', '=', organizationId)
        .execute()
    ).length
  const session = (sessionId: string) =>
    database.db
      .selectFrom('charging_session')
      .select(['account_id', 'credential_id', 'vehicle_id'])
      .where('session_id', '=', sessionId)
      .executeTakeFirstOrThrow()
  return { garage, record, everyForm, credentials, session, ...linking(database, garage) }
}
const nobody = { account_id: null, credential_id: null, vehicle_id: null }

test.each([
  ['the same card, as the gate reads it', uid],
  ['the same card, byte order reversed', '8061E2CAC6A304'],
])('%s: another person’s stay is not linked, while the same text of a card is', async (_, token) => {
  const { garage, record, evaluate, runJobs, look, session } = await open()
  const accountId = await addAccount(garage)
  await addCredential(garage, 'card', uid, { accountId })
  await record([entry('e', 0, [card(uid)], { stayRef: 'A' })])
  const paid = await addCharge(garage, { token, ...payment, plugged: 5, unplugged: 50 })
  await look([paid], { billable: true })
  await evaluate({ sessionId: paid })
  const [stay] = await staysOf(garage)
  await evaluate({ stayId: stay?.stay_id ?? '' })
  await runJobs()
  expect(await standing(garage)).toEqual([])
  expect(await session(paid)).toEqual(nobody)
  const held = await addCharge(garage, { token, tokenKind: 'iso14443', plugged: 60, unplugged: 90 })
  await evaluate({ sessionId: held })
  await runJobs()
  expect((await standing(garage)).map(({ sessionId }) => sessionId)).toEqual([held])
})

test('a card enrolled later with the text of a payment finds the cards’ sessions, never the payment’s', async () => {
  const { garage, record, evaluate, rematch, runJobs, session } = await open()
  await record([entry('e', 0, [card(uid)], { stayRef: 'A' })])
  const paid = await addCharge(garage, { token: uid, ...payment, plugged: 5, unplugged: 50 })
  await evaluate({ sessionId: paid })
  const accountId = await addAccount(garage)
  await addCredential(garage, 'card', uid, { accountId })
  await rematch()
  await runJobs()
  expect(await session(paid)).toEqual(nobody)
  expect(await standing(garage)).toEqual([])
})

test('a person who joins them by hand teaches nothing: no form and no credential comes of a payment', async () => {
  const { garage, record, evaluate, runJobs, everyForm, credentials, session } = await open()
  const accountId = await addAccount(garage)
  await addCredential(garage, 'card', uid, { accountId })
  await record([entry('e', 0, [card(uid)], { stayRef: 'A' })])
  const paid = await addCharge(garage, { token: badge, ...payment, plugged: 5, unplugged: 50 })
  await evaluate({ sessionId: paid })
  const [stay] = await staysOf(garage)
  const access = { organizationId: garage.organizationId, siteIds: null, actor: 'key:jo', requestId: 'r' } as const
  const made = await createLink(garage.deps)(access, { stayId: stay?.stay_id ?? '', sessionId: paid })
  expect(made).toMatchObject({ kind: 'ok' })
  await runJobs()
  expect(await everyForm()).toEqual([uid])
  expect(await credentials()).toBe(1)
  expect(await session(paid)).toEqual(nobody)
})

test('it may charge without being anybody, also with the text of a card that may not', async () => {
  const { garage, everyForm, credentials } = await open()
  const accountId = await addAccount(garage)
  await addCredential(garage, 'card', uid, { accountId })
  const { organizationId, siteId, db, clock } = garage
  const question = { organizationId, siteId, place: 'charger', at: clock.now() } as const
  const stationId = '01900000-0000-7000-8000-000000000001'
  for (const value of [uid, badge]) {
    const token = { value, kind: 'direct_payment' }
    const answer = await authorise({ db })({ ...question, stationId, token })
    expect(answer).toMatchObject({ status: 'accepted' })
    expect(answer).not.toMatchObject({ accountId: expect.any(String) })
  }
  expect([await everyForm(), await credentials()]).toEqual([[uid], 1])
})
