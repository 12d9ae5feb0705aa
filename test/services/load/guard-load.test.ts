// Owns the load guard at work on a real gateway and database: what it tells, when it waits, and that it goes on from what is stored.
// Must not prove the accounts; test/domain/load does.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { guardLoad } from '../../../core/services/load/guard-load.ts'
import { manageCircuitEvses, manageCircuits } from '../../../core/services/load/manage-circuits.ts'
import { circuitLoad } from '../../../core/services/load/read-load.ts'
import type { Outcome } from '../../../core/services/manage/outcome.ts'
import { acquireLease, releaseLease } from '../../../core/store/leases.ts'
import { type ManualClock, manualClock } from '../../../core/testing/manual-clock.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { started } from '../charger/charger-harness.ts'
import { reconciling } from '../desired/reconciling.ts'
import { type Answer, scriptedStation } from '../desired/scripted-station.ts'

let database: TestDatabase
let clock: ManualClock
let hub: Awaited<ReturnType<typeof reconciling>>
let circuitId: string
let count = 0
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
beforeEach(async () => {
  clock = manualClock(new Date('2026-03-10T08:00:00Z'))
  hub = await reconciling(database, clock)
  circuitId = must(
    await manageCircuits(hub.deps).create(hub.access, { siteId: hub.siteId, code: `C${++count}`, limitA: 40 }),
  ).circuitId
  return () => hub.close()
})

function must<T>(outcome: Outcome<T>): T {
  if (outcome.kind !== 'ok') throw new Error(JSON.stringify(outcome))
  return outcome.value
}

const guard = async (nodeId = 'here') => {
  const wake = (stationId: string) => hub.gateway.wake(stationId)
  await guardLoad({ ...hub.deps, nodeId, wake })({ organizationId: hub.organizationId, siteId: hub.siteId })
  await hub.settled()
}
const load = async () => must(await circuitLoad(hub.deps)(hub.access, circuitId))
const takes: Answer = ({ name }) =>
  name === 'limit' ? { kind: 'accepted', result: { stackLevel: 8, profileId: 1 } } : undefined

/** On the circuit, connected; its failsafe profile stands there. */
async function station(instead: Answer = takes) {
  const code = `G-${++count}`
  const stationId = await hub.addStation(code)
  const evseId = hub.deps.newId()
  await database.db
    .insertInto('evse')
    .values({
      organization_id: hub.organizationId,
      site_id: hub.siteId,
      station_id: stationId,
      evse_id: evseId,
      number: 1,
      code,
      created_at: clock.now(),
      updated_at: clock.now(),
    })
    .execute()
  const placed = must(
    await manageCircuitEvses(hub.deps).create(hub.access, { circuitId, evseId, maxA: 32, failsafeA: 6 }),
  )
  const played = scriptedStation()
  played.instead = instead
  const sink = await hub.boot(code, played)
  await hub.settled()
  return {
    code,
    stationId,
    played,
    sink,
    limits: () => played.heard.flatMap((one) => (one.name === 'limit' ? [one.amps] : [])),
    charge: () => sink.record(started({ time: { at: clock.now(), device: clock.now() } })),
    record: async () => must(await manageCircuitEvses(hub.deps).get(hub.access, placed.circuitEvseId)),
    own: async () => (await load()).evses.find((one) => one.evseId === evseId),
  }
}

describe('the failsafe profile', () => {
  test('stands at the station before any limit is told, and where it is refused none is', async () => {
    const first = await station()
    await first.charge()
    await guard()
    expect(first.played.names().filter((name) => name === 'set_profile' || name === 'limit')).toEqual([
      'set_profile',
      'limit',
    ])
    const deaf = await station(({ name }) =>
      name === 'set_profile' ? { kind: 'refused', reason: 'Rejected' } : undefined,
    )
    await deaf.charge()
    clock.advance(20_000)
    await guard()
    expect(deaf.limits()).toEqual([])
    expect(await deaf.own()).toMatchObject({ why: 'no_failsafe', reservedA: 32 })
    // Others make room for all that its hardware can draw.
    expect(first.limits()).toEqual([32, 8])
  })

  test('counts as gone where a station with one level has put the limit in its place', async () => {
    const flat = await station(({ name }) =>
      name === 'limit' ? { kind: 'accepted', result: { stackLevel: 0, profileId: 1 } } : undefined,
    )
    await flat.charge()
    clock.advance(1_000)
    await guard()
    expect(await flat.own()).toMatchObject({ why: 'no_failsafe', reservedA: 32 })
  })
})

