// Owns the proof that stays from before near plates were looked for are found by them after an upgrade.
// Must not prove which plates are near; test/domain/stay/near-plates.test.ts does.
import type { Kysely } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { recordParkingFacts } from '../../../core/services/parking/record-parking-facts.ts'
import { rederiveWaitingStays } from '../../../core/services/parking/rederive-waiting-stays.ts'
import type { ParkingSource } from '../../../core/store/parking-facts.ts'
import { up } from '../../../migrations/0017-waiting-stays.ts'
import { entry, exit, fact, plate } from '../../domain/stay/fact-maker.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { type Garage, openGarage, staysOf } from './garage.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

/** As it was written before: nothing in the index but what was shown. */
async function forgetNearKeys({ organizationId }: Garage): Promise<void> {
  for (const table of ['stay', 'parking_fact'])
    await database.ownerPool.query(
      `update ${table} set search_keys = array(select k from unnest(search_keys) k where k not like 'near:%')
       where organization_id = $1`,
      [organizationId],
    )
}

async function jobsOf({ organizationId }: Garage): Promise<ParkingSource[]> {
  const { rows } = await database.ownerPool.query<{ payload: ParkingSource }>(
    `select p.payload from graphile_worker._private_jobs p
     join graphile_worker._private_tasks t on t.id = p.task_id and t.identifier = 'stays.rederive_waiting'
     where p.payload->>'organizationId' = $1`,
    [organizationId],
  )
  return rows.map(({ payload }) => payload)
}

async function upgrade(garage: Garage): Promise<void> {
  await up(garage.db as unknown as Kysely<unknown>)
  for (const source of await jobsOf(garage)) await rederiveWaitingStays(garage.deps)(source)
}

test('a misread exit finds a stay that was open when the hub was brought up to date', async () => {
  const garage = await openGarage(database.db)
  const record = recordParkingFacts(garage.deps)(garage)
  const inside = { direction: 'internal' as const, credentials: [plate('A8C123')] }
  await record([entry('e', 0, [plate('ABC123')]), fact('gate.passed', 'i', 30, inside, { lane: 'r' })])
  await forgetNearKeys(garage)
  await upgrade(garage)
  expect(await jobsOf(garage)).toEqual([
    { organizationId: garage.organizationId, siteId: garage.siteId, connectionId: garage.connectionId },
  ])
  await record([exit('x', 60, [plate('ABC12B')])])
  expect(await staysOf(garage)).toMatchObject([{ stay_key: 'gate:e', state: 'open' }, { stay_key: 'gate:x' }])
  await record([exit('y', 90, [plate('A8C123')])])
  expect((await staysOf(garage)).find(({ stay_key }) => stay_key === 'gate:e')).toMatchObject({
    state: 'closed',
    flags: ['paired_by_plate'],
  })
})

test('without it such an exit stays apart, and an exit that came before the upgrade is given to its stay', async () => {
  const garage = await openGarage(database.db)
  const record = recordParkingFacts(garage.deps)(garage)
  await record([entry('e', 0, [plate('ABC123')]), entry('f', 5, [plate('XYZ777')])])
  await forgetNearKeys(garage)
  await record([exit('x', 60, [plate('A8C123')])])
  expect(await staysOf(garage)).toMatchObject([{ state: 'open' }, { state: 'open' }, { state: 'exit_only' }])
  await forgetNearKeys(garage)
  await upgrade(garage)
  const settled = await staysOf(garage)
  expect(settled.map(({ stay_key, state, flags }) => [stay_key, state, flags])).toEqual([
    ['gate:e', 'closed', ['paired_by_plate']],
    ['gate:f', 'open', []],
  ])
  await upgrade(garage)
  expect(await staysOf(garage)).toEqual(settled)
})

test('of two stays that come into question neither is taken, however the work is divided', async () => {
  const garage = await openGarage(database.db)
  const record = recordParkingFacts(garage.deps)(garage)
  const others = Array.from({ length: 30 }, (_, i) => entry(`o${i}`, 1 + i, [plate(`QW${10 + i}ZZ`)]))
  await record([entry('e', 0, [plate('ABC123')]), ...others, entry('f', 40, [plate('A8CI23')])])
  await forgetNearKeys(garage)
  await record([exit('x', 60, [plate('A8C123')])])
  await forgetNearKeys(garage)
  await upgrade(garage)
  const states = new Map((await staysOf(garage)).map(({ stay_key, state, flags }) => [stay_key, [state, flags]]))
  expect(states.get('gate:e')).toEqual(['open', ['exit_unsure']])
  expect(states.get('gate:f')).toEqual(['open', ['exit_unsure']])
  expect(states.get('gate:x')).toEqual(['exit_only', ['entry_missing', 'entry_unsure']])
})

test('an organization without such stays is given no work', async () => {
  const garage = await openGarage(database.db)
  await recordParkingFacts(garage.deps)(garage)([entry('e', 0, [plate('ABC123')], { stayRef: 'S1' })])
  await up(garage.db as unknown as Kysely<unknown>)
  expect(await jobsOf(garage)).toEqual([])
})

test.each([
  [{}, ['closed', ['paired_by_plate']]],
  [{ link_fuzzy_auto_distance: 0 }, ['open', ['exit_unsure']]],
  [{ link_fuzzy_auto_distance: 0, link_fuzzy_review_distance: 0.25 }, ['open', ['exit_unsure']]],
])('how near a plate has to be is what the site has set: %j', async (settings, expected) => {
  const garage = await openGarage(database.db, { settings })
  const record = recordParkingFacts(garage.deps)(garage)
  await record([entry('e', 0, [plate('ABC123')])])
  await record([exit('x', 60, [plate('A8C123')])])
  const [stay] = await staysOf(garage)
  expect([stay?.state, stay?.flags]).toEqual(expected)
})
