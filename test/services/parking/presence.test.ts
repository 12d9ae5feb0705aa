// Owns the proof of what is derived beside stays: movements, presumed exits, counts, drift, left cables and charging bays.
// Must not test the pure rules; test/domain does.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemNewId } from '../../../core/runtime/random.ts'
import { evaluateEvBay } from '../../../core/services/ev-bays/evaluate-ev-bay.ts'
import { readEvBayHistory } from '../../../core/services/ev-bays/read-ev-bays.ts'
import { getStay, listMovements } from '../../../core/services/manage/read-records.ts'
import { checkDrift } from '../../../core/services/occupancy/check-drift.ts'
import { closeGhosts, recordCount, undoCount } from '../../../core/services/occupancy/count-occupancy.ts'
import { ageOutStays } from '../../../core/services/occupancy/presume-left.ts'
import { readDrift, readOccupancyHistory } from '../../../core/services/occupancy/read-occupancy.ts'
import { checkPluggedExit } from '../../../core/services/parking/check-plugged-exit.ts'
import { recordParkingFacts } from '../../../core/services/parking/record-parking-facts.ts'
import { entry, exit, fact, minute, plate } from '../../domain/stay/fact-maker.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { addBay, eventsOf, type Garage, openGarage, staysOf } from './garage.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const open = (minutes: number, settings: object = {}) => openGarage(database.db, { at: minute(minutes), settings })
const record = (garage: Garage) => recordParkingFacts(garage.deps)(garage)
const accessTo = ({ organizationId }: Garage) => ({
  organizationId,
  siteIds: null,
  actor: 'key:test' as const,
  requestId: 'q',
})
const car = (n: number) => [plate(`CAR${n}`)]

/** A station whose EVSE 1 serves the bay. */
async function addStation(garage: Garage, bayId: string, heard: Date | null = null) {
  const [station_id, evse_id] = [systemNewId(), systemNewId()]
  const place = { organization_id: garage.organizationId, site_id: garage.siteId }
  const stamps = { created_at: minute(0), updated_at: minute(0) }
  await garage.db
    .insertInto('station')
    .values({ ...place, station_id, code: 'CP', name: 'CP', last_seen_at: heard, ...stamps })
    .execute()
  await garage.db
    .insertInto('evse')
    .values({ ...place, station_id, evse_id, number: 1, code: 'CP-1', bay_id: bayId, ...stamps })
    .execute()
  return station_id
}

async function addSession(garage: Garage, stationId: string, stayId: string, from: number) {
  const session_id = systemNewId()
  const place = { organization_id: garage.organizationId, site_id: garage.siteId }
  const stamps = { created_at: minute(0), updated_at: minute(0) }
  await garage.db
    .insertInto('charging_session')
    .values({
      ...place,
      session_id,
      station_id: stationId,
      evse_number: 1,
      state: 'active',
      plugged_at: minute(from),
      started_at: minute(from),
      facts_at: minute(from),
      ...stamps,
    })
    .execute()
  await garage.db
    .insertInto('link')
    .values({
      ...place,
      link_id: systemNewId(),
      stay_id: stayId,
      session_id,
      state: 'linked',
      method: 'plate',
      score: '0.99',
      evidence: '[]',
      decided_by: 'hub',
      decided_at: minute(from),
      ...stamps,
    })
    .execute()
  return session_id
}

test('movements follow corrections, and a stay names its own', async () => {
  const garage = await open(120)
  const asked = { direction: 'entry' as const, requestId: 'r1', credentials: car(1) }
  await record(garage)([fact('gate.decided', 'd', 1, { ...asked, decision: 'granted' }, { lane: 'in' })])
  const list = async (query: Record<string, unknown> = {}) =>
    (await listMovements(garage.deps)(accessTo(garage), query)).items
  expect(await list()).toMatchObject([{ kind: 'granted', stayId: null }])
  await record(garage)([
    entry('e', 2, car(1), { requestId: 'r1' }),
    exit('x', 60, car(1)),
    fact('gate.decided', 'no', 70, { direction: 'entry', requestId: 'r2', credentials: car(2), decision: 'declined' }),
  ])
  const [stay] = await staysOf(garage)
  expect(await list({ sort: 'at' })).toMatchObject([
    { kind: 'passed', direction: 'entry', stayId: stay?.stay_id, factIds: [expect.any(String), expect.any(String)] },
    { kind: 'passed', direction: 'exit', stayId: stay?.stay_id },
    { kind: 'refused', stayId: null },
  ])
  expect(await list({ kind: 'refused' })).toHaveLength(1)
  expect(await list({ searchKeys: ['pl:CAR1'] })).toHaveLength(2)
  expect(await getStay(garage.deps)(accessTo(garage), stay?.stay_id ?? '')).toMatchObject({
    kind: 'ok',
    value: { movements: [{ direction: 'entry' }, { direction: 'exit' }], alarms: [] },
  })
  await record(garage)([fact('gate.backedOut', 'b', 3, asked, { lane: 'in' })])
  expect(await list({ sort: 'at' })).toMatchObject([{ kind: 'turned_round' }, { kind: 'passed' }, { kind: 'refused' }])
})

