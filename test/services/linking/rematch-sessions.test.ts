// Owns the proof that a running session changes hands between two facts of its station, and the charger path keeps to it.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { rematchSessions } from '../../../core/services/linking/rematch-sessions.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { at, type ChargerHarness, chargerHarness, ended, sample, started, time } from '../charger/charger-harness.ts'
import { addAccount, addCredential, addSite } from '../parking/garage.ts'

let database: TestDatabase
let hub: ChargerHarness
beforeAll(async () => {
  database = await createTestDatabase()
  hub = await chargerHarness(database)
})
afterAll(async () => {
  await hub.close()
  await database.drop()
})

test('facts that come before, during and after the enrolment end in one session of the account', async () => {
  const { organizationId } = hub
  const stationId = await hub.addStation('CP-1')
  const sink = await hub.connect('CP-1')
  const garage = await addSite(database.db, organizationId, { at: at(30) })
  const { number } = await sink.record(started({ token: { value: 'E7FADE26', kind: 'unknown' } }))
  const sessions = () =>
    database.db.selectFrom('charging_session').selectAll().where('station_id', '=', stationId).execute()
  const [before] = await sessions()
  expect(before).toMatchObject({ account_id: null, state: 'active' })

  const accountId = await addAccount(garage)
  await addCredential(garage, 'card', '26DEFAE7', { accountId })
  const meter = (minutes: number, wh: number) =>
    sink.record({ kind: 'meter', evse: 1, name: { by: 'hub', number }, samples: [sample(minutes, wh)] })
  const deps = { ...garage.deps, quietly: hub.gateway.quietly }
  const rematch = () => rematchSessions(deps, { organizationId, stationId }, [before?.session_id ?? ''])
  const [, changed] = await Promise.all([meter(31, 2_000), rematch(), meter(32, 2_500)])
  expect(changed).toEqual([before?.session_id])
  expect(await rematch()).toEqual([])
  await meter(40, 4_000)
  await sink.record({
    kind: 'connector.status',
    evse: 1,
    connector: 1,
    status: 'charging',
    rawStatus: 'Charging',
    time: time(41),
  })
  await sink.record(ended(number ?? 0))
  expect(await sessions()).toMatchObject([{ account_id: accountId, energy_wh: 10_000, state: 'ended' }])
  const transactions = await database.db
    .selectFrom('ocpp_transaction')
    .select(['account_id', 'state'])
    .where('station_id', '=', stationId)
    .execute()
  expect(transactions).toEqual([{ account_id: accountId, state: 'ended' }])
})