test('room is given away only once the station has said that it keeps the lower limit', async () => {
  let answer: Answer = takes
  const first = await station((command) => answer(command))
  const second = await station()
  await first.charge()
  await guard()
  answer = ({ name }) => (name === 'limit' ? { kind: 'timed_out' } : undefined)
  clock.advance(20_000)
  await second.charge()
  await guard()
  await guard()
  // It may have heard 20 A or not: 32 A count, and the second keeps its failsafe share.
  expect(first.limits()).toEqual([32, 20])
  expect(second.limits()).toEqual([])
  expect(await load()).toMatchObject({ reservedA: 38, over: false })
  answer = takes
  clock.advance(60_000)
  await guard()
  await guard()
  expect(first.limits()).toEqual([32, 20, 20])
  expect(second.limits()).toEqual([20])
  expect(await load()).toMatchObject({ reservedA: 40, over: false })
})

test('what was sent when the hub died counts for the next one, which tells it again', async () => {
  const { played, charge, limits, own, stationId, code } = await station()
  await charge()
  await guard()
  // As a kill leaves it: on the wire, never answered; the next socket has a later epoch.
  await database.db
    .updateTable('command')
    .set({ state: 'sent', outcome: null, outcome_at: null, answered_at: null, sent_epoch: 0 })
    .where('station_id', '=', stationId)
    .where('name', '=', 'limit')
    .execute()
  expect(await own()).toMatchObject({ reservedA: 32 })
  await hub.boot(code, played)
  await hub.settled()
  expect(await own()).toMatchObject({ reservedA: 32, why: 'charging' })
  clock.advance(61_000)
  await guard()
  expect(limits()).toEqual([32, 32])
})

test('one node guards a site at a time', async () => {
  const { charge, limits } = await station()
  await charge()
  const lease = await acquireLease(database.db, { name: `load:${hub.siteId}`, holder: 'there', ttlMs: 60_000 })
  if (lease === undefined) throw new Error('the lease was not free')
  await guard()
  expect(limits()).toEqual([])
  await releaseLease(database.db, lease)
  await guard()
  expect(limits()).toEqual([32])
})

test('a station that refuses limits counts in full, somebody is told, and it is back with the first that it takes', async () => {
  let answer: Answer = ({ name }) => (name === 'limit' ? { kind: 'refused', reason: 'Rejected' } : undefined)
  const stubborn = await station((command) => answer(command))
  const other = await station()
  await stubborn.charge()
  await other.charge()
  for (let n = 0; n < 3; n++) {
    await guard()
    clock.advance(61_000)
  }
  await guard()
  await guard()
  expect(await stubborn.own()).toMatchObject({ why: 'refuses_limits', reservedA: 32 })
  expect(other.limits().at(-1)).toBe(8)
  const reviews = async () =>
    database.db
      .selectFrom('review_item')
      .select(['kind', 'state'])
      .where('organization_id', '=', hub.organizationId)
      .execute()
  expect(await reviews()).toEqual([{ kind: 'load_limits_refused', state: 'open' }])
  expect((await load()).alarms).toMatchObject([{ kind: 'refuses_limits' }])
  answer = takes
  clock.advance(61_000)
  await guard()
  clock.advance(61_000)
  await guard()
  await guard()
  expect(await stubborn.record()).toMatchObject({ refusingSince: null })
  expect(await reviews()).toEqual([{ kind: 'load_limits_refused', state: 'resolved' }])
  expect([stubborn.limits().at(-1), other.limits().at(-1)]).toEqual([20, 20])
})

test('limits are told again before they end, and a restart brings them at once', async () => {
  const { charge, limits, code, played } = await station()
  await charge()
  await guard()
  clock.advance(7 * 60_000)
  await guard()
  expect(limits()).toEqual([32])
  clock.advance(60_000)
  await guard()
  expect(limits()).toEqual([32, 32])
  clock.advance(20_000)
  await hub.boot(code, played)
  await hub.settled()
  clock.advance(1_000)
  await guard()
  expect(limits()).toEqual([32, 32, 32])
})
