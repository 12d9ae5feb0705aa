// Owns the proof that a reservation follows what its station says: over a real gateway and database.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { StationSink } from '../../../core/domain/charger-port.ts'
import type { CommandReply, StationCommand } from '../../../core/domain/station-command.ts'
import { systemNewId } from '../../../core/runtime/random.ts'
import {
  endReservation,
  followReservation,
  type ReservationNews,
} from '../../../core/services/reservations/follow-reservation.ts'
import {
  beginReservation,
  cancelReservation,
  extendReservation,
  makeReservation,
  type ReservationCreate,
  type ReservationDeps,
} from '../../../core/services/reservations/manage-reservations.ts'
import { getReservation } from '../../../core/services/reservations/read-reservations.ts'
import { type ManualClock, manualClock } from '../../../core/testing/manual-clock.ts'
import { createTestDatabase, silent, type TestDatabase } from '../../setup/database.ts'
import { eventually } from '../../setup/eventually.ts'
import { at, type ChargerHarness, chargerHarness, started, t0 } from '../charger/charger-harness.ts'

let database: TestDatabase
let harness: ChargerHarness
let clock: ManualClock
let deps: ReservationDeps
let count = 0

beforeAll(async () => {
  database = await createTestDatabase()
  clock = manualClock(new Date(t0))
  harness = await chargerHarness(database, clock)
  deps = {
    db: database.db,
    clock,
    newId: systemNewId,
    log: silent,
    wake: (stationId) => harness.gateway.wake(stationId),
  }
})
afterAll(async () => {
  await harness.close()
  await database.drop()
})

const access = () => ({ organizationId: harness.organizationId, siteIds: null, actor: 'key:test', requestId: 'r' })

async function station() {
  const code = `R${++count}`
  const id = await harness.addStation(code)
  const heard: StationCommand[] = []
  const replies: CommandReply[] = []
  const deliver = async ({ command }: { command: StationCommand }): Promise<CommandReply> => {
    heard.push(command)
    return replies.shift() ?? { kind: 'accepted' }
  }
  const connect = (): Promise<StationSink> => harness.connect(code, { deliver })
  return { id, code, heard, replies, connect }
}
type Station = Awaited<ReturnType<typeof station>>

async function reserve(one: Station, more: Partial<ReservationCreate> = {}) {
  const until = new Date(clock.now().getTime() + 3_600_000).toISOString()
  const made = await makeReservation(deps)(access(), {
    stationId: one.id,
    token: { value: 'CARD', kind: 'iso14443' },
    until,
    ...more,
  })
  if (made.kind !== 'ok') throw new Error(JSON.stringify(made))
  deps.wake(one.id)
  const { reservationId, number } = made.value
  const read = async () => {
    const found = await getReservation(deps)(access(), reservationId)
    if (found.kind !== 'ok') throw new Error(found.kind)
    return found.value
  }
  const events = async () =>
    (
      await database.db
        .selectFrom('event')
        .select('data')
        .where('type', '=', 'reservation.changed')
        .where('subject_id', '=', reservationId)
        .orderBy('event_id')
        .execute()
    ).map((row) => (row.data as { state: string }).state)
  return { reservationId, number, read, events }
}

/** Runs what waits in the queue for this station, as the hub's worker would: every job that was ever added, in any order, again. */
async function follow(one: Station): Promise<void> {
  await eventually(async () => {
    const open = await database.db
      .selectFrom('command')
      .select('command_id')
      .where('station_id', '=', one.id)
      .where('state', 'in', ['queued', 'sent'])
      .execute()
    return open.length === 0
  }, `${one.code} has answered`)
  const { rows } = await database.ownerPool.query<{ payload: ReservationNews }>(
    `select payload from graphile_worker._private_jobs j
     join graphile_worker._private_tasks t on t.id = j.task_id
     where t.identifier = 'reservation.follow' and payload->>'stationId' = $1 order by j.id desc`,
    [one.id],
  )
  for (const { payload } of rows) await followReservation(deps)(payload)
}

test('asked for, confirmed, used: each is told once', async () => {
  const one = await station()
  const sink = await one.connect()
  const kept = await reserve(one, { groupToken: { value: 'FAMILY', kind: 'central' } })
  await follow(one)
  expect(one.heard).toMatchObject([
    { name: 'reserve', reservationId: kept.number, token: { value: 'CARD' }, groupToken: { value: 'FAMILY' } },
  ])
  expect(await kept.read()).toMatchObject({ state: 'confirmed', askedUntil: null })
  await sink.record(started({ reservationId: kept.number }))
  await follow(one)
  await follow(one)
  const used = await kept.read()
  expect(used.state).toBe('used')
  expect(used.sessionId).toMatch(/^[0-9a-f-]{36}$/)
  expect(await kept.events()).toEqual(['confirmed', 'used'])
})

test("refused, with the station's own word", async () => {
  const one = await station()
  await one.connect()
  one.replies.push({ kind: 'refused', reason: 'Occupied' })
  const kept = await reserve(one)
  await follow(one)
  expect(await kept.read()).toMatchObject({ state: 'refused', reason: 'Occupied' })
  expect((await cancelReservation(deps)(access(), kept.reservationId)).kind).toBe('conflict')
  expect((await extendReservation(deps)(access(), kept.reservationId, { until: at(500).toISOString() })).kind).toBe(
    'conflict',
  )
})