describe('a car that nobody saw leave', () => {
  test('ages out, and its exit counts when it comes', async () => {
    const garage = await open(3 * 1440, { stay_age_out_days: 2 })
    await record(garage)([entry('e', 0, car(1)), entry('young', 2 * 1440, car(2))])
    expect(await ageOutStays(garage.deps)(garage)).toBe(1)
    expect(await ageOutStays(garage.deps)(garage)).toBe(0)
    expect(await staysOf(garage)).toMatchObject([
      { state: 'closed', exited_at: null, flags: ['exit_unknown'], presumed_left_by: 'age' },
      { state: 'open', flags: [] },
    ])
    await record(garage)([exit('x', 3 * 1440 + 5, car(1))])
    expect(await staysOf(garage)).toMatchObject([
      { state: 'closed', exited_at: minute(3 * 1440 + 5), flags: [] },
      { state: 'open' },
    ])
  })

  test('is proposed by a count, closed by name, and opened again when the count is taken back', async () => {
    const garage = await open(600)
    await record(garage)([entry('a', 0, car(1)), entry('b', 60, car(2)), entry('c', 120, car(3))])
    const access = accessTo(garage)
    const made = await recordCount(garage.deps)(access, { siteId: garage.siteId, counted: 2 })
    if (made.kind !== 'ok') throw new Error(made.kind)
    const { countId, proposals } = made.value
    expect(made.value).toMatchObject({ derived: 3, counted: 2, countedBy: 'key:test' })
    expect(proposals).toMatchObject([{ plate: 'CAR1' }])
    const [ghost] = proposals
    expect(await closeGhosts(garage.deps)(access, countId, [systemNewId()])).toMatchObject({ kind: 'invalid' })
    expect(await closeGhosts(garage.deps)(access, countId, [ghost?.stayId ?? ''])).toMatchObject({ kind: 'ok' })
    const derived = async () => {
      const report = await readDrift(garage.deps)(access, { siteId: garage.siteId })
      return report.kind === 'ok' ? [report.value.derived, report.value.corrected] : []
    }
    expect(await derived()).toEqual([2, 2])
    expect(await undoCount(garage.deps)(access, countId)).toMatchObject({ kind: 'ok' })
    expect(await undoCount(garage.deps)(access, countId)).toMatchObject({ kind: 'conflict' })
    expect(await derived()).toEqual([3, null])
    expect(await staysOf(garage)).toMatchObject([{ state: 'open' }, { state: 'open' }, { state: 'open' }])
  })
})

test('a counter that drifts from the stays is told once; the hours show both', async () => {
  const garage = await open(130, { occupancy_drift_limit: 3 })
  await record(garage)([
    entry('a', 0, car(1)),
    entry('b', 70, car(2)),
    fact('occupancy.changed', 'o', 125, { counter: 'total', occupied: 7, capacity: 50 }),
  ])
  await checkDrift(garage.deps)(garage)
  await checkDrift(garage.deps)(garage)
  expect((await eventsOf(garage, 'occupancy.drifted')).map(({ data }) => data)).toMatchObject([
    { counter: 'total', reported: 7, derived: 2, drift: 5 },
  ])
  const history = await readOccupancyHistory(garage.deps)(accessTo(garage), {
    siteId: garage.siteId,
    from: minute(-60).toISOString(),
  })
  expect(history).toMatchObject({
    kind: 'ok',
    value: {
      items: [
        { derived: 1, entries: 1 },
        { derived: 2, entries: 1 },
        { derived: 2, reported: 7 },
      ].toSpliced(0, 0, { derived: 0, entries: 0 }),
    },
  })
})

