// Owns the proof of places at once, antipassback, places and hours, and bookings: at gates and chargers, also in one moment.
// Must not sleep: the hub's clock is moved.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AccessRules } from '../../../core/domain/access/index.ts'
import type { GateQuestion, ReportedCredential } from '../../../core/domain/parking-fact.ts'
import { systemNewId } from '../../../core/runtime/random.ts'
import { weighAccess } from '../../../core/services/access/authorise.ts'
import { endBooking } from '../../../core/services/bookings/settle-bookings.ts'
import { parcsSink } from '../../../core/services/parking/parcs-sink.ts'
import { card, entry, exit, plate } from '../../domain/stay/fact-maker.ts'
import { createTestDatabase, type TestDatabase } from '../../setup/database.ts'
import { someInstant } from '../../setup/records.ts'
import { addAccount, addCredential, eventsOf, type Garage, openGarage } from '../parking/garage.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const never = () => new Promise<void>(() => undefined)
// A Saturday, 00:30 in the garage.
const at = new Date('2019-03-09T08:30:00Z')
const open = (settings: object = {}) => openGarage(database.db, { settings, at })
const stamps = { created_at: someInstant, updated_at: someInstant }
const sinkOf = (garage: Garage) => parcsSink({ ...garage.deps, deadline: never })(garage)

async function accountWith(garage: Garage, access: AccessRules, parent: string | null = null): Promise<string> {
  const accountId = await addAccount(garage)
  await setRules(garage, accountId, access, parent)
  return accountId
}
async function setRules(garage: Garage, accountId: string, access: AccessRules, parent: string | null = null) {
  await database.db
    .updateTable('account')
    .set({ access: JSON.stringify(access), parent_account_id: parent })
    .where('organization_id', '=', garage.organizationId)
    .where('account_id', '=', accountId)
    .execute()
}
async function addGroup(garage: Garage, members: string[], access: AccessRules, rights = ['park', 'charge']) {
  const { organizationId: organization_id } = garage
  const group_id = systemNewId()
  const group = { organization_id, group_id, code: `g-${group_id.slice(-6)}`, name: 'Group', rights }
  await database.db
    .insertInto('account_group')
    .values({ ...group, access: JSON.stringify(access), ...stamps })
    .execute()
  for (const account_id of members)
    await database.db.insertInto('account_group_member').values({ organization_id, group_id, account_id }).execute()
}

let requests = 0
const question = (garage: Garage, shown: ReportedCredential[], part: Partial<GateQuestion> = {}): GateQuestion => ({
  requestId: `r${++requests}`,
  lane: 'in',
  direction: 'entry',
  credentials: shown,
  occurredAt: garage.clock.now(),
  ...part,
})

function charging(garage: Garage) {
  const weigh = weighAccess({ db: database.db })
  const { organizationId, siteId } = garage
  return async (value: string, stationId: string, evse?: number) => {
    const token = { value, kind: 'iso14443' }
    const where = { organizationId, siteId, stationId, ...(evse === undefined ? {} : { evse }) }
    return weigh({ ...where, place: 'charger', token, at: garage.clock.now() })
  }
}

async function addSession(garage: Garage, stationId: string, evse: number, accountId: string, credentialId: string) {
  const session_id = systemNewId()
  const now = garage.clock.now()
  await database.db
    .insertInto('charging_session')
    .values({
      organization_id: garage.organizationId,
      site_id: garage.siteId,
      session_id,
      station_id: stationId,
      evse_number: evse,
      state: 'active',
      account_id: accountId,
      credential_id: credentialId,
      plugged_at: now,
      started_at: now,
      facts_at: now,
      created_at: now,
      updated_at: now,
    })
    .execute()
  return session_id
}