test('removed or expired by the station', async () => {
  const one = await station()
  const sink = await one.connect()
  const [a, b] = [await reserve(one), await reserve(one)]
  expect(b.number).toBe(a.number + 1)
  await follow(one)
  const says = (reservationId: number, status: string) =>
    sink.record({
      kind: 'notice',
      topic: 'reservation.status',
      data: { reservationId, status },
      time: { at: clock.now(), device: null },
    })
  await says(a.number, 'removed')
  await says(b.number, 'expired')
  await says(999, 'expired')
  await says(b.number, 'a word of tomorrow')
  await follow(one)
  expect([(await a.read()).state, (await b.read()).state]).toEqual(['removed', 'expired'])
})

test('over when its time is, unless it was extended', async () => {
  const one = await station()
  await one.connect()
  const kept = await reserve(one)
  const other = await reserve(one)
  await follow(one)
  const until = new Date(clock.now().getTime() + 2 * 3_600_000).toISOString()
  const asked = await extendReservation(deps)(access(), kept.reservationId, { until })
  expect(asked).toMatchObject({ kind: 'ok', value: { state: 'confirmed' } })
  deps.wake(one.id)
  one.replies.push({ kind: 'accepted' })
  await follow(one)
  expect((await kept.read()).until.toISOString()).toBe(until)
  expect(one.heard.filter((each) => each.name === 'reserve' && each.reservationId === kept.number)).toHaveLength(2)
  clock.advance(90 * 60_000)
  for (const each of [kept, other])
    await endReservation(deps)({ organizationId: harness.organizationId, reservationId: each.reservationId })
  expect([(await kept.read()).state, (await other.read()).state]).toEqual(['confirmed', 'expired'])
  const timer = await database.db
    .selectFrom('timer')
    .select('due_at')
    .where('key', '=', `reservation:${kept.reservationId}:end`)
    .executeTakeFirstOrThrow()
  expect(timer.due_at.toISOString()).toBe(until)
})

test('an extension that the station refuses leaves it as it was', async () => {
  const one = await station()
  await one.connect()
  const kept = await reserve(one)
  await follow(one)
  const before = await kept.read()
  one.replies.push({ kind: 'refused', reason: 'Rejected' })
  const until = new Date(clock.now().getTime() + 2 * 3_600_000).toISOString()
  await extendReservation(deps)(access(), kept.reservationId, { until })
  expect((await kept.read()).askedUntil?.toISOString()).toBe(until)
  deps.wake(one.id)
  await follow(one)
  expect(await kept.read()).toMatchObject({ state: 'confirmed', until: before.until, askedUntil: null })
})

test('cancelled: at once when the station was not told, else when it says so', async () => {
  const away = await station()
  const unsent = await reserve(away)
  const later = new Date(clock.now().getTime() + 2 * 3_600_000).toISOString()
  await extendReservation(deps)(access(), unsent.reservationId, { until: later })
  const done = await cancelReservation(deps)(access(), unsent.reservationId)
  expect(done).toMatchObject({ kind: 'ok', value: { state: 'cancelled' } })
  await away.connect()
  await follow(away)
  expect(away.heard).toEqual([])

  const one = await station()
  await one.connect()
  const [a, b] = [await reserve(one), await reserve(one)]
  await follow(one)
  one.replies.push({ kind: 'accepted' }, { kind: 'refused', reason: 'Rejected' })
  for (const each of [a, b]) {
    expect(await cancelReservation(deps)(access(), each.reservationId)).toMatchObject({ value: { state: 'confirmed' } })
    deps.wake(one.id)
    await follow(one)
  }
  expect([(await a.read()).state, (await b.read()).state]).toEqual(['cancelled', 'removed'])
})

test('for later: the station is asked when its time has come', async () => {
  const one = await station()
  await one.connect()
  const hour = (hours: number) => new Date(clock.now().getTime() + hours * 3_600_000).toISOString()
  const kept = await reserve(one, { from: hour(1), until: hour(2) })
  expect(await kept.read()).toMatchObject({ state: 'requested', reserveCommandId: null })
  expect(one.heard).toEqual([])
  clock.advance(3_600_000)
  const of = { organizationId: harness.organizationId, reservationId: kept.reservationId }
  await beginReservation(deps)(of)
  await beginReservation(deps)(of)
  deps.wake(one.id)
  await follow(one)
  expect(one.heard).toHaveLength(1)
  expect((await kept.read()).state).toBe('confirmed')
})

test('what cannot be is said', async () => {
  const one = await station()
  const attempt = async (more: Partial<ReservationCreate>) => {
    const until = new Date(clock.now().getTime() + 3_600_000).toISOString()
    const token = { value: 'CARD', kind: 'central' }
    const made = await makeReservation(deps)(access(), { stationId: one.id, token, until, ...more })
    return made.kind === 'invalid' ? made.problems[0]?.pointer : made.kind
  }
  expect(await attempt({ until: at(-1).toISOString() })).toBe('/until')
  expect(await attempt({ until: new Date(clock.now().getTime() + 8 * 86_400_000).toISOString() })).toBe('/until')
  expect(await attempt({ evse: 7 })).toBe('/evse')
  expect(await attempt({ stationId: systemNewId() })).toBe('/stationId')
})

test('many at once get numbers of their own', async () => {
  const one = await station()
  const made = await Promise.all(Array.from({ length: 8 }, () => reserve(one)))
  expect(new Set(made.map(({ number }) => number)).size).toBe(8)
})