describe('a car that leaves while plugged in', () => {
  async function leaves(heard: number) {
    const garage = await open(100)
    const station = await addStation(garage, await addBay(garage, 'B1'), minute(heard))
    await record(garage)([entry('e', 0, car(1))])
    const [stay] = await staysOf(garage)
    const stayId = stay?.stay_id ?? ''
    const sessionId = await addSession(garage, station, stayId, 10)
    await record(garage)([exit('x', 95, car(1))])
    const check = () => checkPluggedExit(garage.deps)({ ...garage, stayId })
    const told = async () => (await eventsOf(garage, 'stay.exited_while_plugged')).map(({ data }) => data.active)
    return { garage, sessionId, check, told }
  }

  test('is told after both clocks’ tolerance, and withdrawn when the exit is corrected', async () => {
    const { garage, check, told } = await leaves(200)
    await check()
    expect(await told()).toEqual([])
    garage.clock.advance(6 * 60_000)
    await check()
    await check()
    expect(await told()).toEqual([true])
    await record(garage)([{ ...exit('x', 95, [plate('OTHER9')]), revision: 2 }])
    await check()
    expect(await told()).toEqual([true, false])
  })

  test('is not told while the charger is silent, nor when the same car came in again', async () => {
    const silent = await leaves(90)
    silent.garage.clock.advance(60 * 60_000)
    await silent.check()
    expect(await silent.told()).toEqual([])
    const { garage, check, told } = await leaves(200)
    garage.clock.advance(10 * 60_000)
    await record(garage)([entry('again', 104, car(1))])
    await check()
    expect(await told()).toEqual([])
    const alarms = await garage.db
      .selectFrom('stay_alarm')
      .select('kind')
      .where('site_id', '=', garage.siteId)
      .execute()
    expect(alarms).toEqual([{ kind: 'session_spans_stays' }])
  })
})

describe('a charging bay', () => {
  test('tells what it is now, once, and sets the appointment for what time alone changes', async () => {
    const garage = await open(12)
    const bayId = await addBay(garage, 'B1')
    await addStation(garage, bayId)
    await record(garage)([
      entry('e', 0, car(1)),
      fact('bay.changed', 's', 10, { bay: 'B1', occupied: true, credentials: car(1) }),
    ])
    const evaluate = () => evaluateEvBay(garage.deps)({ ...garage, bayId })
    const told = async () => (await eventsOf(garage, 'ev_bay.%')).map(({ type, data }) => [type, data.state ?? null])
    await evaluate()
    expect(await told()).toEqual([])
    const timers = await garage.db.selectFrom('timer').select('due_at').where('key', '=', `ev_bay:${bayId}`).execute()
    expect(timers).toEqual([{ due_at: minute(15) }])
    garage.clock.advance(3 * 60_000)
    await evaluate()
    await evaluate()
    expect(await told()).toEqual([
      ['ev_bay.state_changed', 'occupied_not_charging'],
      ['ev_bay.blocked', null],
    ])
    const jobs = await database.ownerPool.query(
      `select count(*)::int as n from graphile_worker._private_jobs where key = $1`,
      [`ev_bay:${bayId}`],
    )
    expect(jobs.rows).toEqual([{ n: 1 }])
    expect(
      await readEvBayHistory(garage.deps)(accessTo(garage), bayId, { from: minute(0).toISOString() }),
    ).toMatchObject({
      value: { items: [{ state: 'free' }] },
    })
  })

  test('facts of an outage tell nothing until they have stopped', async () => {
    const garage = await open(300)
    const bayId = await addBay(garage, 'B1')
    await addStation(garage, bayId)
    const late = (id: string, n: number, occupied: boolean) =>
      fact('bay.changed', id, n, { bay: 'B1', occupied }, { backfilled: true })
    const evaluate = () => evaluateEvBay(garage.deps)({ ...garage, bayId })
    const told = async () => (await eventsOf(garage, 'ev_bay.%')).length
    await record(garage)([late('a', 100, true)])
    await evaluate()
    const [row] = await garage.db.selectFrom('ev_bay_state').select('state').where('bay_id', '=', bayId).execute()
    expect(row).toEqual({ state: 'occupied_not_charging' })
    await record(garage)([late('b', 200, false)])
    garage.clock.advance(6 * 60_000)
    await evaluate()
    expect(await told()).toBe(0)
  })
})