describe('places at a gate', () => {
  test('of two cars that ask in the same moment for the last place one gets it', async () => {
    const garage = await open()
    const company = await accountWith(garage, { maxInside: 3 })
    const cards = ['04A30001', '04A30002', '04A30003', '04A30004', '04A30005', '04A30006']
    for (const value of cards) await addCredential(garage, 'card', value, { accountId: company })
    const sink = sinkOf(garage)
    const answers = await Promise.all(
      cards.map((value, i) => sink.decide(question(garage, [card(value)], { lane: `in-${i % 2}` }))),
    )
    expect(answers.filter(({ decision }) => decision === 'granted')).toHaveLength(3)
    expect(answers.filter(({ reasonCode }) => reasonCode === 'places_taken')).toHaveLength(3)
    expect(answers.find(({ reasonCode }) => reasonCode === 'places_taken')?.message).toBe('All your places are taken.')
    await sink.settled()
  })

  test('a granted place is held for two minutes, given back by a backout at once, and taken by the passage', async () => {
    const garage = await open()
    const company = await accountWith(garage, { maxInside: 1 })
    await addCredential(garage, 'card', '04A30001', { accountId: company })
    await addCredential(garage, 'card', '04A30002', { accountId: company })
    const sink = sinkOf(garage)
    const ask = async (value: string, part: Partial<GateQuestion> = {}) =>
      (await sink.decide(question(garage, [card(value)], part))).reasonCode
    expect(await ask('04A30001', { requestId: 'first' })).toBe('authorised')
    expect(await ask('04A30002')).toBe('places_taken')
    // The same card at the same lane asks for the place that it has been promised.
    expect(await ask('04A30001', { requestId: 'again' })).toBe('authorised')
    await sink.record([
      {
        id: 'b',
        revision: 1,
        type: 'gate.backedOut',
        occurredAt: garage.clock.now(),
        backfilled: false,
        lane: 'in',
        data: { direction: 'entry', requestId: 'again', credentials: [] },
      },
    ])
    expect(await ask('04A30002', { requestId: 'second' })).toBe('authorised')
    expect(await ask('04A30001')).toBe('places_taken')
    garage.clock.advanceTo(new Date(at.getTime() + 121_000))
    expect(await ask('04A30001', { requestId: 'third' })).toBe('authorised')
    await sink.record([entry('e', 3, [card('04A30001')], { stayRef: 'A', requestId: 'third' })])
    expect(await ask('04A30002')).toBe('already_inside')
    await sink.record([exit('x', 9, [card('04A30001')], { stayRef: 'A' })])
    expect(await ask('04A30002')).toBe('authorised')
    await sink.settled()
  })

  test('accounts below a company share its places; one of several groups with a place is enough', async () => {
    const garage = await open()
    const company = await accountWith(garage, { maxInside: 2 })
    const names = ['04A30001', '04A30002', '04A30003']
    for (const value of names)
      await addCredential(garage, 'card', value, { accountId: await accountWith(garage, {}, company) })
    const sink = sinkOf(garage)
    const ask = async (value: string) => (await sink.decide(question(garage, [card(value)]))).reasonCode
    expect([await ask('04A30001'), await ask('04A30002'), await ask('04A30003')]).toEqual([
      'authorised',
      'authorised',
      'places_taken',
    ])
    const [ada, bob] = [await addAccount(garage), await addAccount(garage)]
    await addCredential(garage, 'card', '04A30011', { accountId: ada })
    await addCredential(garage, 'card', '04A30012', { accountId: bob })
    await addGroup(garage, [ada, bob], { maxInside: 1 })
    expect([await ask('04A30011'), await ask('04A30012')]).toEqual(['authorised', 'places_taken'])
    await addGroup(garage, [bob], {})
    expect(await ask('04A30012')).toBe('authorised')
    await sink.settled()
  })
})

describe('antipassback', () => {
  test('soft flags, none lets in, a neutral card is not looked at, and a reset forgets', async () => {
    const garage = await open()
    const soft = await accountWith(garage, { antipassback: 'soft' })
    const hard = await addAccount(garage)
    await addCredential(garage, 'card', '04A30001', { accountId: soft })
    await addCredential(garage, 'card', '04A30002', { accountId: hard })
    const neutral = await addCredential(garage, 'card', '04A30003', { accountId: hard })
    await database.db.updateTable('credential').set({ neutral: true }).where('credential_id', '=', neutral).execute()
    const sink = sinkOf(garage)
    await sink.record([
      entry('e1', 0, [card('04A30001')], { stayRef: 'A' }),
      entry('e2', 1, [card('04A30002')], { stayRef: 'B' }),
    ])
    const ask = (value: string) => sink.decide(question(garage, [card(value)]))
    expect(await ask('04A30001')).toMatchObject({
      decision: 'granted',
      reasonCode: 'already_inside',
      message: 'Welcome.',
    })
    expect(await ask('04A30002')).toMatchObject({ decision: 'declined', reasonCode: 'already_inside' })
    expect(await ask('04A30003')).toMatchObject({ decision: 'granted', reasonCode: 'authorised' })
    await database.db
      .updateTable('account')
      .set({ passback_reset_at: garage.clock.now() })
      .where('account_id', '=', hard)
      .execute()
    expect(await ask('04A30002')).toMatchObject({ decision: 'granted', reasonCode: 'authorised' })
    await sink.settled()
    expect((await eventsOf(garage, 'gate.%')).map(({ type }) => type).sort()).toEqual(['gate.declined', 'gate.flagged'])
  })

  test('several places are several cars: the same car twice is refused, another is let in', async () => {
    const garage = await open()
    const family = await accountWith(garage, { maxInside: 2 })
    await addCredential(garage, 'card', '04A30001', { accountId: family })
    await addCredential(garage, 'card', '04A30002', { accountId: family })
    const sink = sinkOf(garage)
    await sink.record([entry('e1', 0, [card('04A30001')], { stayRef: 'A' })])
    expect((await sink.decide(question(garage, [card('CA0001A304'.slice(2))]))).reasonCode).not.toBe('authorised')
    expect((await sink.decide(question(garage, [card('04A30001')]))).reasonCode).toBe('already_inside')
    expect((await sink.decide(question(garage, [card('04A30002')]))).reasonCode).toBe('authorised')
    await sink.settled()
  })

  test('an exit of who is outside is let out and flagged, or refused where the operator wants it; unknown is neither', async () => {
    const garage = await open()
    const lax = await addAccount(garage)
    const strict = await accountWith(garage, { antipassback: 'hard', exitWithoutEntry: 'decline' })
    await addCredential(garage, 'card', '04A30001', { accountId: lax })
    await addCredential(garage, 'card', '04A30002', { accountId: strict })
    const sink = sinkOf(garage)
    const leave = (value: string) => sink.decide(question(garage, [card(value)], { direction: 'exit' }))
    expect(await leave('04A30002')).toMatchObject({ decision: 'granted', reasonCode: 'authorised' })
    await sink.record([
      entry('e1', 0, [card('04A30001')], { stayRef: 'A' }),
      exit('x1', 5, [card('04A30001')], { stayRef: 'A' }),
      entry('e2', 0, [card('04A30002')], { stayRef: 'B' }),
      exit('x2', 5, [card('04A30002')], { stayRef: 'B' }),
    ])
    expect(await leave('04A30001')).toMatchObject({
      decision: 'granted',
      reasonCode: 'not_inside',
      message: 'Goodbye.',
    })
    expect(await leave('04A30002')).toMatchObject({ decision: 'declined', reasonCode: 'not_inside' })
    await sink.settled()
  })
})

describe('charging at once', () => {
  test('two stations that ask in the same moment: one card is accepted; its own session does not stand in its way', async () => {
    const garage = await open()
    const accountId = await accountWith(garage, { maxCharging: 1 })
    const first = await addCredential(garage, 'card', '04A30001', { accountId })
    await addCredential(garage, 'card', '04A30002', { accountId })
    const [a, b] = [systemNewId(), systemNewId()]
    const ask = charging(garage)
    const both = await Promise.all([ask('04A30001', a), ask('04A30002', b)])
    expect(both.map(({ authorization }) => authorization.status).sort()).toEqual(['accepted', 'concurrent'])
    garage.clock.advanceTo(new Date(at.getTime() + 121_000))
    expect((await ask('04A30001', a)).authorization.status).toBe('accepted')
    const session = await addSession(garage, a, 1, accountId, first)
    // The card is shown again to stop it, and the transaction reports it again.
    expect((await ask('04A30001', a)).authorization.status).toBe('accepted')
    expect((await ask('04A30001', a, 1)).authorization.status).toBe('accepted')
    const second = await ask('04A30001', a, 2)
    expect(second).toMatchObject({ code: 'places_taken', authorization: { status: 'concurrent', accountId } })
    expect((await ask('04A30002', b)).authorization.status).toBe('concurrent')
    await database.db
      .updateTable('charging_session')
      .set({ state: 'closed' })
      .where('session_id', '=', session)
      .execute()
    expect((await ask('04A30002', b)).authorization.status).toBe('accepted')
  })
})

describe('where and when', () => {
  test('lanes, areas, stations, tags and hours, with words and the trace for each', async () => {
    const garage = await open()
    const { organizationId: organization_id, siteId: site_id } = garage
    const [area_id, lane_id, station_id, evse_id, schedule_id] = Array.from({ length: 5 }, systemNewId)
    const ids = { area_id: area_id ?? '', lane_id: lane_id ?? '', station_id: station_id ?? '', evse_id: evse_id ?? '' }
    const place = { organization_id, site_id, ...stamps }
    await database.db
      .insertInto('area')
      .values({ ...place, area_id: ids.area_id, code: 'P2', name: 'P2' })
      .execute()
    await database.db
      .insertInto('lane')
      .values({ ...place, lane_id: ids.lane_id, code: 'in', name: 'in', direction: 'entry', area_id: ids.area_id })
      .execute()
    await database.db
      .insertInto('station')
      .values({ ...place, station_id: ids.station_id, code: 'CP-1', name: 'CP-1', tags: ['staff'] })
      .execute()
    const scheduleId = schedule_id ?? ''
    await database.db
      .insertInto('access_schedule')
      .values({
        organization_id,
        schedule_id: scheduleId,
        code: 'office',
        name: 'Office hours',
        windows: JSON.stringify([{ from: '08:00', to: '18:00', days: ['fri'] }]),
        ...stamps,
      })
      .execute()
    const accountId = await accountWith(garage, {})
    await addCredential(garage, 'card', '04A30001', { accountId })
    const sink = sinkOf(garage)
    const charge = charging(garage)
    const ask = (part: Partial<GateQuestion> = {}) => sink.decide(question(garage, [card('04A30001')], part))
    const refused = 'not_allowed_here'
    await setRules(garage, accountId, { laneIds: [systemNewId()], stationTags: ['guests'] })
    expect((await ask()).reasonCode).toBe(refused)
    expect((await charge('04A30001', ids.station_id)).authorization.reason).toMatch(/may not charge at this station/)
    await setRules(garage, accountId, { laneIds: [ids.lane_id], areaIds: [ids.area_id], stationTags: ['staff'] })
    expect((await ask()).reasonCode).toBe('authorised')
    // In no bay of the area.
    expect((await charge('04A30001', ids.station_id)).authorization.reason).toMatch(/may not charge in this area/)
    await setRules(garage, accountId, { stationTags: ['staff'], scheduleIds: [scheduleId] })
    expect(await ask()).toMatchObject({ reasonCode: 'outside_schedule', message: 'Not valid at this time.' })
    expect(await ask({ direction: 'exit' })).toMatchObject({ decision: 'granted', reasonCode: 'outside_schedule' })
    // Friday 00:31 to 09:00 of the garage.
    garage.clock.advanceTo(new Date('2019-03-15T16:00:00Z'))
    const inside = await charge('04A30001', ids.station_id)
    expect(inside.authorization).toMatchObject({ status: 'accepted', validUntil: new Date('2019-03-16T01:00:00Z') })
    expect(inside.trace.map(({ rule }) => rule)).toEqual(['credential', 'status', 'validity', 'right', 'schedule'])
    expect(inside.trace.at(-1)?.detail).toBe('Schedule Office hours: Friday 2019-03-15 09:00, inside 08:00 to 18:00.')
    const calendar = { organization_id, calendar_id: systemNewId(), code: 'us', name: 'US', ...stamps }
    await database.db
      .insertInto('holiday_calendar')
      .values({ ...calendar, days: JSON.stringify([{ date: '2019-03-15', name: 'A day off' }]) })
      .execute()
    await database.db
      .updateTable('access_schedule')
      .set({ on_holidays: 'closed' })
      .where('schedule_id', '=', scheduleId)
      .execute()
    expect((await charge('04A30001', ids.station_id)).authorization.reason).toMatch(/holiday \(A day off\)/)
    await sink.settled()
  })
})

describe('bookings', () => {
  const booked = (part: object, revision = 1) =>
    ({
      id: 'bk-1',
      revision,
      type: 'reservation.changed',
      occurredAt: at,
      backfilled: false,
      data: {
        reservationRef: 'B-1',
        state: 'booked',
        from: '2019-03-09T10:00:00Z',
        until: '2019-03-09T12:00:00Z',
        credentials: [{ kind: 'plate', value: 'BOB 1' }],
        ...part,
      },
    }) as const
  const rows = (garage: Garage) =>
    database.db.selectFrom('parking_reservation').selectAll().where('site_id', '=', garage.siteId).execute()

  test('one of the parking system opens the gate in its window, is used by the passage, and lets out however late', async () => {
    const garage = await open()
    const sink = sinkOf(garage)
    const [stored, again] = [await sink.record([booked({})]), await sink.record([booked({})])]
    expect([...stored, ...again].map(({ status }) => status)).toEqual(['stored', 'duplicate'])
    const ask = async (part: Partial<GateQuestion> = {}) =>
      (await sink.decide(question(garage, [plate('bob-1')], part))).reasonCode
    expect(await ask()).toBe('too_early')
    garage.clock.advanceTo(new Date('2019-03-09T09:46:00Z'))
    expect(await ask()).toBe('booking')
    const when = { occurredAt: garage.clock.now() }
    await sink.record([{ ...entry('e', 0, [plate('BOB1')], { stayRef: 'S' }), ...when }])
    expect(await rows(garage)).toMatchObject([{ state: 'used', used_count: 1, first_used_at: when.occurredAt }])
    expect(await ask()).toBe('already_used')
    garage.clock.advanceTo(new Date('2019-03-09T15:00:00Z'))
    expect(await ask({ direction: 'exit' })).toBe('overstay')
    // The plate was misread: nobody has used it, and its time is over.
    await sink.record([{ ...entry('e', 0, [plate('QQ77')], { stayRef: 'S' }), ...when, revision: 2 }])
    expect(await rows(garage)).toMatchObject([{ state: 'no_show', used_count: 0 }])
    await sink.settled()
    const events = await eventsOf(garage, 'parking_reservation.%')
    expect(events.map(({ data }) => [data.previous, data.state])).toEqual([
      [null, 'booked'],
      ['booked', 'used'],
      ['used', 'no_show'],
    ])
  })

  test('words that arrive in any order and leave things out come to the same; a cancelled one opens nothing', async () => {
    const garage = await open()
    const sink = sinkOf(garage)
    garage.clock.advanceTo(new Date('2019-03-09T10:30:00Z'))
    const word = (id: string, minute: number, data: object) => ({
      ...booked({}),
      id,
      occurredAt: new Date(at.getTime() + minute * 60_000),
      data: { reservationRef: 'B-1', credentials: [], ...data } as never,
    })
    await sink.record([word('c', 9, { state: 'cancelled' })])
    expect(await rows(garage)).toEqual([])
    await sink.record([word('b', 5, { state: 'changed', until: '2019-03-09T13:00:00Z' }), booked({})])
    expect(await rows(garage)).toMatchObject([{ state: 'cancelled', until_at: new Date('2019-03-09T13:00:00Z') }])
    expect((await sink.decide(question(garage, [plate('BOB1')]))).reasonCode).toBe('cancelled')
    await sink.settled()
  })

  test('nobody came: the appointment at its end makes it a no-show', async () => {
    const garage = await open({ booking_late_minutes: 30 })
    const sink = sinkOf(garage)
    await sink.record([booked({})])
    const timer = await database.db
      .selectFrom('timer')
      .selectAll()
      .where('organization_id', '=', garage.organizationId)
      .where('kind', '=', 'parking_reservation.end')
      .executeTakeFirstOrThrow()
    expect(timer.due_at).toEqual(new Date('2019-03-09T12:30:00Z'))
    garage.clock.advanceTo(timer.due_at)
    await endBooking(garage.deps)(timer.data as never)
    expect(await rows(garage)).toMatchObject([{ state: 'no_show' }])
  })

  test('a word that cannot be right is refused with its field', async () => {
    const garage = await open()
    const results = await sinkOf(garage).record([
      booked({ state: 'lost' as never }),
      { ...booked({ amountMinor: -1 }), id: 'b2' },
      { ...booked({ until: 'tomorrow' }), id: 'b3' },
      { ...booked({ reservationRef: '' }), id: 'b4' },
    ])
    expect(results.map((one) => (one.status === 'rejected' ? one.pointer : one.status))).toEqual([
      '/data/state',
      '/data/amountMinor',
      '/data/until',
      '/data/reservationRef',
    ])
  })
})
